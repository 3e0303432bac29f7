//! What people and programs read in the daemon's log: one line a report, then its transcript, a line each.

use std::fs::OpenOptions;
use std::io;
use std::sync::Mutex;

use chainsaw_common::config::{Log, LogFormat};
use chainsaw_common::pod::Pod;
use chainsaw_common::report::{Report, escaped, rehearsal, transcript};
use tracing::{error, info, warn};
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::error::HookError;

/// Sends the log where the configuration says.
///
/// # Errors
/// The file cannot be opened.
pub fn start(log: &Log) -> io::Result<()> {
    let writer = match &log.file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            BoxMakeWriter::new(Mutex::new(file))
        }
        None => BoxMakeWriter::new(io::stderr),
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false);
    match log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Tells of commands that ran.
pub fn ran(report: &Report) {
    let name = report
        .pod
        .as_ref()
        .map(|pod| format!("{}/{}", pod.namespace, pod.name));
    let name = name.unwrap_or_default();
    info!(
        entrance = "nri",
        trigger = report.trigger,
        sandbox.id = report.sandbox,
        interface = report.interface,
        commands = report.commands.len(),
        micros = report.micros,
        "{} for {name}",
        report.outcome.word(),
    );
    lines(report, &name);
}

/// Tells of commands that would have run.
pub fn would_run(report: &Report) {
    let name = report
        .pod
        .as_ref()
        .map(|pod| format!("{}/{}", pod.namespace, pod.name));
    let name = name.unwrap_or_default();
    for line in rehearsal(report).lines() {
        info!(
            entrance = "nri",
            trigger = report.trigger,
            pod = name,
            "mode is report: {line}"
        );
    }
}

/// Tells of a pod that was refused, or would have been.
pub fn refused(pod: &Pod, sandbox: &str, trigger: &str, wrong: &HookError, goes_on: bool) {
    let name = format!("{}/{}", pod.namespace, pod.name);
    error!(
        entrance = "nri",
        trigger,
        sandbox.id = sandbox,
        reason = wrong.reason(),
        goes_on,
        "refused {name}: {}",
        wrong.line(),
    );
    if let HookError::Commands(report) = wrong {
        lines(report, &name);
    }
}

/// Tells of a value whose time had passed.
pub fn missed(pod: &Pod, sandbox: &str, key: &str, why: &str) {
    warn!(
        entrance = "nri",
        sandbox.id = sandbox,
        reason = "ChainsawMissed",
        "missed {key} of {}/{}: {why}; it is not run late",
        pod.namespace,
        pod.name,
    );
}

fn lines(report: &Report, name: &str) {
    for line in escaped(&transcript(report)).lines() {
        info!(pod = name, "{line}");
    }
}
