//! A route as `ip route` prints it.

use serde_json::json;

use super::super::devices::{Devices, Names};
use super::super::names;
use super::super::options::Options;
use super::super::page::Entry;
use super::super::prefix::address_text;
use super::request::HEADER;
use super::wanted::wanted;
use super::{Filter, PREFERENCES, cache, encap, legs, metrics, realms_text};
use crate::family::Family;
use crate::uapi::{rt, rta, rtf, rtm, rtn};
use crate::wire::{Received, Reply, address_of, u32_of};

/// A route as received: the header's fields and the attributes.
pub(super) struct Shown<'a> {
    pub(super) family: Family,
    pub(super) dst_len: u8,
    pub(super) src_len: u8,
    pub(super) tos: u8,
    pub(super) protocol: u8,
    pub(super) scope: u8,
    pub(super) kind: u8,
    pub(super) flags: u32,
    pub(super) table: u32,
    pub(super) attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn read(reply: &'a Reply) -> Option<Self> {
        let [family, dst_len, src_len, tos, table, protocol, scope, kind] =
            *reply.body.first_chunk::<8>()?;
        let attributes = Received::behind(&reply.body, HEADER);
        Some(Self {
            family: Family::from_number(family),
            dst_len,
            src_len,
            tos,
            protocol,
            scope,
            kind,
            flags: reply.body.get(8..).and_then(u32_of)?,
            table: attributes.u32(rta::TABLE).unwrap_or(table.into()),
            attributes,
        })
    }
}

/// Whether a reply is a packet's way, not a route of a table.
pub(super) fn is_cloned(reply: &Reply) -> bool {
    Shown::read(reply).is_some_and(|route| route.flags & rtf::CLONED != 0)
}

/// Prints one route, or nothing if the filter does not want it.
pub fn print(
    reply: &Reply,
    filter: &Filter,
    options: &Options,
    devices: &Devices,
    names: &mut dyn Names,
) -> Option<Entry> {
    let route = Shown::read(reply).filter(|route| wanted(route, filter, devices))?;
    let mut entry = Entry::new(options);
    if reply.kind == rtm::DELROUTE {
        entry.put("deleted", true, format_args!("Deleted "));
    }
    destination(&route, options, &mut entry);
    if route.tos != 0 && filter.tos.is_none() {
        let tos = if options.numeric {
            format!("0x{:02x}", route.tos)
        } else {
            names::name_or_hex(names::DSFIELDS, route.tos.into())
        };
        entry.put("tos", tos.clone(), format_args!("tos {tos} "));
    }
    let attributes = &route.attributes;
    gateway(
        attributes,
        filter.via.is_some_and(|via| via.is_host()),
        &mut entry,
    );
    if let Some(index) = attributes.u32(rta::OIF).filter(|_| filter.dev.is_none()) {
        let name = names.name(index);
        entry.put("dev", name.clone(), format_args!("dev {name} "));
    }
    origin(&route, filter, options, &mut entry);
    flags(route.flags, &mut entry);
    owner(&route, filter, options, &mut entry);
    cache::print(&route, options, &mut entry);
    rest(&route, filter, &mut entry, names);
    if let Some(received) = attributes.bytes(rta::MULTIPATH) {
        legs::print(received, options, &mut entry, names);
    }
    entry.text(format_args!("\n"));
    Some(entry)
}

fn destination(route: &Shown<'_>, options: &Options, entry: &mut Entry) {
    if route.kind != rtn::UNICAST || options.details {
        let kind = if options.numeric {
            route.kind.to_string()
        } else {
            names::route_type_name(route.kind)
        };
        entry.put("type", kind.clone(), format_args!("{kind} "));
    }
    let attributes = &route.attributes;
    let dst = prefix_text(attributes.bytes(rta::DST), route.dst_len, route.family);
    entry.put("dst", dst.clone(), format_args!("{dst} "));
    if attributes.bytes(rta::SRC).is_some() || route.src_len != 0 {
        let src = prefix_text(attributes.bytes(rta::SRC), route.src_len, route.family);
        entry.put("from", src.clone(), format_args!("from {src} "));
    }
    if let Some(id) = attributes.u32(rta::NH_ID) {
        entry.put("nhid", id, format_args!("nhid {id} "));
    }
    wrapping(attributes, options, entry);
}

/// What becomes of the packet on its way: another destination (MPLS), an encapsulation.
pub(super) fn wrapping(attributes: &Received<'_>, options: &Options, entry: &mut Entry) {
    if let Some(newdst) = attributes.address(rta::NEWDST).map(address_text) {
        entry.put("to", newdst.clone(), format_args!("as to {newdst} "));
    }
    encap::show::print(attributes, entry, Entry::new(options));
}

fn prefix_text(address: Option<&[u8]>, len: u8, family: Family) -> String {
    match address.and_then(address_of) {
        Some(address) if len == family.bits() => address_text(address),
        Some(address) => format!("{}/{len}", address_text(address)),
        None if len != 0 => format!("0/{len}"),
        None => "default".to_owned(),
    }
}

/// `via A`, or `via FAMILY A` for a gateway of another family (`RTA_VIA`).
pub(super) fn gateway(attributes: &Received<'_>, filtered: bool, entry: &mut Entry) {
    let via = attributes.address(rta::GATEWAY).filter(|_| !filtered);
    if let Some(via) = via.map(address_text) {
        entry.put("gateway", via.clone(), format_args!("via {via} "));
    }
    if let Some((family, address)) = attributes
        .bytes(rta::VIA)
        .and_then(|via| via.split_first_chunk::<2>())
    {
        let family =
            Family::from_number(u8::try_from(u16::from_ne_bytes(*family)).unwrap_or(0)).name();
        let host = address_of(address).map(address_text).unwrap_or_default();
        entry.put(
            "via",
            json!({"family": family, "host": host}),
            format_args!("via {family} {host} "),
        );
    }
}

/// Table, protocol, scope, source, metric: each unless it goes without saying.
fn origin(route: &Shown<'_>, filter: &Filter, options: &Options, entry: &mut Entry) {
    if (route.table != rt::TABLE_MAIN || options.details) && filter.all_tables() && route.table != 0
    {
        let table = named(names::TABLES, route.table, options);
        entry.put("table", table.clone(), format_args!("table {table} "));
    }
    if route.flags & rtf::CLONED == 0 {
        if (route.protocol != rt::PROTOCOL_BOOT || options.details) && filter.protocol.is_none() {
            let protocol = named(names::PROTOCOLS, route.protocol.into(), options);
            entry.put(
                "protocol",
                protocol.clone(),
                format_args!("proto {protocol} "),
            );
        }
        if (route.scope != rt::SCOPE_UNIVERSE || options.details) && filter.scope.is_none() {
            let scope = named(names::SCOPES, route.scope.into(), options);
            entry.put("scope", scope.clone(), format_args!("scope {scope} "));
        }
    }
    if let Some(src) = route
        .attributes
        .address(rta::PREFSRC)
        .filter(|_| !filter.src.is_some_and(|src| src.is_host()))
    {
        let src = address_text(src);
        entry.put("prefsrc", src.clone(), format_args!("src {src} "));
    }
    if let Some(metric) = route
        .attributes
        .u32(rta::PRIORITY)
        .filter(|_| filter.metric.is_none())
    {
        entry.put("metric", metric, format_args!("metric {metric} "));
    }
}

fn named(names: names::Names, number: u32, options: &Options) -> String {
    if options.numeric {
        number.to_string()
    } else {
        names::name_of(names, number)
    }
}

/// `RTNH_F_*` and `RTM_F_*` that have a word, in iproute2's order.
const FLAGS: &[(u32, &str)] = &[
    (1, "dead"),
    (4, "onlink"),
    (2, "pervasive"),
    (8, "offload"),
    (64, "trap"),
    (0x100, "notify"),
    (16, "linkdown"),
    (32, "unresolved"),
    (0x4000, "rt_offload"),
    (0x8000, "rt_trap"),
    (0x2000_0000, "rt_offload_failed"),
];

pub(super) fn flags(flags: u32, entry: &mut Entry) {
    let words: Vec<&str> = FLAGS
        .iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|(_, word)| *word)
        .collect();
    for word in &words {
        entry.text(format_args!("{word} "));
    }
    entry.json("flags", words);
}

/// Mark, realms and user.
fn owner(route: &Shown<'_>, filter: &Filter, options: &Options, entry: &mut Entry) {
    let attributes = &route.attributes;
    if let Some(mark) = attributes.u32(rta::MARK).filter(|mark| *mark != 0) {
        let text = if mark >= 16 {
            format!("{mark:#x}")
        } else {
            mark.to_string()
        };
        entry.put("mark", mark, format_args!("mark {text} "));
    }
    let all_filtered = filter.realms.is_some_and(|(_, mask)| mask == u32::MAX);
    if let Some(flow) = attributes.u32(rta::FLOW).filter(|_| !all_filtered) {
        realms(flow, options, entry);
    }
    if let Some(uid) = attributes.u32(rta::UID) {
        entry.put("uid", uid, format_args!("uid {uid} "));
    }
}

/// `realm TO` or `realms FROM/TO`.
pub(super) fn realms(flow: u32, options: &Options, entry: &mut Entry) {
    let name = |realm| named(names::REALMS, realm, options);
    let (from, to) = (flow >> 16, name(flow & 0xffff));
    let word = if from == 0 { "realm" } else { "realms" };
    entry.text(format_args!("{word} {} ", realms_text(flow, name)));
    let json = if from == 0 {
        json!({"to": to})
    } else {
        json!({"from": name(from), "to": to})
    };
    entry.json("flow", json);
}

fn rest(route: &Shown<'_>, filter: &Filter, entry: &mut Entry, names: &mut dyn Names) {
    let attributes = &route.attributes;
    if let Some(received) = attributes.nested(rta::METRICS) {
        metrics::print(entry, &received);
    }
    if let Some(iif) = attributes.u32(rta::IIF).filter(|_| filter.iif.is_none()) {
        let name = names.name(iif);
        entry.put("iif", name.clone(), format_args!("iif {name} "));
    }
    if let Some(pref) = attributes.u8(rta::PREF) {
        let pref = names::name_of(PREFERENCES, pref.into());
        entry.put("pref", pref.clone(), format_args!("pref {pref}"));
    }
    if let Some(propagate) = attributes.u8(rta::TTL_PROPAGATE) {
        let text = if propagate == 0 {
            "disabled"
        } else {
            "enabled"
        };
        entry.put(
            "ttl-propagate",
            propagate != 0,
            format_args!("ttl-propagate {text}"),
        );
    }
}
