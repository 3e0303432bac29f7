//! A device and its addresses as `ip address` prints them.

use serde_json::{Value, json};

use super::super::devices::{Devices, Names};
use super::super::link::show::{
    Head, Shown as Link, altnames, brief, name_and_state, print_head, statistics,
};
use super::super::names;
use super::super::options::Options;
use super::super::page::Entry;
use super::super::prefix::address_text;
use super::request::HEADER;
use super::wanted::{is_of_family, is_up_as_wanted, wanted, wanted_device};
use super::{FLAGS, Filter};
use crate::family::Family;
use crate::uapi::{ifa, rtm};
use crate::wire::{Received, Reply, u32_of};

/// An address as received.
pub(super) struct Shown<'a> {
    pub(super) family: Family,
    len: u8,
    pub(super) flags: u32,
    pub(super) scope: u8,
    pub(super) index: u32,
    pub(super) attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn read(reply: &'a Reply) -> Option<Self> {
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

/// Prints the devices with the addresses that the filter wants. In JSON a device that is not wanted itself leaves an
/// empty object.
pub fn print(
    links: &[Reply],
    addresses: &[Reply],
    filter: &Filter,
    options: &Options,
    devices: &Devices,
    names: &mut dyn Names,
) -> Vec<Entry> {
    let addresses: Vec<Shown<'_>> = addresses.iter().filter_map(Shown::read).collect();
    let mut entries = Vec::new();
    for link in links.iter().filter_map(Link::read) {
        let name = link.name();
        let all: Vec<&Shown<'_>> = addresses
            .iter()
            .filter(|address| address.index == link.index)
            .collect();
        let is_wanted = |address: &Shown<'_>| wanted(address, filter, &name);
        let bare = all.is_empty() && matches!(filter.family, Family::Unspec | Family::Packet);
        // Of a protocol the addresses are, not the devices.
        let of_any_protocol = Filter {
            protocol: None,
            ..filter.clone()
        };
        let some_wanted = all
            .iter()
            .any(|address| wanted(address, &of_any_protocol, &name));
        if !some_wanted && !bare && filter.family != Family::Packet {
            continue;
        }
        let unwanted = with_link(filter, options) && !wanted_device(&link, filter, devices);
        let unlabelled = filter.label.is_some() && !is_up_as_wanted(&link, filter);
        if unwanted || unlabelled {
            entries.push(Entry::new(options));
            continue;
        }
        let shown = all
            .into_iter()
            .filter(|address| is_up_as_wanted(&link, filter) && is_of_family(address, filter));
        let shown = shown.map(|address| is_wanted(address).then_some(address));
        entries.push(device(&link, shown, filter, options, names));
    }
    entries
}

/// Whether the device itself is printed, not only its addresses.
fn with_link(filter: &Filter, options: &Options) -> bool {
    let addresses_only = filter.label.is_some() || options.oneline && !options.brief;
    filter.family == Family::Packet || !addresses_only
}

/// Prints one address without its device: one that a flush takes away, or that the kernel echoes.
pub(super) fn alone(reply: &Reply, options: &Options, names: &mut dyn Names) -> Option<Entry> {
    let address = Shown::read(reply)?;
    let mut entry = Entry::new(options);
    if reply.kind == rtm::DELADDR {
        entry.put("deleted", true, format_args!("Deleted "));
    }
    if options.brief {
        address_and_metric(&address.attributes, address.len, &mut entry);
    } else {
        of_device(address.index, &names.name(address.index), &mut entry);
        line(&address, options, &mut entry);
    }
    Some(entry)
}

/// Whose address it is, in front of one that does not stand below its device.
fn of_device(index: u32, name: &str, entry: &mut Entry) {
    entry.put("index", index, format_args!("{index}: "));
    entry.put("dev", name, format_args!("{name}"));
}

fn device<'a>(
    link: &Link<'_>,
    addresses: impl Iterator<Item = Option<&'a Shown<'a>>>,
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
    let with_link = with_link(filter, options);
    if options.brief && with_link {
        name_and_state(link, &mut entry, names);
    } else if with_link {
        let place = Head {
            for_link: false,
            queue_length: true,
            link_layer: matches!(filter.family, Family::Unspec | Family::Packet),
        };
        print_head(link, place, options, &mut entry, names);
        altnames(link, &mut entry);
        entry.text(format_args!("\n"));
    }
    let mut infos = Vec::new();
    for address in addresses.filter(|_| filter.family != Family::Packet) {
        let mut info = Entry::new(options);
        // In JSON an address that is not wanted leaves an empty object.
        let Some(address) = address else {
            infos.push(info.into_json());
            continue;
        };
        if options.brief {
            address_and_metric(&address.attributes, address.len, &mut info);
        } else {
            if options.oneline || options.echo {
                of_device(link.index, &link.name(), &mut info);
            }
            line(address, options, &mut info);
        }
        if options.json {
            infos.push(info.into_json());
        } else {
            entry.text(format_args!("{}", info.into_text()));
        }
    }
    if !for_link {
        entry.json("addr_info", Value::Array(infos));
    }
    if options.brief {
        entry.text(format_args!("\n"));
    } else if options.statistics > 0 && with_link {
        statistics(link, options, &mut entry);
        entry.text(format_args!("\n"));
    }
    entry
}

fn line(address: &Shown<'_>, options: &Options, entry: &mut Entry) {
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
    let scope = if options.numeric {
        address.scope.to_string()
    } else {
        names::name_of(names::SCOPES, address.scope.into())
    };
    entry.put("scope", scope.clone(), format_args!("scope {scope} "));
    flags(address, entry);
    if let Some(proto) = attributes.u8(ifa::PROTO) {
        let name = names::ADDRESS_PROTOCOLS
            .iter()
            .find(|(number, _)| *number == u32::from(proto) && !options.numeric);
        let proto = name.map_or_else(|| format!("{proto:#x}"), |(_, name)| (*name).to_owned());
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

fn flags(address: &Shown<'_>, entry: &mut Entry) {
    let mut rest = address.flags;
    let other = if address.family == Family::Inet6 {
        "secondary"
    } else {
        "temporary"
    };
    for flag in FLAGS.iter().filter(|flag| flag.word != other) {
        let set = address.flags & flag.bit != 0;
        rest &= !flag.bit;
        let word = match (flag.bit, set) {
            (ifa::F_PERMANENT, false) => "dynamic",
            (ifa::F_PERMANENT, true) | (_, false) => continue,
            (_, true) => flag.word,
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
