//! Running again in the same sandbox: what is already so is left alone.
//!
//! A container's restart, a retry, a recovery after a crash run the same commands once more. `add`, `del` and `set` are
//! then unchanged where reading the kernel shows every given attribute in effect already; it is never told by an error
//! number, because `rule add` without a priority never fails. `append`, `prepend`, `replace`, `change` and `flush` run
//! again.
//!
//! The question is put to the message that would be sent: is every field and attribute of it in something that the kernel
//! lists? The answer per object, what "in" means for its header, is a file each.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST};

use crate::kernel::{Answer, Kernel, Refusal};
use crate::uapi::rtm;
use crate::wire::{Attributes, Received, Reply, Request};

mod address;
mod link;
mod neighbour;
mod route;
mod rule;

/// `EAGAIN`: the kernel did not answer in time.
const AGAIN: i32 = 11;
/// `EMSGSIZE`: a list is longer than is read of one.
const TOO_LONG: i32 = 90;

/// A kernel that is asked first whether a change is already so.
pub struct Again<'k> {
    kernel: &'k mut dyn Kernel,
    unchanged: bool,
    changed: bool,
    cautious: bool,
    stopped: bool,
}

impl<'k> Again<'k> {
    /// Over another kernel.
    pub fn over(kernel: &'k mut dyn Kernel) -> Self {
        Self {
            kernel,
            unchanged: false,
            changed: false,
            cautious: false,
            stopped: false,
        }
    }

    /// The same, for a command that may have run: of routes and rules there may be several alike, so that one more that
    /// could be taken away does not tell whether one was. Such a change is stopped.
    pub fn cautiously_over(kernel: &'k mut dyn Kernel) -> Self {
        Self {
            cautious: true,
            ..Self::over(kernel)
        }
    }

    /// Whether a change was stopped.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether every change since the last question was left out, because it was already so.
    pub fn was_unchanged(&mut self) -> bool {
        let unchanged = self.unchanged && !self.changed;
        (self.unchanged, self.changed) = (false, false);
        unchanged
    }
}

impl Kernel for Again<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        let wish = wish(request);
        let so = wish.map(|wish| is_so(request, wish, self.kernel));
        if so == Some(Some(true)) {
            self.unchanged = true;
            return Answer::default();
        }
        let untold = so == Some(None);
        if self.cautious && (untold || matches!(request.kind, rtm::DELROUTE | rtm::DELRULE)) {
            self.stopped = true;
            return Answer::default();
        }
        self.changed |= rtm::is_change(request.kind);
        self.kernel.exchange(request)
    }
}

/// What a message wants to be so afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// There is such a thing.
    There,
    /// There is no such thing.
    Gone,
}

/// The wish of a change that may be left out; none for those that run again whatever is there.
fn wish(request: &Request) -> Option<Wish> {
    let exclusive = request.flags & (NLM_F_CREATE | NLM_F_EXCL) == NLM_F_CREATE | NLM_F_EXCL;
    let plain = request.flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE) == 0;
    match request.kind {
        kind if !rtm::is_change(kind) => None,
        rtm::NEWLINK if plain || exclusive => Some(Wish::There),
        kind if kind % 4 == 0 && exclusive => Some(Wish::There),
        kind if kind % 4 == 1 => Some(Wish::Gone),
        _ => None,
    }
}

/// Whether what is wished is so; nothing where the kernel does not tell.
fn is_so(request: &Request, wish: Wish, kernel: &mut dyn Kernel) -> Option<bool> {
    let there = match request.kind {
        rtm::NEWLINK => Some(link::is_there(request, kernel)),
        // Its index was looked up just now: it is there.
        rtm::DELLINK => Some(true),
        rtm::NEWADDR | rtm::DELADDR => address::is_there(request, kernel),
        rtm::NEWROUTE | rtm::DELROUTE => route::is_there(request, wish, kernel),
        rtm::NEWNEIGH | rtm::DELNEIGH => neighbour::is_there(request, wish, kernel),
        rtm::NEWRULE | rtm::DELRULE => rule::is_there(request, wish, kernel),
        // Of what is not known nothing is known to be so.
        _ => return Some(false),
    };
    Some(there? == (wish == Wish::There))
}

/// Everything of a kind and family that the kernel lists; nothing if it does not to the end.
fn list(
    kind: u16,
    header: &[u8],
    attributes: &Attributes,
    kernel: &mut dyn Kernel,
) -> Option<Vec<Reply>> {
    let dump = NLM_F_REQUEST | NLM_F_DUMP;
    let answer = kernel.exchange(&Request::new(kind, dump, header, attributes));
    let cut_off = |refusal: &Refusal| matches!(refusal.errno, AGAIN | TOO_LONG);
    // Any other refusal, as that of a table that there is not, says that nothing is there.
    let whole = !answer.refusal.as_ref().is_some_and(cut_off);
    whole.then_some(answer.replies)
}

/// Whether every attribute of `wanted` is in `found`, but for those in `apart`, which the caller compares itself.
fn holds(wanted: &Received<'_>, found: &Received<'_>, apart: &[u16]) -> bool {
    let mut given = wanted.iter().filter(|(kind, _)| !apart.contains(kind));
    given.all(|(kind, value)| {
        found
            .bytes(kind)
            .is_some_and(|other| other == value || is_nested_in(value, other))
    })
}

/// Whether both are rows of attributes and the one is in the other.
fn is_nested_in(wanted: &[u8], found: &[u8]) -> bool {
    let row = |bytes| Some(Received::whole(bytes)?).filter(|row| row.iter().next().is_some());
    match (row(wanted), row(found)) {
        (Some(wanted), Some(found)) => holds(&wanted, &found, &[]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_told_is_left_out() {
        let request = |kind, flags| Request {
            kind,
            flags,
            body: Vec::new(),
        };
        let wish_of = |kind, flags| wish(&request(kind, flags));
        assert_eq!(
            wish_of(rtm::NEWROUTE, NLM_F_CREATE | NLM_F_EXCL),
            Some(Wish::There)
        );
        assert_eq!(wish_of(rtm::DELROUTE, 0), Some(Wish::Gone));
        assert_eq!(wish_of(rtm::NEWLINK, 0), Some(Wish::There));
        for again in [
            NLM_F_CREATE | NLM_F_REPLACE,
            NLM_F_REPLACE,
            NLM_F_CREATE,
            NLM_F_CREATE | 0x800,
        ] {
            assert_eq!(wish_of(rtm::NEWROUTE, again), None);
        }
        assert_eq!(wish_of(rtm::GETROUTE, 0), None);
    }

    #[test]
    fn a_row_is_in_another_that_has_more() {
        let mut inner = Attributes::default();
        inner.put_u32(2, 1400);
        let mut wanted = Attributes::default();
        wanted.put_u32(4, 7).put_nested(8, &inner);
        inner.put_u32(8, 1300);
        let mut found = Attributes::default();
        found.put_u32(4, 7).put_nested(8, &inner).put_u32(9, 1);
        let (wanted, found) = (wanted.bytes(), found.bytes());
        assert!(holds(
            &Received::read(&wanted),
            &Received::read(&found),
            &[]
        ));
        assert!(!holds(
            &Received::read(&found),
            &Received::read(&wanted),
            &[]
        ));
        assert!(holds(
            &Received::read(&found),
            &Received::read(&wanted),
            &[8, 9]
        ));
    }
}
