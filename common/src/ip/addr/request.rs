//! An address as an rtnetlink message (`struct ifaddrmsg`), with iproute2's defaults.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};

use super::super::devices::Devices;
use super::super::link::request::asked;
use super::super::options::Options;
use super::filter::Master;
use super::{Address, Broadcast, Filter, Host, Verb};
use crate::family::Family;
use crate::ip::link::request::HEADER as LINK_HEADER;
use crate::uapi::{ifa, ifla, rt, rtm};
use crate::wire::{Attributes, Request};

/// How long `struct ifaddrmsg` is.
pub const HEADER: usize = 8;

fn header(family: Family, len: u8, flags: u8, scope: u8, index: u32) -> [u8; HEADER] {
    let [a, b, c, d] = index.to_ne_bytes();
    [family.number(), len, flags, scope, a, b, c, d]
}

/// The message that changes an address.
pub fn change(verb: Verb, address: &Address, devices: &Devices) -> Request {
    let len = [address.peer, address.local]
        .into_iter()
        .flatten()
        .map(|prefix| prefix.len)
        .find(|len| *len != 0)
        .unwrap_or(0);
    let header = header(
        address.family,
        len,
        u8::try_from(address.flags).unwrap_or(0),
        scope(verb, address),
        devices.index(&address.dev),
    );
    let message = match verb {
        Verb::Add | Verb::Change | Verb::Replace => rtm::NEWADDR,
        Verb::Del => rtm::DELADDR,
    };
    Request::new(
        message,
        NLM_F_REQUEST | NLM_F_ACK | verb.flags(),
        &header,
        &attributes(verb, address),
    )
}

/// Host for 127.0.0.0/8, global for the rest: the kernel sets that of IPv6 itself.
fn scope(verb: Verb, address: &Address) -> u8 {
    let loopback =
        |prefix: super::Prefix| matches!(prefix.address, Some(IpAddr::V4(v4)) if v4.is_loopback());
    match address.scope {
        Some(scope) => scope,
        None if verb != Verb::Del && address.local.is_some_and(loopback) => rt::SCOPE_HOST,
        None => rt::SCOPE_UNIVERSE,
    }
}

fn attributes(verb: Verb, address: &Address) -> Attributes {
    let mut attributes = Attributes::default();
    for (kind, prefix) in [(ifa::LOCAL, address.local), (ifa::ADDRESS, address.peer)] {
        if let Some(prefix) = prefix {
            put_prefix(&mut attributes, kind, &prefix);
        }
    }
    let peered = address.peer.is_some_and(|peer| peer.sent().is_some());
    if let Some(local) = address.local.and_then(|local| local.sent())
        && !peered
        && !(verb == Verb::Del && address.is_wildcard())
    {
        attributes.put_address(ifa::ADDRESS, local);
    }
    for (kind, host) in [
        (ifa::BROADCAST, broadcast(verb, address)),
        (ifa::ANYCAST, address.anycast),
    ] {
        if let Some(host) = host {
            attributes.put(kind, &host.bytes());
        }
    }
    if let Some(label) = &address.label {
        attributes.put_text(ifa::LABEL, label);
    }
    if let Some(metric) = address.metric {
        attributes.put_u32(ifa::RT_PRIORITY, metric);
    }
    if let Some(protocol) = address.protocol {
        attributes.put(ifa::PROTO, &[protocol]);
    }
    if address.flags > 0xff {
        attributes.put_u32(ifa::FLAGS, address.flags);
    }
    if address.valid.is_some() || address.preferred.is_some() {
        attributes.put(ifa::CACHEINFO, &lifetimes(address));
    }
    attributes
}

fn put_prefix(attributes: &mut Attributes, kind: u16, prefix: &super::Prefix) {
    match prefix.sent() {
        Some(address) => attributes.put_address(kind, address),
        None => attributes.put(kind, &[]),
    };
}

/// `struct ifa_cacheinfo`.
fn lifetimes(address: &Address) -> Vec<u8> {
    let fields = [
        address.preferred.unwrap_or(u32::MAX),
        address.valid.unwrap_or(u32::MAX),
        0,
        0,
    ];
    fields
        .iter()
        .flat_map(|field| field.to_ne_bytes())
        .collect()
}

/// The broadcast address; `+` and `-` are worked out from the peer, else the local address, where that leaves host bits:
/// without any address they are those of none.
fn broadcast(verb: Verb, address: &Address) -> Option<Host> {
    if let Broadcast::Is(host) = address.broadcast? {
        return Some(host);
    }
    let mut given = [address.peer, address.local].into_iter().flatten();
    let of = given.find_map(|prefix| Some((prefix.sent()?, prefix.len)));
    let bits = match of {
        _ if verb == Verb::Del => return None,
        None => return Some(Host::ANY),
        Some((IpAddr::V4(v4), len)) if len <= 30 => {
            let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
            match address.broadcast? {
                Broadcast::Zeros => u32::from(v4) & !host,
                _ => u32::from(v4) | host,
            }
        }
        Some(_) => return None,
    };
    Some(Host::Is(Ipv4Addr::from(bits).into()))
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

/// The message that lists the devices; what the kernel can filter (master, kind) it filters. As those of a family they are
/// asked for without anything more.
pub fn dump_links(filter: &Filter, options: &Options, devices: &Devices) -> Request {
    let mut header = [0; LINK_HEADER];
    header[0] = options.family.number();
    let dump = NLM_F_REQUEST | NLM_F_DUMP;
    if !matches!(options.family, Family::Unspec | Family::Packet) {
        return Request::new(rtm::GETLINK, dump, &header, &Attributes::default());
    }
    let mut attributes = asked(options.statistics > 0);
    if let Some(Master::Device(master) | Master::Vrf(master)) = &filter.master {
        attributes.put_u32(ifla::MASTER, devices.index(master));
    }
    if filter.nomaster {
        attributes.put_u32(ifla::MASTER, ifla::NO_MASTER);
    }
    if let Some(kind) = &filter.kind {
        let mut info = Attributes::default();
        info.put(ifla::INFO_KIND, kind.as_bytes());
        attributes.put_nested(ifla::LINKINFO, &info);
    }
    Request::new(rtm::GETLINK, dump, &header, &attributes)
}
