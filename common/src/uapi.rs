//! Names and numbers of rtnetlink, from the kernel's `include/uapi/linux/{rtnetlink,if_link,if_addr,if,fib_rules,neighbour}.h`.

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
    pub const NEWNEIGH: u16 = 28;
    pub const DELNEIGH: u16 = 29;
    pub const GETNEIGH: u16 = 30;
    pub const NEWRULE: u16 = 32;
    pub const DELRULE: u16 = 33;
    pub const GETRULE: u16 = 34;
    pub const NEWLINKPROP: u16 = 108;
    pub const DELLINKPROP: u16 = 109;

    /// Whether a message of this type changes something: `RTM_NEW…` and `RTM_DEL…` are the first two of each group of
    /// four.
    #[must_use]
    pub fn is_change(kind: u16) -> bool {
        kind >= NEWLINK && kind % 4 < 2
    }
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
    pub const NEWDST: u16 = 19;
    pub const PREF: u16 = 20;
    pub const ENCAP_TYPE: u16 = 21;
    pub const ENCAP: u16 = 22;
    pub const EXPIRES: u16 = 23;
    pub const UID: u16 = 25;
    pub const TTL_PROPAGATE: u16 = 26;
    pub const IP_PROTO: u16 = 27;
    pub const SPORT: u16 = 28;
    pub const DPORT: u16 = 29;
    pub const NH_ID: u16 = 30;
    pub const FLOWLABEL: u16 = 31;
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

/// `LWTUNNEL_ENCAP_*`: encapsulations, and the attributes inside each.
pub mod lwt {
    pub const MPLS: u16 = 1;
    pub const IP: u16 = 2;
    pub const IP6: u16 = 4;
    pub const SEG6: u16 = 5;

    /// `LWTUNNEL_IP_*`, `LWTUNNEL_IP6_*`: hop limit and traffic class have the numbers of TTL and TOS.
    pub const IP_ID: u16 = 1;
    pub const IP_DST: u16 = 2;
    pub const IP_SRC: u16 = 3;
    pub const IP_TTL: u16 = 4;
    pub const IP_TOS: u16 = 5;
    pub const IP_FLAGS: u16 = 6;

    /// `MPLS_IPTUNNEL_*`.
    pub const MPLS_DST: u16 = 1;
    pub const MPLS_TTL: u16 = 2;

    /// `SEG6_IPTUNNEL_SRH`.
    pub const SEG6_SRH: u16 = 1;
}

/// `RTN_*`: types of a route.
pub mod rtn {
    pub const UNSPEC: u8 = 0;
    pub const UNICAST: u8 = 1;
    pub const LOCAL: u8 = 2;
    pub const BROADCAST: u8 = 3;
    pub const ANYCAST: u8 = 4;
    pub const MULTICAST: u8 = 5;
    pub const BLACKHOLE: u8 = 6;
    pub const UNREACHABLE: u8 = 7;
    pub const PROHIBIT: u8 = 8;
    pub const THROW: u8 = 9;
    pub const NAT: u8 = 10;

    /// Whether packets that a route of this type is for leave by no device.
    #[must_use]
    pub fn sends_nothing(kind: u8) -> bool {
        matches!(kind, LOCAL | BLACKHOLE | UNREACHABLE | PROHIBIT | THROW)
    }
}

/// `RT_TABLE_*`, `RT_SCOPE_*`, `RTPROT_*`.
pub mod rt {
    pub const TABLE_MAIN: u32 = 254;
    pub const TABLE_LOCAL: u32 = 255;
    pub const SCOPE_UNIVERSE: u8 = 0;
    pub const SCOPE_LINK: u8 = 253;
    pub const SCOPE_HOST: u8 = 254;
    pub const SCOPE_NOWHERE: u8 = 255;
    pub const PROTOCOL_UNSPEC: u8 = 0;
    pub const PROTOCOL_KERNEL: u8 = 2;
    pub const PROTOCOL_BOOT: u8 = 3;
    pub const PROTOCOL_RA: u8 = 9;
}

/// `RTNH_F_*` and `RTM_F_*`: flags of a nexthop and of a route.
pub mod rtf {
    pub const ONLINK: u32 = 4;
    pub const NOTIFY: u32 = 0x100;
    pub const CLONED: u32 = 0x200;
    pub const LOOKUP_TABLE: u32 = 0x1000;
    pub const FIB_MATCH: u32 = 0x2000;
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
    pub const PROTINFO: u16 = 12;
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
    /// Inside the [`PROTINFO`] of family inet6.
    pub const INET6_STATS: u16 = 3;
    /// Inside [`AF_SPEC`]'s `AF_INET6`.
    pub const INET6_ADDR_GEN_MODE: u16 = 8;
    /// Inside [`PROTO_DOWN_REASON`].
    pub const PROTO_DOWN_REASON_MASK: u16 = 1;
    /// Inside [`PROTO_DOWN_REASON`].
    pub const PROTO_DOWN_REASON_VALUE: u16 = 2;

    /// Inside the VRF's [`INFO_DATA`].
    pub const VRF_TABLE: u16 = 1;

    /// What a listing of devices without a master asks for.
    pub const NO_MASTER: u32 = u32::MAX;

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
    pub const F_DADFAILED: u32 = 0x08;
    pub const F_TENTATIVE: u32 = 0x40;
    pub const F_PERMANENT: u32 = 0x80;
    pub const F_NOPREFIXROUTE: u32 = 0x200;
    pub const F_AUTOJOIN: u32 = 0x400;
}

/// `FRA_*`: attributes of a rule.
pub mod fra {
    pub const DST: u16 = 1;
    pub const SRC: u16 = 2;
    pub const IIFNAME: u16 = 3;
    pub const GOTO: u16 = 4;
    /// `FRA_UNUSED2`, where `RTA_GATEWAY` was when rules translated addresses.
    pub const GATEWAY: u16 = 5;
    pub const PRIORITY: u16 = 6;
    pub const FWMARK: u16 = 10;
    pub const FLOW: u16 = 11;
    pub const TUN_ID: u16 = 12;
    pub const SUPPRESS_IFGROUP: u16 = 13;
    pub const SUPPRESS_PREFIXLEN: u16 = 14;
    pub const TABLE: u16 = 15;
    pub const FWMASK: u16 = 16;
    pub const OIFNAME: u16 = 17;
    pub const L3MDEV: u16 = 19;
    pub const UID_RANGE: u16 = 20;
    pub const PROTOCOL: u16 = 21;
    pub const IP_PROTO: u16 = 22;
    pub const SPORT_RANGE: u16 = 23;
    pub const DPORT_RANGE: u16 = 24;
    pub const DSCP: u16 = 25;
    pub const FLOWLABEL: u16 = 26;
    pub const FLOWLABEL_MASK: u16 = 27;
    pub const SPORT_MASK: u16 = 28;
    pub const DPORT_MASK: u16 = 29;
    pub const DSCP_MASK: u16 = 30;
}

/// `FR_ACT_*` and `FIB_RULE_*`: what a rule does, and its flags.
pub mod fr {
    pub const ACT_UNSPEC: u8 = 0;
    pub const ACT_TO_TABLE: u8 = 1;
    pub const ACT_GOTO: u8 = 2;
    pub const ACT_NOP: u8 = 3;

    pub const INVERT: u32 = 2;
    pub const UNRESOLVED: u32 = 4;
    pub const IIF_DETACHED: u32 = 8;
    pub const OIF_DETACHED: u32 = 16;
}

/// `NDA_*`: attributes of a neighbour.
pub mod nda {
    pub const DST: u16 = 1;
    pub const LLADDR: u16 = 2;
    pub const CACHEINFO: u16 = 3;
    pub const PROBES: u16 = 4;
    pub const IFINDEX: u16 = 8;
    pub const MASTER: u16 = 9;
    pub const PROTOCOL: u16 = 12;
    pub const FLAGS_EXT: u16 = 15;
}

/// `NUD_*`: states of a neighbour.
pub mod nud {
    pub const NONE: u8 = 0;
    pub const NOARP: u8 = 0x40;
    pub const PERMANENT: u8 = 0x80;
}

/// `NTF_*`: flags of a neighbour.
pub mod ntf {
    pub const USE: u8 = 1;
    pub const PROXY: u8 = 8;
    pub const EXT_LEARNED: u8 = 16;
    pub const OFFLOADED: u8 = 32;
    pub const ROUTER: u8 = 128;
    /// In [`super::nda::FLAGS_EXT`].
    pub const EXT_MANAGED: u32 = 1;
}
