//! A rule, and a listing of rules, as rtnetlink messages (`struct fib_rule_hdr`), with iproute2's defaults.

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST};

use super::selector::{FlowLabel, Ports, Uids};
use super::{Filter, Rule, Verb};
use crate::family::Family;
use crate::ip::prefix::Prefix;
use crate::uapi::{fr, fra, rt, rtm};
use crate::wire::{Attributes, Reply, Request};

/// How long `struct fib_rule_hdr` is.
pub const HEADER: usize = 12;

/// The message that changes a rule.
pub fn change(verb: Verb, rule: &Rule) -> Request {
    let family = match rule.family {
        Family::Unspec => Family::Inet,
        chosen => chosen,
    };
    let length = |prefix: Option<Prefix>| prefix.map_or(0, |prefix| prefix.len);
    let (message, flags, table, kind) = match verb {
        Verb::Add => {
            let flags = NLM_F_CREATE | NLM_F_EXCL;
            (rtm::NEWRULE, flags, default_table(rule), fr::ACT_TO_TABLE)
        }
        Verb::Del => (rtm::DELRULE, 0, 0, fr::ACT_UNSPEC),
    };
    let mut header = vec![
        family.number(),
        length(rule.to),
        length(rule.from),
        rule.tos.unwrap_or(0),
        u8::try_from(rule.table.unwrap_or(table)).unwrap_or(0),
        0,
        0,
        rule.kind.unwrap_or(kind),
    ];
    let invert = if rule.not { fr::INVERT } else { 0 };
    header.extend(invert.to_ne_bytes());
    Request::new(
        message,
        NLM_F_REQUEST | NLM_F_ACK | flags,
        &header,
        &attributes(rule),
    )
}

/// Main, unless a word says what is done or that the device's master decides.
fn default_table(rule: &Rule) -> u32 {
    if rule.typed || rule.l3mdev {
        0
    } else {
        rt::TABLE_MAIN
    }
}

fn attributes(rule: &Rule) -> Attributes {
    let mut attributes = Attributes::default();
    for (kind, prefix) in [(fra::SRC, rule.from), (fra::DST, rule.to)] {
        match prefix.map(|prefix| prefix.address) {
            Some(Some(address)) => attributes.put_address(kind, address),
            // `default` is said, and has no bytes.
            Some(None) => attributes.put(kind, &[]),
            None => &mut attributes,
        };
    }
    for (kind, name) in [(fra::IIFNAME, &rule.iif), (fra::OIFNAME, &rule.oif)] {
        if let Some(name) = name {
            attributes.put_text(kind, name);
        }
    }
    for (kind, number) in [
        (fra::PRIORITY, rule.priority),
        (fra::FWMARK, rule.fwmark),
        (fra::FWMASK, rule.fwmask),
        (fra::FLOW, rule.realms),
        (fra::TABLE, rule.table.filter(|table| *table >= 256)),
        (fra::SUPPRESS_PREFIXLEN, rule.suppress_prefixlength),
        (fra::SUPPRESS_IFGROUP, rule.suppress_ifgroup),
        (fra::GOTO, rule.goto),
    ] {
        if let Some(number) = number {
            attributes.put_u32(kind, number);
        }
    }
    for (kind, number) in [
        (fra::PROTOCOL, rule.protocol),
        (fra::IP_PROTO, rule.ipproto),
        (fra::L3MDEV, rule.l3mdev.then_some(1)),
    ] {
        if let Some(number) = number {
            attributes.put(kind, &[number]);
        }
    }
    flow(rule, &mut attributes);
    for address in &rule.nat {
        attributes.put_address(fra::GATEWAY, (*address).into());
    }
    attributes
}

fn flow(rule: &Rule, attributes: &mut Attributes) {
    if let Some(Uids { start, end }) = rule.uids {
        attributes.put(
            fra::UID_RANGE,
            &[start.to_ne_bytes(), end.to_ne_bytes()].concat(),
        );
    }
    if let Some(id) = rule.tun_id {
        attributes.put(fra::TUN_ID, &id.to_be_bytes());
    }
    for (range, masked, ports) in [
        (fra::SPORT_RANGE, fra::SPORT_MASK, rule.sport),
        (fra::DPORT_RANGE, fra::DPORT_MASK, rule.dport),
    ] {
        if let Some(Ports { start, end, mask }) = ports {
            attributes.put(range, &[start.to_ne_bytes(), end.to_ne_bytes()].concat());
            if let Some(mask) = mask {
                attributes.put(masked, &mask.to_ne_bytes());
            }
        }
    }
    if let Some(dscp) = rule.dscp {
        let [value, ..] = dscp.value.to_le_bytes();
        attributes.put(fra::DSCP, &[value]);
        if let Some([mask, ..]) = dscp.mask.map(u32::to_le_bytes) {
            attributes.put(fra::DSCP_MASK, &[mask]);
        }
    }
    if let Some(FlowLabel { value, mask }) = rule.flowlabel {
        attributes.put(fra::FLOWLABEL, &value.to_be_bytes());
        let mask = mask.unwrap_or(FlowLabel::ALL);
        attributes.put(fra::FLOWLABEL_MASK, &mask.to_be_bytes());
    }
}

/// The message that lists rules. The kernel filters none.
pub fn dump(filter: &Filter) -> Request {
    let mut header = [0; HEADER];
    header[0] = filter.listed_family().number();
    Request::new(
        rtm::GETRULE,
        NLM_F_REQUEST | NLM_F_DUMP,
        &header,
        &Attributes::default(),
    )
}

/// The message that takes away a rule that was listed: the rule as it came.
pub fn delete(rule: &Reply) -> Request {
    Request {
        kind: rtm::DELRULE,
        flags: NLM_F_REQUEST | NLM_F_ACK,
        body: rule.body.clone(),
    }
}
