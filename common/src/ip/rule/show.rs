//! A rule as `ip rule` prints it.

use serde_json::Value;

use super::request::HEADER;
use super::selector::{Dscp, FlowLabel, Ports, Uids};
use super::{Filter, realms};
use crate::family::Family;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::ip::{ip_protocols, names};
use crate::uapi::{fr, fra, rt, rtn};
use crate::wire::{Received, Reply, u32_of};

/// A rule as received: the header's fields and the attributes.
pub(super) struct Shown<'a> {
    pub(super) family: Family,
    pub(super) dst_len: u8,
    pub(super) src_len: u8,
    pub(super) tos: u8,
    pub(super) kind: u8,
    pub(super) flags: u32,
    pub(super) table: u32,
    pub(super) attributes: Received<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn read(reply: &'a Reply) -> Option<Self> {
        let [family, dst_len, src_len, tos, table, _, _, kind] = *reply.body.first_chunk::<8>()?;
        let attributes = Received::behind(&reply.body, HEADER);
        Some(Self {
            family: Family::from_number(family),
            dst_len,
            src_len,
            tos,
            kind,
            flags: reply.body.get(8..).and_then(u32_of)?,
            table: attributes.u32(fra::TABLE).unwrap_or(table.into()),
            attributes,
        })
    }

    pub(super) fn priority(&self) -> u32 {
        self.attributes.u32(fra::PRIORITY).unwrap_or(0)
    }

    pub(super) fn protocol(&self) -> Option<u8> {
        self.attributes.u8(fra::PROTOCOL)
    }

    pub(super) fn uids(&self) -> Option<Uids> {
        let range = self.attributes.bytes(fra::UID_RANGE)?;
        Some(Uids {
            start: u32_of(range)?,
            end: range.get(4..).and_then(u32_of)?,
        })
    }

    pub(super) fn tun_id(&self) -> Option<u64> {
        let id = self.attributes.bytes(fra::TUN_ID)?.first_chunk()?;
        Some(u64::from_be_bytes(*id))
    }
}

/// A range of ports and its mask, if the kernel sent one.
pub(super) fn ports(attributes: &Received<'_>, range: u16, mask: u16) -> Option<Ports> {
    let [a, b, c, d] = *attributes.bytes(range)?.first_chunk()?;
    let mask = attributes.bytes(mask).and_then(|mask| mask.first_chunk());
    Some(Ports {
        start: u16::from_ne_bytes([a, b]),
        end: u16::from_ne_bytes([c, d]),
        mask: mask.map(|mask| u16::from_ne_bytes(*mask)),
    })
}

/// Prints rules, one after the other.
#[derive(Debug)]
pub struct Printer<'o> {
    options: &'o Options,
    /// iproute2 reads the names of DS fields when it first needs one. It has its own for 0 until then: `0`.
    dsfields_read: bool,
}

impl<'o> Printer<'o> {
    /// One for a listing.
    #[must_use]
    pub fn new(filter: &Filter, options: &'o Options) -> Self {
        Self {
            options,
            dsfields_read: filter.tos.is_some() || filter.dscp.is_some_and(|dscp| dscp.named),
        }
    }

    /// Prints one.
    pub(super) fn print(&mut self, rule: &Shown<'_>) -> Entry {
        let mut entry = Entry::new(self.options);
        let priority = rule.priority();
        entry.put("priority", priority, format_args!("{priority}:\t"));
        if rule.flags & fr::INVERT != 0 {
            entry.put("not", Value::Null, format_args!("not "));
        }
        self.packet(rule, &mut entry);
        flow(rule, self.options, &mut entry);
        self.decision(rule, &mut entry);
        action(rule, self.options, &mut entry);
        self.origin(rule, &mut entry);
        if let Some(dscp) = rule.attributes.u8(fra::DSCP) {
            self.dscp(dscp.into(), rule, &mut entry);
        }
        flow_label(rule, &mut entry);
        entry.text(format_args!("\n"));
        entry
    }

    fn packet(&mut self, rule: &Shown<'_>, entry: &mut Entry) {
        prefix(
            rule,
            fra::SRC,
            rule.src_len,
            ["from", "src", "srclen"],
            entry,
        );
        prefix(rule, fra::DST, rule.dst_len, ["to", "dst", "dstlen"], entry);
        if rule.tos != 0 {
            self.dsfields_read = true;
            let tos = if self.options.numeric {
                format!("0x{:02x}", rule.tos)
            } else {
                names::name_or_hex(names::DSFIELDS, rule.tos.into())
            };
            entry.put("tos", tos.clone(), format_args!(" tos {tos}"));
        }
        mark(rule, entry);
        for (kind, word, key, detached) in [
            (fra::IIFNAME, "iif", "iif_detached", fr::IIF_DETACHED),
            (fra::OIFNAME, "oif", "oif_detached", fr::OIF_DETACHED),
        ] {
            let Some(name) = rule.attributes.text(kind) else {
                continue;
            };
            entry.put(word, name.clone(), format_args!(" {word} {name}"));
            if rule.flags & detached != 0 {
                entry.put(key, Value::Null, format_args!(" [detached]"));
            }
        }
        if rule.attributes.bytes(fra::L3MDEV).is_some() {
            let text = format_args!(" lookup [l3mdev-table]");
            entry.put("l3mdev", Value::Null, text);
        }
    }

    fn decision(&self, rule: &Shown<'_>, entry: &mut Entry) {
        if rule.table == 0 || rule.attributes.bytes(fra::L3MDEV).is_some() {
            return;
        }
        let table = self.named(names::TABLES, rule.table);
        entry.put("table", table.clone(), format_args!(" lookup {table}"));
        let said = |kind| rule.attributes.u32(kind).filter(|value| *value != u32::MAX);
        if let Some(length) = said(fra::SUPPRESS_PREFIXLEN) {
            let text = format_args!(" suppress_prefixlength {length}");
            entry.put("suppress_prefixlen", length, text);
        }
        if let Some(group) = said(fra::SUPPRESS_IFGROUP) {
            let group = self.named(names::GROUPS, group);
            let text = format_args!(" suppress_ifgroup {group}");
            entry.put("suppress_ifgroup", group.clone(), text);
        }
    }

    /// Who made the rule, unless that goes without saying.
    fn origin(&self, rule: &Shown<'_>, entry: &mut Entry) {
        let Some(protocol) = rule.protocol() else {
            return;
        };
        if self.options.details || !matches!(protocol, rt::PROTOCOL_UNSPEC | rt::PROTOCOL_KERNEL) {
            let name = self.named(names::PROTOCOLS, protocol.into());
            entry.put("protocol", name.clone(), format_args!(" proto {name}"));
        }
    }

    fn dscp(&mut self, dscp: u32, rule: &Shown<'_>, entry: &mut Entry) {
        let mask = rule.attributes.u8(fra::DSCP_MASK).map(u32::from);
        if mask.is_some_and(|mask| mask != Dscp::ALL) {
            entry.json("dscp", dscp.to_string());
        } else {
            let name = self.dscp_name(dscp);
            entry.put("dscp", name.clone(), format_args!(" dscp {name}"));
        }
        if let Some(mask) = mask {
            entry.json("dscp_mask", format!("{mask:#x}"));
            if mask != Dscp::ALL {
                entry.text(format_args!(" dscp {}/{mask:#x}", hex(dscp)));
            }
        }
    }

    fn dscp_name(&mut self, dscp: u32) -> String {
        if self.options.numeric || (dscp == 0 && !self.dsfields_read) {
            return dscp.to_string();
        }
        self.dsfields_read = true;
        names::DSFIELDS
            .iter()
            .find(|(number, _)| *number == dscp << 2)
            .map_or_else(|| dscp.to_string(), |(_, name)| (*name).to_owned())
    }

    fn named(&self, names: names::Names, number: u32) -> String {
        if self.options.numeric {
            number.to_string()
        } else {
            names::name_of(names, number)
        }
    }
}

/// `from` is always said, and is `all` where the rule has no source; `to` is left out then.
fn prefix(
    rule: &Shown<'_>,
    kind: u16,
    len: u8,
    [word, key, len_key]: [&str; 3],
    entry: &mut Entry,
) {
    let space = if kind == fra::SRC { "" } else { " " };
    let address = rule.attributes.address(kind).map(address_text);
    match address {
        Some(address) => {
            let text = format_args!("{space}{word} {address}");
            entry.put(key, address.clone(), text);
            if len != rule.family.bits() {
                entry.put(len_key, len, format_args!("/{len}"));
            }
        }
        None if len != 0 => entry.put(key, "0", format_args!("{space}{word} 0/{len}")),
        None if kind == fra::SRC => entry.put(key, "all", format_args!("{word} all")),
        None => {}
    }
}

fn mark(rule: &Shown<'_>, entry: &mut Entry) {
    let mark = rule.attributes.u32(fra::FWMARK);
    let mask = rule.attributes.u32(fra::FWMASK);
    if mark.is_none() && mask.is_none() {
        return;
    }
    let value = hex(mark.unwrap_or(0));
    entry.put("fwmark", value.clone(), format_args!(" fwmark {value}"));
    if let Some(mask) = mask.filter(|mask| *mask != u32::MAX).map(hex) {
        entry.put("fwmask", mask.clone(), format_args!("/{mask}"));
    }
}

/// C's `%#x`, which has no `0x` before 0.
fn hex(number: u32) -> String {
    if number == 0 {
        "0".to_owned()
    } else {
        format!("{number:#x}")
    }
}

fn flow(rule: &Shown<'_>, options: &Options, entry: &mut Entry) {
    if let Some(Uids { start, end }) = rule.uids() {
        entry.json("uid_start", start);
        entry.json("uid_end", end);
        entry.text(format_args!(" uidrange {start}-{end}"));
    }
    if let Some(protocol) = rule.attributes.u8(fra::IP_PROTO) {
        let name = ip_protocols::name_of(protocol, options.numeric);
        entry.put("ipproto", name.clone(), format_args!(" ipproto {name}"));
    }
    for (word, range, mask) in [
        ("sport", fra::SPORT_RANGE, fra::SPORT_MASK),
        ("dport", fra::DPORT_RANGE, fra::DPORT_MASK),
    ] {
        if let Some(ports) = ports(&rule.attributes, range, mask) {
            port(word, ports, entry);
        }
    }
    if let Some(id) = rule.tun_id() {
        entry.put("tun_id", id, format_args!(" tun_id {id}"));
    }
}

fn port(word: &str, Ports { start, end, mask }: Ports, entry: &mut Entry) {
    if start != end {
        entry.json(&format!("{word}_start"), start);
        entry.json(&format!("{word}_end"), end);
        return entry.text(format_args!(" {word} {start}-{end}"));
    }
    entry.json(word, start);
    match mask {
        Some(mask) => {
            entry.json(&format!("{word}_mask"), hex(mask.into()));
            if mask == Ports::ALL {
                entry.text(format_args!(" {word} {start}"));
            } else {
                entry.text(format_args!(" {word} {}/{mask:#x}", hex(start.into())));
            }
        }
        None => entry.text(format_args!(" {word} {start}")),
    }
}

/// What is done, unless the table says it, and the realms.
fn action(rule: &Shown<'_>, options: &Options, entry: &mut Entry) {
    if let Some(flow) = rule.attributes.u32(fra::FLOW) {
        let (from, to) = (flow >> 16, flow & 0xffff);
        let to = realms::name_of(to, options.numeric);
        if from == 0 {
            entry.text(format_args!(" realms {to}"));
        } else {
            let from = realms::name_of(from, options.numeric);
            entry.put(
                "flow_from",
                from.clone(),
                format_args!(" realms {from}/{to}"),
            );
        }
        entry.json("flow_to", to);
    }
    match rule.kind {
        rtn::NAT => entry.put("masquerade", Value::Null, format_args!(" masquerade")),
        fr::ACT_GOTO => {
            match rule.attributes.u32(fra::GOTO) {
                Some(target) => entry.put("goto", target, format_args!(" goto {target}")),
                None => entry.put("goto", "none", format_args!(" goto none")),
            }
            if rule.flags & fr::UNRESOLVED != 0 {
                entry.put("unresolved", Value::Null, format_args!(" [unresolved]"));
            }
        }
        fr::ACT_NOP => entry.put("nop", Value::Null, format_args!(" nop")),
        fr::ACT_TO_TABLE => {}
        kind => {
            let name = if options.numeric {
                kind.to_string()
            } else {
                names::route_type_name(kind)
            };
            entry.put("action", name.clone(), format_args!(" {name}"));
        }
    }
}

fn flow_label(rule: &Shown<'_>, entry: &mut Entry) {
    let found = |kind| {
        rule.attributes
            .bytes(kind)
            .and_then(u32_of)
            .map(u32::from_be)
    };
    let Some(label) = found(fra::FLOWLABEL).map(hex) else {
        return;
    };
    entry.put(
        "flowlabel",
        label.clone(),
        format_args!(" flowlabel {label}"),
    );
    if let Some(mask) = found(fra::FLOWLABEL_MASK) {
        entry.json("flowlabel_mask", hex(mask));
        if mask != FlowLabel::ALL {
            entry.text(format_args!("/{}", hex(mask)));
        }
    }
}
