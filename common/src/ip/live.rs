//! Names of devices while something is printed.

use super::devices::{Devices, Names};
use super::hardware;
use super::link;
use super::link::request as link_request;
use super::link::show::Shown as Link;
use crate::kernel::Kernel;
use crate::uapi::iff;
use crate::wire::Reply;

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
            .is_none_or(|known| known.flags & iff::UP != 0)
    }
}
