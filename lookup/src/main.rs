//! `chainsaw-lookup`: asks the Kubernetes API for one pod's annotations.
//!
//! The CNI plugin starts it, and only where nothing else can tell them: a Kubernetes client linked into the plugin would
//! cost every pod, this costs those that need it. It prints one JSON object:
//! `{"annotations": {...}, "labels": {...}}`, the annotations that ask for something and all labels, or `{"error": {"reason": ..., "message": ...}}` and ends with 1, or 2 for a wrong use.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;

use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities, set_no_new_privs,
};

use chainsaw_lookup::arguments::{self, Question, Said};
use chainsaw_lookup::pod::{self, Metadata};
use chainsaw_lookup::{Access, Credentials, LookupError, to_json};

fn main() -> ExitCode {
    let asked = confine().and_then(|()| arguments::parse(lexopt::Parser::from_env()));
    let answer = match asked {
        Ok(Said::Ask(question)) => answer(question),
        Ok(Said::Help) => return say(arguments::HELP, ExitCode::SUCCESS),
        Ok(Said::Version) => {
            let version = concat!("chainsaw-lookup ", env!("CARGO_PKG_VERSION"), "\n");
            return say(version, ExitCode::SUCCESS);
        }
        Err(wrong) => Err(wrong),
    };
    let status = match &answer {
        Ok(_) => ExitCode::SUCCESS,
        Err(wrong @ LookupError::Usage { .. }) => {
            // For a person: the plugin reads the answer. The status says it too if nobody reads this.
            let _ = writeln!(
                io::stderr(),
                "chainsaw-lookup: {wrong}; see chainsaw-lookup --help"
            );
            ExitCode::from(2)
        }
        Err(_) => ExitCode::FAILURE,
    };
    say(&format!("{}\n", to_json(&answer)), status)
}

/// Writes to standard output and ends with `status`, or with failure if nobody takes the words.
fn say(text: &str, status: ExitCode) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => status,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Gives up all of root's rights, before anything is read and while there is one thread: what a server answers is parsed
/// here, and what has to be read is root's own.
fn confine() -> Result<(), LookupError> {
    let nothing = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    // Without new privileges a program that root starts gets none of them back either.
    set_no_new_privs(true)
        .and_then(|()| clear_ambient_capability_set())
        .and_then(|()| set_capabilities(None, nothing))
        .map_err(|errno| LookupError::Runtime {
            source: errno.into(),
        })
}

/// The answer, or that there was none in time. The thread that asks may hang in a file, in the name service or on the
/// network; the process ends with this one.
fn answer(question: Question) -> Result<Metadata, LookupError> {
    let server = Arc::new(OnceLock::new());
    let (done, answer) = mpsc::channel();
    let (theirs, limit) = (Arc::clone(&server), question.timeout);
    let file = question.kubeconfig.display().to_string();
    thread::Builder::new()
        .spawn(move || {
            // Nobody listens any more if it came too late.
            done.send(ask(&question, &theirs)).ok();
        })
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

fn ask(question: &Question, server: &OnceLock<String>) -> Result<Metadata, LookupError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LookupError::Runtime { source })?;
    runtime.block_on(async {
        let credentials = Credentials::Kubeconfig(question.kubeconfig.clone());
        let api = Access::by(credentials).api().await?;
        server.get_or_init(|| api.server.clone());
        pod::metadata(&question.pod, &api).await
    })
}
