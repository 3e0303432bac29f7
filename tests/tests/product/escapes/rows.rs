//! The table: what a pod could do to its node with the words of `ip`, and what has to become of each form. What is
//! demanded of a row in another way than word by word is in `bounds.rs` and `names.rs`.

/// A way to harm the node, by its forms.
#[derive(Clone, Copy)]
pub struct Row {
    /// Refused with every right there is, and told as what nobody is allowed.
    pub never: &'static [&'static str],
    /// Refused with every right there is: it is no command here.
    pub unknown: &'static [&'static str],
    /// Let through, and refused by the kernel, which knows no such device.
    pub no_device: &'static [&'static str],
    /// For the policy to grant: refused by default and with profile `route`, not with `net-admin`.
    pub granted: &'static [&'static str],
    pub unnamed: &'static [&'static str],
    /// Runs, and changes nothing.
    pub idle: &'static [&'static str],
}

const NONE: Row = Row {
    never: &[],
    unknown: &[],
    no_device: &[],
    granted: &[],
    unnamed: &[],
    idle: &[],
};

const fn never(forms: &'static [&'static str]) -> Row {
    Row {
        never: forms,
        ..NONE
    }
}

const fn unknown(forms: &'static [&'static str]) -> Row {
    Row {
        unknown: forms,
        ..NONE
    }
}

const fn no_device(forms: &'static [&'static str]) -> Row {
    Row {
        no_device: forms,
        ..NONE
    }
}

const fn granted(forms: &'static [&'static str]) -> Row {
    Row {
        granted: forms,
        ..NONE
    }
}

const fn idle(forms: &'static [&'static str]) -> Row {
    Row {
        idle: forms,
        ..NONE
    }
}

impl Row {
    /// All its forms, with each its demand.
    pub fn forms(&self) -> Vec<(&'static str, Demand)> {
        let all = [
            (self.never, Demand::Never),
            (self.unknown, Demand::Unknown),
            (self.no_device, Demand::NoDevice),
            (self.granted, Demand::Granted),
            (self.unnamed, Demand::Unnamed),
            (self.idle, Demand::Idle),
        ];
        let each = |(forms, demand): (&'static [&'static str], Demand)| {
            forms.iter().map(move |form| (*form, demand))
        };
        all.into_iter().flat_map(each).collect()
    }
}

/// What has to become of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    Never,
    Unknown,
    NoDevice,
    Granted,
    /// Granted, and yet kept from running: it needs a module that `[modules] load` does not name.
    Unnamed,
    Idle,
}

/// The row of this number.
pub fn row(number: usize) -> Row {
    match number {
        1 => never(PROGRAMS),
        2 => never(PROGRAMS_EVERYWHERE),
        3 => never(PROGRAMS_OF_VRF),
        4 => Row {
            never: NODES_NAMESPACE,
            unknown: &["-- -n node link add esc0 type bridge"],
            ..NONE
        },
        5 => never(ANOTHERS_NAMESPACE),
        6 => never(NAMED_NAMESPACES),
        7 => never(DELETED_NAMESPACES),
        8 => never(PLACED_NAMESPACES),
        9 => never(BATCHES),
        10 => never(MOVED_DEVICES),
        11 => never(PEERS_ELSEWHERE),
        12 => never(DEVICES_ELSEWHERE),
        13 => never(LOWER_DEVICES_ELSEWHERE),
        14 => Row {
            granted: STACKED_DEVICES,
            unknown: TAPS_BY_KIND,
            ..NONE
        },
        15 => never(XDP),
        16 => unknown(BPF),
        17 => unknown(KINDS),
        18 => no_device(DEVICE_NAMES),
        19 => Row {
            unknown: MODULES,
            unnamed: UNNAMED_MODULES,
            ..NONE
        },
        20 => Row {
            never: MONITORS,
            unknown: &["mptcp monitor"],
            ..NONE
        },
        21 => never(MONITORED_FILES),
        22 => never(&["-r route", "-resolve route", "-re addr", "--resolve neigh"]),
        23 => never(SAVED),
        24 => never(RESTORED),
        25 => idle(&["route flush cache", "-6 route flush cache", "r f c"]),
        26 => never(VIRTUAL_FUNCTIONS),
        27 => unknown(SYSCTLS),
        28 => never(TAPS),
        29 => never(KEYS),
        30 => unknown(TUNNELS),
        31 => unknown(OTHER_OBJECTS),
        32 => unknown(&[
            "ntable change name arp_cache dev eth0 queue 1",
            "ntable show",
        ]),
        35 => never(&["-rcvbuf 1 route", "-rc 1073741824 route", "--rcvbuf 1 link"]),
        39 => granted(SPOOFED),
        40 => never(&[
            "link set lo netns 1",
            "link set lo netns node",
            "l s dev lo netns 1",
        ]),
        _ => NONE,
    }
}

const PROGRAMS: &[&str] = &[
    "netns add esc",
    "netns exec secret-of-another-pod touch /run/canary/mark",
    "ip net exec secret-of-another-pod touch /run/canary/mark",
    "ip netn exec secret-of-another-pod cat /run/canary/secret",
    "netns exec node touch /run/canary/mark",
];

const PROGRAMS_EVERYWHERE: &[&str] = &[
    "-all netns exec touch /run/canary/mark",
    "-a netns exec touch /run/canary/mark",
    "--all netns exec cat /run/canary/secret",
    "-al netns exec touch /run/canary/mark",
];

const PROGRAMS_OF_VRF: &[&str] = &[
    "vrf exec default touch /run/canary/mark",
    "ip v exec default cat /run/canary/secret",
    "vrf exec esc0 true",
    "vrf identify 1",
    "vrf pids default",
];

const NODES_NAMESPACE: &[&str] = &[
    "-n ../../../proc/1/ns/net link add esc0 type bridge",
    "-netns ../../proc/1/ns/net link set lo down",
    "--ne ../../../proc/1/ns/net route flush table main",
    "-ne node link add esc0 type bridge",
    "-4 -n node route add 192.0.66.0/24 dev lo",
    "-n node -- link set lo down",
];

const ANOTHERS_NAMESPACE: &[&str] = &[
    "-n secret-of-another-pod link add esc0 type bridge",
    "-netns secret-of-another-pod link set eth0 down",
    "--netns secret-of-another-pod address flush dev eth0",
    "-j -n secret-of-another-pod address",
    "-ne secret-of-another-pod link del eth0",
];

const NAMED_NAMESPACES: &[&str] = &[
    "netns attach esc 1",
    "netns pids secret-of-another-pod",
    "netns identify 1",
    "netns list",
    "netns",
    "netns list-id",
    "netns set secret-of-another-pod 77",
    "netns monitor",
];

const DELETED_NAMESPACES: &[&str] = &[
    "-all netns delete",
    "-a netns del",
    "netns del secret-of-another-pod",
    "netns delete node",
    "ip net d secret-of-another-pod",
];

const PLACED_NAMESPACES: &[&str] = &[
    "-all netns add ../canary/mark",
    "-all netns attach ../canary/mark 1",
    "netns add ../canary/mark",
    "-a net a ../canary/secret",
];

const BATCHES: &[&str] = &[
    "-batch /run/canary/secret",
    "-b /run/canary/secret",
    "-force -batch /run/canary/secret",
    "-fo -b /run/canary/secret",
    "-ba /run/canary/batch",
    "--batch /run/canary/batch",
    "-b -",
    "-force route",
];

const MOVED_DEVICES: &[&str] = &[
    "link set eth0 netns 1",
    "link set eth0 netns /proc/1/ns/net",
    "link set dev eth0 up netns node",
    "l s eth0 netns secret-of-another-pod",
    "link set netns 1 dev eth0",
    "link set group default netns 1",
];

const PEERS_ELSEWHERE: &[&str] = &[
    "link add esc0 type veth peer name esc1 netns 1",
    "link add esc0 type veth peer netns node name esc1",
    "link add esc0 type veth peer mtu 1400 netns 1",
    "link add esc0 type veth peer esc1 netns secret-of-another-pod",
];

const DEVICES_ELSEWHERE: &[&str] = &[
    "link add esc0 netns 1 type bridge",
    "link add netns node name esc0 type veth",
    "link add esc0 netns secret-of-another-pod type bridge",
];

const LOWER_DEVICES_ELSEWHERE: &[&str] = &[
    "link add link if2 link-netnsid 0 name esc0 type macvlan",
    "link add esc0 link-netns node type veth",
    "link add link wire name esc0 link-netns 1 type macvlan",
    "link set eth0 link-netnsid 0",
    "link set eth0 link-n node",
];

const STACKED_DEVICES: &[&str] = &[
    "link add link eth0 name esc0 type macvlan mode bridge",
    "link add link eth0 name esc0 type vlan id 7",
    "link add link eth0 name esc0 type ipvlan mode l2",
];

const TAPS_BY_KIND: &[&str] = &[
    "link add link eth0 name esc0 type macvtap",
    "link add link eth0 name esc0 type ipvtap",
    "link add esc0 type macvtap",
];

const XDP: &[&str] = &[
    "link set eth0 xdp obj /run/canary/secret",
    "link set eth0 xdpgeneric obj /run/canary/secret sec x",
    "link set eth0 xdpdrv pinned /run/canary/secret",
    "link set eth0 xdpoffload obj /run/canary/secret",
    "link set eth0 xdp off",
    "link add esc0 type veth peer name esc1 xdp obj /run/canary/secret",
];

const BPF: &[&str] = &[
    "route add 192.0.3.0/24 encap bpf in obj /run/canary/secret dev eth0",
    "route add 192.0.3.0/24 encap bpf xmit pinned /run/canary/secret dev eth0",
    "route add default nexthop via 192.0.2.1 encap bpf out obj /run/canary/secret",
];

const KINDS: &[&str] = &[
    "link add esc0 type ../../run/canary/link_esc",
    "link add esc0 type /run/canary/secret",
    "link add esc0 type netdevsim",
    "link add esc0 type wwan",
    "link add esc0 type ipoib",
    "link add esc0 type esc",
    "link set eth0 type esc_slave x 1",
];

const DEVICE_NAMES: &[&str] = &[
    "link show dev sctp",
    "link set sctp up",
    "address add 192.0.4.1/24 dev sctp",
    "route add default dev sctp",
    "neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev sctp",
    "link set eth0 master sctp",
    "link show dev if2",
    "link set wire down",
];

const MODULES: &[&str] = &[
    "link add esc0 type gtp",
    "link add esc0 type sit",
    "link add esc0 type wireguard",
    "route add 192.0.3.0/24 dev eth0 congctl vegas",
    "route add 192.0.3.0/24 encap esc x dev eth0",
    "route add 192.0.3.0/24 encap ila 1:2:3:4 dev eth0",
    "tunnel add esc0 mode ipip local 192.0.2.10",
    "xfrm state",
    "l2tp add tunnel tunnel_id 1",
];

const UNNAMED_MODULES: &[&str] = &[
    "route add 192.0.3.0/24 dev eth0 congctl bbr",
    "route replace 192.0.3.0/24 dev eth0 congctl lock dctcp",
    "route del 192.0.3.0/24 dev eth0 congctl bbr",
    "route add 192.0.3.0/24 encap mpls 100 dev eth0",
    "route add 192.0.3.0/24 nexthop via 192.0.2.1 encap mpls 100 nexthop via 192.0.2.2",
];

const MONITORS: &[&str] = &[
    "monitor",
    "mo link",
    "monitor all",
    "xfrm monitor",
    "netns monitor",
    "-4 monitor route",
];

const MONITORED_FILES: &[&str] = &[
    "monitor file /run/canary/secret",
    "mo file /run/canary/batch",
    "xfrm monitor file /run/canary/secret",
];

const SAVED: &[&str] = &[
    "route save",
    "address save",
    "rule save",
    "r sa",
    "a sa",
    "ru sa",
];

const RESTORED: &[&str] = &[
    "route restore",
    "address restore",
    "rule restore",
    "route showdump",
    "address showdump",
];

const VIRTUAL_FUNCTIONS: &[&str] = &[
    "link set eth0 vf 0 mac 02:00:00:00:00:01",
    "link set eth0 vf 0 trust on",
    "link set eth0 up vf 0 rate 1",
    "link set eth0 vf 0 vlan 7",
];

const SYSCTLS: &[&str] = &[
    "link set eth0 inet forwarding on",
    "link set eth0 inet rp_filter 0",
    "link add esc0 type veth peer name esc1 inet forwarding on",
];

const TAPS: &[&str] = &[
    "tuntap add esc0 mode tap",
    "tuntap add mode tun user 0",
    "tunt show",
    "-d tuntap",
    "tap add esc0",
    "ta show",
];

const KEYS: &[&str] = &[
    "xfrm state",
    "x policy",
    "xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode tunnel",
    "macsec show",
    "mac add esc0",
];

const TUNNELS: &[&str] = &[
    "l2tp show tunnel",
    "l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap udp",
    "fou show",
    "fou add port 5555 ipproto 4",
    "ila list",
    "ioam namespace show",
    "sr hmac show",
    "sr hmac set 1 sha1",
];

const OTHER_OBJECTS: &[&str] = &[
    "tcp_metrics flush",
    "tcpmetrics show",
    "mptcp endpoint add 192.0.2.9",
    "mptcp limits show",
    "token set ::1 dev eth0",
    "addrlabel add prefix 2001:db8::/32 label 9",
    "netconf show",
];

const SPOOFED: &[&str] = &[
    "link set eth0 address 02:00:00:00:00:99",
    "link set eth0 promisc on",
    "link set eth0 arp off",
    "link del eth0",
    "link add esc0 type vxlan id 1 dstport 4789",
    "rule del pref 0",
    "neigh add 192.0.2.1 lladdr 02:00:00:00:00:99 nud reachable dev eth0",
];
