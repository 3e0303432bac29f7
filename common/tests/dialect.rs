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
        "a a 192.0.2.1/24 brd + dev eth0 label eth0:x scope link metric 3 nodad noprefixroute",
        "address add 192.0.2.1/24 broadcast + dev eth0 scope link label eth0:x metric 3 nodad noprefixroute",
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
    (
        "rule add iif \"'\" from all",
        "rule add from default iif \"'\"",
    ),
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
        "-4 neigh get proxy 0.0.0.0 dev eth0",
    ),
    (
        "n s 10/8 dev eth0 proxy unused p static nud stale nud none nud r nomaster",
        "neigh show proxy to 10.0.0.0/8 dev eth0 nomaster nud none nud reachable nud stale unused protocol static",
    ),
    ("n f nud all master br0", "neigh flush master br0 nud all"),
    (
        "n f nud all nud noarp vrf red",
        "neigh flush vrf red nud none nud incomplete nud reachable nud stale nud delay \
      nud probe nud failed nud noarp nud permanent",
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_words_make_the_reader_panic_and_what_it_accepts_can_be_read_again(texts in prop::collection::vec(word(), 0..12)) {
        let words: Vec<Word> = texts.iter().map(|text| Word { text: text.clone(), column: 1, replaced: false }).collect();
        if let Ok(command) = ip::read(&words).command {
            let full = command.to_string();
            prop_assert!(!full.split(' ').any(|word| ["netns", "xdp", "vf", "-n", "-b"].contains(&word)), "{full}");
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
