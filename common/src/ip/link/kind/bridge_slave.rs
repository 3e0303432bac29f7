//! `type bridge_slave`: a device as a port of a bridge (`IFLA_BRPORT_*`).

use super::option::{Row, Spec, Wrong, plain, row};
use super::printed::{Field, Form, fields, mask};
use super::shape::{Shape, Width};
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::{Mistake, USAGE};
use crate::ip::page::Entry;
use crate::wire::Received;

const fn number(attribute: u16, width: Width) -> Row {
    row(attribute, Shape::Number(width), Wrong::IsInvalid)
}

const fn switch(attribute: u16) -> Row {
    row(attribute, Shape::Switch, Wrong::Invalid)
}

const fn flag(value: Option<(Width, u64)>, attribute: u16) -> Row {
    row(attribute, Shape::Fixed(value), Wrong::Invalid)
}

const GROUP_FWD_MASK: u16 = 31;
const BACKUP_PORT: u16 = 34;

fn no_backup(name: &str) -> Mistake {
    Mistake::new(
        format!("Error: argument \"{name}\" is wrong: Device does not exist\n"),
        USAGE,
    )
}

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("fdb_flush", flag(None, 24)),
    prefix("state", number(1, Width::U8)),
    prefix("priority", number(2, Width::U16)),
    prefix("cost", number(3, Width::U32)),
    prefix("hairpin", switch(4)),
    prefix("guard", switch(5)),
    prefix("root_block", switch(6)),
    prefix("fastleave", switch(7)),
    prefix("learning", switch(8)),
    prefix("flood", switch(9)),
    prefix("mcast_flood", switch(27)),
    prefix("bcast_flood", switch(30)),
    prefix("mcast_to_unicast", switch(28)),
    prefix("proxy_arp", switch(10)),
    prefix("proxy_arp_wifi", switch(12)),
    prefix(
        "mcast_router",
        row(25, Shape::Number(Width::U8), Wrong::Invalid),
    ),
    prefix("mcast_fast_leave", switch(7)),
    prefix("neigh_suppress", switch(32)),
    exact("neigh_vlan_suppress", switch(43)),
    prefix(
        "group_fwd_mask",
        row(GROUP_FWD_MASK, Shape::Number(Width::U16), Wrong::Invalid),
    ),
    prefix("vlan_tunnel", switch(29)),
    prefix("isolated", switch(33)),
    prefix("locked", switch(39)),
    exact("mab", switch(40)),
    prefix(
        "backup_port",
        row(BACKUP_PORT, Shape::Device(no_backup), Wrong::Invalid),
    ),
    prefix("nobackup_port", flag(Some((Width::U32, 0)), BACKUP_PORT)),
    exact("backup_nhid", number(44, Width::U32)),
];

pub const SPEC: Spec = Spec {
    calls: "option",
    table: TABLE,
    print: Some(print),
    ..plain("bridge_slave")
};

const STATES: &[&str] = &[
    "disabled",
    "listening",
    "learning",
    "forwarding",
    "blocking",
];

/// In iproute2's order, up to the mask of forwarded groups and after it.
const BEFORE: &[Field] = &[
    (1, "state", "state", Form::Word(STATES)),
    (2, "priority", "priority", Form::Number),
    (3, "cost", "cost", Form::Number),
    (4, "hairpin", "hairpin", Form::Switch),
    (5, "guard", "guard", Form::Switch),
    (6, "root_block", "root_block", Form::Switch),
    (7, "fastleave", "fastleave", Form::Switch),
    (8, "learning", "learning", Form::Switch),
    (9, "flood", "flood", Form::Switch),
    (17, "id", "port_id", Form::Hex),
    (18, "no", "port_no", Form::Hex),
    (15, "designated_port", "designated_port", Form::Number),
    (16, "designated_cost", "designated_cost", Form::Number),
    (14, "bridge_id", "designated_bridge", Form::BridgeId),
    (13, "root_id", "designated_root", Form::BridgeId),
    (23, "hold_timer", "hold_timer", Form::Timer),
    (21, "message_age_timer", "message_age_timer", Form::Timer),
    (
        22,
        "forward_delay_timer",
        "forward_delay_timer",
        Form::Timer,
    ),
    (
        19,
        "topology_change_ack",
        "topology_change_ack",
        Form::Number,
    ),
    (20, "config_pending", "config_pending", Form::Number),
    (10, "proxy_arp", "proxy_arp", Form::Switch),
    (12, "proxy_arp_wifi", "proxy_arp_wifi", Form::Switch),
    (25, "multicast_router", "mcast_router", Form::Number),
    (7, "", "mcast_fast_leave", Form::SwitchText),
    (27, "mcast_flood", "mcast_flood", Form::Switch),
    (30, "bcast_flood", "bcast_flood", Form::Switch),
    (28, "mcast_to_unicast", "mcast_to_unicast", Form::Switch),
    (32, "neigh_suppress", "neigh_suppress", Form::Switch),
    (
        43,
        "neigh_vlan_suppress",
        "neigh_vlan_suppress",
        Form::Switch,
    ),
    (
        GROUP_FWD_MASK,
        "group_fwd_mask",
        "group_fwd_mask",
        Form::Mask,
    ),
];

const AFTER: &[Field] = &[
    (29, "vlan_tunnel", "vlan_tunnel", Form::Switch),
    (33, "isolated", "isolated", Form::Switch),
    (39, "locked", "locked", Form::Switch),
    (40, "mab", "mab", Form::Switch),
    (BACKUP_PORT, "backup_port", "backup_port", Form::Device),
    (44, "backup_nhid", "backup_nhid", Form::Number),
];

fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    fields(BEFORE, data, entry, names);
    if let Some(bits) = data.number(GROUP_FWD_MASK) {
        let text = groups(bits);
        entry.put(
            "group_fwd_mask_str",
            text.clone(),
            format_args!("group_fwd_mask_str {text} "),
        );
    }
    fields(AFTER, data, entry, names);
}

/// Link-local groups 01:80:c2:00:00:0X that have a name, by bit.
const GROUPS: [(u64, &str); 3] = [(1, "stp"), (1 << 2, "lacp"), (1 << 14, "lldp")];

fn groups(bits: u64) -> String {
    if bits == 0 {
        return "0x0".to_owned();
    }
    let words = (0..16)
        .map(|place| 1 << place)
        .filter(|bit| bits & bit != 0);
    let word = |bit: u64| {
        let known = GROUPS.iter().find(|(known, _)| *known == bit);
        known.map_or_else(|| mask(bit), |(_, name)| (*name).to_owned())
    };
    words.map(word).collect::<Vec<_>>().join(",")
}
