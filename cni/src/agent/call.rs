//! One call to the daemon, by ttrpc, in a bounded time.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use chainsaw_common::own;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket};

use super::message::{bytes, field};

pub const SERVICE: &str = "chainsaw.agent.v1.Agent";

/// The longest request that the daemon takes, in bytes.
pub const REQUEST_BYTES: usize = 1 << 20;

/// The longest answer, in bytes: a pod's annotations and labels as JSON.
const ANSWER_BYTES: usize = 1 << 20;

/// A ttrpc message's header: length, stream id, kind, flags.
const HEADER: usize = 10;
const REQUEST: u8 = 1;

/// Connects, or fails at once: without waiting for a daemon that takes no connections. What a pod asked for is not told
/// to anybody but root, and nobody else's word counts.
pub fn reached(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
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
pub fn call(
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
pub fn answered(response: &[u8]) -> io::Result<Vec<u8>> {
    if response.is_empty() {
        return Ok(Vec::new());
    }
    field(2, response)
        .map(<[u8]>::to_vec)
        .ok_or_else(|| io::Error::other("it refused the call"))
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

#[cfg(test)]
mod tests;
