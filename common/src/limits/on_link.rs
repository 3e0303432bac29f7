//! How many hosts routes reach without a gateway. Each of them may take an entry of the neighbour table, whose size
//! (`gc_thresh3`) all namespaces of a node share.
//!
//! A stretch of hosts is told apart by its prefix and the device: two routes in two tables reach the same neighbours. An IPv4
//! address brings its prefix, too. An IPv6 address does not count: each device has fe80::/64 on its link anyway.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST};

use super::count::listed;
use super::thing::LOOPBACK;
use super::{Made, Making, Thing};
use crate::family::Family;
use crate::kernel::Kernel;
use crate::uapi::{ifa, rta, rtf, rtm, rtn};
use crate::wire::{Attributes, Received, Request, address_of, u32_of};

/// One way of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The device's index; 0 where it is not named.
    pub device: u32,
    /// The gateway, if it is one.
    pub gateway: Option<IpAddr>,
    /// Whether the gateway is said to be on the link.
    onlink: bool,
}

/// Where a route leads to, and how, by a message that lists or makes it.
#[derive(Debug)]
pub struct Reach<'a> {
    /// Its family.
    pub family: u8,
    /// The destination's address, and the length of its prefix in bits.
    pub prefix: (&'a [u8], u8),
    /// Its ways.
    pub ways: Vec<Way>,
    has_object: bool,
}

impl<'a> Reach<'a> {
    /// Reads a message; nothing of a route that sends nothing.
    pub fn of(body: &'a [u8]) -> Option<Self> {
        let [family, len, _, _, _, _, _, kind] = *body.first_chunk::<8>()?;
        if rtn::sends_nothing(kind) || family == Family::Mpls.number() {
            return None;
        }
        let attributes = Received::behind(body, 12);
        let flags = body.get(8..).and_then(u32_of).unwrap_or(0);
        let onlink = flags & rtf::ONLINK != 0;
        let device = attributes.u32(rta::OIF).unwrap_or(0);
        let ways = match attributes.bytes(rta::MULTIPATH) {
            Some(legs) => ways(legs),
            None => vec![way(device, onlink, &attributes)],
        };
        Some(Self {
            family,
            prefix: (attributes.bytes(rta::DST).unwrap_or_default(), len),
            ways,
            has_object: attributes.bytes(rta::NH_ID).is_some(),
        })
    }

    /// Whether an address is within its destination.
    pub fn holds(&self, address: IpAddr) -> bool {
        let bytes = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let (dst, len) = self.prefix;
        let bit = |bytes: &[u8], at: u8| {
            let byte = bytes.get(usize::from(at / 8)).copied().unwrap_or(0);
            byte >> (7 - at % 8) & 1
        };
        Family::of(address).number() == self.family
            && (0..len).all(|at| bit(dst, at) == bit(&bytes, at))
    }

    fn hosts(&self, device: u32, gateway: &[u8]) -> Thing {
        Thing::hosts(self.family, self.prefix, device, gateway)
    }

    /// What it may be called in a record.
    fn things(&self) -> Vec<Thing> {
        let thing = |way: &Way| match way.gateway {
            Some(IpAddr::V4(gateway)) => self.hosts(0, &gateway.octets()),
            Some(IpAddr::V6(gateway)) => self.hosts(0, &gateway.octets()),
            None => self.hosts(way.device, &[]),
        };
        let mut things: Vec<Thing> = self.ways.iter().map(thing).collect();
        // A command names the object and none of its ways.
        things.extend(self.has_object.then(|| self.hosts(0, &[])));
        things
    }
}

fn ways(mut legs: &[u8]) -> Vec<Way> {
    let mut ways = Vec::new();
    // `struct rtnexthop` is 8 bytes.
    while let Some([low, high, flags, _]) = legs.first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([*low, *high])).max(8);
        let leg = legs.get(..length).unwrap_or(legs);
        let device = leg.get(4..).and_then(u32_of).unwrap_or(0);
        let onlink = u32::from(*flags) & rtf::ONLINK != 0;
        ways.push(way(device, onlink, &Received::behind(leg, 8)));
        legs = legs.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    ways
}

/// Of several gateways one that is no address counts.
fn way(device: u32, onlink: bool, attributes: &Received<'_>) -> Way {
    let gateway = |(kind, value): (u16, &[u8])| match kind {
        rta::GATEWAY => Some(address_of(value)),
        // `struct rtvia`: a family, then the address.
        rta::VIA => Some(value.get(2..).and_then(address_of)),
        _ => None,
    };
    let given: Vec<Option<IpAddr>> = attributes.iter().filter_map(gateway).collect();
    let is_one = |one: &Option<IpAddr>| one.is_some_and(|address| !address.is_unspecified());
    let gateway = given.first().copied().flatten();
    Way {
        device,
        gateway: gateway.filter(|_| given.iter().all(is_one)),
        onlink,
    }
}

/// The hosts that a message brings onto a link.
pub(super) fn makings(request: &Request) -> Vec<Making> {
    let things: Vec<Thing> = match request.kind {
        rtm::NEWROUTE => Reach::of(&request.body).map_or_else(Vec::new, |reach| {
            let on_link = reach.ways.iter().filter(|way| way.gateway.is_none());
            let on_link = on_link.filter(|way| way.device != LOOPBACK);
            on_link.map(|way| reach.hosts(way.device, &[])).collect()
        }),
        rtm::NEWADDR => of_address(&request.body).into_iter().collect(),
        _ => Vec::new(),
    };
    things.into_iter().map(Making::once).collect()
}

/// The hosts of a route whose gateway is an address of the namespace itself: IPv4 takes such a route for one without
/// (`fib_check_nh_v4_gw` gives it scope host). That is asked of the kernel.
pub(super) fn in_spite_of_a_gateway(request: &Request, kernel: &mut dyn Kernel) -> Vec<Making> {
    let reach = match request.kind {
        rtm::NEWROUTE => Reach::of(&request.body),
        _ => None,
    };
    let Some(reach) = reach else {
        return Vec::new();
    };
    let mut makings = Vec::new();
    for way in reach.ways.iter().filter(|way| !way.onlink) {
        if let Some(IpAddr::V4(gateway)) = way.gateway
            && is_own(&gateway.octets(), kernel)
        {
            makings.push(Making::once(reach.hosts(0, &gateway.octets())));
        }
    }
    makings
}

fn is_own(address: &[u8], kernel: &mut dyn Kernel) -> bool {
    let mut attributes = Attributes::default();
    attributes.put(rta::DST, address);
    let header = [Family::Inet.number(), 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let request = Request::new(rtm::GETROUTE, NLM_F_REQUEST, &header, &attributes);
    let answer = kernel.exchange(&request);
    let kind = answer.replies.first().and_then(|reply| reply.body.get(7));
    kind == Some(&rtn::LOCAL)
}

/// `struct ifaddrmsg`: the prefix of an IPv4 address, which the kernel makes a route of.
fn of_address(body: &[u8]) -> Option<Thing> {
    let [family, len, flags, _] = *body.first_chunk::<4>()?;
    let device = body.get(4..).and_then(u32_of)?;
    let attributes = Received::behind(body, 8);
    let flags = attributes.u32(ifa::FLAGS).unwrap_or(flags.into());
    let there = attributes
        .bytes(ifa::ADDRESS)
        .or(attributes.bytes(ifa::LOCAL))?;
    let has_route = flags & ifa::F_NOPREFIXROUTE == 0 && len < 32 && device != LOOPBACK;
    (family == Family::Inet.number() && has_route)
        .then(|| Thing::hosts(family, (there, len), device, &[]))
}

/// Leaves in `made` what is there. What was there before commands made it is none of theirs.
///
/// # Errors
/// Why the kernel's lists do not tell.
pub(super) fn count(
    made: &mut Made,
    makings: &mut Vec<Making>,
    kernel: &mut dyn Kernel,
) -> Result<(), String> {
    let why = "cannot count the on-link hosts of this sandbox, which may be at their limit";
    let mut there = std::collections::BTreeMap::new();
    let routes = list(rtm::GETROUTE, &[0; 12]);
    for reply in listed(why, &routes, kernel)? {
        let things = Reach::of(&reply.body).map(|reach| reach.things());
        for thing in things.into_iter().flatten() {
            there.insert(thing, 1);
        }
    }
    let mut header = [0; 8];
    header[0] = Family::Inet.number();
    for reply in listed(why, &list(rtm::GETADDR, &header), kernel)? {
        if let Some(thing) = of_address(&reply.body) {
            there.insert(thing, 1);
        }
    }
    makings.retain(|making| made.has(&making.thing) || !there.contains_key(&making.thing));
    made.counted(super::Kind::OnLink, &there);
    Ok(())
}

fn list(kind: u16, header: &[u8]) -> Request {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    Request::new(kind, flags, header, &Attributes::default())
}

/// The routes of the namespace, of all tables and families.
///
/// # Errors
/// Why the kernel's list does not tell.
pub(super) fn routes(kernel: &mut dyn Kernel) -> Result<Vec<crate::wire::Reply>, String> {
    let why =
        "cannot tell whether the neighbour is allowed, which depends on the routes of this sandbox";
    listed(why, &list(rtm::GETROUTE, &[0; 12]), kernel)
}
