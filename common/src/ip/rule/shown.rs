//! A rule as received.

use super::request::HEADER;
use super::selector::{Ports, Uids};
use crate::family::Family;
use crate::uapi::{fra, rtm};
use crate::wire::{Received, Reply, u32_of};

/// The header's fields and the attributes.
pub(super) struct Shown<'a> {
    pub(super) family: Family,
    pub(super) dst_len: u8,
    pub(super) src_len: u8,
    pub(super) tos: u8,
    pub(super) kind: u8,
    pub(super) flags: u32,
    pub(super) table: u32,
    /// Whether the kernel says that it was taken away.
    pub(super) deleted: bool,
    pub(super) attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn read(reply: &'a Reply) -> Option<Self> {
        let [family, dst_len, src_len, tos, table, _, _, kind] = *reply.body.first_chunk::<8>()?;
        let attributes = Received::behind(&reply.body, HEADER);
        Some(Self {
            family: Family::from_number(family),
            dst_len,
            src_len,
            tos,
            kind,
            flags: reply.body.get(8..).and_then(u32_of)?,
            table: attributes.u32(fra::TABLE).unwrap_or(table.into()),
            deleted: reply.kind == rtm::DELRULE,
            attributes,
        })
    }

    pub(super) fn priority(&self) -> u32 {
        self.attributes.u32(fra::PRIORITY).unwrap_or(0)
    }

    pub(super) fn protocol(&self) -> Option<u8> {
        self.attributes.u8(fra::PROTOCOL)
    }

    pub(super) fn uids(&self) -> Option<Uids> {
        let range = self.attributes.bytes(fra::UID_RANGE)?;
        Some(Uids {
            start: u32_of(range)?,
            end: range.get(4..).and_then(u32_of)?,
        })
    }

    pub(super) fn tun_id(&self) -> Option<u64> {
        let id = self.attributes.bytes(fra::TUN_ID)?.first_chunk()?;
        Some(u64::from_be_bytes(*id))
    }
}

/// A range of ports and its mask, if the kernel sent one.
pub(super) fn ports(attributes: &Received<'_>, range: u16, mask: u16) -> Option<Ports> {
    let [a, b, c, d] = *attributes.bytes(range)?.first_chunk()?;
    let mask = attributes.bytes(mask).and_then(|mask| mask.first_chunk());
    Some(Ports {
        start: u16::from_ne_bytes([a, b]),
        end: u16::from_ne_bytes([c, d]),
        mask: mask.map(|mask| u16::from_ne_bytes(*mask)),
    })
}
