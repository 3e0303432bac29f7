//! The bounds. Most of them are what the kernel itself takes without the word, so that the word adds nothing to it; queues and
//! their lengths may be more, and are counted for all devices of a sandbox together (`limits/queues.rs`).

use super::Bound;

/// The most transmit or receive queues of a device.
pub const QUEUES: u32 = 16;
/// The longest transmit queue, in packets.
pub const QUEUE_LENGTH: u32 = 10_000;

/// In the order of the keyword tables.
pub const BOUNDS: &[Bound] = &[
    Bound {
        table: "link set",
        word: "txqueuelen",
        counts: None,
        most: QUEUE_LENGTH,
        why: "a queueing discipline keeps three rings of so many pointers for each queue",
        source: "net/sched/sch_generic.c: pfifo_fast_init, pfifo_fast_change_tx_queue_len",
    },
    Bound {
        table: "link set",
        word: "numtxqueues",
        counts: None,
        most: QUEUES,
        why: "each queue has a queueing discipline and a folder of files, made while RTNL is held",
        source: "net/core/dev.c: netif_alloc_netdev_queues; net/core/net-sysfs.c: netdev_queue_add_kobject; net/sched/sch_mq.c: mq_init; drivers/net/ifb.c: ifb_dev_init",
    },
    Bound {
        table: "link set",
        word: "numrxqueues",
        counts: None,
        most: QUEUES,
        why: "each queue has a structure and a folder of files, made while RTNL is held",
        source: "net/core/dev.c: netif_alloc_rx_queues; net/core/net-sysfs.c: rx_queue_add_kobject; drivers/net/veth.c: veth_alloc_queues",
    },
    Bound {
        table: "link type bridge",
        word: "mcast_hash_max",
        counts: None,
        most: 4096,
        why: "a bridge keeps so many multicast groups, 4096 unless told otherwise",
        source: "net/bridge/br_multicast.c: br_multicast_new_group; br_private.h: BR_MULTICAST_DEFAULT_HASH_MAX",
    },
    Bound {
        table: "link type bridge",
        word: "mcast_last_member_count",
        counts: None,
        most: 255,
        why: "a bridge repeats so many queries for each group that somebody leaves, 2 unless told otherwise",
        source: "net/bridge/br_multicast.c: br_multicast_host_leave, br_multicast_leave_group",
    },
    Bound {
        table: "link type vlan",
        word: "egress-qos-map",
        counts: Some("a priority"),
        most: 255,
        why: "each priority has an entry of its own, which stays as long as the device",
        source: "net/8021q/vlan_dev.c: vlan_dev_set_egress_priority",
    },
    Bound {
        table: "link type macvlan",
        word: "bcqueuelen",
        counts: None,
        most: 1000,
        why: "so many broadcast packets wait at the device below, 1000 unless told otherwise",
        source: "drivers/net/macvlan.c: macvlan_broadcast_enqueue, MACVLAN_DEFAULT_BC_QUEUE_LEN",
    },
    Bound {
        table: "link type bond",
        word: "resend_igmp",
        counts: None,
        most: 255,
        why: "a bond tells its groups so often after a change, each time with RTNL held",
        source: "drivers/net/bonding/bond_main.c: bond_resend_igmp_join_requests; bond_options.c: bond_resend_igmp_tbl",
    },
    Bound {
        table: "route add, after metrics",
        word: "nexthop",
        counts: Some("the number"),
        most: 32,
        why: "each has a structure with a pointer for each processor",
        source: "net/ipv4/fib_semantics.c: fib_create_info, fib_nh_common_init; net/ipv6/route.c: ip6_route_multipath_add",
    },
];
