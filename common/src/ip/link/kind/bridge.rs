//! `type bridge` (`IFLA_BR_*`, `linux/if_link.h`).

use super::ethertype;
use super::option::{Row, Spec, Wrong, plain, row};
use super::printed::{Field, Form, fields};
use super::shape::{Shape, Width};
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::{Received, u32_of};

/// `IFLA_BR_MULTI_BOOLOPT` and its bits (`enum br_boolopt_id`).
const BOOLEANS: u16 = 46;
const NO_LINKLOCAL_LEARN: u32 = 1;
const MCAST_VLAN_SNOOPING: u32 = 1 << 1;
const MST_ENABLED: u32 = 1 << 2;

const fn number(attribute: u16, width: Width) -> Row {
    row(attribute, Shape::Number(width), Wrong::Invalid)
}

const fn bit(bit: u32) -> Row {
    row(BOOLEANS, Shape::Bit(bit), Wrong::Invalid)
}

/// Options the kernel keeps as 64 bits: the interval and the timers of multicast. iproute2 sends as many.
const fn interval(attribute: u16) -> Row {
    row(attribute, Shape::Number(Width::U64), Wrong::Invalid)
}

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("forward_delay", number(1, Width::U32)),
    prefix("hello_time", number(2, Width::U32)),
    prefix("max_age", number(3, Width::U32)),
    prefix("ageing_time", number(4, Width::U32)),
    prefix("stp_state", number(5, Width::U32)),
    exact("mst_enabled", bit(MST_ENABLED)),
    prefix("priority", number(6, Width::U16)),
    prefix("vlan_filtering", number(7, Width::U8)),
    prefix("vlan_protocol", row(8, Shape::Protocol, Wrong::Invalid)),
    prefix("group_fwd_mask", number(9, Width::U16)),
    prefix("group_address", row(20, Shape::LinkAddress, Wrong::Invalid)),
    prefix("fdb_flush", row(21, Shape::Fixed(None), Wrong::Invalid)),
    exact("fdb_max_learned", number(49, Width::U32)),
    prefix("vlan_default_pvid", number(39, Width::U16)),
    prefix("vlan_stats_enabled", number(41, Width::U8)),
    prefix("vlan_stats_per_port", number(45, Width::U8)),
    prefix("mcast_router", number(22, Width::U8)),
    prefix("mcast_snooping", number(23, Width::U8)),
    exact("mcast_vlan_snooping", bit(MCAST_VLAN_SNOOPING)),
    prefix("mcast_query_use_ifaddr", number(24, Width::U8)),
    prefix("mcast_querier", number(25, Width::U8)),
    prefix("mcast_hash_elasticity", number(26, Width::U32)),
    prefix("mcast_hash_max", number(27, Width::U32)),
    prefix("mcast_last_member_count", number(28, Width::U32)),
    prefix("mcast_startup_query_count", number(29, Width::U32)),
    prefix("mcast_last_member_interval", interval(30)),
    prefix("mcast_membership_interval", interval(31)),
    prefix("mcast_querier_interval", interval(32)),
    prefix("mcast_query_interval", interval(33)),
    prefix("mcast_query_response_interval", interval(34)),
    prefix("mcast_startup_query_interval", interval(35)),
    prefix("mcast_stats_enabled", number(42, Width::U8)),
    prefix("mcast_igmp_version", number(43, Width::U8)),
    prefix("mcast_mld_version", number(44, Width::U8)),
    prefix("nf_call_iptables", number(36, Width::U8)),
    prefix("nf_call_ip6tables", number(37, Width::U8)),
    prefix("nf_call_arptables", number(38, Width::U8)),
    exact("no_linklocal_learn", bit(NO_LINKLOCAL_LEARN)),
];

pub const SPEC: Spec = Spec {
    calls: "command",
    table: TABLE,
    print: Some(print),
    ..plain("bridge")
};

/// In iproute2's order; what comes between two parts is printed by [`print()`].
const FIRST: &[Field] = &[
    (1, "forward_delay", "forward_delay", Form::Number),
    (2, "hello_time", "hello_time", Form::Number),
    (3, "max_age", "max_age", Form::Number),
    (4, "ageing_time", "ageing_time", Form::Number),
    (5, "stp_state", "stp_state", Form::Number),
    (6, "priority", "priority", Form::Number),
    (7, "vlan_filtering", "vlan_filtering", Form::Number),
];

const SECOND: &[Field] = &[
    (11, "bridge_id", "bridge_id", Form::BridgeId),
    (10, "root_id", "designated_root", Form::BridgeId),
    (12, "root_port", "root_port", Form::Number),
    (13, "root_path_cost", "root_path_cost", Form::Number),
    (14, "topology_change", "topology_change", Form::Number),
    (
        15,
        "topology_change_detected",
        "topology_change_detected",
        Form::Number,
    ),
    (16, "hello_timer", "hello_timer", Form::Timer),
    (17, "tcn_timer", "tcn_timer", Form::Timer),
    (
        18,
        "topology_change_timer",
        "topology_change_timer",
        Form::Timer,
    ),
    (19, "gc_timer", "gc_timer", Form::Timer),
    (48, "fdb_n_learned", "fdb_n_learned", Form::Number),
    (49, "fdb_max_learned", "fdb_max_learned", Form::Number),
    (39, "vlan_default_pvid", "vlan_default_pvid", Form::Number),
    (41, "vlan_stats_enabled", "vlan_stats_enabled", Form::Number),
    (
        45,
        "vlan_stats_per_port",
        "vlan_stats_per_port",
        Form::Number,
    ),
    (9, "group_fwd_mask", "group_fwd_mask", Form::Mask),
    (20, "group_addr", "group_address", Form::LinkAddress),
    (23, "mcast_snooping", "mcast_snooping", Form::Number),
];

const THIRD: &[Field] = &[
    (22, "mcast_router", "mcast_router", Form::Number),
    (
        24,
        "mcast_query_use_ifaddr",
        "mcast_query_use_ifaddr",
        Form::Number,
    ),
    (25, "mcast_querier", "mcast_querier", Form::Number),
];

const FOURTH: &[Field] = &[
    (
        26,
        "mcast_hash_elasticity",
        "mcast_hash_elasticity",
        Form::Number,
    ),
    (27, "mcast_hash_max", "mcast_hash_max", Form::Number),
    (
        28,
        "mcast_last_member_cnt",
        "mcast_last_member_count",
        Form::Number,
    ),
    (
        29,
        "mcast_startup_query_cnt",
        "mcast_startup_query_count",
        Form::Number,
    ),
    (
        30,
        "mcast_last_member_intvl",
        "mcast_last_member_interval",
        Form::Number,
    ),
    (
        31,
        "mcast_membership_intvl",
        "mcast_membership_interval",
        Form::Number,
    ),
    (
        32,
        "mcast_querier_intvl",
        "mcast_querier_interval",
        Form::Number,
    ),
    (
        33,
        "mcast_query_intvl",
        "mcast_query_interval",
        Form::Number,
    ),
    (
        34,
        "mcast_query_response_intvl",
        "mcast_query_response_interval",
        Form::Number,
    ),
    (
        35,
        "mcast_startup_query_intvl",
        "mcast_startup_query_interval",
        Form::Number,
    ),
    (
        42,
        "mcast_stats_enabled",
        "mcast_stats_enabled",
        Form::Number,
    ),
    (43, "mcast_igmp_version", "mcast_igmp_version", Form::Number),
    (44, "mcast_mld_version", "mcast_mld_version", Form::Number),
    (36, "nf_call_iptables", "nf_call_iptables", Form::Number),
    (37, "nf_call_ip6tables", "nf_call_ip6tables", Form::Number),
    (38, "nf_call_arptables", "nf_call_arptables", Form::Number),
];

fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    fields(FIRST, data, entry, names);
    ethertype::put("vlan_protocol", data.bytes(8), entry);
    fields(SECOND, data, entry, names);
    if let Some(bits) = data.bytes(BOOLEANS).and_then(u32_of) {
        for (bit, word) in [
            (NO_LINKLOCAL_LEARN, "no_linklocal_learn"),
            (MCAST_VLAN_SNOOPING, "mcast_vlan_snooping"),
            (MST_ENABLED, "mst_enabled"),
        ] {
            let set = u8::from(bits & bit != 0);
            entry.put(word, set, format_args!("{word} {set} "));
        }
    }
    fields(THIRD, data, entry, names);
    querier(data, entry, names);
    fields(FOURTH, data, entry, names);
}

/// `IFLA_BR_MCAST_QUERIER_STATE`: who asks for multicast listeners, a family each (`BRIDGE_QUERIER_*`).
fn querier(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    let Some(state) = data.nested(47) else {
        return;
    };
    for (address, port, timer, family) in [(1, 2, 3, "ipv4"), (5, 6, 7, "ipv6")] {
        let mut inner = entry.within();
        if let Some(address) = state.address(address).map(address_text) {
            let key = format!("mcast_querier_{family}_addr");
            inner.put(&key, address.clone(), format_args!("{key} {address} "));
        }
        if let Some(port) = state.u32(port) {
            let (key, port) = (format!("mcast_querier_{family}_port"), names.name(port));
            inner.put(&key, port.clone(), format_args!("{key} {port} "));
        }
        if let Some(timer) = state.number(timer) {
            let key = format!("mcast_querier_{family}_other_timer");
            inner.put(&key, timer, format_args!("{key} {timer} "));
        }
        if !inner.is_empty() {
            entry.nest(&format!("mcast_querier_state_{family}"), inner);
        }
    }
}
