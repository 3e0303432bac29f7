//! What `-details` adds to a device: counters, its kind and the kind of its master, sizes of queues and of offloads.

use super::Shown;
use crate::ip::devices::Names;
use crate::ip::link::kind;
use crate::ip::link::kind::printed::word;
use crate::ip::page::Entry;
use crate::uapi::ifla;
use crate::wire::Received;

/// Attribute, key in JSON, word in text.
type Field = (u16, &'static str, &'static str);

const COUNTERS: &[Field] = &[
    (ifla::PROMISCUITY, "promiscuity", " promiscuity"),
    (ifla::ALLMULTI, "allmulti", " allmulti"),
    (ifla::MIN_MTU, "min_mtu", " minmtu"),
    (ifla::MAX_MTU, "max_mtu", " maxmtu"),
];

const SIZES: &[Field] = &[
    (ifla::NUM_TX_QUEUES, "num_tx_queues", "numtxqueues"),
    (ifla::NUM_RX_QUEUES, "num_rx_queues", "numrxqueues"),
    (ifla::GSO_MAX_SIZE, "gso_max_size", "gso_max_size"),
    (ifla::GSO_MAX_SEGS, "gso_max_segs", "gso_max_segs"),
    (ifla::TSO_MAX_SIZE, "tso_max_size", "tso_max_size"),
    (ifla::TSO_MAX_SEGS, "tso_max_segs", "tso_max_segs"),
    (ifla::GRO_MAX_SIZE, "gro_max_size", "gro_max_size"),
    (
        ifla::GSO_IPV4_MAX_SIZE,
        "gso_ipv4_max_size",
        "gso_ipv4_max_size",
    ),
    (
        ifla::GRO_IPV4_MAX_SIZE,
        "gro_ipv4_max_size",
        "gro_ipv4_max_size",
    ),
];

const TEXTS: &[Field] = &[
    (ifla::PHYS_PORT_NAME, "phys_port_name", "portname"),
    (ifla::PARENT_DEV_BUS_NAME, "parentbus", "parentbus"),
    (ifla::PARENT_DEV_NAME, "parentdev", "parentdev"),
];

/// The details, from behind the link layer's address on.
pub fn print(link: &Shown<'_>, for_link: bool, entry: &mut Entry, names: &mut dyn Names) {
    let attributes = &link.attributes;
    for (attribute, key, word) in COUNTERS {
        if let Some(number) = attributes.u32(*attribute) {
            entry.put(key, number, format_args!("{word} {number}"));
        }
    }
    // What family inet6 tells of a device has none of them.
    if COUNTERS
        .iter()
        .any(|(attribute, ..)| attributes.u32(*attribute).is_some())
    {
        entry.text(format_args!(" "));
    }
    if let Some(info) = attributes.nested(ifla::LINKINFO) {
        kinds(&info, entry, names);
    }
    if for_link {
        address_mode(link, entry);
    }
    for (attribute, key, word) in SIZES {
        if let Some(number) = attributes.u32(*attribute) {
            entry.put(key, number, format_args!("{word} {number} "));
        }
    }
    for (attribute, key, word) in TEXTS {
        if let Some(text) = attributes.text(*attribute) {
            entry.put(key, text.clone(), format_args!("{word} {text} "));
        }
    }
    for (attribute, key, word) in [
        (ifla::PHYS_PORT_ID, "phys_port_id", "portid"),
        (ifla::PHYS_SWITCH_ID, "phys_switch_id", "switchid"),
    ] {
        if let Some(bytes) = attributes.bytes(attribute) {
            let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            entry.put(key, text.clone(), format_args!("{word} {text} "));
        }
    }
}

/// The device's kind and its master's, a line each.
fn kinds(info: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    let mut linkinfo = entry.within();
    for (name, data, key, data_key, suffix) in [
        (
            ifla::INFO_KIND,
            ifla::INFO_DATA,
            "info_kind",
            "info_data",
            "",
        ),
        (
            ifla::INFO_SLAVE_KIND,
            ifla::INFO_SLAVE_DATA,
            "info_slave_kind",
            "info_slave_data",
            "_slave",
        ),
    ] {
        let Some(kind) = info.text(name) else {
            continue;
        };
        linkinfo.break_line();
        let whole = format!("{kind}{suffix}");
        linkinfo.put(key, kind, format_args!("    {whole} "));
        if let Some(print) = kind::printer(&whole) {
            let mut inner = linkinfo.within();
            if let Some(data) = info.nested(data) {
                print(&data, &mut inner, names);
            }
            linkinfo.nest(data_key, inner);
        }
    }
    entry.nest("linkinfo", linkinfo);
}

/// `IN6_ADDR_GEN_MODE_*`: how the device makes itself an IPv6 address.
fn address_mode(link: &Shown<'_>, entry: &mut Entry) {
    const MODES: [&str; 4] = ["eui64", "none", "stable_secret", "random"];
    let mode = link
        .attributes
        .nested(ifla::AF_SPEC)
        .and_then(|families| families.nested(10))
        .and_then(|inet6| inet6.u8(ifla::INET6_ADDR_GEN_MODE));
    if let Some(mode) = mode {
        let mode = word(&MODES, mode.into());
        entry.put(
            "inet6_addr_gen_mode",
            mode.clone(),
            format_args!("addrgenmode {mode} "),
        );
    }
}

/// Whether something holds the device down, and what.
pub fn proto_down(link: &Shown<'_>, entry: &mut Entry) {
    if link
        .attributes
        .u8(ifla::PROTO_DOWN)
        .is_none_or(|on| on == 0)
    {
        return;
    }
    entry.put("proto_down", true, format_args!(" protodown on"));
    let bits = link
        .attributes
        .nested(ifla::PROTO_DOWN_REASON)
        .and_then(|reason| reason.u32(ifla::PROTO_DOWN_REASON_VALUE))
        .unwrap_or(0);
    let reasons: Vec<String> = (0..32u32)
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| bit.to_string())
        .collect();
    if !reasons.is_empty() {
        entry.text(format_args!(" protodown_reason <{}>", reasons.join(",")));
        entry.json("proto_down_reason", reasons);
    }
}
