//! A neighbour as `ip neigh` prints it.

use std::net::IpAddr;

use serde_json::Value;

use super::request::HEADER;
use super::state::SHOWN;
use super::{Filter, States};
use crate::family::Family;
use crate::ip::devices::Names;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::ip::prefix::{Prefix, address_text};
use crate::ip::{hardware, names};
use crate::uapi::{nda, ntf, nud};
use crate::wire::{Received, Reply, u32_of};

/// A neighbour as received: the header's fields and the attributes.
pub(super) struct Shown<'a> {
    family: Family,
    index: u32,
    state: u8,
    flags: u8,
    attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn read(reply: &'a Reply) -> Option<Self> {
        let [family, ..] = *reply.body.first_chunk::<HEADER>()?;
        let [low, high, flags, _] = *reply.body.get(8..)?.first_chunk::<4>()?;
        Some(Self {
            family: Family::from_number(family),
            index: reply.body.get(4..).and_then(u32_of)?,
            state: u8::try_from(u16::from_ne_bytes([low, high])).unwrap_or(0),
            flags,
            attributes: Received::behind(&reply.body, HEADER),
        })
    }

    fn protocol(&self) -> Option<u8> {
        self.attributes.u8(nda::PROTOCOL)
    }

    /// A field of `struct nda_cacheinfo`.
    fn cache(&self, at: usize) -> Option<u32> {
        let info = self.attributes.bytes(nda::CACHEINFO)?;
        info.get(at * 4..).and_then(u32_of)
    }
}

/// The states that are wanted; where none is named, what may be reached. A flush takes what has no state, leaves alone what
/// was set for good, and takes `all` for all but `noarp`.
pub(super) fn states(filter: &Filter, flush: bool) -> States {
    let but = |hidden: u8, none| States::Of {
        bits: !hidden,
        none,
    };
    match filter.states {
        Some(States::All) if flush => but(nud::NOARP, true),
        Some(states) => states,
        None if flush => but(nud::NOARP | nud::PERMANENT, true),
        None => but(nud::NOARP, false),
    }
}

/// Whether the filter wants this neighbour. The kernel has looked at device and master.
pub(super) fn wanted(neighbour: &Shown<'_>, filter: &Filter, states: States) -> bool {
    let family = filter.family();
    // What answers for others, and what another program maintains, is shown in any state.
    let stateless = neighbour.flags & (ntf::PROXY | ntf::EXT_LEARNED) != 0;
    (family == Family::Unspec || family == neighbour.family)
        && (stateless || states.have(neighbour.state))
        && !(filter.unused && neighbour.cache(REFERENCES).unwrap_or(0) != 0)
        && filter
            .protocol
            .filter(|protocol| *protocol != 0)
            .is_none_or(|protocol| neighbour.protocol() == Some(protocol))
        && filter
            .to
            .is_none_or(|to| within(neighbour.attributes.bytes(nda::DST), &to))
}

fn within(address: Option<&[u8]>, to: &Prefix) -> bool {
    let bytes = match to.address {
        None => return true,
        Some(IpAddr::V4(v4)) => v4.octets().to_vec(),
        Some(IpAddr::V6(v6)) => v6.octets().to_vec(),
    };
    address.is_none_or(|address| {
        address.len() == bytes.len()
            && (0..usize::from(to.len)).all(|bit| {
                let of = |bytes: &[u8]| bytes.get(bit / 8).map(|byte| byte >> (7 - bit % 8) & 1);
                of(address) == of(&bytes)
            })
    })
}

/// Prints one; `dev` says whether its device is worth saying.
pub(super) fn print(
    neighbour: &Shown<'_>,
    dev: bool,
    options: &Options,
    names: &mut dyn Names,
) -> Entry {
    let mut entry = Entry::new(options);
    let brief = options.brief;
    if let Some(dst) = neighbour.attributes.address(nda::DST).map(address_text) {
        let width = if brief { 39 } else { 0 };
        entry.put("dst", dst.clone(), format_args!("{dst:<width$} "));
    }
    if dev && neighbour.index != 0 {
        let name = names.name(neighbour.index);
        if brief {
            entry.put("dev", name.clone(), format_args!("{name:<16} "));
        } else {
            entry.put("dev", name.clone(), format_args!("dev {name} "));
        }
    }
    if let Some(lladdr) = neighbour.attributes.bytes(nda::LLADDR) {
        let lladdr = lladdr_text(lladdr, neighbour.index, names);
        if brief {
            entry.put("lladdr", lladdr.clone(), format_args!("{lladdr}"));
        } else {
            entry.put("lladdr", lladdr.clone(), format_args!("lladdr {lladdr} "));
        }
    }
    if !brief {
        rest(neighbour, options, &mut entry);
    }
    entry.text(format_args!("\n"));
    entry
}

/// A link-layer address; the kernel is asked for the device's link layer only where that makes a difference.
fn lladdr_text(lladdr: &[u8], device: u32, names: &mut dyn Names) -> String {
    let hardware = if hardware::is_of_octets(lladdr.len()) {
        hardware::VOID
    } else {
        names.hardware(device)
    };
    hardware::address(lladdr, hardware)
}

/// `ndm_refcnt` in `struct nda_cacheinfo`.
const REFERENCES: usize = 3;

fn rest(neighbour: &Shown<'_>, options: &Options, entry: &mut Entry) {
    let more = neighbour.attributes.u32(nda::FLAGS_EXT).unwrap_or(0);
    for (set, word) in [
        (neighbour.flags & ntf::ROUTER != 0, "router"),
        (neighbour.flags & ntf::PROXY != 0, "proxy"),
        (more & ntf::EXT_MANAGED != 0, "managed"),
        (neighbour.flags & ntf::EXT_LEARNED != 0, "extern_learn"),
        (neighbour.flags & ntf::OFFLOADED != 0, "offload"),
    ] {
        if set {
            entry.put(word, Value::Null, format_args!("{word} "));
        }
    }
    if options.statistics > 0 {
        statistics(neighbour, entry);
    }
    let states: Vec<&str> = SHOWN
        .iter()
        .filter(|(bit, _)| neighbour.state & bit != 0)
        .map(|(_, word)| *word)
        .collect();
    for word in &states {
        entry.text(format_args!("{word} "));
    }
    if !states.is_empty() {
        entry.json("state", states);
    }
    if let Some(protocol) = neighbour.protocol() {
        let name = if options.numeric {
            protocol.to_string()
        } else {
            names::name_of(names::PROTOCOLS, protocol.into())
        };
        entry.put("protocol", name.clone(), format_args!("proto {name} "));
    }
}

/// How long ago it was used, confirmed and updated, in seconds: the kernel counts hundredths (`USER_HZ`).
fn statistics(neighbour: &Shown<'_>, entry: &mut Entry) {
    let seconds = |at| neighbour.cache(at).map(|ticks| ticks / 100);
    if let (Some(confirmed), Some(used), Some(updated)) = (seconds(0), seconds(1), seconds(2)) {
        if let Some(count) = neighbour.cache(REFERENCES).filter(|count| *count != 0) {
            entry.put("refcnt", count, format_args!(" ref {count}"));
        }
        entry.json("used", used);
        entry.json("confirmed", confirmed);
        entry.json("updated", updated);
        entry.text(format_args!(" used {used}/{confirmed}/{updated}"));
    }
    if let Some(probes) = neighbour.attributes.u32(nda::PROBES) {
        entry.put("probes", probes, format_args!("probes {probes} "));
    }
}
