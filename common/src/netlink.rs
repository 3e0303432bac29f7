//! The kernel edge: one synchronous `NETLINK_ROUTE` socket.
//!
//! It is opened inside the namespace and belongs to it for good; an open socket keeps the namespace alive, so it is
//! closed before anybody is answered. Extended acknowledgements and strict checks are on.

use std::io;
use std::time::Duration;

use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR,
    NLM_F_MULTIPART, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, NetlinkHeader,
};
use netlink_sys::{SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;

use crate::kernel::{Answer, Kernel, Refusal};
use crate::wire::{Received, Reply, Request, u32_of};

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// Large enough that a dump comes in as few pieces as the kernel makes.
const BUFFER: usize = 64 * 1024;
/// The kernel answers in microseconds; one that does not is a fault to report.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much of one listing is read, in bytes: some 80,000 routes. What is in a pod's namespace decides neither how much
/// memory the node gives for it nor how long it takes.
const LISTING: usize = 4 * 1024 * 1024;
/// What is said of a longer one.
const TOO_LONG: &str = "what the kernel lists here is longer than the 4 MiB that are read of it: ask for a part of it, of one table or device";
/// `NLMSGERR_ATTR_MSG` (`linux/netlink.h`).
const ERROR_TEXT: u16 = 1;

/// A socket of the namespace that the thread was in when it was opened.
#[derive(Debug)]
pub struct Socket {
    socket: netlink_sys::Socket,
    sequence: u32,
    buffer: Vec<u8>,
    longest: usize,
}

fn connected() -> io::Result<netlink_sys::Socket> {
    let socket = netlink_sys::Socket::new(NETLINK_ROUTE)?;
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    socket.set_netlink_get_strict_chk(true)?;
    let patience = TimeVal::new(PATIENCE.as_secs().cast_signed(), 0);
    setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
    // Connected to the kernel, which gives it an address as well: a process of the pod's own, even one with
    // NET_ADMIN, cannot answer in its place.
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok(socket)
}

impl Socket {
    /// Opens one in the calling thread's namespace.
    ///
    /// # Errors
    /// What the system said of the socket or of one of its options.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            socket: connected()?,
            sequence: 0,
            // Not zeroed: that alone would touch sixteen pages.
            buffer: Vec::with_capacity(BUFFER),
            longest: LISTING,
        })
    }

    /// The same for who lists with rights, memory and time of his own: to the end, however long it is.
    #[must_use]
    pub fn to_the_end(self) -> Self {
        Self {
            longest: usize::MAX,
            ..self
        }
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.length = u32::try_from(HEADER + request.body.len()).map_err(io::Error::other)?;
        header.message_type = request.kind;
        header.flags = request.flags;
        header.sequence_number = self.sequence;
        let mut message = vec![0; HEADER];
        header.emit(&mut message);
        message.extend_from_slice(&request.body);
        self.socket.send(&message, 0).map(drop)
    }

    /// Receives up to the end of the answer.
    fn receive(&mut self, end: End) -> io::Result<Answer> {
        let mut answer = Answer::default();
        let mut length = 0;
        loop {
            self.buffer.clear();
            length += self.socket.recv(&mut self.buffer, 0)?;
            if length > self.longest {
                // The rest would come before the next answer: it goes with the socket.
                self.socket = connected()?;
                return Ok(too_long());
            }
            let mut datagram = self.buffer.as_slice();
            while let Ok(message) = NetlinkBuffer::new_checked(datagram) {
                let length = usize::try_from(message.length())
                    .unwrap_or(usize::MAX)
                    .next_multiple_of(4);
                if message.sequence_number() == self.sequence && take(&message, end, &mut answer) {
                    return Ok(answer);
                }
                datagram = datagram.get(length..).unwrap_or_default();
            }
        }
    }
}

impl Kernel for Socket {
    fn exchange(&mut self, request: &Request) -> Answer {
        self.send(request)
            .and_then(|()| self.receive(End::of(request.flags)))
            .unwrap_or_else(|error| Answer {
                refusal: Some(Refusal {
                    errno: error.raw_os_error().unwrap_or(Errno::EIO as i32),
                    text: Some(format!("the exchange with the kernel broke off: {error}")),
                }),
                ..Answer::default()
            })
    }
}

fn too_long() -> Answer {
    Answer {
        refusal: Some(Refusal {
            errno: Errno::EMSGSIZE as i32,
            text: Some(TOO_LONG.to_owned()),
        }),
        ..Answer::default()
    }
}

/// What ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The message that ends a listing, or the acknowledgement of a change, whatever the kernel echoes before it.
    Verdict,
    /// The first message.
    Reply,
}

impl End {
    fn of(flags: u16) -> Self {
        if flags & NLM_F_DUMP == NLM_F_DUMP || flags & NLM_F_ACK != 0 {
            Self::Verdict
        } else {
            Self::Reply
        }
    }
}

/// Takes one message into the answer; true if it was the last.
fn take(message: &NetlinkBuffer<&[u8]>, end: End, answer: &mut Answer) -> bool {
    answer.interrupted |= message.flags() & NLM_F_DUMP_INTR != 0;
    match message.message_type() {
        NLMSG_ERROR => {
            verdict(message, true, answer);
            true
        }
        NLMSG_DONE => {
            verdict(message, false, answer);
            true
        }
        kind => {
            answer.replies.push(Reply {
                kind,
                body: message.payload().to_vec(),
            });
            end == End::Reply && message.flags() & NLM_F_MULTIPART == 0
        }
    }
}

/// Reads `struct nlmsgerr`, or the number that ends a dump, and the extended acknowledgement behind it.
fn verdict(message: &NetlinkBuffer<&[u8]>, error: bool, answer: &mut Answer) {
    let payload = message.payload();
    let code = u32_of(payload).map_or(0, u32::cast_signed);
    let mut behind = 4;
    if error {
        // The request's header is echoed, and the rest of it unless the acknowledgement is capped.
        let echoed = payload
            .get(4..)
            .and_then(u32_of)
            .map_or(HEADER, |length| usize::try_from(length).unwrap_or(HEADER));
        behind += if message.flags() & NLM_F_CAPPED != 0 {
            HEADER
        } else {
            echoed.next_multiple_of(4)
        };
    }
    let text = (message.flags() & NLM_F_ACK_TLVS != 0)
        .then(|| Received::behind(payload, behind).text(ERROR_TEXT))
        .flatten();
    if code < 0 {
        answer.refusal = Some(Refusal {
            errno: code.saturating_neg(),
            text,
        });
    } else {
        answer.acknowledged = error;
        answer.complete = !error;
        answer.warnings.extend(text);
    }
}
