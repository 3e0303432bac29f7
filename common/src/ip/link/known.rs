//! Whether a kernel knows a kind of device, asked without having it load anything.

use super::{Filter, request};
use crate::ip::devices::Devices;
use crate::kernel::Kernel;
use crate::uapi::ifla;
use crate::wire::Received;

/// Whether the kernel knows a kind: it is built in, or its module is loaded.
///
/// A listing that is narrowed to a kind has only devices of it. Where the kernel does not know the kind, it does not narrow
/// the listing (`link_dump_filtered`), and `lo`, which is in every namespace, is in it.
///
/// # Errors
/// Why the kernel does not tell.
pub fn is_known(kind: &str, kernel: &mut dyn Kernel) -> Result<bool, String> {
    let filter = Filter {
        kind: Some(kind.to_owned()),
        ..Filter::default()
    };
    let answer = kernel.exchange(&request::dump(&filter, &Devices::default()));
    match answer.refusal {
        Some(refusal) => Err(refusal.text.clone().unwrap_or_else(|| refusal.strerror())),
        None if !answer.complete || answer.interrupted => {
            Err("the kernel's listing did not come to its end".to_owned())
        }
        None => Ok(answer.replies.iter().all(|reply| {
            let info = Received::behind(&reply.body, request::HEADER).nested(ifla::LINKINFO);
            info.unwrap_or_default().text(ifla::INFO_KIND).as_deref() == Some(kind)
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Answer, Refusal};
    use crate::wire::{Attributes, Reply, Request};

    /// A kernel that lists these.
    struct Listing(Answer);

    impl Kernel for Listing {
        fn exchange(&mut self, _: &Request) -> Answer {
            self.0.clone()
        }
    }

    fn listing(kinds: &[&str]) -> Listing {
        let reply = |kind: &&str| {
            let (mut info, mut attributes) = (Attributes::default(), Attributes::default());
            if !kind.is_empty() {
                info.put(ifla::INFO_KIND, kind.as_bytes());
                attributes.put_nested(ifla::LINKINFO, &info);
            }
            Reply {
                kind: crate::uapi::rtm::NEWLINK,
                body: [vec![0; request::HEADER], attributes.bytes()].concat(),
            }
        };
        Listing(Answer {
            replies: kinds.iter().map(reply).collect(),
            complete: true,
            ..Answer::default()
        })
    }

    #[test]
    fn a_kind_is_known_if_the_listing_is_narrowed_to_it() {
        let known = |kinds: &[&str]| is_known("dummy", &mut listing(kinds)).unwrap();
        assert!(known(&[]));
        assert!(known(&["dummy", "dummy"]));
        // The first is `lo`.
        assert!(!known(&[""]));
        assert!(!known(&["", "veth", "dummy"]));
        assert!(!known(&["veth"]));
    }

    #[test]
    fn a_listing_that_cannot_be_had_tells_why() {
        let refusal = |text: Option<&str>| Refusal {
            errno: 12,
            text: text.map(str::to_owned),
        };
        let told = |text| {
            let answer = Answer {
                refusal: Some(refusal(text)),
                ..Answer::default()
            };
            is_known("dummy", &mut Listing(answer)).unwrap_err()
        };
        let silent = is_known("dummy", &mut Listing(Answer::default()));
        assert!(silent.unwrap_err().contains("did not come to its end"));
        let cut_short = Answer {
            interrupted: true,
            ..listing(&["dummy"]).0
        };
        assert!(is_known("dummy", &mut Listing(cut_short)).is_err());
        assert_eq!(told(Some("too long")), "too long");
        assert_eq!(told(None), "Cannot allocate memory");
    }
}
