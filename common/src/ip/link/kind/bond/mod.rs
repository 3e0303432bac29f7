//! `type bond` and `type bond_slave` (`IFLA_BOND_*`, `IFLA_BOND_SLAVE_*`).

use std::net::IpAddr;

use super::option::{Row, Setting, Spec, Value, Wrong, plain, row};
use super::shape::{Shape, Width};
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::prefix::address_or_zeros;
use crate::wire::Attributes;

mod show;

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
    print: Some(show::print),
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
    print: Some(show::print_slave),
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
