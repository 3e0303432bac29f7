//! Taking over a descriptor that was inherited by number, in safe Rust.
//!
//! A number becomes an owned descriptor in one safe way that works on every kernel: it is sent through a pair of
//! sockets. What comes out is closed on exec from the beginning; the original is then closed.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream as Std;

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, getpeername, sendmsg};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::net::UnixStream;

/// The connected unix stream with this number, which is not open under that number any more.
pub(super) fn take(number: RawFd) -> io::Result<UnixStream> {
    // First of all: a number that is not open would become that of a socket of the pair.
    getpeername::<UnixAddr>(number)?;
    let stream = Std::from(copy(number)?);
    nix::unistd::close(number)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

fn copy(number: RawFd) -> io::Result<OwnedFd> {
    let (near, far) = Std::pair()?;
    let rights = [number];
    sendmsg::<()>(
        near.as_raw_fd(),
        &[IoSlice::new(&[0])],
        &[ControlMessage::ScmRights(&rights)],
        MsgFlags::empty(),
        None,
    )?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(
        &far,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let arrived = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    arrived.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::IntoRawFd;

    use super::*;

    fn target(number: RawFd) -> Option<std::path::PathBuf> {
        fs::read_link(format!("/proc/self/fd/{number}")).ok()
    }

    #[tokio::test]
    async fn what_was_inherited_is_taken_once_and_closed_on_exec() {
        let (near, far) = Std::pair().unwrap();
        let number = near.into_raw_fd();
        let socket = target(number).unwrap();
        let taken = take(number).unwrap();
        assert_ne!(
            target(number),
            Some(socket.clone()),
            "the original is closed"
        );
        assert_eq!(target(taken.as_raw_fd()), Some(socket));
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", taken.as_raw_fd())).unwrap();
        let flags = info
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .unwrap();
        let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
        assert_ne!(flags & 0o2_000_000, 0, "closed on exec");
        assert_ne!(flags & 0o4000, 0, "does not block");
        taken.writable().await.unwrap();
        taken.try_write(b"x").unwrap();
        drop(taken);
        let mut text = String::new();
        io::Read::read_to_string(&mut &far, &mut text).unwrap();
        assert_eq!(text, "x", "and the stream ends with the one that was taken");
    }

    #[tokio::test]
    async fn the_children_of_a_plugin_do_not_get_its_stream() {
        let (near, _far) = Std::pair().unwrap();
        let taken = take(near.into_raw_fd()).unwrap();
        let socket = target(taken.as_raw_fd()).unwrap();
        #[expect(
            clippy::disallowed_methods,
            reason = "what a child gets is what is tested"
        )]
        let mut child = std::process::Command::new("ls");
        let listed = child.args(["-l", "/proc/self/fd"]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(!listed.contains(socket.to_str().unwrap()), "{listed}");
    }

    #[tokio::test]
    async fn a_number_that_is_not_open_is_nobodys() {
        let file = File::open("/dev/null").unwrap();
        let number = file.as_raw_fd();
        drop(file);
        let error = take(number).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(nix::libc::EBADF));
    }

    #[tokio::test]
    async fn what_is_no_connection_stays_open() {
        let file = File::open("/dev/null").unwrap();
        assert!(take(file.as_raw_fd()).is_err());
        assert_eq!(
            target(file.as_raw_fd()).unwrap(),
            std::path::Path::new("/dev/null")
        );
    }
}
