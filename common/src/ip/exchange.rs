//! What every object does with a kernel: change something, list something, learn a device's index or name.

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST};

use super::args::Vrf;
use super::devices::Devices;
use super::link;
use super::link::request as link_request;
use super::link::show::Shown as Link;
use super::mistake::Mistake;
use super::options::Options;
use super::page::{self, Entry};
use crate::kernel::{Answer, Kernel, Refusal};
use crate::uapi::rt;
use crate::wire::{Reply, Request};

/// What a command printed and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit status: 0, 1 for what is not there, 2 for what the kernel refused, 255 for usage.
    pub exit: u8,
}

impl Output {
    /// The answer to a command line that cannot be taken.
    #[must_use]
    pub fn of_mistake(mistake: &Mistake) -> Self {
        Self {
            stdout: String::new(),
            stderr: mistake.stderr.clone(),
            exit: mistake.exit,
        }
    }
}

/// One device if one is named, else all of them.
pub(super) fn links(
    dev: Option<&str>,
    filter: &link::Filter,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Answer {
    match dev {
        Some(dev) => kernel.exchange(&link_request::by_index(
            devices.index(dev),
            filter.statistics,
        )),
        None => kernel.exchange(&link_request::dump(filter, devices)),
    }
}

/// The index of a device, asked for by name with `RTM_GETLINK` alone: an ioctl would load a module of that name.
pub fn device(name: &str, kernel: &mut dyn Kernel) -> Option<u32> {
    facts(name, kernel).map(|facts| facts.index)
}

/// What a look-up needs to know of a device.
pub(super) struct Facts {
    pub(super) index: u32,
    pub(super) address_bytes: usize,
}

pub(super) fn facts(name: &str, kernel: &mut dyn Kernel) -> Option<Facts> {
    let answer = kernel.exchange(&link_request::by_name(name));
    let link = answer.replies.first().and_then(Link::read)?;
    Some(Facts {
        index: link.index,
        address_bytes: link.address_bytes(),
    })
}

/// The index and the table of a VRF. Without a device of that name, `default` is table main where a table is asked for.
pub(super) fn vrf(name: &str, asked: Vrf, kernel: &mut dyn Kernel) -> Option<(u32, u32)> {
    let answer = kernel.exchange(&link_request::by_name(name));
    match answer.replies.first().and_then(Link::read) {
        Some(link) => link.vrf_table().map(|table| (link.index, table)),
        None if asked == Vrf::Table && name == "default" => Some((0, rt::TABLE_MAIN)),
        None => None,
    }
}

/// Takes listed things away one after the other. What has gone meanwhile is no matter: the next listing shows what stays.
pub(super) fn take_away(kind: u16, listed: &[Reply], kernel: &mut dyn Kernel) {
    for reply in listed {
        kernel.exchange(&Request {
            kind,
            flags: NLM_F_REQUEST | NLM_F_ACK,
            body: reply.body.clone(),
        });
    }
}

pub(super) fn change(request: &Request, kernel: &mut dyn Kernel) -> Output {
    changed(&kernel.exchange(request))
}

/// The same; with `-echo` the first that the kernel echoes of the change is printed. There may be none: not every change
/// has an echo, and iproute2 takes the acknowledgement for one then.
pub(super) fn change_and_echo(
    request: Request,
    options: &Options,
    kernel: &mut dyn Kernel,
    print: impl FnOnce(Option<&Reply>, &mut dyn Kernel, &mut Output),
) -> Output {
    if !options.echo {
        return change(&request, kernel);
    }
    let answer = kernel.exchange(&request.echoed());
    let mut output = changed(&answer);
    // A change that was left out has no echo.
    if answer.refusal.is_none() && answer.acknowledged {
        print(answer.replies.first(), kernel, &mut output);
    }
    output
}

fn changed(answer: &Answer) -> Output {
    let mut output = Output {
        stderr: warnings(answer),
        ..Output::default()
    };
    if let Some(refusal) = &answer.refusal {
        output.stderr.push_str(&refused(refusal));
        output.exit = 2;
    }
    output
}

pub(super) fn listing(entries: Vec<Entry>, answer: &Answer, options: &Options) -> Output {
    let mut output = Output {
        stdout: page::render(entries, options),
        stderr: warnings(answer),
        exit: 0,
    };
    if answer.interrupted {
        output
            .stderr
            .push_str("Dump was interrupted and may be inconsistent.\n");
    }
    if let Some(refusal) = &answer.refusal {
        output.stderr.push_str(&refused(refusal));
        output.exit = 2;
    }
    output
}

pub(super) fn warnings(answer: &Answer) -> String {
    answer
        .warnings
        .iter()
        .map(|text| format!("Warning: {}\n", sentence(text)))
        .collect()
}

/// The kernel's own text, or the C library's for its number.
pub(super) fn refused(refusal: &Refusal) -> String {
    match &refusal.text {
        Some(text) => format!("Error: {}\n", sentence(text)),
        None => format!("RTNETLINK answers: {}\n", refusal.strerror()),
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::NLM_F_ECHO;

    use super::*;
    use crate::uapi::rtm;
    use crate::wire::Attributes;

    /// A kernel that answers each request so, and keeps the last.
    struct Answering(Answer, Option<Request>);

    impl Kernel for Answering {
        fn exchange(&mut self, request: &Request) -> Answer {
            self.1 = Some(request.clone());
            self.0.clone()
        }
    }

    fn echoed(echo: bool, answer: &Answer) -> (Output, bool) {
        let options = Options {
            echo,
            ..Options::default()
        };
        let mut kernel = Answering(answer.clone(), None);
        let request = Request::new(
            rtm::NEWROUTE,
            NLM_F_REQUEST | NLM_F_ACK,
            &[0; 12],
            &Attributes::default(),
        );
        let output = change_and_echo(request, &options, &mut kernel, |echo, _, output| {
            output.stdout = echo.map_or("acknowledged", |_| "echoed").to_owned();
        });
        let asked = kernel
            .1
            .is_some_and(|request| request.flags & NLM_F_ECHO != 0);
        (output, asked)
    }

    fn made() -> Answer {
        Answer {
            replies: vec![Reply {
                kind: rtm::NEWROUTE,
                body: vec![0; 12],
            }],
            acknowledged: true,
            ..Answer::default()
        }
    }

    #[test]
    fn an_echo_is_asked_for_and_printed_only_where_it_is_wanted() {
        let (output, asked) = echoed(true, &made());
        assert_eq!((output.stdout.as_str(), asked), ("echoed", true));
        let (output, asked) = echoed(false, &made());
        assert_eq!((output.stdout.as_str(), asked), ("", false));
        let alone = Answer {
            replies: Vec::new(),
            ..made()
        };
        assert_eq!(echoed(true, &alone).0.stdout, "acknowledged");
    }

    #[test]
    fn a_change_that_was_left_out_or_refused_has_no_echo() {
        assert_eq!(echoed(true, &Answer::default()).0, Output::default());
        // A device that is made, and taken away again since it cannot be put where it should be.
        let refused = Answer {
            refusal: Some(Refusal {
                errno: 22,
                text: Some("Can not enslave a bridge to a bridge".to_owned()),
            }),
            acknowledged: false,
            ..made()
        };
        let (output, _) = echoed(true, &refused);
        assert_eq!((output.exit, output.stdout.as_str()), (2, ""));
        assert_eq!(
            output.stderr,
            "Error: Can not enslave a bridge to a bridge.\n"
        );
    }
}
