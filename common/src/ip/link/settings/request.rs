//! Settings as attributes of an rtnetlink message.

use super::{Master, Settings};
use crate::ip::devices::Devices;
use crate::ip::link::request::header;
use crate::uapi::ifla;
use crate::wire::{Attributes, Request};

/// `AF_INET6`, inside `IFLA_AF_SPEC`.
const INET6: u16 = 10;

/// A message that makes, changes or removes the device of `index`; `name` is its new name.
pub fn change(
    (message, flags): (u16, u16),
    settings: &Settings,
    index: u32,
    name: Option<&str>,
    devices: &Devices,
) -> Request {
    let mut attributes = attributes(settings, devices);
    if let Some(name) = name {
        attributes.put_text(ifla::IFNAME, name);
    }
    let header = header(index, settings.flags.values, settings.flags.change);
    Request::new(message, flags, &header, &attributes)
}

/// The message within a veth's message that makes its peer.
pub fn peer(settings: &Settings, devices: &Devices) -> Vec<u8> {
    let index = settings.index.unwrap_or(0);
    let name = Some(settings.dev.as_str()).filter(|name| !name.is_empty());
    let mut body = change((0, 0), settings, index, name, devices).body;
    body.extend(below(settings, devices));
    body
}

/// The device below a new one, as an attribute.
pub fn below(settings: &Settings, devices: &Devices) -> Vec<u8> {
    let mut below = Attributes::default();
    if let Some(link) = &settings.link {
        below.put_u32(ifla::LINK, devices.index(link));
    }
    below.bytes()
}

fn attributes(settings: &Settings, devices: &Devices) -> Attributes {
    let mut attributes = Attributes::default();
    for (kind, bytes) in [
        (ifla::ADDRESS, &settings.address),
        (ifla::BROADCAST, &settings.broadcast),
    ] {
        if let Some(bytes) = bytes {
            attributes.put(kind, bytes);
        }
    }
    for number in &settings.numbers {
        attributes.put_u32(number.attribute, number.bits());
    }
    modes(settings, &mut attributes);
    match &settings.master {
        Some(Master::Device(name) | Master::Vrf(name)) => {
            attributes.put_u32(ifla::MASTER, devices.index(name));
        }
        Some(Master::None) => {
            attributes.put_u32(ifla::MASTER, 0);
        }
        None => {}
    }
    if let Some(group) = settings.group {
        attributes.put_u32(ifla::GROUP, group);
    }
    if let Some(parent) = &settings.parentdev {
        attributes.put_text(ifla::PARENT_DEV_NAME, parent);
    }
    if let Some(alias) = &settings.alias {
        attributes.put(ifla::IFALIAS, alias.as_bytes());
    }
    if let Some(kind) = &settings.kind {
        attributes.put_nested(ifla::LINKINFO, &kind.info(devices));
    }
    attributes
}

fn modes(settings: &Settings, attributes: &mut Attributes) {
    for mode in &settings.modes {
        if mode.attribute == ifla::AF_SPEC {
            let mut value = Attributes::default();
            value.put(ifla::INET6_ADDR_GEN_MODE, &[mode.number]);
            let mut family = Attributes::default();
            family.put_nested(INET6, &value);
            attributes.put_nested(ifla::AF_SPEC, &family);
        } else {
            attributes.put(mode.attribute, &[mode.number]);
        }
    }
    for (reason, on) in &settings.protodown_reasons {
        let bit = 1 << reason;
        let mut value = Attributes::default();
        value.put_u32(ifla::PROTO_DOWN_REASON_MASK, bit);
        value.put_u32(ifla::PROTO_DOWN_REASON_VALUE, if *on { bit } else { 0 });
        attributes.put_nested(ifla::PROTO_DOWN_REASON, &value);
    }
}
