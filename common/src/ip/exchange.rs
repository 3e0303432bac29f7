//! What every object does with a kernel: change something, list something, learn a device's index or name.

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST};

use super::args::Vrf;
use super::devices::{Devices, Names};
use super::hardware;
use super::link;
use super::link::request as link_request;
use super::link::show::Shown as Link;
use super::mistake::Mistake;
use super::options::Options;
use super::page::{self, Entry};
use crate::kernel::{Answer, Kernel, Refusal};
use crate::uapi::{iff, rt};
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
    let answer = kernel.exchange(request);
    let mut output = Output {
        stderr: warnings(&answer),
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

/// What is kept of a device.
struct Known {
    index: u32,
    name: String,
    flags: u32,
    hardware: u16,
}

/// Names of devices, from what was listed, else asked for when they are needed.
pub(super) struct Live<'k> {
    kernel: &'k mut dyn Kernel,
    known: Vec<Known>,
    listed: bool,
}

impl<'k> Live<'k> {
    pub(super) fn new(kernel: &'k mut dyn Kernel, listed: &[Reply]) -> Self {
        let mut live = Self {
            kernel,
            known: Vec::new(),
            listed: false,
        };
        live.learn(listed);
        live
    }

    fn learn(&mut self, replies: &[Reply]) {
        self.known
            .extend(replies.iter().filter_map(Link::read).map(|link| Known {
                index: link.index,
                name: link.name(),
                flags: link.flags,
                hardware: link.hardware,
            }));
    }

    /// One question for the first unknown device; for the second, one question for all.
    fn find(&mut self, index: u32) -> Option<&Known> {
        if !self.known.iter().any(|known| known.index == index) && !self.listed {
            self.listed = !self.known.is_empty();
            let request = if self.listed {
                link_request::dump(&link::Filter::default(), &Devices::default())
            } else {
                link_request::by_index(index, false)
            };
            let answer = self.kernel.exchange(&request);
            self.learn(&answer.replies);
        }
        self.known.iter().find(|known| known.index == index)
    }
}

impl Names for Live<'_> {
    fn name(&mut self, index: u32) -> String {
        self.find(index)
            .map_or_else(|| format!("if{index}"), |known| known.name.clone())
    }

    fn hardware(&mut self, index: u32) -> u16 {
        self.find(index)
            .map_or(hardware::VOID, |known| known.hardware)
    }

    fn is_up(&mut self, index: u32) -> bool {
        self.find(index)
            .is_some_and(|known| known.flags & iff::UP != 0)
    }
}
