//! The keywords that take a number and need no bound, and why not: with [`super::table`] that is every one of the dialect.
//!
//! Words that take no number, but may be long or given often, are bounded by the kernel or by the 1 KiB of a command:
//!
//! * `alias`: 255 bytes (`IFALIASZ`, net/core/dev.c: dev_set_alias).
//! * `altname`: 64 KiB for all names of a device (net/core/rtnetlink.c: rtnl_alt_ifname).
//! * `macaddr` of a macvlan: 64 bytes each (drivers/net/macvlan.c: macvlan_hash_add_source).
//! * `arp_ip_target`, `ns_ip6_target` of a bond: 16 of each (BOND_MAX_ARP_TARGETS, BOND_MAX_NS_TARGETS).
//! * `segs` of an encapsulation: the addresses of one header.

/// A keyword's table, keywords in full, and why none of their numbers needs a bound.
pub type Unbounded = (&'static str, &'static [&'static str], &'static str);

const NUMBER: &str = "a field of the object's own structure, compared and never counted to";
const KERNELS: &str = "the kernel holds it to a range of its own, and it sizes nothing";
const TIMER: &str =
    "how long a timer waits that is there anyway; what it does then takes no lock for longer";
const LABEL: &str =
    "a key that is stored and compared; a table that it names is some 200 bytes, and made once";

pub const UNBOUNDED: &[Unbounded] = &[
    (
        "link set",
        &["index"],
        "a key of an XArray or a hash table: at most six of its nodes, of 576 bytes each, whatever the number (__xa_alloc, net/core/dev.c: dev_index_reserve)",
    ),
    (
        "link set",
        &["mtu"],
        "sizes packets, which are their sockets'; no virtual device allocates by it. Devices with a ring of buffers have a parent bus, and are only set up or down",
    ),
    ("link set", &["group"], LABEL),
    ("link set", &["protodown_reason"], "a bit of 32"),
    (
        "link set",
        &[
            "gso_max_size",
            "gso_max_segs",
            "gro_max_size",
            "gso_ipv4_max_size",
            "gro_ipv4_max_size",
        ],
        "the kernel takes no more than the device can (tso_max_size, tso_max_segs) or than GRO_MAX_SIZE, 512 KiB; it sizes packets, which are their sockets' (net/core/rtnetlink.c: do_setlink)",
    ),
    (
        "address add",
        &["scope", "metric", "priority", "preference", "proto"],
        NUMBER,
    ),
    ("address add", &["valid_lft", "preferred_lft"], TIMER),
    (
        "neigh add",
        &["nud", "protocol"],
        "a byte, and a state of a few bits",
    ),
    (
        "route add",
        &[
            "tos",
            "dsfield",
            "metric",
            "priority",
            "preference",
            "scope",
        ],
        NUMBER,
    ),
    ("route add", &["expires"], TIMER),
    (
        "route add, metrics",
        &[
            "mtu",
            "hoplimit",
            "advmss",
            "reordering",
            "rtt",
            "rto_min",
            "window",
            "cwnd",
            "initcwnd",
            "initrwnd",
            "quickack",
            "rttvar",
            "ssthresh",
            "fastopen_no_cookie",
        ],
        "one of 17 numbers of struct dst_metrics; what sockets then send and keep is in their own buffers, which the pod's control group pays for",
    ),
    (
        "route add, after metrics",
        &["realms", "nhid", "protocol", "table", "pref"],
        LABEL,
    ),
    (
        "route add nexthop",
        &["weight", "realms"],
        "a byte that divides hashes among the ways, and a key",
    ),
    (
        "route add encap",
        &["mpls"],
        "a label; the kernel takes 30 of them at most (MAX_NEW_LABELS)",
    ),
    (
        "route add encap ip",
        &["id", "tos", "ttl"],
        "a field of a header that is written",
    ),
    (
        "route add encap ip6",
        &["id", "tc", "hoplimit"],
        "a field of a header that is written",
    ),
    (
        "rule add",
        &[
            "not",
            "preference",
            "order",
            "priority",
            "tos",
            "dsfield",
            "fwmark",
            "realms",
            "protocol",
            "tun_id",
            "table",
            "lookup",
            "suppress_prefixlength",
            "sup_pl",
            "suppress_ifgroup",
            "sup_group",
            "l3mdev",
            "uidrange",
            "ipproto",
            "sport",
            "dport",
            "dscp",
            "flowlabel",
            "type",
        ],
        "a field of struct fib_rule that is compared; a range is two numbers, and no table of what lies between",
    ),
    ("rule add type", &["goto", "nop"], LABEL),
    (
        "link type bridge",
        &["forward_delay", "hello_time", "max_age"],
        KERNELS,
    ),
    (
        "link type bridge",
        &[
            "ageing_time",
            "mcast_membership_interval",
            "mcast_querier_interval",
            "mcast_query_response_interval",
            "mcast_last_member_interval",
        ],
        TIMER,
    ),
    (
        "link type bridge",
        &[
            "mcast_query_interval",
            "mcast_startup_query_interval",
            "mcast_startup_query_count",
        ],
        "queries that are at least a second apart (BR_MULTICAST_QUERY_INTVL_MIN, BR_MULTICAST_STARTUP_QUERY_INTVL_MIN), by a timer and not under RTNL",
    ),
    (
        "link type bridge",
        &["fdb_max_learned"],
        "no limit is the kernel's default, so each number makes the table smaller; what a bridge learns is told in docs/policy.md",
    ),
    (
        "link type bridge",
        &["mcast_hash_elasticity"],
        "the kernel has ignored it since 5.0 (net/bridge/br_netlink.c: RHT_ELASTICITY)",
    ),
    (
        "link type bridge",
        &[
            "stp_state",
            "mst_enabled",
            "vlan_filtering",
            "vlan_stats_enabled",
            "vlan_stats_per_port",
            "mcast_router",
            "mcast_snooping",
            "mcast_vlan_snooping",
            "mcast_query_use_ifaddr",
            "mcast_querier",
            "mcast_stats_enabled",
            "mcast_igmp_version",
            "mcast_mld_version",
            "nf_call_iptables",
            "nf_call_ip6tables",
            "nf_call_arptables",
            "no_linklocal_learn",
        ],
        "on or off, or one of a few modes",
    ),
    (
        "link type bridge",
        &[
            "priority",
            "vlan_protocol",
            "group_fwd_mask",
            "vlan_default_pvid",
        ],
        NUMBER,
    ),
    (
        "link type bridge_slave",
        &[
            "state",
            "priority",
            "cost",
            "mcast_router",
            "group_fwd_mask",
            "backup_nhid",
        ],
        NUMBER,
    ),
    ("link type vlan", &["protocol", "id"], NUMBER),
    (
        "link type vlan",
        &["ingress-qos-map"],
        "an array of eight numbers (net/8021q/vlan_dev.c: vlan_dev_set_ingress_priority)",
    ),
    (
        "link type macvlan",
        &["bclim"],
        "how many devices must want a broadcast before it waits in a queue, whose length has a bound",
    ),
    ("link type vrf", &["table"], LABEL),
    (
        "link type vxlan",
        &[
            "id",
            "vni",
            "ttl",
            "hoplimit",
            "tos",
            "dsfield",
            "flowlabel",
            "label",
            "srcport",
            "port",
            "reserved_bits",
        ],
        "a key, or a field of a header that is written",
    ),
    (
        "link type vxlan",
        &["dstport"],
        "one socket or two for a device, whatever the number",
    ),
    ("link type vxlan", &["ageing"], TIMER),
    (
        "link type vxlan",
        &["maxaddress"],
        "no limit is the kernel's default, so each number makes the table smaller; what a device learns is told in docs/policy.md",
    ),
    (
        "link type bond",
        &[
            "mode",
            "use_carrier",
            "arp_validate",
            "arp_all_targets",
            "primary_reselect",
            "fail_over_mac",
            "xmit_hash_policy",
            "all_slaves_active",
            "lacp_rate",
            "lacp_active",
            "ad_select",
            "tlb_dynamic_lb",
        ],
        "on or off, or one of a few modes",
    ),
    (
        "link type bond",
        &[
            "miimon",
            "updelay",
            "downdelay",
            "peer_notify_delay",
            "arp_interval",
            "lp_interval",
        ],
        "how long work waits in a queue of its own; it only tries for RTNL (rtnl_trylock), and holds it for a change of state",
    ),
    (
        "link type bond",
        &["num_grat_arp", "num_unsol_na"],
        "a byte: so many notifications, one at a time, that only try for RTNL (bond_should_notify_peers)",
    ),
    (
        "link type bond",
        &[
            "arp_missed_max",
            "min_links",
            "packets_per_slave",
            "ad_user_port_key",
            "ad_actor_sys_prio",
        ],
        "compared and never counted to; the kernel holds packets_per_slave to 65535",
    ),
    (
        "link type bond_slave",
        &["queue_id", "prio"],
        "a field of struct slave; the kernel takes no queue that the bond does not have",
    ),
];
