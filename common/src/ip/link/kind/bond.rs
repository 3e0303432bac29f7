//! `type bond` and `type bond_slave` (`IFLA_BOND_*`, `IFLA_BOND_SLAVE_*`).
//!
//! No kernel of our tests has bonds: what is sent is compared with what iproute2 sends, what is printed is from its
//! documentation.

use std::net::IpAddr;

use super::option::{Row, Setting, Spec, Value, Wrong, plain, row};
use super::printed::{Field, Form, fields};
use super::shape::{Shape, Width};
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::page::Entry;
use crate::ip::prefix::{address_or_zeros, address_text};
use crate::wire::{Attributes, Received, address_of};

const fn number(attribute: u16, width: Width) -> Row {
    row(attribute, Shape::Number(width), Wrong::Invalid)
}

const fn choice(attribute: u16, width: Width, words: &'static [&'static str]) -> Row {
    row(attribute, Shape::Choice(width, words), Wrong::Invalid)
}

const fn device(attribute: u16) -> Row {
    row(attribute, Shape::Device(Mistake::no_device), Wrong::Invalid)
}

const ACTIVE_SLAVE: u16 = 2;
const ARP_IP_TARGET: u16 = 8;
const NS_IP6_TARGET: u16 = 31;
const NOTIFICATIONS: Row = row(
    16,
    Shape::Number(Width::U8),
    Wrong::Text("invalid num_grat_arp|num_unsol_na"),
);

const MODES: &[&str] = &[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
];
const VALIDATE: &[&str] = &[
    "none",
    "active",
    "backup",
    "all",
    "filter",
    "filter_active",
    "filter_backup",
];
const ALL_TARGETS: &[&str] = &["any", "all"];
const RESELECT: &[&str] = &["always", "better", "failure"];
const FAIL_OVER: &[&str] = &["none", "active", "follow"];
const HASH: &[&str] = &[
    "layer2",
    "layer3+4",
    "layer2+3",
    "encap2+3",
    "encap3+4",
    "vlan+srcmac",
];
const RATE: &[&str] = &["slow", "fast"];
const ACTIVE: &[&str] = &["off", "on"];
const SELECT: &[&str] = &["stable", "bandwidth", "count"];

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("mode", choice(1, Width::U8, MODES)),
    prefix("active_slave", device(ACTIVE_SLAVE)),
    prefix(
        "clear_active_slave",
        row(
            ACTIVE_SLAVE,
            Shape::Fixed(Some((Width::U32, 0))),
            Wrong::Invalid,
        ),
    ),
    prefix("miimon", number(3, Width::U32)),
    prefix("updelay", number(4, Width::U32)),
    prefix("downdelay", number(5, Width::U32)),
    prefix("peer_notify_delay", number(28, Width::U32)),
    prefix("use_carrier", number(6, Width::U8)),
    prefix("arp_interval", number(7, Width::U32)),
    prefix(
        "arp_ip_target",
        row(
            ARP_IP_TARGET,
            Shape::Own(targets4, write_targets),
            Wrong::Invalid,
        ),
    ),
    exact(
        "ns_ip6_target",
        row(
            NS_IP6_TARGET,
            Shape::Own(targets6, write_targets),
            Wrong::Invalid,
        ),
    ),
    prefix("arp_validate", choice(9, Width::U32, VALIDATE)),
    prefix("arp_all_targets", choice(10, Width::U32, ALL_TARGETS)),
    exact("arp_missed_max", number(30, Width::U8)),
    prefix("primary", device(11)),
    prefix("primary_reselect", choice(12, Width::U8, RESELECT)),
    prefix("fail_over_mac", choice(13, Width::U8, FAIL_OVER)),
    prefix("xmit_hash_policy", choice(14, Width::U8, HASH)),
    prefix("resend_igmp", number(15, Width::U32)),
    prefix("num_grat_arp", NOTIFICATIONS),
    prefix("num_unsol_na", NOTIFICATIONS),
    prefix("all_slaves_active", number(17, Width::U8)),
    prefix("min_links", number(18, Width::U32)),
    prefix("lp_interval", number(19, Width::U32)),
    prefix("packets_per_slave", number(20, Width::U32)),
    prefix("lacp_rate", choice(21, Width::U8, RATE)),
    exact("lacp_active", choice(29, Width::U8, ACTIVE)),
    exact("coupled_control", row(32, Shape::Switch, Wrong::Invalid)),
    prefix("ad_select", choice(22, Width::U8, SELECT)),
    prefix("ad_user_port_key", number(25, Width::U16)),
    prefix("ad_actor_sys_prio", number(24, Width::U16)),
    prefix(
        "ad_actor_system",
        row(26, Shape::LinkAddress, Wrong::Invalid),
    ),
    prefix("tlb_dynamic_lb", number(27, Width::U8)),
];

pub const SPEC: Spec = Spec {
    calls: "command",
    table: TABLE,
    print,
    ..plain("bond")
};

pub const SLAVE: Spec = Spec {
    name: "bond_slave",
    calls: "option",
    table: &[
        prefix(
            "queue_id",
            row(5, Shape::Number(Width::U16), Wrong::IsInvalid),
        ),
        exact("prio", row(9, Shape::Integer, Wrong::IsInvalid)),
    ],
    print: print_slave,
    ..SPEC
};

fn targets4(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    targets(args, |word| {
        let text = format!("Error: an IP address is expected rather than \"{word}\"");
        address_or_zeros(word, Family::Inet).map_err(|_| Mistake::new(text, 1))
    })
}

fn targets6(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    targets(args, |word| address_or_zeros(word, Family::Inet6))
}

/// Addresses with commas between them; none at the line's end.
fn targets(
    args: &mut Args<'_>,
    read: impl Fn(&str) -> Result<IpAddr, Mistake>,
) -> Result<Value, Mistake> {
    let Some(word) = args.take() else {
        return Ok(Value::Addresses(Vec::new()));
    };
    let parts = word.text.split(',').filter(|part| !part.is_empty());
    parts
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Addresses)
}

fn write_targets(value: &Value, attribute: u16, data: &mut Attributes) {
    let mut list = Attributes::default();
    if let Value::Addresses(addresses) = value {
        for (place, address) in (0..).zip(addresses) {
            list.put_address(place, *address);
        }
    }
    data.put_nested(attribute, &list);
}

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
    (9, "arp_validate", "arp_validate", Form::Word(VALIDATE)),
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
    (24, "ad_actor_sys_prio", "ad_actor_sys_prio", Form::Number),
    (25, "ad_user_port_key", "ad_user_port_key", Form::Number),
    (26, "ad_actor_system", "ad_actor_system", Form::LinkAddress),
    (27, "tlb_dynamic_lb", "tlb_dynamic_lb", Form::Number),
];

fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
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
    fields(AFTER, data, entry, names);
}

fn print_slave(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
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
}
