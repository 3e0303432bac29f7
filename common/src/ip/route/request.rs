//! A route, and a listing of routes, as rtnetlink messages (`struct rtmsg`), with iproute2's defaults.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
};

use super::super::devices::Devices;
use super::{Filter, Host, Nexthop, Route, Table, Verb, encap, metrics};
use crate::family::Family;
use crate::uapi::{rt, rta, rtf, rtm, rtn};
use crate::wire::{Attributes, Request};

/// How long `struct rtmsg` is.
pub const HEADER: usize = 12;

/// The message that changes a route.
pub fn change(verb: Verb, route: &Route, devices: &Devices) -> Request {
    let delete = verb == Verb::Del;
    let family = if route.family == Family::Unspec {
        Family::Inet
    } else {
        route.family
    };
    let table = match &route.table {
        Some(Table::Id(id)) => *id,
        Some(Table::Vrf(vrf)) => devices.table(vrf),
        None => default_table(route),
    };
    let kind = route
        .kind
        .unwrap_or(if delete { rtn::UNSPEC } else { rtn::UNICAST });
    let header = header(
        [
            family.number(),
            route.dst.len,
            route.from.map_or(0, |from| from.len),
            route.tos.unwrap_or(0),
            u8::try_from(table).unwrap_or(0),
            route
                .protocol
                .unwrap_or(if delete { 0 } else { rt::PROTOCOL_BOOT }),
            route
                .scope
                .unwrap_or_else(|| default_scope(route, family, delete)),
            kind,
        ],
        if route.onlink { rtf::ONLINK } else { 0 },
    );
    let (message, flags) = message(verb);
    Request::new(
        message,
        NLM_F_REQUEST | NLM_F_ACK | flags,
        &header,
        &attributes(route, table, family, devices),
    )
}

fn message(verb: Verb) -> (u16, u16) {
    match verb {
        Verb::Add => (rtm::NEWROUTE, NLM_F_CREATE | NLM_F_EXCL),
        Verb::Change => (rtm::NEWROUTE, NLM_F_REPLACE),
        Verb::Replace => (rtm::NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE),
        Verb::Prepend => (rtm::NEWROUTE, NLM_F_CREATE),
        Verb::Test => (rtm::NEWROUTE, NLM_F_EXCL),
        Verb::Append => (rtm::NEWROUTE, NLM_F_CREATE | NLM_F_APPEND),
        Verb::Del => (rtm::DELROUTE, 0),
    }
}

pub(super) fn header(bytes: [u8; 8], flags: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let (fields, tail) = header.split_at_mut(8);
    fields.copy_from_slice(&bytes);
    tail.copy_from_slice(&flags.to_ne_bytes());
    header
}

/// Local, broadcast, NAT and anycast routes belong in table local.
pub fn default_table(route: &Route) -> u32 {
    match route.kind {
        Some(rtn::LOCAL | rtn::BROADCAST | rtn::NAT | rtn::ANYCAST) => rt::TABLE_LOCAL,
        _ => rt::TABLE_MAIN,
    }
}

/// IPv6 and MPLS have no scopes. A unicast IPv4 route without a gateway reaches the link, any route to be deleted
/// matches every scope.
fn default_scope(route: &Route, family: Family, delete: bool) -> u8 {
    if matches!(family, Family::Inet6 | Family::Mpls) {
        return rt::SCOPE_UNIVERSE;
    }
    let unset = if delete {
        rt::SCOPE_NOWHERE
    } else {
        rt::SCOPE_UNIVERSE
    };
    match route.kind.unwrap_or(rtn::UNICAST) {
        rtn::LOCAL | rtn::NAT => rt::SCOPE_HOST,
        rtn::BROADCAST | rtn::MULTICAST | rtn::ANYCAST => rt::SCOPE_LINK,
        rtn::UNICAST | rtn::UNSPEC
            if !delete
                && route.via.is_none()
                && route.nhid.is_none()
                && route.nexthops.is_empty() =>
        {
            rt::SCOPE_LINK
        }
        _ => unset,
    }
}

fn attributes(route: &Route, table: u32, family: Family, devices: &Devices) -> Attributes {
    let mut attributes = Attributes::default();
    for (kind, address) in [
        (rta::DST, route.dst.address),
        (rta::SRC, route.from.and_then(|from| from.address)),
    ] {
        if let Some(address) = address {
            attributes.put_address(kind, address);
        }
    }
    for (kind, host) in [(rta::PREFSRC, route.src), (rta::NEWDST, route.newdst)] {
        if let Some(host) = host {
            attributes.put(kind, &host.bytes());
        }
    }
    if let Some(via) = route.via {
        put_gateway(&mut attributes, family, via);
    }
    if let Some(dev) = &route.dev {
        attributes.put_u32(rta::OIF, devices.index(dev));
    }
    if table > 255 {
        attributes.put_u32(rta::TABLE, table);
    }
    for (kind, number) in [
        (rta::PRIORITY, route.metric),
        (rta::FLOW, route.realms),
        (rta::EXPIRES, route.expires),
        (rta::NH_ID, route.nhid),
    ] {
        if let Some(number) = number {
            attributes.put_u32(kind, number);
        }
    }
    if let Some(propagate) = route.ttl_propagate {
        attributes.put(rta::TTL_PROPAGATE, &[u8::from(propagate)]);
    }
    if let Some(encap) = &route.encap {
        encap::request::put(&mut attributes, encap);
    }
    if let Some(pref) = route.pref {
        attributes.put(rta::PREF, &[pref]);
    }
    if !route.metrics.is_empty() {
        attributes.put_nested(rta::METRICS, &metrics::attributes(&route.metrics));
    }
    if !route.nexthops.is_empty() {
        let legs: Vec<u8> = route
            .nexthops
            .iter()
            .flat_map(|nexthop| leg(nexthop, family, devices))
            .collect();
        attributes.put(rta::MULTIPATH, &legs);
    }
    attributes
}

/// A gateway, of the route's family or of another (`RTA_VIA`).
fn put_gateway(attributes: &mut Attributes, family: Family, via: Host) {
    match via.family() {
        of if of == family || of == Family::Unspec => attributes.put(rta::GATEWAY, &via.bytes()),
        of => {
            let mut value = u16::from(of.number()).to_ne_bytes().to_vec();
            value.extend(via.bytes());
            attributes.put(rta::VIA, &value)
        }
    };
}

/// `struct rtnexthop` and its attributes.
fn leg(nexthop: &Nexthop, family: Family, devices: &Devices) -> Vec<u8> {
    let mut attributes = Attributes::default();
    for via in &nexthop.via {
        put_gateway(&mut attributes, family, *via);
    }
    if let Some(realms) = nexthop.realms {
        attributes.put_u32(rta::FLOW, realms);
    }
    if let Some(newdst) = nexthop.newdst {
        attributes.put(rta::NEWDST, &newdst.bytes());
    }
    if let Some(encap) = &nexthop.encap {
        encap::request::put(&mut attributes, encap);
    }
    let attributes = attributes.bytes();
    let length = u16::try_from(8 + attributes.len()).unwrap_or(u16::MAX);
    let flags = if nexthop.onlink { 4 } else { 0 };
    let hops = nexthop
        .weight
        .map_or(0, |weight| u8::try_from(weight - 1).unwrap_or(u8::MAX));
    let index = nexthop.dev.as_deref().map_or(0, |dev| devices.index(dev));
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend([flags, hops]);
    bytes.extend(index.to_ne_bytes());
    bytes.extend(attributes);
    bytes
}

/// The message that lists routes. What the kernel can filter (table, protocol, device, clones) it filters.
pub fn dump(filter: &Filter, devices: &Devices) -> Request {
    let protocol = filter.protocol.unwrap_or(0);
    let header = header(
        [filter.listed_family().number(), 0, 0, 0, 0, protocol, 0, 0],
        if filter.cached { rtf::CLONED } else { 0 },
    );
    let mut attributes = Attributes::default();
    let table = filter.listed_table(devices);
    if table != 0 {
        attributes.put_u32(rta::TABLE, table);
    }
    if let Some(dev) = &filter.dev {
        attributes.put_u32(rta::OIF, devices.index(dev));
    }
    Request::new(
        rtm::GETROUTE,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header,
        &attributes,
    )
}
