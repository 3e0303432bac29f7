//! A device and its addresses as `ip address` prints them.

use serde_json::{Value, json};

use super::super::devices::Names;
use super::super::link::show::{
    Head, Shown as Link, altnames, brief, name_and_state, print_head, statistics,
};
use super::super::names;
use super::super::options::Options;
use super::super::page::Entry;
use super::super::prefix::address_text;
use super::Filter;
use super::request::HEADER;
use crate::family::Family;
use crate::uapi::{ifa, iff};
use crate::wire::{Received, Reply, u32_of};

/// An address as received.
struct Shown<'a> {
    family: Family,
    len: u8,
    flags: u32,
    scope: u8,
    index: u32,
    attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    fn read(reply: &'a Reply) -> Option<Self> {
        let [family, len, flags, scope] = *reply.body.first_chunk::<4>()?;
        let attributes = Received::behind(&reply.body, HEADER);
        Some(Self {
            family: Family::from_number(family),
            len,
            flags: attributes.u32(ifa::FLAGS).unwrap_or(flags.into()),
            scope,
            index: reply.body.get(4..).and_then(u32_of)?,
            attributes,
        })
    }
}

/// Prints the devices with the addresses that the filter wants.
pub fn print(
    links: &[Reply],
    addresses: &[Reply],
    filter: &Filter,
    options: &Options,
    names: &mut dyn Names,
) -> Vec<Entry> {
    let addresses: Vec<Shown<'_>> = addresses.iter().filter_map(Shown::read).collect();
    let mut entries = Vec::new();
    for link in links.iter().filter_map(Link::read) {
        let all: Vec<&Shown<'_>> = addresses
            .iter()
            .filter(|address| address.index == link.index)
            .collect();
        let wanted: Vec<&Shown<'_>> = all
            .iter()
            .copied()
            .filter(|address| wanted(address, filter))
            .collect();
        let bare =
            filter.family == Family::Packet || (all.is_empty() && filter.family == Family::Unspec);
        if (filter.up && link.flags & iff::UP == 0) || (wanted.is_empty() && !bare) {
            continue;
        }
        entries.push(device(&link, wanted.into_iter(), filter, options, names));
    }
    entries
}

fn device<'a>(
    link: &Link<'_>,
    addresses: impl Iterator<Item = &'a Shown<'a>>,
    filter: &Filter,
    options: &Options,
    names: &mut dyn Names,
) -> Entry {
    let mut entry = Entry::new(options);
    let for_link = filter.family == Family::Packet;
    if options.brief && for_link {
        brief(link, &mut entry, names);
        return entry;
    }
    let with_link = !options.oneline || options.json || for_link;
    if options.brief {
        name_and_state(link, &mut entry, names);
    } else if with_link {
        let place = Head {
            for_link: false,
            complete: filter.family != Family::Inet6 || filter.dev.is_some(),
            link_layer: matches!(filter.family, Family::Unspec | Family::Packet),
        };
        print_head(link, place, options, &mut entry, names);
        altnames(link, &mut entry);
        entry.text(format_args!("\n"));
    }
    let mut infos = Vec::new();
    for address in addresses.filter(|_| filter.family != Family::Packet) {
        let mut info = Entry::new(options);
        if options.brief {
            address_and_metric(&address.attributes, address.len, &mut info);
        } else if options.oneline {
            info.text(format_args!("{}: {}", link.index, link.name()));
        }
        if !options.brief {
            line(address, &mut info);
        }
        if options.json {
            infos.push(info.into_json());
        } else {
            entry.text(format_args!("{}", info.into_text()));
        }
    }
    entry.json("addr_info", Value::Array(infos));
    if options.brief {
        entry.text(format_args!("\n"));
    } else if options.statistics > 0 && with_link {
        statistics(link, options, &mut entry);
        entry.text(format_args!("\n"));
    }
    entry
}

fn wanted(address: &Shown<'_>, filter: &Filter) -> bool {
    let family = matches!(filter.family, Family::Unspec) || filter.family == address.family;
    family
        && filter.scope.is_none_or(|scope| scope == address.scope)
        && filter.to.is_none_or(|to| {
            address
                .attributes
                .address(ifa::LOCAL)
                .or(address.attributes.address(ifa::ADDRESS))
                .is_some_and(|local| {
                    to.address
                        .is_none_or(|wanted| within(local, wanted, to.len))
                })
        })
}

fn within(address: std::net::IpAddr, of: std::net::IpAddr, len: u8) -> bool {
    use std::net::IpAddr::{V4, V6};
    match (address, of) {
        (V4(a), V4(b)) => {
            (u32::from(a) ^ u32::from(b))
                .checked_shr(32 - u32::from(len))
                .unwrap_or(0)
                == 0
        }
        (V6(a), V6(b)) => {
            (u128::from(a) ^ u128::from(b))
                .checked_shr(128 - u32::from(len))
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

fn line(address: &Shown<'_>, entry: &mut Entry) {
    let attributes = &address.attributes;
    entry.put(
        "family",
        address.family.name(),
        format_args!("    {} ", address.family.name()),
    );
    address_and_metric(attributes, address.len, entry);
    for (kind, key, word) in [
        (ifa::BROADCAST, "broadcast", "brd"),
        (ifa::ANYCAST, "anycast", "any"),
    ] {
        if let Some(value) = attributes.address(kind).map(address_text) {
            entry.put(key, value.clone(), format_args!("{word} {value} "));
        }
    }
    let scope = names::name_of(names::SCOPES, address.scope.into());
    entry.put("scope", scope.clone(), format_args!("scope {scope} "));
    flags(address, entry);
    if let Some(proto) = attributes.u8(ifa::PROTO) {
        let proto = names::name_or_hex(names::ADDRESS_PROTOCOLS, proto.into());
        entry.put("protocol", proto.clone(), format_args!("proto {proto} "));
    }
    if let Some(label) = attributes.text(ifa::LABEL) {
        entry.put("label", label.clone(), format_args!("{label}"));
    }
    if let Some(info) = attributes.bytes(ifa::CACHEINFO) {
        lifetimes(info, entry);
    }
    entry.text(format_args!("\n"));
}

/// The address, its other side, the length of the prefix, the metric.
fn address_and_metric(attributes: &Received<'_>, len: u8, entry: &mut Entry) {
    let far = attributes.address(ifa::ADDRESS);
    if let Some(local) = attributes.address(ifa::LOCAL).or(far) {
        let text = address_text(local);
        entry.put("local", text.clone(), format_args!("{text}"));
        if let Some(far) = far.filter(|far| *far != local) {
            let far = address_text(far);
            entry.put("address", far.clone(), format_args!(" peer {far}"));
        }
        entry.put("prefixlen", len, format_args!("/{} ", len));
    }
    if let Some(metric) = attributes.u32(ifa::RT_PRIORITY) {
        entry.put("metric", metric, format_args!("metric {metric} "));
    }
}

/// `IFA_F_*` in iproute2's order.
const FLAGS: &[(u32, &str)] = &[
    (ifa::F_SECONDARY, "secondary"),
    (0x02, "nodad"),
    (0x04, "optimistic"),
    (0x08, "dadfailed"),
    (0x10, "home"),
    (0x20, "deprecated"),
    (0x40, "tentative"),
    (ifa::F_PERMANENT, "permanent"),
    (0x100, "mngtmpaddr"),
    (0x200, "noprefixroute"),
    (0x400, "autojoin"),
    (0x800, "stable-privacy"),
];

fn flags(address: &Shown<'_>, entry: &mut Entry) {
    let mut rest = address.flags;
    for (bit, name) in FLAGS {
        let set = address.flags & bit != 0;
        rest &= !bit;
        let word = match (*bit, set) {
            (ifa::F_PERMANENT, false) => "dynamic",
            (ifa::F_PERMANENT, true) | (_, false) => continue,
            (ifa::F_SECONDARY, true) if address.family == Family::Inet6 => "temporary",
            (_, true) => name,
        };
        entry.put(word, true, format_args!("{word} "));
    }
    if rest != 0 {
        entry.put(
            "ifa_flags",
            format!("{rest:02x}"),
            format_args!("flags {rest:02x} "),
        );
    }
}

/// `struct ifa_cacheinfo`: preferred and valid lifetime, in seconds.
fn lifetimes(info: &[u8], entry: &mut Entry) {
    let preferred = u32_of(info).unwrap_or(0);
    let valid = info.get(4..).and_then(u32_of).unwrap_or(0);
    let text = |seconds: u32| {
        if seconds == u32::MAX {
            "forever".to_owned()
        } else {
            format!("{seconds}sec")
        }
    };
    entry.break_line();
    entry.text(format_args!(
        "       valid_lft {} preferred_lft {}",
        text(valid),
        text(preferred)
    ));
    entry.json("valid_life_time", json!(valid));
    entry.json("preferred_life_time", json!(preferred));
}
