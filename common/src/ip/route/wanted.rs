//! Which of the routes that the kernel lists a filter wants: what iproute2 filters itself, and what it leaves to the
//! kernel once more.

use std::net::IpAddr;

use super::show::Shown;
use super::{Filter, Prefix, Reach};
use crate::family::Family;
use crate::ip::devices::Devices;
use crate::uapi::{rta, rtf};

/// Whether the filter wants this route.
pub(super) fn wanted(route: &Shown<'_>, filter: &Filter, devices: &Devices) -> bool {
    let listed = filter.listed_table();
    route.flags & rtf::CLONED == 0
        && (listed == 0 || route.table == listed)
        && filter
            .protocol
            .is_none_or(|protocol| route.protocol == protocol)
        && filter.scope.is_none_or(|scope| route.scope == scope)
        && filter.kind.is_none_or(|kind| route.kind == kind)
        && filter.tos.is_none_or(|tos| route.tos == tos)
        && filter
            .metric
            .is_none_or(|metric| route.attributes.u32(rta::PRIORITY).unwrap_or(0) == metric)
        && filter
            .dev
            .as_deref()
            .is_none_or(|dev| leaves_by(route, devices.index(dev)))
        && filter
            .via
            .is_none_or(|via| within(route.attributes.bytes(rta::GATEWAY), via.len, &via))
        && filter
            .src
            .is_none_or(|src| within(route.attributes.bytes(rta::PREFSRC), src.len, &src))
        && filter.to.is_none_or(|(reach, to)| lies(route, reach, &to))
}

fn leaves_by(route: &Shown<'_>, index: u32) -> bool {
    match route.attributes.u32(rta::OIF) {
        Some(oif) => oif == index,
        // A multipath route has a device a leg; the kernel has picked those that use this one.
        None => route.attributes.bytes(rta::MULTIPATH).is_some(),
    }
}

fn lies(route: &Shown<'_>, reach: Reach, to: &Prefix) -> bool {
    let dst = route.attributes.bytes(rta::DST);
    let family = to.family == Family::Unspec || to.family == route.family;
    let root = to.len <= route.dst_len && within(dst, to.len, to);
    let around = to.len >= route.dst_len && within(dst, route.dst_len, to);
    family
        && match reach {
            Reach::Root => root,
            Reach::Match => around,
            Reach::Exact => root && around,
        }
}

/// Whether the first `bits` of an address (absent is all zeros) are those of the prefix.
fn within(address: Option<&[u8]>, bits: u8, prefix: &Prefix) -> bool {
    let Some(wanted) = prefix.address else {
        return bits == 0 || address.is_none();
    };
    let wanted = match wanted {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let zeros = vec![0; wanted.len()];
    let address = address.unwrap_or(&zeros);
    address.len() == wanted.len()
        && (0..usize::from(bits)).all(|bit| {
            let of = |bytes: &[u8]| bytes.get(bit / 8).map(|byte| byte >> (7 - bit % 8) & 1);
            of(address) == of(&wanted)
        })
}
