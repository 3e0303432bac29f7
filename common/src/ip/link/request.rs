//! A device as an rtnetlink message (`struct ifinfomsg`).

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
};

use super::super::devices::Devices;
pub use super::settings::peer;
use super::settings::{below, change};
use super::{AltNames, Filter, Settings, kind};
use crate::family::Family;
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Request};

/// How long `struct ifinfomsg` is.
pub const HEADER: usize = 16;

const CHANGE: u16 = NLM_F_REQUEST | NLM_F_ACK;

/// `struct ifinfomsg`.
pub fn header(index: u32, flags: u32, change: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    for (field, value) in header.chunks_exact_mut(4).zip([0, index, flags, change]) {
        field.copy_from_slice(&value.to_ne_bytes());
    }
    header
}

/// The message that makes a device. It can only create, unless it may also replace.
pub fn add(settings: &Settings, replace: bool, devices: &Devices) -> Request {
    let how = if replace { NLM_F_REPLACE } else { NLM_F_EXCL };
    let message = (rtm::NEWLINK, CHANGE | NLM_F_CREATE | how);
    let name = Some(settings.dev.as_str()).filter(|name| !name.is_empty());
    let mut request = change(
        message,
        settings,
        settings.index.unwrap_or(0),
        name,
        devices,
    );
    request.body.extend(below(settings, devices));
    request
}

/// The message that changes a device, or all of a group. It can never create.
pub fn set(settings: &Settings, devices: &Devices) -> Request {
    let index = devices.index(&settings.dev);
    let name = settings.rename.as_deref();
    change((rtm::NEWLINK, CHANGE), settings, index, name, devices)
}

/// The message that takes a device away, or all of a group.
pub fn del(settings: &Settings, devices: &Devices) -> Request {
    let index = devices.index(&settings.dev);
    let name = settings.rename.as_deref();
    change((rtm::DELLINK, CHANGE), settings, index, name, devices)
}

/// The message that gives a device altnames, or takes them away.
pub fn names(add: bool, names: &AltNames, devices: &Devices) -> Request {
    let mut list = Attributes::default();
    for name in &names.altnames {
        list.put_text(ifla::ALT_IFNAME, name);
    }
    let mut attributes = Attributes::default();
    attributes.put_nested(ifla::PROP_LIST, &list);
    let (message, flags) = if add {
        (
            rtm::NEWLINKPROP,
            CHANGE | NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND,
        )
    } else {
        (rtm::DELLINKPROP, CHANGE)
    };
    let header = header(devices.index(&names.dev), 0, 0);
    Request::new(message, flags, &header, &attributes)
}

/// The same change, of a family: for some the kernel does something else, as for a deletion in family bridge.
pub fn of_family(mut change: Request, family: Family) -> Request {
    if let Some(first) = change.body.first_mut() {
        *first = family.number();
    }
    change
}

/// The message that asks for one device by name: an altname if it is too long for a name.
pub fn by_name(name: &str) -> Request {
    let mut attributes = asked(false);
    let kind = if name.len() > 15 {
        ifla::ALT_IFNAME
    } else {
        ifla::IFNAME
    };
    attributes.put_text(kind, name);
    Request::new(rtm::GETLINK, NLM_F_REQUEST, &header(0, 0, 0), &attributes)
}

/// The message that asks for one device by index.
pub fn by_index(index: u32, statistics: bool) -> Request {
    Request::new(
        rtm::GETLINK,
        NLM_F_REQUEST,
        &header(index, 0, 0),
        &asked(statistics),
    )
}

/// The message that lists devices.
pub fn dump(filter: &Filter, devices: &Devices) -> Request {
    let mut attributes = asked(filter.statistics);
    if let Some(master) = filter.wanted_master(devices) {
        // -1 is "none"; 0 would ask for all.
        attributes.put_u32(ifla::MASTER, if master == 0 { u32::MAX } else { master });
    }
    if let Some(kind) = filter.kind.as_deref().filter(|kind| kind::is_listed(kind)) {
        let mut info = Attributes::default();
        info.put(ifla::INFO_KIND, kind.as_bytes());
        attributes.put_nested(ifla::LINKINFO, &info);
    }
    Request::new(
        rtm::GETLINK,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header(0, 0, 0),
        &attributes,
    )
}

/// What is asked for with every link.
pub fn asked(statistics: bool) -> Attributes {
    let skipped = if statistics {
        0
    } else {
        ifla::FILTER_SKIP_STATS
    };
    let mut attributes = Attributes::default();
    attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_VF | skipped);
    attributes
}
