//! An address as an rtnetlink message (`struct ifaddrmsg`), with iproute2's defaults.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
};

use super::super::devices::Devices;
use super::{Address, Broadcast, Filter, Verb};
use crate::family::Family;
use crate::uapi::{ifa, rt, rtm};
use crate::wire::{Attributes, Request};

/// How long `struct ifaddrmsg` is.
pub const HEADER: usize = 8;

fn header(family: Family, len: u8, flags: u8, scope: u8, index: u32) -> [u8; HEADER] {
    let [a, b, c, d] = index.to_ne_bytes();
    [family.number(), len, flags, scope, a, b, c, d]
}

/// The message that changes an address.
pub fn change(verb: Verb, address: &Address, devices: &Devices) -> Request {
    let local = address.local.or(address.peer);
    let family = local.map_or(Family::Unspec, |local| local.family);
    let len = address
        .peer
        .filter(|peer| peer.explicit)
        .or(address.local)
        .map_or(0, |prefix| prefix.len);
    let header_flags = u8::try_from(address.flags).unwrap_or(0);
    let header = header(
        family,
        len,
        header_flags,
        scope(address),
        devices.index(&address.dev),
    );
    let (message, flags) = match verb {
        Verb::Add => (rtm::NEWADDR, NLM_F_CREATE | NLM_F_EXCL),
        Verb::Change => (rtm::NEWADDR, NLM_F_REPLACE),
        Verb::Replace => (rtm::NEWADDR, NLM_F_CREATE | NLM_F_REPLACE),
        Verb::Del => (rtm::DELADDR, 0),
    };
    Request::new(
        message,
        NLM_F_REQUEST | NLM_F_ACK | flags,
        &header,
        &attributes(address, len),
    )
}

/// Host for 127.0.0.0/8, global for the rest: the kernel sets that of IPv6 itself.
fn scope(address: &Address) -> u8 {
    let loopback =
        |prefix: super::Prefix| matches!(prefix.address, Some(IpAddr::V4(v4)) if v4.is_loopback());
    match address.scope {
        Some(scope) => scope,
        None if address.local.is_some_and(loopback) => rt::SCOPE_HOST,
        None => rt::SCOPE_UNIVERSE,
    }
}

fn attributes(address: &Address, len: u8) -> Attributes {
    let mut attributes = Attributes::default();
    let local = address.local.and_then(|local| local.address);
    if let Some(local) = local {
        attributes.put_address(ifa::LOCAL, local);
    }
    if let Some(far) = address.peer.and_then(|peer| peer.address).or(local) {
        attributes.put_address(ifa::ADDRESS, far);
    }
    if let Some(broadcast) = broadcast(address, len) {
        attributes.put_address(ifa::BROADCAST, broadcast);
    }
    if let Some(label) = &address.label {
        attributes.put_text(ifa::LABEL, label);
    }
    if let Some(metric) = address.metric {
        attributes.put_u32(ifa::RT_PRIORITY, metric);
    }
    if address.flags > 0xff {
        attributes.put_u32(ifa::FLAGS, address.flags);
    }
    attributes
}

fn broadcast(address: &Address, len: u8) -> Option<IpAddr> {
    let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
    let bits = || match address.peer.or(address.local)?.address? {
        IpAddr::V4(v4) => Some(u32::from(v4)),
        IpAddr::V6(_) => None,
    };
    match address.broadcast? {
        Broadcast::Is(address) => Some(address),
        Broadcast::Ones => bits().map(|bits| Ipv4Addr::from(bits | host).into()),
        Broadcast::Zeros => bits().map(|bits| Ipv4Addr::from(bits & !host).into()),
    }
}

/// The message that lists addresses, of one device if one is named.
pub fn dump(filter: &Filter, devices: &Devices) -> Request {
    let family = if filter.family == Family::Packet {
        Family::Unspec
    } else {
        filter.family
    };
    let index = filter.dev.as_deref().map_or(0, |dev| devices.index(dev));
    let header = header(family, 0, 0, 0, index);
    Request::new(
        rtm::GETADDR,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header,
        &Attributes::default(),
    )
}
