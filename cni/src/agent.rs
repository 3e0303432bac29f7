//! The daemon, as far as the plugin speaks to it: `proto/agent.proto` by ttrpc, one call a connection, in a bounded time.
//!
//! The messages have a handful of fields, so they are written and read here: the crates that could, with the threads
//! and the code that come with them, would cost each ADD more than the call does.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use chainsaw_common::meeting::SOCKET;
use chainsaw_common::own;
use chainsaw_common::pod::Pod;
use chainsaw_common::report::{Outcome, Report};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};

use crate::error::Error;

/// How long ADD may wait for a daemon to take its report; with the kernel's timers, which are late by some milliseconds, no
/// more than 100 ms.
const DELIVERY: Duration = Duration::from_millis(80);

/// How long ADD waits for a daemon to say what a pod asks for: in the same way no more than 300 ms.
const LOOKUP: Duration = Duration::from_millis(280);

/// How long the guard waits for a daemon: in the same way no more than 300 ms.
const GUARD: Duration = Duration::from_millis(280);

const SERVICE: &str = "chainsaw.agent.v1.Agent";

/// The longest request that the daemon takes, in bytes.
const REQUEST_BYTES: usize = 1 << 20;

/// The longest answer, in bytes: a pod's annotations and labels as JSON.
const ANSWER_BYTES: usize = 1 << 20;

/// A ttrpc message's header: length, stream id, kind, flags.
const HEADER: usize = 10;
const REQUEST: u8 = 1;

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

/// Connects, or fails at once: without waiting for a daemon that takes no connections. What a pod asked for is not told
/// to anybody but root, and nobody else's word counts.
fn reached(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(
        std::os::fd::AsRawFd::as_raw_fd(&socket),
        &UnixAddr::new(path)?,
    )?;
    let peer = getsockopt(&socket, PeerCredentials)?.uid();
    if !own::is_us(peer) {
        let why = format!("it is user {peer}'s");
        return Err(io::Error::new(ErrorKind::PermissionDenied, why));
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// One call, and the payload of its answer.
fn call(
    mut stream: UnixStream,
    method: &str,
    payload: &[u8],
    deadline: Instant,
) -> io::Result<Vec<u8>> {
    let mut request = Vec::with_capacity(payload.len() + 64);
    bytes(1, SERVICE.as_bytes(), &mut request);
    bytes(2, method.as_bytes(), &mut request);
    bytes(3, payload, &mut request);
    let length = u32::try_from(request.len())
        .ok()
        .filter(|length| *length as usize <= REQUEST_BYTES)
        .ok_or(ErrorKind::FileTooLarge)?;
    let header = [&length.to_be_bytes()[..], &[0, 0, 0, 1, REQUEST, 0]].concat();
    for part in [&header, &request] {
        write(&mut stream, part, deadline)?;
    }
    let mut header = [0; HEADER];
    read(&mut stream, &mut header, deadline)?;
    let [a, b, c, d, ..] = header;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > ANSWER_BYTES {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut response = vec![0; length];
    read(&mut stream, &mut response, deadline)?;
    answered(&response)
}

/// The payload of a response; one that has a status is none.
fn answered(response: &[u8]) -> io::Result<Vec<u8>> {
    if response.is_empty() {
        return Ok(Vec::new());
    }
    field(2, response)
        .map(<[u8]>::to_vec)
        .ok_or_else(|| io::Error::other("it refused the call"))
}

/// A message's field of bytes, where it is the message's first: before a response's payload would be its status, and
/// behind an answer comes what only a newer plugin knows.
fn field(number: u8, message: &[u8]) -> Option<&[u8]> {
    let (tag, mut rest) = message.split_first()?;
    if *tag != number << 3 | 2 {
        return None;
    }
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return rest.get(..length);
        }
        shift += 7;
    }
}

fn write(stream: &mut UnixStream, mut part: &[u8], deadline: Instant) -> io::Result<()> {
    while !part.is_empty() {
        stream.set_write_timeout(Some(left(deadline)?))?;
        let written = match stream.write(part) {
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            written => written?,
        };
        part = part.get(written..).unwrap_or_default();
    }
    Ok(())
}

fn read(stream: &mut UnixStream, mut part: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !part.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => part = part.get_mut(read?..).unwrap_or_default(),
        }
    }
    Ok(())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    // A time of 0 would be for ever.
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// A field of bytes or text (protobuf's wire type 2); an empty one is an absent one.
fn bytes(number: u8, value: &[u8], out: &mut Vec<u8>) {
    if value.is_empty() {
        return;
    }
    out.push(number << 3 | 2);
    let mut length = value.len();
    while length >= 0x80 {
        out.push(low_bits(length) | 0x80);
        length >>= 7;
    }
    out.push(low_bits(length));
    out.extend(value);
}

fn low_bits(length: usize) -> u8 {
    let [low, ..] = length.to_le_bytes();
    low & 0x7f
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use chainsaw_nri::agent::{self, LookupRequest, LookupResponse, PingResponse, ReportRequest};
    use prost::Message;

    use super::*;

    #[test]
    fn a_request_is_what_prost_makes_of_it() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 300_000] {
            let message = ReportRequest {
                report: vec![b'x'; length],
                reason: "CommandDenied".into(),
                goes_on: true,
            };
            let mut request = Vec::new();
            bytes(1, &message.report, &mut request);
            bytes(2, message.reason.as_bytes(), &mut request);
            request.extend([3 << 3, 1]);
            assert_eq!(request, message.encode_to_vec(), "{length}");
        }
        assert_eq!(
            (SERVICE, REQUEST_BYTES),
            (agent::SERVICE, agent::REQUEST_BYTES)
        );
    }

    #[test]
    fn a_question_is_what_prost_makes_of_it() {
        for uid in [None, Some("u".to_owned())] {
            let pod = Pod {
                namespace: "default".into(),
                name: "web".into(),
                uid: uid.clone(),
                labels: None,
            };
            let message = LookupRequest {
                namespace: "default".into(),
                name: "web".into(),
                uid: uid.unwrap_or_default(),
            };
            assert_eq!(question(&pod), message.encode_to_vec());
        }
    }

    #[test]
    fn an_answer_is_what_prost_makes_of_it() {
        let payload = PingResponse { nri: true }.encode_to_vec();
        assert_eq!(payload, [0x08, 1]);
        let response = [&[0x12, 2][..], &payload].concat();
        assert_eq!(answered(&response).unwrap(), payload);
        assert_eq!(answered(b"").unwrap(), b"");
        for length in [0, 1, 127, 128, 16_384, 300_000] {
            let answer = vec![b'x'; length];
            let message = LookupResponse {
                answer: answer.clone(),
            };
            let payload = message.encode_to_vec();
            let mut response = Vec::new();
            bytes(2, &payload, &mut response);
            assert_eq!(answered(&response).unwrap(), payload);
            let read = field(1, &payload);
            assert_eq!(read, (length != 0).then_some(&answer[..]), "{length}");
        }
        let endless = [&[0x12][..], &[0xff; 20]].concat();
        for refused in [
            &b"\x0a\x02\x08\x0c"[..],
            b"\x12\x05\x08\x01",
            b"\x12",
            b"x",
            &endless,
        ] {
            assert!(answered(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_daemon_that_hangs_costs_a_bounded_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        assert_eq!(reached(&path).unwrap_err().kind(), ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).unwrap();
        let begun = Instant::now();
        let limit = Duration::from_millis(50);
        // More than a socket's buffer: neither the write nor the read may wait for ever.
        for payload in [&[][..], &vec![0; REQUEST_BYTES - 100]] {
            let stream = reached(&path).unwrap();
            assert!(call(stream, "Report", payload, Instant::now() + limit).is_err());
        }
        // Not one of those that fill its queue waits either.
        let mut waiting = Vec::new();
        while let Ok(stream) = reached(&path) {
            waiting.push(stream);
        }
        assert!(begun.elapsed() < limit * 10, "{:?}", begun.elapsed());
        drop((listener, waiting));
    }

    #[test]
    fn an_answer_that_is_announced_too_long_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&[0xff; HEADER]).unwrap();
            stream
        });
        let stream = reached(&path).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let wrong = call(stream, "Ping", &[], deadline).unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::InvalidData);
        drop(served.join().unwrap());
    }
}
