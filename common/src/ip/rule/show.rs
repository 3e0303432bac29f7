//! A rule as `ip rule` prints it.

use serde_json::Value;

use super::flow::{flow, flow_label, hex};
use super::realms;
use super::selector::Dscp;
use super::shown::Shown;
use crate::ip::names;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::uapi::{fr, fra, rt, rtn};

/// Prints rules, one after the other.
#[derive(Debug)]
pub struct Printer<'o> {
    options: &'o Options,
    /// iproute2 reads the names of DS fields when it first needs one. It has its own for 0 until then: `0`.
    dsfields_read: bool,
}

impl<'o> Printer<'o> {
    /// One for a command that has read the names of DS fields, or not.
    #[must_use]
    pub fn new(dsfields_read: bool, options: &'o Options) -> Self {
        Self {
            options,
            dsfields_read,
        }
    }

    /// Prints one.
    pub(super) fn print(&mut self, rule: &Shown<'_>) -> Entry {
        let mut entry = Entry::new(self.options);
        if rule.deleted {
            entry.put("deleted", true, format_args!("Deleted "));
        }
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
