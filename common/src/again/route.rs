//! Whether a route is there (`struct rtmsg`).

use super::{Wish, holds, list};
use crate::family::Family;
use crate::kernel::Kernel;
use crate::uapi::{rt, rta, rtf, rtm};
use crate::wire::{Attributes, Received, Request, u32_of};

const HEADER: usize = 12;
/// What the kernel gives an IPv6 route without a metric (`IP6_RT_PRIO_USER`).
const METRIC_V6: u32 = 1024;

/// Whether the kernel lists a route with everything that the message says.
pub(super) fn is_there(request: &Request, wish: Wish, kernel: &mut dyn Kernel) -> Option<bool> {
    let Some(wanted) = Route::read(&request.body) else {
        return Some(false);
    };
    let mut attributes = Attributes::default();
    attributes.put_u32(rta::TABLE, wanted.table);
    let header = [wanted.family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let found = list(rtm::GETROUTE, &header, &attributes, kernel)?;
    let found = found
        .iter()
        .filter_map(|reply| Route::read(&reply.body))
        .any(|found| found.is(&wanted, wish));
    Some(found)
}

struct Route<'a> {
    family: u8,
    /// Lengths of destination and source, and the TOS.
    selector: [u8; 3],
    table: u32,
    protocol: u8,
    scope: u8,
    kind: u8,
    flags: u32,
    attributes: Received<'a>,
}

impl<'a> Route<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let [family, dst_len, src_len, tos, table, protocol, scope, kind] =
            *body.first_chunk::<8>()?;
        let attributes = Received::behind(body, HEADER);
        let table = match attributes.u32(rta::TABLE).unwrap_or(table.into()) {
            0 => rt::TABLE_MAIN,
            table => table,
        };
        let flags = body.get(8..).and_then(u32_of)?;
        Some(Self {
            family,
            selector: [dst_len, src_len, tos],
            table,
            protocol,
            scope,
            kind,
            flags,
            attributes,
        })
    }

    fn is(&self, wanted: &Self, wish: Wish) -> bool {
        // In a deletion 0, and for the scope 255, stand for any.
        let field = |found: u8, wanted: u8, any: u8| {
            found == wanted || (wish == Wish::Gone && wanted == any)
        };
        self.selector == wanted.selector
            && self.table == wanted.table
            && field(self.protocol, wanted.protocol, 0)
            && field(self.scope, wanted.scope, rt::SCOPE_NOWHERE)
            && field(self.kind, wanted.kind, 0)
            && wanted.flags & rtf::ONLINK & !self.flags == 0
            && self.has_metric(wanted, wish)
            && self.has_legs(wanted)
            && holds(
                &wanted.attributes,
                &self.attributes,
                &[rta::TABLE, rta::PRIORITY, rta::MULTIPATH],
            )
    }

    /// Without a metric an addition means the kernel's own, a deletion any.
    fn has_metric(&self, wanted: &Self, wish: Wish) -> bool {
        let own = if self.family == Family::Inet6.number() {
            METRIC_V6
        } else {
            0
        };
        match wanted.attributes.u32(rta::PRIORITY) {
            None if wish == Wish::Gone => true,
            metric => self.attributes.u32(rta::PRIORITY).unwrap_or(0) == metric.unwrap_or(own),
        }
    }

    /// The kernel fills in devices and flags: what was given has to be in what it lists, leg for leg.
    fn has_legs(&self, wanted: &Self) -> bool {
        let Some(wanted) = wanted.attributes.bytes(rta::MULTIPATH) else {
            return true;
        };
        let Some(found) = self.attributes.bytes(rta::MULTIPATH) else {
            return false;
        };
        let (wanted, found) = (legs(wanted), legs(found));
        wanted.len() == found.len()
            && wanted
                .iter()
                .zip(&found)
                .all(|(wanted, found)| found.is(wanted))
    }
}

/// `struct rtnexthop`.
struct Leg<'a> {
    hops: u8,
    device: u32,
    attributes: Received<'a>,
}

impl Leg<'_> {
    fn is(&self, wanted: &Self) -> bool {
        self.hops == wanted.hops
            && (wanted.device == 0 || wanted.device == self.device)
            && holds(&wanted.attributes, &self.attributes, &[])
    }
}

fn legs(mut bytes: &[u8]) -> Vec<Leg<'_>> {
    let mut legs = Vec::new();
    while let Some([low, high, _, hops]) = bytes.first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        let (Some(leg), Some(device)) = (bytes.get(..length), bytes.get(4..).and_then(u32_of))
        else {
            break;
        };
        if length < 8 {
            break;
        }
        legs.push(Leg {
            hops: *hops,
            device,
            attributes: Received::behind(leg, 8),
        });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    legs
}
