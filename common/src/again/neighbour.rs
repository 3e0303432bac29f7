//! Whether a neighbour is there (`struct ndmsg`).

use super::{Wish, holds, list};
use crate::kernel::Kernel;
use crate::uapi::rtm;
use crate::wire::{Attributes, Received, Request, u32_of};

const HEADER: usize = 12;
/// `NTF_PROXY`: entries of this kind are listed apart.
const PROXY: u8 = 8;

/// Whether the kernel lists a neighbour with everything that the message says; to delete one, its address is enough.
pub(super) fn is_there(request: &Request, wish: Wish, kernel: &mut dyn Kernel) -> Option<bool> {
    let Some(wanted) = Neighbour::read(&request.body) else {
        return Some(false);
    };
    let header = [
        wanted.family,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        wanted.flags & PROXY,
        0,
    ];
    let found = list(rtm::GETNEIGH, &header, &Attributes::default(), kernel)?;
    let found = found
        .iter()
        .filter_map(|reply| Neighbour::read(&reply.body))
        .any(|found| found.is(&wanted, wish));
    Some(found)
}

struct Neighbour<'a> {
    family: u8,
    device: u32,
    state: u16,
    flags: u8,
    attributes: Received<'a>,
}

impl<'a> Neighbour<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let [low, high, flags, _] = *body.get(8..)?.first_chunk::<4>()?;
        Some(Self {
            family: *body.first()?,
            device: body.get(4..).and_then(u32_of)?,
            state: u16::from_ne_bytes([low, high]),
            flags,
            attributes: Received::behind(body, HEADER),
        })
    }

    fn is(&self, wanted: &Self, wish: Wish) -> bool {
        let proxy = wanted.flags & PROXY != 0;
        // A proxy entry has no state.
        let state = wish == Wish::Gone || proxy || self.state == wanted.state;
        self.device == wanted.device
            && state
            && wanted.flags & !self.flags == 0
            && holds(&wanted.attributes, &self.attributes, &[])
    }
}
