//! Devices are asked for once: while one plan runs, what the kernel said of a device is said again, until a change may
//! have made it untrue.
//!
//! Every command looks its devices up, and so does who calls the engine; an exchange is the dearest part of a command.

use netlink_packet_core::NLM_F_DUMP;

use crate::kernel::{Answer, Kernel};
use crate::uapi::{ifla, rtm};
use crate::wire::{Received, Reply, Request, u32_of};

/// `struct ifinfomsg`.
const HEADER: usize = 16;

/// A kernel whose word on single devices is kept.
pub struct Recall<'k> {
    kernel: &'k mut dyn Kernel,
    known: Vec<Known>,
}

/// A device, as it was told to those who want so much of it (`IFLA_EXT_MASK`).
struct Known {
    wanted: Option<u32>,
    reply: Reply,
}

impl<'k> Recall<'k> {
    /// Over another kernel.
    pub fn over(kernel: &'k mut dyn Kernel) -> Self {
        Self {
            kernel,
            known: Vec::new(),
        }
    }

    fn known(&self, request: &Request) -> Option<&Reply> {
        let asked = Received::behind(&request.body, HEADER);
        let (wanted, index, name) = (
            asked.u32(ifla::EXT_MASK),
            index(&request.body),
            asked.text(ifla::IFNAME),
        );
        let is_asked_for = |known: &&Known| {
            let told = Received::behind(&known.reply.body, HEADER);
            let same = match (index, &name) {
                (Some(0) | None, None) => false,
                (Some(0) | None, Some(_)) => told.text(ifla::IFNAME) == name,
                (index, _) => self::index(&known.reply.body) == index,
            };
            same && known.wanted == wanted
        };
        self.known
            .iter()
            .find(is_asked_for)
            .map(|known| &known.reply)
    }

    fn ask(&mut self, request: &Request) -> Answer {
        let answer = self.kernel.exchange(request);
        let wanted = Received::behind(&request.body, HEADER).u32(ifla::EXT_MASK);
        if let [reply] = answer.replies.as_slice() {
            let reply = reply.clone();
            self.known.push(Known { wanted, reply });
        }
        answer
    }
}

fn index(body: &[u8]) -> Option<u32> {
    body.get(4..).and_then(u32_of)
}

impl Kernel for Recall<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        match request.kind {
            rtm::GETLINK if request.flags & NLM_F_DUMP == 0 => match self.known(request) {
                Some(reply) => Answer {
                    replies: vec![reply.clone()],
                    ..Answer::default()
                },
                None => self.ask(request),
            },
            // Listings change nothing, and these change nothing of a device.
            kind if kind % 4 == 2
                || matches!(
                    kind,
                    rtm::NEWROUTE | rtm::DELROUTE | rtm::NEWRULE | rtm::DELRULE
                ) =>
            {
                self.kernel.exchange(request)
            }
            _ => {
                self.known.clear();
                self.kernel.exchange(request)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Attributes;

    /// A kernel with one device, that counts what it is asked.
    #[derive(Default)]
    struct Counting(usize);

    impl Kernel for Counting {
        fn exchange(&mut self, _: &Request) -> Answer {
            self.0 += 1;
            let mut attributes = Attributes::default();
            attributes.put_text(ifla::IFNAME, "eth0");
            let body = [header(3).as_slice(), &attributes.bytes()].concat();
            Answer {
                replies: vec![Reply {
                    kind: rtm::NEWLINK,
                    body,
                }],
                ..Answer::default()
            }
        }
    }

    fn header(index: u8) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[4] = index;
        header
    }

    fn by_name(name: &str, wanted: u32) -> Request {
        let mut attributes = Attributes::default();
        attributes
            .put_u32(ifla::EXT_MASK, wanted)
            .put_text(ifla::IFNAME, name);
        Request::new(rtm::GETLINK, 1, &header(0), &attributes)
    }

    fn by_index(index: u8, wanted: u32) -> Request {
        let mut attributes = Attributes::default();
        attributes.put_u32(ifla::EXT_MASK, wanted);
        Request::new(rtm::GETLINK, 1, &header(index), &attributes)
    }

    fn asked(requests: &[Request]) -> usize {
        let mut kernel = Counting::default();
        let mut recall = Recall::over(&mut kernel);
        for request in requests {
            recall.exchange(request);
        }
        kernel.0
    }

    fn change(kind: u16) -> Request {
        Request::new(kind, 5, &header(0), &Attributes::default())
    }

    #[test]
    fn a_device_is_asked_for_once_by_name_or_by_index() {
        assert_eq!(
            asked(&[by_name("eth0", 8), by_name("eth0", 8), by_index(3, 8)]),
            1
        );
        assert_eq!(asked(&[by_name("eth0", 8), by_name("eth1", 8)]), 2);
        assert_eq!(asked(&[by_name("eth0", 8), by_index(4, 8)]), 2);
    }

    #[test]
    fn who_wants_more_of_it_asks_again() {
        assert_eq!(asked(&[by_name("eth0", 8), by_index(3, 0)]), 2);
    }

    #[test]
    fn a_change_that_may_touch_a_device_forgets_all_of_them() {
        for kind in [
            rtm::NEWLINK,
            rtm::DELLINK,
            rtm::NEWADDR,
            rtm::NEWLINKPROP,
            rtm::NEWNEIGH,
        ] {
            assert_eq!(
                asked(&[by_name("eth0", 8), change(kind), by_name("eth0", 8)]),
                3
            );
        }
        for kind in [rtm::NEWROUTE, rtm::DELRULE] {
            assert_eq!(
                asked(&[by_name("eth0", 8), change(kind), by_name("eth0", 8)]),
                2
            );
        }
    }
}
