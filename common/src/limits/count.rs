//! How much of what commands made is still there, by the kernel's own lists.

use std::collections::{BTreeMap, BTreeSet};

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST};

use super::{Kind, Made, Thing};
use crate::family::Family;
use crate::kernel::Kernel;
use crate::uapi::{ifla, ntf, rta, rtm};
use crate::wire::{Attributes, Received, Reply, Request};

/// How often a list is asked for that changed while it was told.
const TRIES: usize = 4;

/// Leaves in `made` of a kind what is there.
///
/// # Errors
/// Why the kernel's lists do not tell.
pub(super) fn count(kind: Kind, made: &mut Made, kernel: &mut dyn Kernel) -> Result<(), String> {
    let families: BTreeSet<u8> = made.of(kind).map(|(thing, _)| thing.family()).collect();
    let mut there = BTreeMap::new();
    for request in families.iter().flat_map(|family| lists(kind, *family)) {
        for reply in listed(kind, &request, kernel)? {
            match kind {
                Kind::Links => named(&reply, made, &mut there),
                _ => {
                    let thing = Thing::of(kind, &reply.body).filter(|thing| made.has(thing));
                    if let Some(thing) = thing {
                        *there.entry(thing).or_insert(0) += ways(kind, &reply);
                    }
                }
            }
        }
    }
    made.counted(kind, &there);
    Ok(())
}

/// The messages that list everything of a kind and family.
fn lists(kind: Kind, family: u8) -> Vec<Request> {
    let list = |kind, header: &[u8]| {
        let mut attributes = Attributes::default();
        if kind == rtm::GETLINK {
            attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_SKIP_STATS);
        }
        Request::new(kind, NLM_F_REQUEST | NLM_F_DUMP, header, &attributes)
    };
    let mut header = [0; 16];
    if let Some(first) = header.first_mut() {
        *first = family;
    }
    let header = |length: usize| header.get(..length).unwrap_or_default();
    match kind {
        Kind::Routes => vec![list(rtm::GETROUTE, header(12))],
        Kind::Rules => vec![list(rtm::GETRULE, header(12))],
        Kind::Addresses => vec![list(rtm::GETADDR, header(8))],
        Kind::Links | Kind::Queues => vec![list(rtm::GETLINK, header(16))],
        // Those that are proxied are listed apart.
        Kind::Neighbours => {
            let proxied = [family, 0, 0, 0, 0, 0, 0, 0, 0, 0, ntf::PROXY, 0];
            vec![
                list(rtm::GETNEIGH, header(12)),
                list(rtm::GETNEIGH, &proxied),
            ]
        }
    }
}

/// All devices, for what their queues take.
///
/// # Errors
/// Why the kernel does not tell.
pub(super) fn devices(kernel: &mut dyn Kernel) -> Result<Vec<Reply>, String> {
    let mut all = Vec::new();
    for request in lists(Kind::Queues, 0) {
        all.extend(listed(Kind::Queues, &request, kernel)?);
    }
    Ok(all)
}

fn listed(kind: Kind, request: &Request, kernel: &mut dyn Kernel) -> Result<Vec<Reply>, String> {
    for _ in 0..TRIES {
        let answer = kernel.exchange(request);
        if let Some(refusal) = answer.refusal {
            let why = refusal.text.clone().unwrap_or_else(|| refusal.strerror());
            return Err(format!(
                "cannot count the {} of this sandbox, which may be at their limit: {why}",
                kind.key()
            ));
        }
        if !answer.interrupted {
            return Ok(answer.replies);
        }
    }
    Err(format!(
        "cannot count the {} of this sandbox, which may be at their limit: they change all the time; try again",
        kind.key()
    ))
}

/// IPv6 lists routes that were appended to each other as the ways of one.
fn ways(kind: Kind, reply: &Reply) -> u32 {
    if kind != Kind::Routes || reply.body.first() != Some(&Family::Inet6.number()) {
        return 1;
    }
    let attributes = Received::behind(&reply.body, 12);
    let mut legs = attributes.bytes(rta::MULTIPATH).unwrap_or_default();
    let mut ways = 0;
    while let Some([low, high]) = legs.first_chunk::<2>() {
        ways += 1;
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        // `struct rtnexthop` is 8 bytes.
        let next = length.max(8).next_multiple_of(4);
        legs = legs.get(next..).unwrap_or_default();
    }
    ways.max(1)
}

fn named(reply: &Reply, made: &Made, there: &mut BTreeMap<Thing, u32>) {
    let name = Received::behind(&reply.body, 16).text(ifla::IFNAME);
    let name = name.unwrap_or_default();
    let is_it = |(thing, _): &(&Thing, &u32)| thing.is_named(&name);
    for (thing, _) in made.of(Kind::Links).filter(is_it) {
        *there.entry(thing.clone()).or_insert(0) += 1;
    }
}
