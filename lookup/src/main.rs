//! `chainsaw-lookup`: asks the Kubernetes API for one pod's annotations.
//!
//! The CNI plugin starts it, and only where nothing else can tell them: a Kubernetes client linked into the plugin would
//! cost every pod, this costs those that need it. It prints one JSON object: `{"annotations": {...}}`, or
//! `{"error": {"reason": ..., "message": ...}}` and ends with 1.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;

use chainsaw_lookup::arguments::{self, Question};
use chainsaw_lookup::pod::{self, Annotations};
use chainsaw_lookup::{Access, Credentials, LookupError};

fn main() -> ExitCode {
    let answer = arguments::parse(lexopt::Parser::from_env()).and_then(answer);
    let (object, status) = match &answer {
        Ok(annotations) => (
            serde_json::json!({"annotations": annotations}),
            ExitCode::SUCCESS,
        ),
        Err(error) => (
            serde_json::json!({"error": {"reason": error.reason(), "message": error.to_string()}}),
            ExitCode::FAILURE,
        ),
    };
    match writeln!(io::stdout().lock(), "{object}") {
        Ok(()) => status,
        // Nobody reads any more.
        Err(_) => ExitCode::FAILURE,
    }
}

/// The answer, or that there was none in time. The thread that asks may hang in a file, in the name service or on the
/// network; the process ends with this one.
fn answer(question: Question) -> Result<Annotations, LookupError> {
    let server = Arc::new(OnceLock::new());
    let (done, answer) = mpsc::channel();
    let (theirs, limit) = (Arc::clone(&server), question.timeout);
    let file = question.kubeconfig.display().to_string();
    thread::Builder::new()
        .spawn(move || done.send(ask(&question, &theirs)))
        .map_err(|source| LookupError::Runtime { source })?;
    match answer.recv_timeout(limit) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(LookupError::TimedOut {
            from: server.get().cloned().unwrap_or(file),
            limit,
        }),
        Err(RecvTimeoutError::Disconnected) => Err(LookupError::Runtime {
            source: io::Error::other("the thread that asks ended"),
        }),
    }
}

fn ask(question: &Question, server: &OnceLock<String>) -> Result<Annotations, LookupError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LookupError::Runtime { source })?;
    runtime.block_on(async {
        let credentials = Credentials::Kubeconfig(question.kubeconfig.clone());
        let api = Access::by(credentials).api().await?;
        server.get_or_init(|| api.server.clone());
        let found = pod::metadata(&question.pod, &api).await?;
        Ok(found.annotations)
    })
}
