//! A device as `ip link` prints it; its head is also that of `ip address`.

use crate::ip::devices::{Devices, Names};
use crate::ip::hardware;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::uapi::{iff, ifla, rtm};
use crate::wire::{Received, Reply, text_of, u32_of};

use super::Filter;
use super::request::HEADER;

mod brief;
mod counters;
mod details;
mod head;
mod statistics;

pub use brief::{name_and_state, print as brief};
pub use statistics::print as statistics;

/// A device as received.
pub struct Shown<'a> {
    /// Its index.
    pub index: u32,
    /// `IFF_…`.
    pub flags: u32,
    /// `ARPHRD_…`.
    pub hardware: u16,
    pub(in crate::ip) attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    /// The table of a VRF; `None` for any other kind.
    pub fn vrf_table(&self) -> Option<u32> {
        let info = self.attributes.nested(ifla::LINKINFO)?;
        let is_vrf = info.text(ifla::INFO_KIND).as_deref() == Some("vrf");
        is_vrf
            .then(|| info.nested(ifla::INFO_DATA)?.u32(ifla::VRF_TABLE))
            .flatten()
    }

    /// Reads a reply.
    pub fn read(reply: &'a Reply) -> Option<Self> {
        let [_, _, low, high] = *reply.body.first_chunk::<4>()?;
        Some(Self {
            index: reply.body.get(4..).and_then(u32_of)?,
            flags: reply.body.get(8..).and_then(u32_of)?,
            hardware: u16::from_ne_bytes([low, high]),
            attributes: Received::behind(&reply.body, HEADER),
        })
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.attributes.text(ifla::IFNAME).unwrap_or_default()
    }

    /// One of its link-layer addresses, written as its link layer does.
    fn lladdr(&self, attribute: u16) -> Option<String> {
        let bytes = self.attributes.bytes(attribute)?;
        Some(hardware::address(bytes, self.hardware))
    }

    /// How long its link-layer address is.
    pub fn address_bytes(&self) -> usize {
        self.attributes.bytes(ifla::ADDRESS).map_or(0, <[u8]>::len)
    }

    /// Whether it is of the kind of a filter: `KIND_slave` is a device whose master is of that kind.
    fn is_kind(&self, wanted: &str) -> bool {
        let info = self.attributes.nested(ifla::LINKINFO).unwrap_or_default();
        match wanted.strip_suffix("_slave") {
            Some(master) => info.text(ifla::INFO_SLAVE_KIND).as_deref() == Some(master),
            None => info.text(ifla::INFO_KIND).as_deref() == Some(wanted),
        }
    }

    fn is_wanted(&self, filter: &Filter, devices: &Devices) -> bool {
        let up = self.flags & iff::UP != 0;
        let master = self.attributes.u32(ifla::MASTER).unwrap_or(0);
        !(filter.up && !up || filter.down && up)
            && filter
                .wanted_master(devices)
                .is_none_or(|wanted| wanted == master)
            && filter
                .group
                .is_none_or(|group| self.attributes.u32(ifla::GROUP) == Some(group))
            && filter.kind.as_ref().is_none_or(|kind| self.is_kind(kind))
    }
}

/// Prints one device. Of one that the filter does not want JSON has an empty object, as iproute2's.
pub fn print(
    reply: &Reply,
    filter: &Filter,
    options: &Options,
    devices: &Devices,
    names: &mut dyn Names,
) -> Option<Entry> {
    let link = Shown::read(reply)?;
    let mut entry = Entry::new(options);
    if !link.is_wanted(filter, devices) {
        return Some(entry);
    }
    if options.brief {
        brief(&link, &mut entry, names);
        return Some(entry);
    }
    let place = Head {
        for_link: true,
        queue_length: true,
        link_layer: true,
    };
    print_head(&link, place, options, &mut entry, names);
    if options.statistics > 0 {
        entry.break_line();
        statistics(&link, options, &mut entry);
    }
    altnames(&link, &mut entry);
    entry.text(format_args!("\n"));
    Some(entry)
}

/// Prints a device that the kernel echoes, or that it says is deleted. iproute2 leaves out devices of a group here.
pub fn echo(reply: &Reply, options: &Options, names: &mut dyn Names) -> Entry {
    let mut entry = Entry::new(options);
    let ungrouped = |link: &Shown<'_>| link.attributes.u32(ifla::GROUP).unwrap_or(0) == 0;
    let Some(link) = Shown::read(reply).filter(ungrouped) else {
        return entry;
    };
    if reply.kind == rtm::DELLINK {
        entry.put("deleted", true, format_args!("Deleted "));
    }
    if options.brief {
        name_and_state(&link, &mut entry, names);
        return entry;
    }
    let place = Head {
        for_link: false,
        queue_length: false,
        link_layer: true,
    };
    print_head(&link, place, options, &mut entry, names);
    altnames(&link, &mut entry);
    entry.text(format_args!("\n"));
    entry
}

/// Where a device's head stands.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// `ip link`, not `ip address`.
    pub for_link: bool,
    /// The length of the queue is wanted.
    pub queue_length: bool,
    /// The line of the link layer is wanted.
    pub link_layer: bool,
}

/// The head of a device, without the end of its last line.
pub fn print_head(
    link: &Shown<'_>,
    place: Head,
    options: &Options,
    entry: &mut Entry,
    names: &mut dyn Names,
) {
    head::first_line(link, place, options, entry, names);
    if place.link_layer || options.details {
        head::second_line(link, options, entry);
    } else {
        head::netns_id(link, entry);
    }
    details::proto_down(link, entry);
    if options.details {
        details::print(link, place.for_link, entry, names);
    }
    if let Some(alias) = link
        .attributes
        .text(ifla::IFALIAS)
        .filter(|_| place.for_link || options.details)
    {
        entry.break_line();
        entry.put("ifalias", alias.clone(), format_args!("    alias {alias}"));
    }
}

/// The other names of a device, a line each.
pub fn altnames(link: &Shown<'_>, entry: &mut Entry) {
    let Some(properties) = link.attributes.nested(ifla::PROP_LIST) else {
        return;
    };
    let names: Vec<String> = properties
        .iter()
        .filter(|(kind, _)| *kind == ifla::ALT_IFNAME)
        .map(|(_, name)| text_of(name))
        .collect();
    for name in &names {
        entry.break_line();
        entry.text(format_args!("    altname {name}"));
    }
    if !names.is_empty() {
        entry.json("altnames", names);
    }
}
