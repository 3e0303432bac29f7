//! Which of the routes that the kernel lists a filter wants: what iproute2 filters itself, and what it leaves to the
//! kernel once more.

use std::net::IpAddr;

use super::show::Shown;
use super::{Area, Filter, Prefix};
use crate::family::Family;
use crate::ip::devices::Devices;
use crate::uapi::{rta, rtf, rtn};
use crate::wire::Reply;

/// Whether the filter wants this route.
pub(super) fn wanted(route: &Shown<'_>, filter: &Filter, devices: &Devices) -> bool {
    let table = filter.listed_table(devices);
    let number = |kind| route.attributes.u32(kind).unwrap_or(0);
    let is = |wanted: Option<u32>, is: u32| wanted.is_none_or(|wanted| wanted == is);
    let byte = |wanted: Option<u8>, is: u8| wanted.is_none_or(|wanted| wanted == is);
    (filter.family == Family::Unspec || filter.family == route.family)
        && filter.cached == (route.flags & rtf::CLONED != 0)
        && (table == 0 || route.table == table)
        && byte(filter.protocol, route.protocol)
        && byte(filter.scope, route.scope)
        && wanted_kind(route, filter)
        && byte(filter.tos, route.tos)
        && is(filter.metric, number(rta::PRIORITY))
        && is(filter.mark, number(rta::MARK))
        && filter
            .realms
            .is_none_or(|(realms, mask)| (number(rta::FLOW) ^ realms) & mask == 0)
        && is(
            filter.iif.as_deref().map(|iif| devices.index(iif)),
            number(rta::IIF),
        )
        && filter
            .dev
            .as_deref()
            .is_none_or(|dev| leaves_by(route, devices.index(dev)))
        && filter.via.is_none_or(|via| goes_by(route, &via))
        && filter.src.is_none_or(|src| {
            let family = src.family == Family::Unspec || src.family == route.family;
            family && within(route.attributes.bytes(rta::PREFSRC), src.len, &src)
        })
        && lies(
            route.family,
            route.attributes.bytes(rta::DST),
            route.dst_len,
            &filter.to,
        )
        && lies(
            route.family,
            route.attributes.bytes(rta::SRC),
            route.src_len,
            &filter.from,
        )
}

/// Whether a flush takes this route: what the filter wants, but for the IPv6 route that stands for none.
pub(super) fn to_be_flushed(reply: &Reply, filter: &Filter, devices: &Devices) -> bool {
    Shown::read(reply).is_some_and(|route| {
        let is_null = route.family == Family::Inet6
            && route.dst_len == 0
            && route.kind == rtn::UNREACHABLE
            && route.attributes.u32(rta::PRIORITY) == Some(u32::MAX);
        wanted(&route, filter, devices) && !is_null
    })
}

fn wanted_kind(route: &Shown<'_>, filter: &Filter) -> bool {
    match filter.kind {
        Some(kind) => kind == route.kind,
        None => !(filter.is_of_vrf() && matches!(route.kind, rtn::LOCAL | rtn::BROADCAST)),
    }
}

fn leaves_by(route: &Shown<'_>, index: u32) -> bool {
    match route.attributes.u32(rta::OIF) {
        Some(oif) => oif == index,
        // A multipath route has a device a leg; the kernel has picked those that use this one.
        None => route.attributes.bytes(rta::MULTIPATH).is_some(),
    }
}

/// A gateway may be of another family than its route (`RTA_VIA`).
fn goes_by(route: &Shown<'_>, via: &Prefix) -> bool {
    if via.family == Family::Unspec {
        return true;
    }
    let other = route.attributes.bytes(rta::VIA);
    let (family, gateway) = match other.and_then(|other| other.split_first_chunk::<2>()) {
        Some((family, gateway)) => (u16::from_ne_bytes(*family), Some(gateway)),
        None => (
            route.family.number().into(),
            route.attributes.bytes(rta::GATEWAY),
        ),
    };
    family == u16::from(via.family.number()) && within(gateway, via.len, via)
}

fn lies(family: Family, address: Option<&[u8]>, len: u8, area: &Area) -> bool {
    let of_family = |prefix: &Prefix| prefix.family == Family::Unspec || prefix.family == family;
    let root =
        |root: Prefix| of_family(&root) && root.len <= len && within(address, root.len, &root);
    let around = |around: Prefix| {
        let holds = !around.is_bound() || around.len >= len && within(address, len, &around);
        of_family(&around) && holds
    };
    area.root.is_none_or(root) && area.around.is_none_or(around)
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
