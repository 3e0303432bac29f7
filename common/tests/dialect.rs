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
        "route show to root 10.0.0.0/8 to match 10.1.1.1 from match default table main iif eth0 mark 16 realms 5/",
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
        "-4 address add peer all broadcast 0.0.0.0 default dev eth0",
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
    assert_eq!(hint("route add default metrc 5"), Some("metric".into()));
    assert_eq!(hint("link set eth0 mut 1400"), Some("mtu".into()));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_words_make_the_reader_panic_and_what_it_accepts_can_be_read_again(texts in prop::collection::vec(word(), 0..12)) {
        let words: Vec<Word> = texts.iter().map(|text| Word { text: text.clone(), column: 1, replaced: false }).collect();
        if let Ok(command) = ip::read(&words).command {
            let full = command.to_string();
            prop_assert!(!full.split(' ').any(|word| ["netns", "xdp", "vf", "-n", "-b", "bpf"].contains(&word)), "{full}");
            prop_assert_eq!(read(&full), Ok(command), "{}", full);
        }
    }

    #[test]
    fn what_follows_a_verb_can_be_read_again(verb in prop::sample::select(VERBS), texts in prop::collection::vec(word(), 0..10)) {
        // What cannot stand in a line: control characters, and quotes of both kinds in one word.
        let can_stand = |c: &char| !c.is_control() && *c != '\'' && *c != '"';
        let texts = texts.into_iter().map(|text| text.chars().filter(can_stand).collect());
        let texts = verb.split(' ').map(str::to_owned).chain(texts);
        let words: Vec<Word> = texts.map(|text| Word { text, column: 1, replaced: false }).collect();
        if let Ok(command) = ip::read(&words).command {
            let full = command.to_string();
            prop_assert_eq!(read(&full), Ok(command), "{}", full);
        }
    }

    #[test]
    fn no_text_makes_the_splitter_panic(text in "\\PC{0,200}") {
        let _ = words::split(&text);
    }
}
