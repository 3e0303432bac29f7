//! The dialect without a kernel: what is shown is what runs, what no profile allows is no command, nothing panics.

use chainsaw_common::ip::{self, Command};
use chainsaw_common::words::{self, Word};
use proptest::prelude::*;

fn read(line: &str) -> Result<Command, ip::Mistake> {
    let words = words::split(line).map_err(|error| ip::Mistake::new(error.to_string(), 0))?;
    ip::read(&words).command
}

/// Every option of every form, so that none is lost on the way to the full form.
const FORMS: &[(&str, &str)] = &[
    ("r", "route show"),
    ("-4 -o -d r s", "-4 -details -oneline route show"),
    ("-j -p -N a", "-json -pretty -Numeric address show"),
    (
        "-f inet6 ro a default via 2001:db8::1",
        "-6 route add default via 2001:db8::1",
    ),
    ("r a 10.1/16 dev eth0", "route add 10.1.0.0/16 dev eth0"),
    (
        "route add unicast 192.0.2.0/24 via 10.0.0.1 dev eth0 src 10.0.0.2 t 100 proto static scope global tos 0x10 p 7 \
         onlink mtu lock 1400 advmss 1300 hoplimit 9",
        "route add unicast 192.0.2.0/24 tos 0x10 via 10.0.0.1 dev eth0 table 100 proto static scope global src 10.0.0.2 \
         metric 7 onlink mtu lock 1400 advmss 1300 hoplimit 9",
    ),
    (
        "route replace 2001:db8::/32 from 2001:db8:1::/48 via fe80::1 dev eth0 pref high",
        "route replace 2001:db8::/32 from 2001:db8:1::/48 via fe80::1 dev eth0 pref high",
    ),
    ("route del 192.0.2.1/32", "route del 192.0.2.1/32"),
    (
        "route append 192.0.2.0/24 via inet6 fe80::1 dev eth0",
        "route append 192.0.2.0/24 via inet6 fe80::1 dev eth0",
    ),
    (
        "route add default nexthop via 10.0.0.1 weight 2 nexthop dev eth0 onlink",
        "route add default nexthop via 10.0.0.1 weight 2 nexthop dev eth0 onlink",
    ),
    (
        "route add blackhole 192.0.2.0/24 rto_min 5ms",
        "route add blackhole 192.0.2.0/24 rto_min 5",
    ),
    (
        "r s t all proto static scope link type local dev eth0 via 10.0.0.1 src 10.0.0.2 tos 4 metric 3 root 10/8",
        "route show to root 10.0.0.0/8 table all proto static scope link type local tos 0x04 dev eth0 metric 3 \
         via 10.0.0.1 src 10.0.0.2",
    ),
    (
        "r g 192.0.2.1/24 from 10.0.0.1 tos 4 i eth0 o eth1 m 0x10 u 7 s 1 dp 2 ip tcp as 10.0.0.9 n c fib flowlabel 9",
        "route get to 192.0.2.1/24 from 10.0.0.1 as 10.0.0.9 tos 0x04 iif eth0 oif eth1 mark 16 uid 7 sport 1 dport 2 \
         ipproto 6 flowlabel 9 notify fibmatch connected",
    ),
    (
        "route get 192.0.2.1 v blue",
        "route get to 192.0.2.1 oif blue",
    ),
    (
        "route get from default 192.0.2.1",
        "route get from default to 192.0.2.1",
    ),
    (
        "route get from 192.0.2.1 default",
        "route get from 192.0.2.1 to default",
    ),
    ("route flush cache", "route flush cached"),
    ("r f table cache t 5", "route flush table 5 cached"),
    ("route flush vrf blue", "route flush vrf blue"),
    ("route test 192.0.2.0/24", "route test 192.0.2.0/24"),
    (
        "route add all via any src any dev eth0",
        "route add all via any dev eth0 src any",
    ),
    (
        "-4 route add default via default dev eth0",
        "-4 route add default via 0.0.0.0 dev eth0",
    ),
    (
        "route add via 10.0.0.1 default from default",
        "route add default from default via 10.0.0.1",
    ),
    (
        "route add 10/8 fe ecn features tcp_usec_ts co lock cubic congctl bbr fa 1 rea 5/6 expires 9 as to 10.0.0.1 nhid 7 \
         vrf blue ttl-propagate e",
        "route add 10.0.0.0/8 as 10.0.0.1 nhid 7 vrf blue realms 5/6 expires 9 ttl-propagate enabled features ecn \
         features tcp_usec_ts congctl lock cubic congctl bbr fastopen_no_cookie 1",
    ),
    (
        "route add 10/8 realms cosmos ttl-propagate d nexthop via 10.0.0.1 realms 1/ as 10.0.0.2 encap mpls 1/2 ttl 3 \
         nexthop encap ip6 dst 2001:db8::1 dev eth0",
        "route add 10.0.0.0/8 realms 0 ttl-propagate disabled nexthop encap mpls 1/2 ttl 3 via 10.0.0.1 realms 1/0 \
         as 10.0.0.2 nexthop encap ip6 dst 2001:db8::1 dev eth0",
    ),
    (
        "route add 10/8 encap ip id 5 dst 10.0.0.1 src any tos 4 ttl 5 key csum seq dev eth0",
        "route add encap ip id 5 src any dst 10.0.0.1 tos 0x04 ttl 5 key csum seq 10.0.0.0/8 dev eth0",
    ),
    (
        "route add 10/8 encap ip6 tc 4 hoplimit 5 dev eth0",
        "route add encap ip6 tc 0x04 hoplimit 5 10.0.0.0/8 dev eth0",
    ),
    (
        "route add 10/8 encap seg6 segs 2001:db8::1,2001:db8::2 mode inline dev eth0",
        "route add encap seg6 mode inline segs 2001:db8::1,2001:db8::2 10.0.0.0/8 dev eth0",
    ),
    (
        "route add encap mpls 100 10/8",
        "route add encap mpls 100 10.0.0.0/8",
    ),
    (
        "r s root 10.0.0.0/8 match 10.1.1.1 from match default realms 5/ iif eth0 mark 0x10 v blue table main proto all",
        "route show to root 10.0.0.0/8 to match 10.1.1.1 from match default vrf blue table main iif eth0 mark 16 realms 5/",
    ),
    (
        "route show vrf blue type local cloned exact any realms 5",
        "route show to exact all vrf blue cached type local realms 5",
    ),
    (
        "addr add 224.0.0.1/24 dev eth0 anycast 10.0.0.9 valid_lft forever preferr 0x10 proto kernel_ll autojoin",
        "address add 224.0.0.1/24 anycast 10.0.0.9 dev eth0 valid_lft forever preferred_lft 16 proto 3 autojoin",
    ),
    (
        "addr add nodad 2001:db8::1/64 nodad tentative dev eth0",
        "address add nodad tentative 2001:db8::1/64 dev eth0 nodad",
    ),
    (
        "addr add default peer 10.0.0.1 brd any dev eth0",
        "address add default peer 10.0.0.1 broadcast any dev eth0",
    ),
    (
        "-4 addr add default peer any brd default dev eth0",
        "-4 address add broadcast 0.0.0.0 default peer all dev eth0",
    ),
    (
        "a f dev lo dynamic -tentative secondary label 'a b*' group 5 type bridge type veth_slave proto 0x10 novf nomaster",
        "address flush dev lo secondary -tentative -permanent label 'a b*' group 5 nomaster type bridge type veth_slave \
         proto 16 novf",
    ),
    (
        "addr show down up primary scope all master br0",
        "address show up down -secondary master br0",
    ),
    ("-l 5x addr f vrf blue", "-loops 5 address flush vrf blue"),
    (
        "a a 192.0.2.1/24 brd + dev eth0 label eth0:x scope link metric 3 nodad noprefixroute",
        "address add nodad 192.0.2.1/24 broadcast + dev eth0 scope link label eth0:x metric 3 noprefixroute",
    ),
    (
        "addr del 10.0.0.1 peer 10.0.0.2/32 dev eth0",
        "address del 10.0.0.1 peer 10.0.0.2/32 dev eth0",
    ),
    (
        "addr show up scope global to 10.0.0.0/8 eth0",
        "address show dev eth0 up scope global to 10.0.0.0/8",
    ),
    (
        "link set eth0 down mtu 1400 qlen 7 address 2:0:0:0:0:a name eth1 master br0 alias 'a \"b\" c'",
        "link set dev eth0 name eth1 down address 02:00:00:00:00:0a mtu 1400 txqueuelen 7 master br0 alias 'a \"b\" c'",
    ),
    (
        "link set eth0 nomaster alias ''",
        "link set dev eth0 nomaster alias ''",
    ),
    (
        "l a v0 up type veth peer name v1 mtu 1400",
        "link add dev v0 up type veth peer dev v1 mtu 1400",
    ),
    ("link add i0 type ifb", "link add dev i0 type ifb"),
    ("l d i0", "link delete dev i0"),
    (
        "link show up master br0 dev eth0",
        "link show dev eth0 up master br0",
    ),
    ("ru", "rule show"),
    (
        "ru a not from 10/8 to 10.1/16 dsfield EF fwmark 1/0xff dev eth0 oif a:b p 100 ta main realms 1/2 pro static",
        "rule add not from 10.0.0.0/8 to 10.1.0.0/16 tos EF fwmark 0x1/0xff iif eth0 oif a:b priority 100 table main \
         realms 0x10002 protocol static",
    ),
    (
        "-6 rule add l3mdev uidrange 1-2 ipproto TCP sport 1-20 dport 80/0xff t 5 dscp AF11 flowlabel 5/6 sup_pl 0 sup_group 3",
        "-6 rule add uidrange 1-2 ipproto tcp sport 1-20 dport 80/0xff tun_id 5 dscp AF11 flowlabel 0x5/0x6 l3mdev \
         suppress_prefixlength 0 suppress_ifgroup 3",
    ),
    (
        "rule add sport 10/0xff sport 5-6 dscp 5/3 dscp 010 fwmark 1/2 fwmark 3 ipproto 200",
        "rule add fwmark 0x3/0x2 ipproto 200 sport 5/0xff sport 5-6 dscp 8/0x3",
    ),
    ("rule del order 5 goto 60", "rule del priority 5 goto 60"),
    ("rule del blackhole", "rule del type blackhole"),
    ("rule add n", "rule add type nop"),
    (
        "rule add 200 lookup 300 table 5",
        "rule add table 300 type 200",
    ),
    (
        "rule add goto 5 nat 10.1 unreachable",
        "rule add goto 5 nat 10.1.0.0 type unreachable",
    ),
    ("rule add nop nat any", "rule add type unicast nat 0.0.0.0"),
    ("rule add m 10.0.0.1", "rule add nat 10.0.0.1"),
    ("rule add iif \"'\" from all", "rule add from all iif \"'\""),
    (
        "rule l pref 5 not src 10/8 10.1/16 tos 4 fwmark 1/2 iif a oif b l3mdev uidrange 1-2",
        "rule show priority 5 not from 10.0.0.0/8 to 10.1.0.0/16 tos 0x04 fwmark 0x1/0x2 iif a oif b l3mdev uidrange 1-2",
    ),
    (
        "rule f t 5 l main protocol static ipproto 17 sport 5 dport 1-2 dscp CS1/7 flowlabel 1",
        "rule flush ipproto udp sport 5 dport 1-2 tun_id 5 dscp CS1/0x7 flowlabel 0x1 table main protocol static",
    ),
    ("n", "neigh show"),
    ("neighbour lst", "neigh show"),
    (
        "n a l 2:0:0:0:0:a dev eth0 e router use prot bgp 192.0.2.1",
        "neigh add 192.0.2.1 dev eth0 lladdr 02:00:00:00:00:0a router use extern_learn protocol bgp",
    ),
    (
        "neigh c 2001:db8::1 nud stale dev eth0 managed",
        "neigh change 2001:db8::1 dev eth0 managed",
    ),
    (
        "n r to 192.0.2.1 dev eth0 managed nud 0x80",
        "neigh replace 192.0.2.1 dev eth0 managed nud permanent",
    ),
    (
        "n r 192.0.2.1 dev eth0 nud f lladdr null",
        "neigh replace 192.0.2.1 dev eth0 nud failed",
    ),
    ("neigh d p 192.0.2.1", "neigh del proxy 192.0.2.1"),
    ("n g 192.0.2.1 dev eth0", "neigh get 192.0.2.1 dev eth0"),
    (
        "-4 n g proxy any dev eth0",
        "-4 neigh get proxy any dev eth0",
    ),
    (
        "n s 10/8 dev eth0 proxy unused p static nud stale nud none nud r nomaster",
        "neigh show proxy to 10.0.0.0/8 dev eth0 nomaster nud none nud reachable nud stale unused protocol static",
    ),
    (
        "r f via inet6 all table 100",
        "route flush table 100 via inet6 all",
    ),
    (
        "-4 r s via inet6 2001:db8::/32 e any",
        "-4 route show to exact all via inet6 2001:db8::/32",
    ),
    ("r s via inet 10/8", "route show via 10.0.0.0/8"),
    (
        "r a via inet6 all default dev eth0",
        "route add default via inet6 any dev eth0",
    ),
    (
        "-echo -c -c=auto r a 10/8 dev eth0",
        "-echo route add 10.0.0.0/8 dev eth0",
    ),
    (
        "-c -j --echo ru d pref 5",
        "-json -echo rule del priority 5",
    ),
    ("n f nud all master br0", "neigh flush master br0 nud all"),
    (
        "n f nud all nud noarp vrf red",
        "neigh flush vrf red nud none nud incomplete nud reachable nud stale nud delay \
      nud probe nud failed nud noarp nud permanent",
    ),
    (
        "l l down nomaster group 5 type vlan novf eth0",
        "link show dev eth0 down nomaster group 5 type vlan novf",
    ),
    (
        "link show vrf red group default",
        "link show vrf red group default",
    ),
    ("-br -s -s link", "-brief -statistics -statistics link show"),
    (
        "link set eth0 promisc on multicast off allmulticast on trailers off arp off dyn on down",
        "link set dev eth0 down multicast off allmulticast on promisc on trailers off arp off dynamic on",
    ),
    (
        "link set eth0 mode DORMANT state UP addrg none carrier off protodown on protodown_reason 3 on brd ff:ff:ff:ff:ff:ff",
        "link set dev eth0 broadcast ff:ff:ff:ff:ff:ff mode dormant state up addrgenmode none carrier off protodown on \
         protodown_reason 3 on",
    ),
    (
        "link set eth0 gso_max_size 1 gso_max_segs 2 gro_max_size 3 gso_ipv4_max_size 4 gro_ipv4_max_size 5 parentdev p",
        "link set dev eth0 gso_max_size 1 gso_max_segs 2 gro_max_size 3 gso_ipv4_max_size 4 gro_ipv4_max_size 5 parentdev p",
    ),
    (
        "link set eth0 vrf red group 7",
        "link set dev eth0 vrf red group 7",
    ),
    ("link set group 5 up type bridge", "link set up group 5"),
    (
        "link set eth0 link v1 txqueuelen -1",
        "link set dev eth0 link v1 txqueuelen -1",
    ),
    ("link c eth0 mtu 0x578", "link set dev eth0 mtu 1400"),
    ("link d group 5", "link delete group 5"),
    (
        "link r name b type bridge stp 1 fdb_flush prio 0x10 vlan_protocol 802.1AD group_addr 1:80:c2:0:0:5 no_linklocal_learn 1",
        "link replace dev b type bridge stp_state 1 fdb_flush priority 16 vlan_protocol 802.1ad \
         group_address 01:80:c2:00:00:05 no_linklocal_learn 1",
    ),
    ("link add type bridge", "link add type bridge"),
    (
        "link set v1 type bridge_slave stat 3 hair on nobackup mab off backup_p v2",
        "link set dev v1 type bridge_slave state 3 hairpin on nobackup_port mab off backup_port v2",
    ),
    (
        "link add link eth0 index 5 numtx 2 numrx 3 name e type vlan i 0x5 proto 802.1q gvrp on reo off ing 1:2 3:4 egress 5:6",
        "link add dev e link eth0 index 5 numtxqueues 2 numrxqueues 3 type vlan id 5 protocol 802.1Q gvrp on reorder_hdr off \
         ingress-qos-map 1:2 3:4 egress-qos-map 5:6",
    ),
    (
        "link add link eth0 mv type macvlan mode source macaddr add 2:0:0:0:0:1 bcq 5 bclim -1 flag nodst",
        "link add dev mv link eth0 type macvlan mode source macaddr add 02:00:00:00:00:01 bcqueuelen 5 bclim -1 flag nodst",
    ),
    (
        "link add link eth0 mv type macvlan mode passthru nopromisc macaddr set 2:0:0:0:0:1 2:0:0:0:0:2",
        "link add dev mv link eth0 type macvlan mode passthru nopromisc macaddr set 02:00:00:00:00:01 02:00:00:00:00:02",
    ),
    (
        "link add link eth0 i type ipvlan mod l3s v",
        "link add dev i link eth0 type ipvlan mode l3s vepa",
    ),
    (
        "link add r type vrf t main",
        "link add dev r type vrf table 254",
    ),
    ("link add du type dummy", "link add dev du type dummy"),
    (
        "link add x type vxlan vni 5 remote 10.0.0.1 local 10.0.0.2 hop 5 ds EF df set fl 5 ag none max 6 port 1 2 dst 3 \
         nol noudpcsum reserved_bits 0x10 gbp",
        "link add dev x type vxlan vni 5 remote 10.0.0.1 local 10.0.0.2 hoplimit 5 dsfield 0xb8 df set flowlabel 5 ageing none \
         maxaddress 6 port 1 2 dstport 3 nolearning noudpcsum reserved_bits 16 gbp",
    ),
    (
        "link add x type vxlan ext vnifilter ttl auto tos inherit dev lo gr 239.0.0.1",
        "link add dev x type vxlan external vnifilter ttl auto tos inherit dev lo group 239.0.0.1",
    ),
    (
        "link add o type bond mode 4 mii 7 arp_ip 1.2.3.4,1.2.3.5 ns_ip6_target fe80::1 primary eth0 lacp_rate fast xmit 1 \
         coupled_control on ad_actor_system 2:0:0:0:0:1 clear",
        "link add dev o type bond mode 802.3ad miimon 7 arp_ip_target 1.2.3.4,1.2.3.5 ns_ip6_target fe80::1 primary eth0 \
         lacp_rate fast xmit_hash_policy layer3+4 coupled_control on ad_actor_system 02:00:00:00:00:01 clear_active_slave",
    ),
    (
        "link set v1 type bond_slave q 5 prio -7",
        "link set dev v1 type bond_slave queue_id 5 prio -7",
    ),
    (
        "link p a v1 altn one altname two",
        "link property add dev v1 altname one altname two",
    ),
    (
        "link set \"a'b\" alias \"c'd e\"",
        "link set dev \"a'b\" alias \"c'd e\"",
    ),
    (
        "link property d altname one dev v1",
        "link property del dev v1 altname one",
    ),
];

#[test]
fn a_command_is_shown_in_its_full_form() {
    for (given, full) in FORMS
        .iter()
        .filter(|(given, _)| !given.contains("type ifb name"))
    {
        assert_eq!(read(given).unwrap().to_string(), *full, "{given}");
    }
}

#[test]
fn the_full_form_is_the_same_command() {
    for (given, full) in FORMS
        .iter()
        .filter(|(given, _)| !given.contains("type ifb name"))
    {
        assert_eq!(read(given), read(full), "{given}");
    }
}

#[test]
fn a_kind_takes_the_rest_of_the_line() {
    assert!(read("link add type ifb name i0").is_err());
}

/// What hands a pod the node, by every spelling that iproute2 accepts.
const NEVER: &[&str] = &[
    "netns add x",
    "net exec x sh",
    "netn list",
    "-all netns exec sh",
    "-a netns delete",
    "-n other route",
    "--ne ../../proc/1/ns/net route",
    "-netns x link",
    "-b /etc/shadow",
    "-batch /etc/shadow",
    "-force -batch /etc/shadow",
    "-fo route",
    "-r route",
    "-rc 1 route",
    "vrf exec default sh",
    "v exec default sh",
    "monitor",
    "mo link",
    "xfrm state",
    "x monitor",
    "macsec show",
    "tuntap add t0 mode tap",
    "tap add t0",
    "route add 10.0.0.0/8 encap bpf in obj /etc/shadow dev eth0",
    "route add default nexthop dev eth0 encap bpf xmit pinned /x",
    "route add 10.0.0.0/8 dev eth0 congctl lp",
    "route add 10.0.0.0/8 dev eth0 co lock ../../x",
    "route save",
    "route restore",
    "r showd",
    "addr sa",
    "addr rest",
    "addr showd",
    "neigh add proxy 192.0.2.1",
    "n r p 2001:db8::1",
    "rule save",
    "ru sa",
    "rule restore",
    "rule r",
    "link set eth0 netns 1",
    "link set lo netns other",
    "link add x netns 1 type bridge",
    "link add v type veth peer name w netns 1",
    "link add v type veth peer netns 1 name w",
    "link add v type veth peer name w xdp obj /x",
    "link add v type veth peer name w vf 0 mac 02:00:00:00:00:01",
    "link set eth0 link-netns 1",
    "link set eth0 link-n 1",
    "link set eth0 link-netnsid 0",
    "link set eth0 xdp obj /etc/shadow",
    "link set eth0 xdpgeneric obj /x",
    "link set eth0 xdpdrv obj /x",
    "link set eth0 xdpoffload obj /x",
    "link set eth0 vf 0 trust on",
    "link replace x netns 1 type bridge",
    "link change eth0 netns 1",
    "link del eth0 netns 1",
    "link add link eth0 link-netnsid 0 name m type macvlan",
    "link add mv link-netns other link eth0 type vxlan id 5",
    "link set v type veth peer name w netns 1",
    "link add v type veth peer link-netnsid 0 name w",
    "link add tap link eth0 type macvtap",
    "link add tap link eth0 type ipvtap mode l2",
    "link set tap type macvtap mode bridge",
];

#[test]
fn what_no_profile_allows_is_no_command_and_says_so() {
    for line in NEVER {
        let mistake = read(line).expect_err(line);
        assert!(mistake.never.is_some(), "{line}: {mistake:?}");
    }
}

#[test]
fn a_form_that_is_not_spoken_is_refused_and_the_nearest_is_named() {
    let hint = |line: &str| read(line).unwrap_err().hint;
    assert_eq!(hint("roue"), Some("route".into()));
    assert_eq!(hint("route sohw"), Some("route show".into()));
    assert_eq!(hint("--jsno route"), Some("-json".into()));
    for coloured in ["-c", "-col", "-c=always", "--color=", "-c=never -c"] {
        let line = format!("{coloured} -br link show eth0");
        assert_eq!(hint(&line), Some("-color=never".into()), "{line}");
    }
    assert_eq!(hint("route add default metrc 5"), Some("metric".into()));
    assert_eq!(hint("link set eth0 mut 1400"), Some("mtu".into()));
    assert_eq!(hint("link add br9 type brigde"), Some("bridge".into()));
    assert_eq!(
        hint("link set br9 type bridge stp_satte 1"),
        Some("stp_state".into())
    );
}

#[test]
fn a_replaced_token_is_never_a_keyword() {
    let word = |text: &str, replaced| Word {
        text: text.into(),
        column: 1,
        replaced,
    };
    let show = [word("link", false), word("show", false), word("up", true)];
    assert_eq!(
        ip::read(&show).command.unwrap().to_string(),
        "link show dev up"
    );
    assert!(ip::read(&[word("route", true)]).command.is_err());
    assert!(
        ip::read(&[word("-6", true), word("route", false)])
            .command
            .is_err()
    );
    assert!(
        ip::read(&[word("route", false), word("add", true)])
            .command
            .is_err()
    );
}

#[test]
fn look_ups_come_in_the_order_in_which_iproute2_makes_them() {
    let reading = ip::read(&words::split("link set eth0 master br0 frob").unwrap());
    let devices: Vec<&str> = reading
        .lookups
        .iter()
        .map(|lookup| lookup.device.as_str())
        .collect();
    assert_eq!(devices, ["br0"]);
    assert!(reading.command.is_err());
}

#[test]
fn the_devices_of_a_line_are_looked_up_before_the_options_of_a_kind_are_read() {
    let devices = |line: &str| {
        let reading = ip::read(&words::split(line).unwrap());
        let names = reading.lookups.into_iter().map(|lookup| lookup.device);
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        devices("link add mv link eth0 master br0 type macvlan mode foo"),
        ["br0", "eth0"]
    );
    assert_eq!(
        devices("link set v0 address 02:00 vrf red type bridge foo"),
        ["red", "v0", "v0"]
    );
    assert_eq!(
        devices("link add link eth0 v type veth peer master br0 link eth1 name w"),
        ["eth0", "br0", "eth1"]
    );
}

/// Words that hostile values are made of: keywords, denied words, numbers, junk.
fn word() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "ip",
        "-4",
        "-6",
        "-j",
        "-n",
        "-b",
        "--",
        "-",
        "route",
        "r",
        "link",
        "addr",
        "add",
        "del",
        "show",
        "set",
        "via",
        "dev",
        "table",
        "all",
        "default",
        "10.0.0.0/8",
        "2001:db8::/32",
        "fe80::1",
        "mtu",
        "lock",
        "1400",
        "nexthop",
        "weight",
        "0",
        "-1",
        "0x",
        "type",
        "veth",
        "peer",
        "name",
        "netns",
        "xdp",
        "vf",
        "master",
        "br0",
        "scope",
        "",
        "/",
        "0/0",
        "1/33",
        "lo",
        "eth0",
        "rtt",
        "5s",
        "1e9s",
        "NaNs",
        "infms",
        "brd",
        "+",
        "label",
        "metric",
        "rule",
        "neigh",
        "flush",
        "get",
        "not",
        "from",
        "to",
        "fwmark",
        "1/2",
        "iif",
        "l3mdev",
        "uidrange",
        "1-2",
        "ipproto",
        "tcp",
        "sport",
        "dscp",
        "AF11",
        "flowlabel",
        "tun_id",
        "pref",
        "realms",
        "sup_pl",
        "goto",
        "nop",
        "blackhole",
        "nat",
        "10.0.0.1",
        "lladdr",
        "02:00",
        "nud",
        "stale",
        "none",
        "noarp",
        "proxy",
        "managed",
        "use",
        "nomaster",
        "unused",
        "bridge",
        "bridge_slave",
        "vlan",
        "macvlan",
        "ipvlan",
        "vxlan",
        "bond",
        "vrf",
        "dummy",
        "macvtap",
        "id",
        "5",
        "mode",
        "on",
        "off",
        "group",
        "remote",
        "ingress-qos-map",
        "1:2",
        "macaddr",
        "02:00:00:00:00:01",
        "private",
        "arp_ip_target",
        "alias",
        "index",
        "property",
        "altname",
        "promisc",
        "address",
        "get",
        "flush",
        "from",
        "root",
        "match",
        "exact",
        "any",
        "vrf",
        "realms",
        "5/6",
        "congctl",
        "cubic",
        "features",
        "ecn",
        "nhid",
        "expires",
        "as",
        "encap",
        "bpf",
        "ip6",
        "mpls",
        "1/2",
        "seg6",
        "segs",
        "2001:db8::1",
        "id",
        "dst",
        "src",
        "key",
        "ttl-propagate",
        "disabled",
        "iif",
        "oif",
        "uid",
        "mark",
        "ipproto",
        "tcp",
        "sport",
        "fibmatch",
        "anycast",
        "valid_lft",
        "preferred_lft",
        "forever",
        "proto",
        "autojoin",
        "nodad",
        "tentative",
        "-tentative",
        "dynamic",
        "down",
        "group",
        "eth0_slave",
        "nomaster",
        "-loops",
        "192.0.2.1/24",
    ];
    prop_oneof![8 => prop::sample::select(KNOWN).prop_map(str::to_owned), 1 => ".{0,12}"]
}

/// Parts of rules and neighbours, each whole, so that most rows of them are commands.
fn command_of_parts() -> impl Strategy<Value = String> {
    const RULE: &[&str] = &[
        "not",
        "from 10/8",
        "from default",
        "to 10.1.2.3",
        "to 0/0",
        "tos 4",
        "tos EF",
        "fwmark 1/2",
        "fwmark 3",
        "iif a'\"'b",
        "oif lo",
        "l3mdev",
        "uidrange -1-2",
        "ipproto tcp",
        "ipproto 200",
        "ipproto mptcp",
        "sport 5/6",
        "sport 7",
        "sport 8-9",
        "dport 1/0xffff",
        "dscp AF11",
        "dscp 08/7",
        "dscp 0",
        "flowlabel 1/2",
        "flowlabel 3",
        "tun_id -1",
        "pref 7",
        "table 300",
        "table main",
        "sup_pl 1",
        "sup_group default",
        "realms cosmos/1",
        "protocol bgp",
        "goto 5",
        "nop",
        "blackhole",
        "type local",
        "nat 1.2.3.4",
        "nat any",
        "type nat",
        "77",
    ];
    const RULES: &[&str] = &[
        "not",
        "from 10/8",
        "src all",
        "10/8",
        "tos 4",
        "fwmark 1/2",
        "fwmark 3",
        "iif a",
        "dev b",
        "oif c",
        "l3mdev",
        "uidrange 1-2",
        "tun_id 0",
        "lookup 300",
        "protocol all",
        "protocol bgp",
        "ipproto 6",
        "sport 5/6",
        "sport 7",
        "dport 8-9",
        "dscp 5/6",
        "dscp default",
        "flowlabel 1",
        "pref 5",
    ];
    const NEIGHBOUR: &[&str] = &[
        "192.0.2.1",
        "proxy 2001:db8::1",
        "dev eth0",
        "dev 'a b'",
        "lladdr 2:0:0:0:0:a",
        "lladdr null",
        "nud stale",
        "nud none",
        "nud 0x80",
        "router",
        "use",
        "managed",
        "extern_learn",
        "protocol static",
    ];
    const NEIGHBOURS: &[&str] = &[
        "10/8",
        "to all",
        "dev eth0",
        "master br0",
        "vrf red",
        "nomaster",
        "unused",
        "nud all",
        "nud noarp",
        "nud none",
        "nud stale",
        "proxy",
        "protocol 5",
        "protocol all",
    ];
    let row = |verbs: &'static [&'static str], parts: &'static [&'static str]| {
        let parts = prop::collection::vec(prop::sample::select(parts), 1..7);
        (prop::sample::select(verbs), parts)
            .prop_map(|(verb, parts)| format!("{verb} {}", parts.join(" ")))
    };
    prop_oneof![
        row(
            &["rule add", "rule del", "-6 rule del", "-4 rule add"],
            RULE
        ),
        row(&["rule show", "rule flush", "-4 rule show"], RULES),
        row(
            &[
                "neigh add 192.0.2.7 dev lo",
                "neigh del",
                "-4 neigh get",
                "neigh get"
            ],
            NEIGHBOUR
        ),
        row(&["neigh show", "neigh flush", "-4 neigh show"], NEIGHBOURS),
    ]
}
/// Where commands that are accepted begin.
const VERBS: &[&str] = &[
    "route get",
    "route flush",
    "route show",
    "route add default",
    "route del",
    "-6 route get",
    "address add 10.0.0.1/24 dev lo",
    "address add dev lo",
    "-4 address del",
    "address show",
    "address flush",
];

/// Whether a full form has a word of what is never allowed, other than as the name of a device, or of a kind that is only
/// looked for, which may be any.
fn says_never(full: &str) -> bool {
    let words: Vec<&str> = full.split(' ').collect();
    let is_never =
        |word: &str| ["netns", "xdp", "vf", "macvtap", "bpf", "-n", "-b"].contains(&word);
    let looks = words.contains(&"show") || words.contains(&"flush");
    let names = |word: &str| {
        ["dev", "iif", "oif", "link", "master", "vrf", "name"].contains(&word)
            || looks && word == "type"
    };
    let before = std::iter::once("").chain(words.iter().copied());
    before
        .zip(&words)
        .any(|(before, word)| is_never(word) && !names(before))
}

/// A shell hands on words that no line of a value has: with control characters, or with quotes of both kinds.
fn stands_in_a_line(word: &str) -> bool {
    let both_quotes = word.contains('\'') && word.contains('"');
    !(both_quotes || word.chars().any(char::is_control))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_words_make_the_reader_panic_and_what_it_accepts_can_be_read_again(texts in prop::collection::vec(word(), 0..12)) {
        let words: Vec<Word> = texts.iter().map(|text| Word { text: text.clone(), column: 1, replaced: false }).collect();
        if let Ok(command) = ip::read(&words).command {
            let full = command.to_string();
            prop_assert!(!says_never(&full), "{full}");
            if texts.iter().all(|text| stands_in_a_line(text)) {
                prop_assert_eq!(read(&full), Ok(command), "{}", full);
            }
        }
    }

    #[test]
    fn what_follows_a_verb_can_be_read_again(verb in prop::sample::select(VERBS), texts in prop::collection::vec(word(), 0..10)) {
        let texts = texts.into_iter().filter(|text| stands_in_a_line(text));
        let texts = verb.split(' ').map(str::to_owned).chain(texts);
        let words: Vec<Word> = texts.map(|text| Word { text, column: 1, replaced: false }).collect();
        if let Ok(command) = ip::read(&words).command {
            let full = command.to_string();
            prop_assert_eq!(read(&full), Ok(command), "{}", full);
        }
    }

    #[test]
    fn a_row_of_whole_parts_is_the_same_command_in_its_full_form(line in command_of_parts()) {
        if let Ok(command) = read(&line) {
            let full = command.to_string();
            prop_assert_eq!(read(&full), Ok(command), "{} as {}", line, full);
        }
    }

    #[test]
    fn no_text_makes_the_splitter_panic(text in "\\PC{0,200}") {
        let _ = words::split(&text);
    }
}
