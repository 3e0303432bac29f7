//! A device as an rtnetlink message (`struct ifinfomsg`).

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST};

use super::super::devices::Devices;
use super::{Filter, Kind, Settings};
use crate::uapi::{iff, ifla, rtm};
use crate::wire::{Attributes, Request};

/// How long `struct ifinfomsg` is.
pub const HEADER: usize = 16;

fn header(index: u32, flags: u32, change: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    for (field, value) in header.chunks_exact_mut(4).zip([0, index, flags, change]) {
        field.copy_from_slice(&value.to_ne_bytes());
    }
    header
}

fn settings_header(settings: &Settings, index: u32) -> [u8; HEADER] {
    match settings.up {
        Some(up) => header(index, if up { iff::UP } else { 0 }, iff::UP),
        None => header(index, 0, 0),
    }
}

/// The message that makes a device. It can only create.
pub fn add(settings: &Settings, devices: &Devices) -> Request {
    let mut attributes = attributes(settings, devices);
    if !settings.dev.is_empty() {
        attributes.put_text(ifla::IFNAME, &settings.dev);
    }
    let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    Request::new(
        rtm::NEWLINK,
        flags,
        &settings_header(settings, 0),
        &attributes,
    )
}

/// The message that changes a device. It can never create.
pub fn set(settings: &Settings, devices: &Devices) -> Request {
    let header = settings_header(settings, devices.index(&settings.dev));
    let mut attributes = attributes(settings, devices);
    if let Some(name) = &settings.rename {
        attributes.put_text(ifla::IFNAME, name);
    }
    Request::new(
        rtm::NEWLINK,
        NLM_F_REQUEST | NLM_F_ACK,
        &header,
        &attributes,
    )
}

/// The message that takes a device away.
pub fn del(dev: &str, devices: &Devices) -> Request {
    Request::new(
        rtm::DELLINK,
        NLM_F_REQUEST | NLM_F_ACK,
        &header(devices.index(dev), 0, 0),
        &Attributes::default(),
    )
}

/// The message that asks for one device by name: an altname if it is too long for a name.
pub fn by_name(name: &str) -> Request {
    let mut attributes = Attributes::default();
    attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_VF | ifla::FILTER_SKIP_STATS);
    let kind = if name.len() > 15 {
        ifla::ALT_IFNAME
    } else {
        ifla::IFNAME
    };
    attributes.put_text(kind, name);
    Request::new(rtm::GETLINK, NLM_F_REQUEST, &header(0, 0, 0), &attributes)
}

/// The message that asks for one device by index.
pub fn by_index(index: u32) -> Request {
    let mut attributes = Attributes::default();
    attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_VF | ifla::FILTER_SKIP_STATS);
    Request::new(
        rtm::GETLINK,
        NLM_F_REQUEST,
        &header(index, 0, 0),
        &attributes,
    )
}

/// The message that lists devices.
pub fn dump(filter: &Filter, devices: &Devices) -> Request {
    let mut attributes = Attributes::default();
    attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_VF | ifla::FILTER_SKIP_STATS);
    if let Some(master) = &filter.master {
        attributes.put_u32(ifla::MASTER, devices.index(master));
    }
    Request::new(
        rtm::GETLINK,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header(0, 0, 0),
        &attributes,
    )
}

fn attributes(settings: &Settings, devices: &Devices) -> Attributes {
    let mut attributes = Attributes::default();
    if let Some(address) = &settings.address {
        attributes.put(ifla::ADDRESS, address);
    }
    if let Some(mtu) = settings.mtu {
        attributes.put_u32(ifla::MTU, mtu);
    }
    if let Some(length) = settings.txqueuelen {
        attributes.put_u32(ifla::TXQLEN, length);
    }
    if let Some(master) = &settings.master {
        attributes.put_u32(
            ifla::MASTER,
            master.as_deref().map_or(0, |master| devices.index(master)),
        );
    }
    if let Some(alias) = &settings.alias {
        attributes.put(ifla::IFALIAS, alias.as_bytes());
    }
    if let Some(kind) = &settings.kind {
        attributes.put_nested(ifla::LINKINFO, &link_info(kind, devices));
    }
    attributes
}

fn link_info(kind: &Kind, devices: &Devices) -> Attributes {
    let mut info = Attributes::default();
    info.put(ifla::INFO_KIND, kind.name().as_bytes());
    if let Kind::Veth { peer: Some(peer) } = kind {
        let mut value = settings_header(peer, 0).to_vec();
        let mut attributes = attributes(peer, devices);
        if !peer.dev.is_empty() {
            attributes.put_text(ifla::IFNAME, &peer.dev);
        }
        value.extend(attributes.bytes());
        let mut data = Attributes::default();
        data.put(ifla::VETH_PEER, &value);
        info.put_nested(ifla::INFO_DATA, &data);
    }
    info
}
