//! A neighbour, and a listing of neighbours, as rtnetlink messages (`struct ndmsg`), with iproute2's defaults.

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};

use super::{Filter, Key, Master, Neighbour, Verb};
use crate::ip::devices::Devices;
use crate::uapi::{nda, ntf, nud, rtm};
use crate::wire::{Attributes, Reply, Request};

/// How long `struct ndmsg` is.
pub const HEADER: usize = 12;

fn header(family: u8, index: u32, state: u8, flags: u8) -> [u8; HEADER] {
    let [a, b, c, d] = index.to_ne_bytes();
    let [low, high] = u16::from(state).to_ne_bytes();
    [family, 0, 0, 0, a, b, c, d, low, high, flags, 0]
}

fn index(dev: Option<&String>, devices: &Devices) -> u32 {
    dev.map_or(0, |dev| devices.index(dev))
}

fn proxy(proxy: bool) -> u8 {
    if proxy { ntf::PROXY } else { 0 }
}

/// The message that changes a neighbour.
pub fn change(verb: Verb, neighbour: &Neighbour, devices: &Devices) -> Request {
    let key = &neighbour.key;
    let header = header(
        key.family().number(),
        index(key.dev.as_ref(), devices),
        neighbour.state,
        neighbour.flags | proxy(key.proxy),
    );
    let mut attributes = Attributes::default();
    if let Some(protocol) = neighbour.protocol.filter(|protocol| *protocol != 0) {
        attributes.put(nda::PROTOCOL, &[protocol]);
    }
    attributes.put(nda::DST, &key.address.bytes());
    if neighbour.managed {
        attributes.put_u32(nda::FLAGS_EXT, ntf::EXT_MANAGED);
    }
    if let Some(lladdr) = &neighbour.lladdr {
        attributes.put(nda::LLADDR, lladdr);
    }
    let message = match verb {
        Verb::Add | Verb::Change | Verb::Replace => rtm::NEWNEIGH,
        Verb::Del => rtm::DELNEIGH,
    };
    Request::new(
        message,
        NLM_F_REQUEST | NLM_F_ACK | verb.flags(),
        &header,
        &attributes,
    )
}

/// The message that asks for one neighbour.
pub fn get(key: &Key, devices: &Devices) -> Request {
    let header = header(
        key.family().number(),
        index(key.dev.as_ref(), devices),
        nud::NONE,
        proxy(key.proxy),
    );
    let mut attributes = Attributes::default();
    attributes.put(nda::DST, &key.address.bytes());
    Request::new(rtm::GETNEIGH, NLM_F_REQUEST, &header, &attributes)
}

/// The message that lists neighbours. The kernel filters by device and master.
pub fn dump(filter: &Filter, devices: &Devices) -> Request {
    let header = header(filter.family().number(), 0, nud::NONE, proxy(filter.proxy));
    let mut attributes = Attributes::default();
    if let Some(dev) = &filter.dev {
        attributes.put_u32(nda::IFINDEX, devices.index(dev));
    }
    match &filter.master {
        Some(Master::Of(name) | Master::Vrf(name)) => {
            attributes.put_u32(nda::MASTER, devices.index(name));
        }
        // No index is that high: the kernel takes it for `no master`.
        Some(Master::None) => {
            attributes.put_u32(nda::MASTER, u32::MAX);
        }
        None => {}
    }
    Request::new(
        rtm::GETNEIGH,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header,
        &attributes,
    )
}

/// The message that takes away a neighbour that was listed: the neighbour as it came.
pub fn delete(neighbour: &Reply) -> Request {
    Request {
        kind: rtm::DELNEIGH,
        flags: NLM_F_REQUEST | NLM_F_ACK,
        body: neighbour.body.clone(),
    }
}
