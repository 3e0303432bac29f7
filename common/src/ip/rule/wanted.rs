//! Which of the rules that the kernel lists a filter wants: the kernel filters none.

use std::net::IpAddr;

use super::Filter;
use super::selector::{Dscp, FlowLabel, Ports};
use super::shown::{Shown, ports};
use crate::ip::prefix::Prefix;
use crate::uapi::{fr, fra};
use crate::wire::u32_of;

/// Whether the filter wants this rule.
pub(super) fn wanted(rule: &Shown<'_>, filter: &Filter) -> bool {
    let attributes = &rule.attributes;
    filter
        .priority
        .is_none_or(|priority| rule.priority() == priority)
        && (!filter.not || rule.flags & fr::INVERT != 0)
        && filter
            .from
            .is_none_or(|from| within(attributes.bytes(fra::SRC), rule.src_len, &from))
        && filter
            .to
            .is_none_or(|to| within(attributes.bytes(fra::DST), rule.dst_len, &to))
        && filter.tos.is_none_or(|tos| rule.tos == tos)
        && (!filter.l3mdev || attributes.bytes(fra::L3MDEV).is_some())
        && table(rule, filter)
        && packet(rule, filter)
        && flow(rule, filter)
}

fn table(rule: &Shown<'_>, filter: &Filter) -> bool {
    given(filter.table).is_none_or(|table| rule.table == table)
}

fn packet(rule: &Shown<'_>, filter: &Filter) -> bool {
    let attributes = &rule.attributes;
    let same = |kind: u16, wanted: Option<u32>| {
        given(wanted).is_none_or(|wanted| attributes.u32(kind) == Some(wanted))
    };
    let device =
        |kind: u16, wanted: &Option<String>| wanted.is_none() || attributes.text(kind) == *wanted;
    same(fra::FWMARK, filter.fwmark)
        && same(fra::FWMASK, filter.fwmask)
        && device(fra::IIFNAME, &filter.iif)
        && device(fra::OIFNAME, &filter.oif)
}

fn flow(rule: &Shown<'_>, filter: &Filter) -> bool {
    let attributes = &rule.attributes;
    filter.uids.is_none_or(|wanted| rule.uids() == Some(wanted))
        && given(filter.tun_id).is_none_or(|wanted| rule.tun_id() == Some(wanted))
        && given(filter.ipproto).is_none_or(|wanted| attributes.u8(fra::IP_PROTO) == Some(wanted))
        && same_ports(rule, fra::SPORT_RANGE, fra::SPORT_MASK, filter.sport)
        && same_ports(rule, fra::DPORT_RANGE, fra::DPORT_MASK, filter.dport)
        && dscp(rule, filter.dscp)
        && flow_label(rule, filter.flowlabel)
}

/// A value that counts: iproute2 takes 0 for none given.
fn given<N: Default + PartialEq>(number: Option<N>) -> Option<N> {
    number.filter(|number| *number != N::default())
}

fn same_ports(rule: &Shown<'_>, range: u16, mask: u16, wanted: Option<Ports>) -> bool {
    let all = |ports: Ports| ports.mask.unwrap_or(Ports::ALL);
    wanted
        .filter(|wanted| all(*wanted) != 0)
        .is_none_or(|wanted| {
            ports(&rule.attributes, range, mask).is_some_and(|ports| {
                (ports.start, ports.end, all(ports)) == (wanted.start, wanted.end, all(wanted))
            })
        })
}

fn dscp(rule: &Shown<'_>, wanted: Option<Dscp>) -> bool {
    let all = |mask: Option<u32>| mask.unwrap_or(Dscp::ALL);
    wanted
        .filter(|wanted| all(wanted.mask) != 0)
        .is_none_or(|wanted| {
            let mask = rule.attributes.u8(fra::DSCP_MASK).map(u32::from);
            rule.attributes.u8(fra::DSCP).map(u32::from) == Some(wanted.value)
                && all(mask) == all(wanted.mask)
        })
}

fn flow_label(rule: &Shown<'_>, wanted: Option<FlowLabel>) -> bool {
    let all = |mask: Option<u32>| mask.unwrap_or(FlowLabel::ALL);
    let found = |kind| {
        rule.attributes
            .bytes(kind)
            .and_then(u32_of)
            .map(u32::from_be)
    };
    wanted
        .filter(|wanted| all(wanted.mask) != 0)
        .is_none_or(|wanted| {
            found(fra::FLOWLABEL) == Some(wanted.value)
                && all(found(fra::FLOWLABEL_MASK)) == all(wanted.mask)
        })
}

/// Whether a rule's prefix, absent is all, lies within the one asked for.
fn within(address: Option<&[u8]>, len: u8, wanted: &Prefix) -> bool {
    let bytes = match wanted.address {
        _ if wanted.len == 0 => return true,
        None => return true,
        Some(IpAddr::V4(v4)) => v4.octets().to_vec(),
        Some(IpAddr::V6(v6)) => v6.octets().to_vec(),
    };
    let Some(address) = address.filter(|address| address.len() == bytes.len()) else {
        return false;
    };
    len >= wanted.len
        && (0..usize::from(wanted.len)).all(|bit| {
            let of = |bytes: &[u8]| bytes.get(bit / 8).map(|byte| byte >> (7 - bit % 8) & 1);
            of(address) == of(&bytes)
        })
}
