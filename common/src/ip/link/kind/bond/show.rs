//! A bond, and a port of one, as they are printed.

use super::super::printed::{Field, Form, fields, word};
use super::{
    ACTIVE, ACTIVE_SLAVE, ALL_TARGETS, ARP_IP_TARGET, FAIL_OVER, HASH, MODES, NS_IP6_TARGET, RATE,
    RESELECT, SELECT, VALIDATE,
};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::{Received, address_of};

const BEFORE: &[Field] = &[
    (1, "mode", "mode", Form::Word(MODES)),
    (ACTIVE_SLAVE, "active_slave", "active_slave", Form::Device),
    (3, "miimon", "miimon", Form::Number),
    (4, "updelay", "updelay", Form::Number),
    (5, "downdelay", "downdelay", Form::Number),
    (28, "peer_notify_delay", "peer_notify_delay", Form::Number),
    (6, "use_carrier", "use_carrier", Form::Number),
    (7, "arp_interval", "arp_interval", Form::Number),
    (30, "arp_missed_max", "arp_missed_max", Form::Number),
];

const AFTER: &[Field] = &[
    (
        10,
        "arp_all_targets",
        "arp_all_targets",
        Form::Word(ALL_TARGETS),
    ),
    (11, "primary", "primary", Form::Device),
    (
        12,
        "primary_reselect",
        "primary_reselect",
        Form::Word(RESELECT),
    ),
    (13, "fail_over_mac", "fail_over_mac", Form::Word(FAIL_OVER)),
    (14, "xmit_hash_policy", "xmit_hash_policy", Form::Word(HASH)),
    (15, "resend_igmp", "resend_igmp", Form::Number),
    (16, "num_peer_notif", "num_grat_arp", Form::Number),
    (17, "all_slaves_active", "all_slaves_active", Form::Number),
    (18, "min_links", "min_links", Form::Number),
    (19, "lp_interval", "lp_interval", Form::Number),
    (20, "packets_per_slave", "packets_per_slave", Form::Number),
    (29, "ad_lacp_active", "lacp_active", Form::Word(ACTIVE)),
    (21, "ad_lacp_rate", "lacp_rate", Form::Word(RATE)),
    (32, "coupled_control", "coupled_control", Form::Switch),
    (22, "ad_select", "ad_select", Form::Word(SELECT)),
];

const LAST: &[Field] = &[
    (24, "ad_actor_sys_prio", "ad_actor_sys_prio", Form::Number),
    (25, "ad_user_port_key", "ad_user_port_key", Form::Number),
    (26, "ad_actor_system", "ad_actor_system", Form::LinkAddress),
    (27, "tlb_dynamic_lb", "tlb_dynamic_lb", Form::Number),
];

/// `IFLA_BOND_AD_INFO_*`: the aggregator that is in use.
const AGGREGATION: &[Field] = &[
    (1, "aggregator", "ad_aggregator", Form::Number),
    (2, "num_ports", "ad_num_ports", Form::Number),
    (3, "actor_key", "ad_actor_key", Form::Number),
    (4, "partner_key", "ad_partner_key", Form::Number),
    (5, "partner_mac", "ad_partner_mac", Form::LinkAddress),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    fields(BEFORE, data, entry, names);
    for (attribute, key) in [
        (ARP_IP_TARGET, "arp_ip_target"),
        (NS_IP6_TARGET, "ns_ip6_target"),
    ] {
        let Some(list) = data.nested(attribute) else {
            continue;
        };
        let list: Vec<String> = list
            .iter()
            .filter_map(|(_, bytes)| address_of(bytes))
            .map(address_text)
            .collect();
        if !list.is_empty() {
            entry.text(format_args!("{key} {} ", list.join(",")));
            entry.json(key, list);
        }
    }
    if let Some(number) = data.u32(9) {
        let word = word(VALIDATE, number.into());
        // Where nothing is validated JSON says null.
        let json = (number != 0).then(|| word.clone());
        entry.put("arp_validate", json, format_args!("arp_validate {word} "));
    }
    fields(AFTER, data, entry, names);
    if let Some(info) = data.nested(23) {
        let mut inner = entry.within();
        fields(AGGREGATION, &info, &mut inner, names);
        entry.nest("ad_info", inner);
    }
    fields(LAST, data, entry, names);
}

pub fn print_slave(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    let table: &[Field] = &[
        (1, "state", "state", Form::Word(&["ACTIVE", "BACKUP"])),
        (
            2,
            "mii_status",
            "mii_status",
            Form::Word(&["UP", "GOING_DOWN", "DOWN", "GOING_BACK"]),
        ),
        (3, "link_failure_count", "link_failure_count", Form::Number),
        (4, "perm_hwaddr", "perm_hwaddr", Form::LinkAddress),
        (5, "queue_id", "queue_id", Form::Number),
        (9, "prio", "prio", Form::Integer),
        (6, "ad_aggregator_id", "ad_aggregator_id", Form::Number),
    ];
    fields(table, data, entry, names);
    for (attribute, key) in [
        (7, "ad_actor_oper_port_state"),
        (8, "ad_partner_oper_port_state"),
    ] {
        if let Some(bits) = data.number(attribute) {
            port_state(bits, key, entry);
        }
    }
}

/// `LACP_STATE_*`: what a port says of itself, by bit (IEEE 802.1AX).
const PORT_STATES: [&str; 8] = [
    "active",
    "short_timeout",
    "aggregating",
    "in_sync",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
];

fn port_state(bits: u64, key: &str, entry: &mut Entry) {
    entry.put(key, bits, format_args!("{key} {bits} "));
    let words = PORT_STATES.iter().enumerate();
    let words = words.filter(|(place, _)| bits & (1 << place) != 0);
    let words: Vec<&str> = words.map(|(_, word)| *word).collect();
    entry.text(format_args!("{key}_str <{}> ", words.join(",")));
    entry.json(&format!("{key}_str"), words);
}
