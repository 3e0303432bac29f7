//! The head of a device: its first line, and the line of its link layer.

use super::{Head, Shown};
use crate::ip::devices::Names;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::ip::{hardware, names};
use crate::uapi::{iff, ifla};

/// Index, name, flags and what follows them; the link mode is for `ip link` alone.
pub fn first_line(
    link: &Shown<'_>,
    place: Head,
    options: &Options,
    entry: &mut Entry,
    names: &mut dyn Names,
) {
    let attributes = &link.attributes;
    entry.put("ifindex", link.index, format_args!("{}: ", link.index));
    let name = link.name();
    let (behind, lower_is_down) = lower(link, entry, names);
    entry.put("ifname", name.clone(), format_args!("{name}{behind}: "));
    flags(link, lower_is_down, entry);
    if let Some(mtu) = attributes.u32(ifla::MTU) {
        entry.put("mtu", mtu, format_args!("mtu {mtu} "));
    }
    if let Some(qdisc) = attributes.text(ifla::QDISC) {
        entry.put("qdisc", qdisc.clone(), format_args!("qdisc {qdisc} "));
    }
    if let Some(master) = attributes.u32(ifla::MASTER) {
        let master = names.name(master);
        entry.put("master", master.clone(), format_args!("master {master} "));
    }
    if let Some(state) = state(link) {
        entry.put("operstate", state.clone(), format_args!("state {state} "));
    }
    if let Some(linkmode) = attributes.u8(ifla::LINKMODE).filter(|_| place.for_link) {
        let linkmode = if linkmode == 0 { "DEFAULT" } else { "DORMANT" };
        entry.put("linkmode", linkmode, format_args!("mode {linkmode} "));
    }
    if let Some(group) = attributes.u32(ifla::GROUP) {
        let group = if options.numeric {
            group.to_string()
        } else {
            names::name_of(names::GROUPS, group)
        };
        entry.put("group", group.clone(), format_args!("group {group} "));
    }
    let length = attributes.u32(ifla::TXQLEN).filter(|length| *length != 0);
    if let Some(length) = length.filter(|_| place.queue_length) {
        let length = length.cast_signed();
        entry.put("txqlen", length, format_args!("qlen {length}"));
    }
}

/// `IF_OPER_*` (RFC 2863).
const OPERSTATES: [&str; 7] = [
    "UNKNOWN",
    "NOTPRESENT",
    "DOWN",
    "LOWERLAYERDOWN",
    "TESTING",
    "DORMANT",
    "UP",
];

/// The operational state, in words.
pub fn state(link: &Shown<'_>) -> Option<String> {
    let state = link.attributes.u8(ifla::OPERSTATE)?;
    let word = OPERSTATES.get(usize::from(state));
    Some(word.map_or_else(|| format!("{state:#x}"), |word| (*word).to_owned()))
}

/// `@peer` behind the name, and whether the device below is down.
pub fn lower(link: &Shown<'_>, entry: &mut Entry, names: &mut dyn Names) -> (String, bool) {
    match link.attributes.u32(ifla::LINK) {
        None => (String::new(), false),
        Some(0) => {
            entry.json("link", serde_json::Value::Null);
            ("@NONE".to_owned(), false)
        }
        // The index is one of another namespace: it has no name here.
        Some(index) if link.attributes.bytes(ifla::LINK_NETNSID).is_some() => {
            entry.json("link_index", index);
            (format!("@if{index}"), false)
        }
        Some(index) => {
            let name = names.name(index);
            entry.json("link", name.clone());
            (format!("@{name}"), !names.is_up(index))
        }
    }
}

/// `IFF_*` that have a word, in iproute2's order.
const FLAGS: &[(u32, &str)] = &[
    (1 << 3, "LOOPBACK"),
    (1 << 1, "BROADCAST"),
    (1 << 4, "POINTOPOINT"),
    (1 << 12, "MULTICAST"),
    (1 << 7, "NOARP"),
    (1 << 9, "ALLMULTI"),
    (1 << 8, "PROMISC"),
    (1 << 10, "MASTER"),
    (1 << 11, "SLAVE"),
    (1 << 2, "DEBUG"),
    (1 << 15, "DYNAMIC"),
    (1 << 14, "AUTOMEDIA"),
    (1 << 13, "PORTSEL"),
    (1 << 5, "NOTRAILERS"),
    (1, "UP"),
    (1 << 16, "LOWER_UP"),
    (1 << 17, "DORMANT"),
    (1 << 18, "ECHO"),
];

pub fn flags(link: &Shown<'_>, lower_is_down: bool, entry: &mut Entry) {
    let mut words: Vec<String> = Vec::new();
    if link.flags & iff::UP != 0 && link.flags & iff::RUNNING == 0 {
        words.push("NO-CARRIER".to_owned());
    }
    let mut rest = link.flags & !iff::RUNNING;
    for (bit, word) in FLAGS {
        if rest & bit != 0 {
            words.push((*word).to_owned());
        }
        rest &= !bit;
    }
    if rest != 0 {
        words.push(format!("{rest:x}"));
    }
    if lower_is_down {
        words.push("M-DOWN".to_owned());
    }
    entry.text(format_args!("<{}> ", words.join(",")));
    entry.json("flags", words);
}

/// The link layer: type, address, broadcast address, and where the other end is.
pub fn second_line(link: &Shown<'_>, options: &Options, entry: &mut Entry) {
    let kind = hardware::word(link.hardware, options.numeric);
    entry.break_line();
    entry.put("link_type", kind.clone(), format_args!("    link/{kind} "));
    let address = link.lladdr(ifla::ADDRESS);
    if let Some(address) = &address {
        entry.put("address", address.clone(), format_args!("{address}"));
    }
    if let Some(broadcast) = link.lladdr(ifla::BROADCAST) {
        if link.flags & iff::POINTOPOINT != 0 {
            entry.json("link_pointtopoint", true);
            entry.text(format_args!(" peer "));
        } else {
            entry.text(format_args!(" brd "));
        }
        entry.put("broadcast", broadcast.clone(), format_args!("{broadcast}"));
    }
    if let Some(permanent) = link.lladdr(ifla::PERM_ADDRESS)
        && address.as_ref() != Some(&permanent)
    {
        entry.put(
            "permaddr",
            permanent.clone(),
            format_args!(" permaddr {permanent}"),
        );
    }
    netns_id(link, entry);
}

/// The namespace of the other end, by the number this namespace gives it; never by name.
pub fn netns_id(link: &Shown<'_>, entry: &mut Entry) {
    if let Some(id) = link.attributes.u32(ifla::LINK_NETNSID) {
        let id = id.cast_signed();
        entry.put("link_netnsid", id, format_args!(" link-netnsid {id}"));
    }
}
