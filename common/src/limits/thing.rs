//! What a message makes, by what the kernel tells it apart from its like by; and the same of what the kernel lists.
//!
//! Both sides have to say the same of the same thing, whatever the kernel fills in or rounds: of each kind only those
//! fields are taken that it keeps as they were given. Where they do not tell two of a kind apart, [`Making::another`]
//! says that each is one more.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::family::Family;
use crate::hash::hash;
use crate::uapi::{fr, fra, ifa, ifla, nda, ntf, rt, rta, rtm};
use crate::wire::{Received, Request, u32_of};

/// What a thing is called in a record: the kind's letter, the family, and what tells it apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thing(String);

/// A thing that a message makes. In a record it is the thing's name, behind a `+` if it may be one more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Making {
    /// Which.
    pub thing: Thing,
    /// Whether it may be one more beside others that are called the same; else there is one at most.
    pub another: bool,
    /// Whether it was there before, by another name.
    pub moved: bool,
}

/// The kernel's index of `lo`.
const LOOPBACK: u32 = 1;
/// What the kernel gives an IPv6 route without a metric (`IP6_RT_PRIO_USER`).
const METRIC_V6: u32 = 1024;

impl Thing {
    fn new(kind: Kind, family: u8, parts: &[&[u8]]) -> Self {
        // No part runs into the next.
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_ne_bytes());
            bytes.extend_from_slice(part);
        }
        Self(format!("{}{family}.{}", letter(kind), hash(&bytes)))
    }

    /// A device by its name, which may have `%d` for a number that the kernel finds.
    fn link(name: &str) -> Self {
        Self(format!("{}0.{name}", letter(Kind::Links)))
    }

    /// Of what kind it is.
    pub(super) fn kind(&self) -> Option<Kind> {
        let first = self.0.chars().next()?;
        Kind::ALL.into_iter().find(|kind| letter(*kind) == first)
    }

    /// In which family the kernel lists it.
    pub(super) fn family(&self) -> u8 {
        let (head, _) = self.0.split_once('.').unwrap_or_default();
        head.get(1..)
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    }

    /// Whether a listed device is it.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let Some((_, own)) = self.0.split_once('.') else {
            return false;
        };
        match own.split_once("%d") {
            None => own == name,
            Some((before, behind)) => name
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(behind))
                .is_some_and(|number| {
                    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                }),
        }
    }

    /// What a message that speaks of a thing of this kind calls it; nothing if it is none, or the kernel's own.
    pub(super) fn of(kind: Kind, body: &[u8]) -> Option<Self> {
        match kind {
            Kind::Routes => route(body),
            Kind::Rules => rule(body),
            Kind::Neighbours => neighbour(body),
            Kind::Addresses => address(body),
            Kind::Links | Kind::Queues => None,
        }
    }
}

impl From<String> for Making {
    fn from(text: String) -> Self {
        let more = text.strip_prefix('+').map(str::to_owned);
        Self {
            another: more.is_some(),
            thing: Thing(more.unwrap_or(text)),
            moved: false,
        }
    }
}

impl From<Making> for String {
    fn from(making: Making) -> Self {
        match making.another {
            true => format!("+{}", making.thing.0),
            false => making.thing.0,
        }
    }
}

impl Making {
    /// What a message makes if the kernel takes it.
    pub(super) fn of(request: &Request) -> Vec<Self> {
        let (created, replaced) = (
            request.flags & NLM_F_CREATE != 0,
            request.flags & NLM_F_REPLACE != 0,
        );
        let made = |kind, another| {
            let thing = Thing::of(kind, &request.body);
            let making = |thing| Self {
                thing,
                another,
                moved: false,
            };
            thing.map(making).into_iter().collect()
        };
        match request.kind {
            // IPv6 makes it also without CREATE, unless one is to be replaced.
            rtm::NEWROUTE if created || !replaced => made(
                Kind::Routes,
                request.flags & (NLM_F_EXCL | NLM_F_REPLACE) == 0,
            ),
            // The kernel looks at none of the flags. What tells rules apart is more than what they are called here.
            rtm::NEWRULE => made(Kind::Rules, true),
            // Nor of these: an address to be replaced is made if it is not there.
            rtm::NEWADDR => made(Kind::Addresses, false),
            rtm::NEWNEIGH if created || is_proxy(&request.body) => made(Kind::Neighbours, false),
            rtm::NEWLINK if created => links(&request.body),
            rtm::NEWLINK => renamed(&request.body),
            _ => Vec::new(),
        }
    }
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::Routes => 'r',
        Kind::Rules => 'u',
        Kind::Neighbours => 'n',
        Kind::Addresses => 'a',
        Kind::Links => 'l',
        Kind::Queues => 'q',
    }
}

/// As many bits of an address as a prefix has; the rest is nothing that tells prefixes apart.
fn prefix(bytes: Option<&[u8]>, bits: u8) -> Vec<u8> {
    let mut left = usize::from(bits);
    let mut kept = Vec::new();
    for byte in bytes.unwrap_or_default() {
        let mask = match left {
            0 => break,
            1..8 => !(u8::MAX >> left),
            _ => u8::MAX,
        };
        kept.push(byte & mask);
        left = left.saturating_sub(8);
    }
    kept
}

/// `struct rtmsg`: table, destination, source, TOS and metric. IPv4 knows no source, IPv6 no TOS.
fn route(body: &[u8]) -> Option<Thing> {
    let [family, dst_len, src_len, tos, table, ..] = *body.first_chunk::<8>()?;
    let attributes = Received::behind(body, 12);
    let table = match attributes.u32(rta::TABLE).unwrap_or(table.into()) {
        0 => rt::TABLE_MAIN,
        table => table,
    };
    let metric = attributes.u32(rta::PRIORITY).unwrap_or(0);
    let v6 = family == Family::Inet6.number();
    let (src_len, tos) = if v6 { (src_len, 0) } else { (0, tos) };
    let metric = if v6 && metric == 0 { METRIC_V6 } else { metric };
    let dst = prefix(attributes.bytes(rta::DST), dst_len);
    let src = prefix(attributes.bytes(rta::SRC), src_len);
    let numbers = [&table.to_ne_bytes()[..], &metric.to_ne_bytes()].concat();
    let parts = [&numbers[..], &[dst_len, src_len, tos], &dst, &src];
    Some(Thing::new(Kind::Routes, family, &parts))
}

/// `struct fib_rule_hdr`: source and destination; the rest is filled in by the kernel, or never shown as it was given.
fn rule(body: &[u8]) -> Option<Thing> {
    let [family, dst_len, src_len, tos, table, _, _, action] = *body.first_chunk::<8>()?;
    let attributes = Received::behind(body, 12);
    let rest = (
        attributes.u32(fra::PRIORITY).unwrap_or(0),
        attributes.u32(fra::TABLE).unwrap_or(table.into()),
    );
    let bare = [dst_len, src_len, tos] == [0, 0, 0] && action == fr::ACT_TO_TABLE;
    let with = |(kind, value): (u16, &[u8])| match kind {
        fra::PRIORITY | fra::TABLE => true,
        fra::PROTOCOL => value == [rt::PROTOCOL_KERNEL],
        fra::SUPPRESS_PREFIXLEN => value == [0xff; 4],
        _ => false,
    };
    // The kernel's own three. It takes no second one of the same.
    if bare && matches!(rest, (0, 255) | (32766, 254) | (32767, 253)) && attributes.iter().all(with)
    {
        return None;
    }
    let dst = prefix(attributes.bytes(fra::DST), dst_len);
    let src = prefix(attributes.bytes(fra::SRC), src_len);
    let parts = [&[dst_len, src_len][..], &dst, &src];
    Some(Thing::new(Kind::Rules, family, &parts))
}

fn is_proxy(body: &[u8]) -> bool {
    body.get(10).is_some_and(|flags| flags & ntf::PROXY != 0)
}

/// `struct ndmsg`: device, address, and whether it is proxied.
fn neighbour(body: &[u8]) -> Option<Thing> {
    let (family, device) = (*body.first()?, u32_of(body.get(4..)?)?);
    let attributes = Received::behind(body, 12);
    let address = attributes.bytes(nda::DST).unwrap_or_default();
    let proxy = is_proxy(body);
    // All of a loopback's are one, of no address (`arp_constructor`).
    let address = match (device, proxy) {
        (LOOPBACK, false) if family == Family::Inet.number() => &[],
        _ => address,
    };
    let parts = [&device.to_ne_bytes()[..], &[u8::from(proxy)], address];
    Some(Thing::new(Kind::Neighbours, family, &parts))
}

/// `struct ifaddrmsg`: device, length, the address on this side and the one on the other.
fn address(body: &[u8]) -> Option<Thing> {
    let [family, len, ..] = *body.first_chunk::<4>()?;
    let device = u32_of(body.get(4..)?)?;
    let attributes = Received::behind(body, 8);
    let there = attributes.bytes(ifa::ADDRESS);
    // An IPv6 address without another side is listed without one here.
    let here = attributes.bytes(ifa::LOCAL).or(there).unwrap_or_default();
    let there = there.unwrap_or(here);
    let parts = [&device.to_ne_bytes()[..], &[len], here, there];
    Some(Thing::new(Kind::Addresses, family, &parts))
}

/// A device of a name, or of one that the kernel finds for its kind; and the other end of a veth.
fn links(body: &[u8]) -> Vec<Making> {
    let own = Received::behind(body, 16);
    let info = own.nested(ifla::LINKINFO).unwrap_or_default();
    let kind = info.text(ifla::INFO_KIND).unwrap_or_default();
    let mut made = vec![link(&own, &kind)];
    if kind == "veth" {
        let data = info.nested(ifla::INFO_DATA).unwrap_or_default();
        let peer = data.bytes(ifla::VETH_PEER).unwrap_or_default();
        made.push(link(&Received::behind(peer, 16), &kind));
    }
    made
}

fn link(attributes: &Received<'_>, kind: &str) -> Making {
    let found = || format!("{kind}%d");
    let name = attributes.text(ifla::IFNAME).unwrap_or_else(found);
    Making {
        another: name.contains('%'),
        thing: Thing::link(&name),
        moved: false,
    }
}

/// A device's new name.
fn renamed(body: &[u8]) -> Vec<Making> {
    let attributes = Received::behind(body, 16);
    let moved = |name: String| Making {
        another: name.contains('%'),
        thing: Thing::link(&name),
        moved: true,
    };
    attributes
        .text(ifla::IFNAME)
        .map(moved)
        .into_iter()
        .collect()
}
