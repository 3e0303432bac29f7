//! A rule's full form, each word with a space before it.

use std::fmt;

use super::Rule;
use super::selector::Uids;
use crate::ip::ip_protocols;
use crate::ip::names;
use crate::uapi::{fr, rtn};
use crate::words::quoted;

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        packet(self, f)?;
        flow(self, f)?;
        decision(self, f)?;
        action(self, f)
    }
}

/// What the packet's addresses, mark and devices have to be.
fn packet(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if rule.not {
        f.write_str(" not")?;
    }
    for (word, prefix) in [("from", rule.from), ("to", rule.to)] {
        if let Some(prefix) = prefix {
            write!(f, " {word} {prefix}")?;
        }
    }
    if let Some(tos) = rule.tos {
        write!(
            f,
            " tos {}",
            names::name_or_hex(names::DSFIELDS, tos.into())
        )?;
    }
    mark(rule.fwmark, rule.fwmask, f)?;
    for (word, device) in [("iif", &rule.iif), ("oif", &rule.oif)] {
        if let Some(device) = device {
            write!(f, " {word} {}", quoted(device))?;
        }
    }
    Ok(())
}

/// `fwmark VALUE/MASK`.
pub(super) fn mark(
    mark: Option<u32>,
    mask: Option<u32>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match (mark, mask) {
        (Some(mark), Some(mask)) => write!(f, " fwmark {mark:#x}/{mask:#x}"),
        (Some(mark), None) => write!(f, " fwmark {mark:#x}"),
        (None, _) => Ok(()),
    }
}

/// Whose the packet is, and what is in it.
fn flow(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(Uids { start, end }) = rule.uids {
        write!(f, " uidrange {start}-{end}")?;
    }
    if let Some(protocol) = rule.ipproto {
        write!(f, " ipproto {}", protocol_word(protocol))?;
    }
    for (word, ports) in [("sport", rule.sport), ("dport", rule.dport)] {
        if let Some(ports) = ports {
            ports.write(word, f)?;
        }
    }
    if let Some(id) = rule.tun_id {
        write!(f, " tun_id {id}")?;
    }
    if let Some(dscp) = rule.dscp {
        write!(f, " dscp {dscp}")?;
    }
    if let Some(label) = rule.flowlabel {
        write!(f, " flowlabel {label}")?;
    }
    Ok(())
}

/// The name of an IP protocol as `ipproto` reads it, which is not `ipproto-N`.
pub(super) fn protocol_word(number: u8) -> String {
    let name = ip_protocols::name_of(number, false);
    if ip_protocols::number_of(&name) == Some(number) {
        name
    } else {
        number.to_string()
    }
}

/// Where the rule stands and what it looks up.
fn decision(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(priority) = rule.priority {
        write!(f, " priority {priority}")?;
    }
    if rule.l3mdev {
        f.write_str(" l3mdev")?;
    }
    if let Some(table) = rule.table {
        write!(f, " table {}", names::name_of(names::TABLES, table))?;
    }
    if let Some(length) = rule.suppress_prefixlength {
        write!(f, " suppress_prefixlength {length}")?;
    }
    if let Some(group) = rule.suppress_ifgroup {
        write!(
            f,
            " suppress_ifgroup {}",
            names::name_of(names::GROUPS, group)
        )?;
    }
    if let Some(realms) = rule.realms {
        write!(f, " realms {realms:#x}")?;
    }
    if let Some(protocol) = rule.protocol {
        let name = names::name_of(names::PROTOCOLS, protocol.into());
        write!(f, " protocol {name}")?;
    }
    Ok(())
}

/// What is done. The last word decides, so what it overrode stands before it.
fn action(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut said = None;
    if let Some(target) = rule.goto {
        write!(f, " goto {target}")?;
        said = Some(fr::ACT_GOTO);
    } else if rule.typed && rule.kind == Some(rtn::NAT) && !rule.nat.is_empty() {
        f.write_str(" type unicast")?;
    }
    for address in &rule.nat {
        write!(f, " nat {address}")?;
        said = Some(rtn::NAT);
    }
    match rule.kind.filter(|kind| said != Some(*kind)) {
        None => Ok(()),
        Some(fr::ACT_NOP) => f.write_str(" type nop"),
        Some(kind) => write!(f, " type {}", names::route_type_word(kind)),
    }
}
