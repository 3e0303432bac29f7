//! What is in a packet, as `ip rule` prints it.

use super::selector::{FlowLabel, Ports, Uids};
use super::shown::{Shown, ports};
use crate::ip::ip_protocols;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::uapi::fra;
use crate::wire::u32_of;

/// C's `%#x`, which has no `0x` before 0.
pub(super) fn hex(number: u32) -> String {
    if number == 0 {
        "0".to_owned()
    } else {
        format!("{number:#x}")
    }
}

/// Prints whose the packet is and what is in it.
pub(super) fn flow(rule: &Shown<'_>, options: &Options, entry: &mut Entry) {
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

/// Prints the flow label, which iproute2 has behind everything else.
pub(super) fn flow_label(rule: &Shown<'_>, entry: &mut Entry) {
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
