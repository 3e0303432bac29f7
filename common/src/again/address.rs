//! Whether an address is there (`struct ifaddrmsg`).

use super::{holds, list};
use crate::family::Family;
use crate::kernel::Kernel;
use crate::uapi::{ifa, rtm};
use crate::wire::{Attributes, Received, Request, u32_of};

const HEADER: usize = 8;

/// Whether the kernel lists an address with everything that the message says. Lifetimes run: they are not compared.
pub(super) fn is_there(request: &Request, kernel: &mut dyn Kernel) -> Option<bool> {
    let Some(wanted) = Address::read(&request.body) else {
        return Some(false);
    };
    let found = list(
        rtm::GETADDR,
        &[wanted.family, 0, 0, 0, 0, 0, 0, 0],
        &Attributes::default(),
        kernel,
    )?;
    let found = found
        .iter()
        .filter_map(|reply| Address::read(&reply.body))
        .any(|found| found.is(&wanted));
    Some(found)
}

struct Address<'a> {
    family: u8,
    len: u8,
    flags: u32,
    scope: u8,
    device: u32,
    attributes: Received<'a>,
}

impl<'a> Address<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let [family, len, flags, scope] = *body.first_chunk::<4>()?;
        let attributes = Received::behind(body, HEADER);
        let flags = attributes.u32(ifa::FLAGS).unwrap_or(flags.into());
        Some(Self {
            family,
            len,
            flags,
            scope,
            device: body.get(4..).and_then(u32_of)?,
            attributes,
        })
    }

    /// The address on this side: an IPv6 address without a peer has no `IFA_LOCAL`.
    fn local(&self) -> Option<&'a [u8]> {
        self.attributes
            .bytes(ifa::LOCAL)
            .or_else(|| self.attributes.bytes(ifa::ADDRESS))
    }

    fn is(&self, wanted: &Self) -> bool {
        // The kernel decides the scope of an IPv6 address itself.
        let scope = self.scope == wanted.scope || self.family == Family::Inet6.number();
        self.device == wanted.device
            && self.len == wanted.len
            && scope
            && wanted.flags & !self.flags == 0
            && self.local() == wanted.local()
            && holds(
                &wanted.attributes,
                &self.attributes,
                &[ifa::LOCAL, ifa::FLAGS, ifa::CACHEINFO],
            )
    }
}
