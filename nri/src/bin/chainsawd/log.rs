//! What people and programs read in the daemon's log: one line a report, then its transcript, a line each.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use chainsaw_common::config::{Log, LogFormat};
use chainsaw_common::pod::Pod;
use chainsaw_common::report::{Report, line, logged, rehearsal};
use tracing::{error, info, warn};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::HookError;
use crate::news::{News, Sink, Whose};
use crate::unused::Unused;

mod told;

use told::Told;

/// How long the work of one event may take, in microseconds: the whole node's events wait for it.
const BUDGET: u64 = 250_000;

/// The log, as one who hears the news.
#[derive(Debug, Default)]
pub struct LogSink(Told);

impl Sink for LogSink {
    fn hear(&self, news: &News<'_>) {
        match *news {
            News::Ran(report) => ran(report),
            News::WouldRun(report) => would_run(report),
            News::Refused {
                whose,
                trigger,
                wrong,
                goes_on,
            } => self.refused(whose, trigger, wrong, goes_on),
            News::RefusedThere {
                report,
                reason,
                goes_on,
            } => refused_there(report, reason, goes_on),
            News::Late(whose) => late(whose),
            News::KeyUnused(whose, key, why) => unused(whose, key, why),
            News::Missed {
                whose, key, why, ..
            } => missed(whose, key, why),
        }
    }
}

/// Sends the log where the configuration says; to standard error if the file cannot be opened.
pub fn start(log: &Log) {
    let open = |path| {
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600).open(path)
    };
    let file = log.file.as_ref().map(open);
    let (writer, wrong) = match file {
        Some(Ok(file)) => (BoxMakeWriter::new(Mutex::new(file)), None),
        Some(Err(wrong)) => (BoxMakeWriter::new(io::stderr), Some(wrong)),
        None => (BoxMakeWriter::new(io::stderr), None),
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_target(false);
    // What kube says has what a server sent in it, and says at each attempt what we say once.
    let others = filter_fn(|told| !told.target().starts_with("kube"));
    match log.format {
        LogFormat::Text => lines.finish().with(others).init(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).finish();
            lines.with(others).init();
        }
    }
    if let Some(wrong) = wrong {
        error!(reason = "LogFileUnwritable", file = ?log.file, "cannot open the log file: {wrong}");
    }
}

/// Tells of commands that ran.
fn ran(report: &Report) {
    let name = name(report.pod.as_ref());
    info!(
        entrance = report.entrance.word(),
        trigger = report.trigger.as_ref(),
        sandbox.id = report.sandbox,
        interface = report.interface,
        source = report
            .commands
            .first()
            .map(|command| command.source.as_str()),
        commands = report.commands.len(),
        micros = report.micros,
        "{} for {name}",
        report.outcome.word(),
    );
    if report.micros > BUDGET {
        let micros = report.micros;
        warn!(
            micros,
            reason = "SlowCommands",
            "the commands of {name} kept every pod of the node waiting"
        );
    }
    lines(report, &name);
}

/// Tells of commands that would have run.
fn would_run(report: &Report) {
    let name = name(report.pod.as_ref());
    for line in rehearsal(report).lines() {
        info!(
            entrance = "nri",
            trigger = report.trigger.as_ref(),
            pod = name,
            "mode is report: {line}"
        );
    }
}

impl LogSink {
    /// Tells of a pod that was refused, or would have been.
    fn refused(&self, whose: Whose<'_>, trigger: &str, wrong: &HookError, goes_on: bool) {
        let Whose { pod, sandbox } = whose;
        let name = name(Some(pod));
        error!(
            entrance = "nri",
            trigger,
            sandbox.id = sandbox,
            reason = wrong.reason(),
            goes_on,
            "{} {name}: {}",
            verdict(goes_on),
            wrong.line(),
        );
        let HookError::Commands(report) = wrong else {
            return;
        };
        match self.0.before(sandbox, &logged(report), trigger) {
            Some(before) => info!(pod = name, "the same transcript as at its {before}, above"),
            None => lines(report, &name),
        }
    }
}

fn verdict(goes_on: bool) -> &'static str {
    if goes_on { "passed over" } else { "refused" }
}

/// Tells of a pod that was refused at the other entrance, as its report says.
fn refused_there(report: &Report, reason: &str, goes_on: bool) {
    let name = name(report.pod.as_ref());
    error!(
        entrance = report.entrance.word(),
        trigger = report.trigger.as_ref(),
        sandbox.id = report.sandbox,
        interface = report.interface,
        reason,
        goes_on,
        "{} {name}: chainsaw: {}",
        verdict(goes_on),
        report.headline().unwrap_or_default(),
    );
    lines(report, &name);
}

/// Tells of a sandbox whose commands take longer than its event may.
fn late(Whose { pod, sandbox }: Whose<'_>) {
    warn!(
        entrance = "nri",
        sandbox.id = sandbox,
        reason = "TooLate",
        "the commands of {} were not done in time; its containers wait for them",
        name(Some(pod)),
    );
}

/// Tells of a key that has no effect.
fn unused(Whose { pod, sandbox }: Whose<'_>, key: &str, unused: Unused) {
    warn!(
        entrance = "nri",
        sandbox.id = sandbox,
        reason = "KeyUnused",
        "{} of {} {}",
        line(key),
        name(Some(pod)),
        unused.why(),
    );
}

/// Tells of a value whose time had passed.
fn missed(Whose { pod, sandbox }: Whose<'_>, key: &str, why: &str) {
    warn!(
        entrance = "nri",
        sandbox.id = sandbox,
        reason = "ChainsawMissed",
        "missed {} of {}/{}: {why}; it is not run late",
        line(key),
        line(&pod.namespace),
        line(&pod.name),
    );
}

fn lines(report: &Report, name: &str) {
    for line in logged(report).lines() {
        info!(pod = name, "{line}");
    }
}

fn name(pod: Option<&Pod>) -> String {
    let name = pod.map(|pod| line(&format!("{}/{}", pod.namespace, pod.name)));
    name.unwrap_or_default()
}
