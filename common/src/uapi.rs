//! Names and numbers of rtnetlink, from the kernel's `include/uapi/linux/{rtnetlink,if_link,if_addr,if}.h`.

#![allow(
    missing_docs,
    reason = "the names are the kernel's own; its headers say what they mean"
)]

/// Message types.
pub mod rtm {
    pub const NEWLINK: u16 = 16;
    pub const DELLINK: u16 = 17;
    pub const GETLINK: u16 = 18;
    pub const NEWADDR: u16 = 20;
    pub const DELADDR: u16 = 21;
    pub const GETADDR: u16 = 22;
    pub const NEWROUTE: u16 = 24;
    pub const DELROUTE: u16 = 25;
    pub const GETROUTE: u16 = 26;
    pub const NEWLINKPROP: u16 = 108;
    pub const DELLINKPROP: u16 = 109;
}

/// `enum rtattr_type_t`: attributes of a route.
pub mod rta {
    pub const DST: u16 = 1;
    pub const SRC: u16 = 2;
    pub const IIF: u16 = 3;
    pub const OIF: u16 = 4;
    pub const GATEWAY: u16 = 5;
    pub const PRIORITY: u16 = 6;
    pub const PREFSRC: u16 = 7;
    pub const METRICS: u16 = 8;
    pub const MULTIPATH: u16 = 9;
    pub const FLOW: u16 = 11;
    pub const CACHEINFO: u16 = 12;
    pub const TABLE: u16 = 15;
    pub const MARK: u16 = 16;
    pub const VIA: u16 = 18;
    pub const PREF: u16 = 20;
    pub const EXPIRES: u16 = 23;
    pub const UID: u16 = 25;
    pub const TTL_PROPAGATE: u16 = 26;
    pub const NH_ID: u16 = 30;
}

/// `RTAX_*`: metrics of a route.
pub mod rtax {
    pub const LOCK: u16 = 1;
    pub const MTU: u16 = 2;
    pub const WINDOW: u16 = 3;
    pub const RTT: u16 = 4;
    pub const RTTVAR: u16 = 5;
    pub const SSTHRESH: u16 = 6;
    pub const CWND: u16 = 7;
    pub const ADVMSS: u16 = 8;
    pub const REORDERING: u16 = 9;
    pub const HOPLIMIT: u16 = 10;
    pub const INITCWND: u16 = 11;
    pub const FEATURES: u16 = 12;
    pub const RTO_MIN: u16 = 13;
    pub const INITRWND: u16 = 14;
    pub const QUICKACK: u16 = 15;
    pub const CC_ALGO: u16 = 16;
    pub const FASTOPEN_NO_COOKIE: u16 = 17;
}

/// `RTN_*`: types of a route.
pub mod rtn {
    pub const UNSPEC: u8 = 0;
    pub const UNICAST: u8 = 1;
    pub const LOCAL: u8 = 2;
    pub const BROADCAST: u8 = 3;
    pub const ANYCAST: u8 = 4;
    pub const MULTICAST: u8 = 5;
    pub const NAT: u8 = 10;
}

/// `RT_TABLE_*`, `RT_SCOPE_*`, `RTPROT_*`.
pub mod rt {
    pub const TABLE_MAIN: u32 = 254;
    pub const TABLE_LOCAL: u32 = 255;
    pub const SCOPE_UNIVERSE: u8 = 0;
    pub const SCOPE_LINK: u8 = 253;
    pub const SCOPE_HOST: u8 = 254;
    pub const SCOPE_NOWHERE: u8 = 255;
    pub const PROTOCOL_BOOT: u8 = 3;
}

/// `RTNH_F_*` and `RTM_F_*`: flags of a nexthop and of a route.
pub mod rtf {
    pub const ONLINK: u32 = 4;
    pub const CLONED: u32 = 0x200;
}

/// `IFLA_*`: attributes of a link.
pub mod ifla {
    pub const ADDRESS: u16 = 1;
    pub const BROADCAST: u16 = 2;
    pub const IFNAME: u16 = 3;
    pub const MTU: u16 = 4;
    pub const LINK: u16 = 5;
    pub const QDISC: u16 = 6;
    pub const MASTER: u16 = 10;
    pub const TXQLEN: u16 = 13;
    pub const OPERSTATE: u16 = 16;
    pub const LINKMODE: u16 = 17;
    pub const LINKINFO: u16 = 18;
    pub const IFALIAS: u16 = 20;
    pub const STATS64: u16 = 23;
    pub const AF_SPEC: u16 = 26;
    pub const GROUP: u16 = 27;
    pub const EXT_MASK: u16 = 29;
    pub const PROMISCUITY: u16 = 30;
    pub const NUM_TX_QUEUES: u16 = 31;
    pub const NUM_RX_QUEUES: u16 = 32;
    pub const CARRIER: u16 = 33;
    pub const PHYS_PORT_ID: u16 = 34;
    pub const CARRIER_CHANGES: u16 = 35;
    pub const PHYS_SWITCH_ID: u16 = 36;
    pub const LINK_NETNSID: u16 = 37;
    pub const PHYS_PORT_NAME: u16 = 38;
    pub const PROTO_DOWN: u16 = 39;
    pub const GSO_MAX_SEGS: u16 = 40;
    pub const GSO_MAX_SIZE: u16 = 41;
    pub const MIN_MTU: u16 = 50;
    pub const MAX_MTU: u16 = 51;
    pub const PROP_LIST: u16 = 52;
    pub const ALT_IFNAME: u16 = 53;
    pub const PERM_ADDRESS: u16 = 54;
    pub const PROTO_DOWN_REASON: u16 = 55;
    pub const PARENT_DEV_NAME: u16 = 56;
    pub const PARENT_DEV_BUS_NAME: u16 = 57;
    pub const GRO_MAX_SIZE: u16 = 58;
    pub const TSO_MAX_SIZE: u16 = 59;
    pub const TSO_MAX_SEGS: u16 = 60;
    pub const ALLMULTI: u16 = 61;
    pub const GSO_IPV4_MAX_SIZE: u16 = 63;
    pub const GRO_IPV4_MAX_SIZE: u16 = 64;

    /// Inside [`LINKINFO`].
    pub const INFO_KIND: u16 = 1;
    /// Inside [`LINKINFO`].
    pub const INFO_DATA: u16 = 2;
    /// Inside [`LINKINFO`]: the kind of the device's master.
    pub const INFO_SLAVE_KIND: u16 = 4;
    /// Inside [`LINKINFO`]: what the device is set to as part of its master.
    pub const INFO_SLAVE_DATA: u16 = 5;
    /// Inside the veth's [`INFO_DATA`]: `VETH_INFO_PEER`.
    pub const VETH_PEER: u16 = 1;
    /// Inside [`AF_SPEC`]'s `AF_INET6`.
    pub const INET6_ADDR_GEN_MODE: u16 = 8;
    /// Inside [`PROTO_DOWN_REASON`].
    pub const PROTO_DOWN_REASON_MASK: u16 = 1;
    /// Inside [`PROTO_DOWN_REASON`].
    pub const PROTO_DOWN_REASON_VALUE: u16 = 2;

    /// `RTEXT_FILTER_VF`, what `ip` asks for with every link.
    pub const FILTER_VF: u32 = 1;
    /// `RTEXT_FILTER_SKIP_STATS`.
    pub const FILTER_SKIP_STATS: u32 = 8;
}

/// `IFF_*`: flags of a link.
pub mod iff {
    pub const UP: u32 = 1;
    pub const LOOPBACK: u32 = 1 << 3;
    pub const POINTOPOINT: u32 = 1 << 4;
    pub const NOTRAILERS: u32 = 1 << 5;
    pub const RUNNING: u32 = 1 << 6;
    pub const NOARP: u32 = 1 << 7;
    pub const PROMISC: u32 = 1 << 8;
    pub const ALLMULTI: u32 = 1 << 9;
    pub const MULTICAST: u32 = 1 << 12;
    pub const DYNAMIC: u32 = 1 << 15;
}

/// `IFA_*` and `IFA_F_*`: attributes and flags of an address.
pub mod ifa {
    pub const ADDRESS: u16 = 1;
    pub const LOCAL: u16 = 2;
    pub const LABEL: u16 = 3;
    pub const BROADCAST: u16 = 4;
    pub const ANYCAST: u16 = 5;
    pub const CACHEINFO: u16 = 6;
    pub const FLAGS: u16 = 8;
    pub const RT_PRIORITY: u16 = 9;
    pub const PROTO: u16 = 11;

    pub const F_SECONDARY: u32 = 1;
    pub const F_PERMANENT: u32 = 0x80;
}
