//! The daemon, as far as the plugin speaks to it: `proto/agent.proto` by ttrpc, one call a connection, in a bounded time.
//!
//! The messages have a handful of fields, so they are written and read here: the crates that could, with the threads
//! and the code that come with them, would cost each ADD more than the call does.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use chainsaw_common::meeting::SOCKET;
use chainsaw_common::pod::Pod;
use chainsaw_common::report::{Outcome, Report};

use crate::error::Error;

mod call;
mod message;

use call::{call, reached};
use message::{bytes, field};

/// How long ADD may wait for a daemon to take its report; with the kernel's timers, which are late by some milliseconds, no
/// more than 100 ms.
const DELIVERY: Duration = Duration::from_millis(80);

/// How long ADD waits for a daemon to say what a pod asks for: in the same way no more than 300 ms.
const LOOKUP: Duration = Duration::from_millis(280);

/// How long the guard waits for a daemon: in the same way no more than 300 ms.
const GUARD: Duration = Duration::from_millis(280);

/// Delivers what ADD did, if a daemon is there: its log is where people look first. `wrong` is why ADD failed, or would
/// have. Whoever cannot be reached does not hear of it, and nothing else comes of that: the transcript is in the
/// runtime's log as well.
pub fn deliver(report: &Report, wrong: Option<&Error>, goes_on: bool) {
    let deadline = Instant::now() + DELIVERY;
    // First of all: where nobody listens, this is all that it costs.
    let Ok(stream) = reached(Path::new(SOCKET)) else {
        return;
    };
    let failed = wrong.filter(|wrong| !matches!(wrong, Error::Commands { .. }));
    let told = failed.map(|wrong| with(report, wrong));
    let Ok(json) = serde_json::to_vec(told.as_ref().unwrap_or(report)) else {
        return;
    };
    let mut request = Vec::with_capacity(json.len() + 64);
    bytes(1, &json, &mut request);
    bytes(2, wrong.map_or("", Error::reason).as_bytes(), &mut request);
    if goes_on {
        request.extend([3 << 3, 1]);
    }
    call(stream, "Report", &request, deadline).ok();
}

/// The report of an ADD that failed beside its commands, or before them.
fn with(report: &Report, wrong: &Error) -> Report {
    let mut report = report.clone();
    report.outcome = Outcome::Failed;
    report.problems.insert(0, wrong.to_string());
    report
}

/// What a daemon says of a pod, as JSON.
///
/// # Errors
/// No daemon is there that could say; `TimedOut` if one is there, and does not.
pub fn lookup(pod: &Pod) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + LOOKUP;
    let stream = reached(Path::new(SOCKET))?;
    let answer = call(stream, "Lookup", &question(pod), deadline)?;
    field(1, &answer)
        .map(<[u8]>::to_vec)
        .ok_or_else(|| ErrorKind::InvalidData.into())
}

fn question(pod: &Pod) -> Vec<u8> {
    let mut request = Vec::with_capacity(256);
    bytes(1, pod.namespace.as_bytes(), &mut request);
    bytes(2, pod.name.as_bytes(), &mut request);
    let uid = pod.uid.as_deref().unwrap_or_default();
    bytes(3, uid.as_bytes(), &mut request);
    request
}

/// Whether a daemon answers that the runtime tells it of events by NRI; else why not.
pub fn serves_nri() -> Result<(), String> {
    let deadline = Instant::now() + GUARD;
    let answer = reached(Path::new(SOCKET))
        .and_then(|stream| call(stream, "Ping", &[], deadline))
        .map_err(|error| format!("no chainsawd answers at {SOCKET} ({error})"))?;
    match answer.as_slice() {
        // Its only field, and it is true.
        [0x08, 1] => Ok(()),
        _ => Err("chainsawd is there, and the runtime does not tell it of events yet".to_owned()),
    }
}

#[cfg(test)]
mod tests;
