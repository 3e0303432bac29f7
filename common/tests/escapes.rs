//! What a pod could do to its node with the words of `ip`, one test a way: each is refused before anything runs, by
//! every spelling that iproute2 takes. What runs in a namespace is tested there; here nothing has a kernel to ask.

use std::time::{Duration, Instant};

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::kernel::{Answer, Kernel, Refusal};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report};
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::uapi::rtm;
use chainsaw_common::wire::{Attributes, Reply, Request};
use netlink_packet_core::NLM_F_DUMP;

/// A kernel that must not be asked for anything.
#[derive(Default)]
struct Untouched {
    asked: usize,
}

impl Kernel for Untouched {
    fn exchange(&mut self, _: &Request) -> Answer {
        self.asked += 1;
        Answer::default()
    }
}

/// A kernel that has no device, or one address that always comes back; it notes what it is asked.
#[derive(Default)]
struct Stubborn {
    asked: Vec<u16>,
    listed: Vec<Reply>,
}

impl Kernel for Stubborn {
    fn exchange(&mut self, request: &Request) -> Answer {
        self.asked.push(request.kind);
        let listing = request.flags & NLM_F_DUMP == NLM_F_DUMP;
        Answer {
            replies: if listing {
                self.listed.clone()
            } else {
                Vec::new()
            },
            refusal: (request.kind == rtm::GETLINK && !listing).then_some(Refusal {
                errno: 19,
                text: None,
            }),
            ..Answer::default()
        }
    }
}

/// Serves a value with every right there is, and says what came of it and whether the kernel was asked.
fn served(value: &str) -> (Report, usize) {
    let mut kernel = Untouched::default();
    let report = serve(value, &Policy::of_the_caller(), &mut kernel);
    (report, kernel.asked)
}

fn serve(value: &str, policy: &Policy, kernel: &mut dyn Kernel) -> Report {
    let subject = Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "test",
        interface: None,
        mtu: None,
        netns: None,
    };
    let values = [Value {
        source: "test".into(),
        author: Author::Pod,
        text: value.into(),
    }];
    let surroundings = Surroundings::default();
    let ask = Ask {
        subject: &subject,
        values: &values,
        surroundings: &surroundings,
        policy,
        run: Run::First,
    };
    engine::serve(&ask, &mut (), kernel)
}

/// Each line is never allowed, whoever asks; nothing is asked of the kernel.
fn never(lines: &[&str]) {
    for line in lines {
        let (report, asked) = served(line);
        assert_eq!(
            (report.outcome, asked),
            (Outcome::Denied, 0),
            "{line}: {report:?}"
        );
        let why = report
            .commands
            .iter()
            .find_map(|command| command.advice.as_ref())
            .map(|advice| advice.why.clone());
        assert!(
            why.is_some_and(|why| why.starts_with("never allowed: ")),
            "{line}"
        );
    }
}

/// Each line is no command here; nothing is asked of the kernel.
fn refused(lines: &[&str]) {
    for line in lines {
        let (report, asked) = served(line);
        assert!(
            matches!(report.outcome, Outcome::Failed | Outcome::Denied) && asked == 0,
            "{line}: {report:?}"
        );
    }
}

#[test]
fn row_1_netns_exec_runs_no_program() {
    never(&[
        "ip netns add x",
        "netns exec x touch /mark",
        "ip net exec x sh",
        "ip netn exec x sh",
    ]);
}

#[test]
fn row_2_all_netns_exec_runs_no_program() {
    never(&[
        "-all netns exec sh",
        "-a netns exec sh",
        "--all netns exec sh",
        "-al netns exec sh",
    ]);
}

#[test]
fn row_3_vrf_exec_runs_no_program() {
    never(&[
        "vrf exec default sh",
        "ip v exec default sh",
        "vrf identify 1",
        "vrf pids default",
    ]);
}

#[test]
fn rows_4_and_5_no_option_names_another_namespace() {
    never(&[
        "-n ../../../proc/1/ns/net link",
        "-netns x route",
        "--ne x route",
        "-4 -n x route",
        "--netns x route",
        "-ne x a",
    ]);
    // Behind `--` there are no options.
    refused(&["-- -n x route"]);
}

#[test]
fn rows_6_to_8_namespaces_are_not_named_listed_or_deleted() {
    never(&[
        "netns attach n 1",
        "netns pids x",
        "netns identify 1",
        "netns list",
        "netns list-id",
        "netns set x 1",
    ]);
    never(&[
        "-all netns delete",
        "netns del x",
        "-all netns add ../../x",
        "netns monitor",
        "netns",
    ]);
}

#[test]
fn row_9_no_file_is_read_as_a_batch() {
    never(&[
        "-batch /etc/shadow",
        "-b /etc/shadow",
        "-force -batch /etc/shadow",
        "-fo -b /x",
        "-ba /x",
        "--batch /x",
        "-force route",
    ]);
}

#[test]
fn row_10_no_device_leaves_the_namespace() {
    never(&[
        "link set eth0 netns 1",
        "link set eth0 netns /proc/1/ns/net",
        "link set dev eth0 up netns x",
        "l s eth0 netns x",
    ]);
}

#[test]
fn row_11_no_peer_lies_elsewhere() {
    never(&[
        "link add x type veth peer name y netns 1",
        "link add x type veth peer netns 1 name y",
        "link add x type veth peer mtu 1400 netns 1",
    ]);
}

#[test]
fn row_12_no_device_is_made_elsewhere() {
    never(&[
        "link add x netns 1 type bridge",
        "link add netns 1 name x type veth",
    ]);
}

#[test]
fn row_13_no_device_hangs_on_one_of_another_namespace() {
    never(&[
        "link add vx0 link-netnsid 0 type macvlan",
        "link add vx0 link-netns x type veth",
        "link set vx0 link-netn x",
        "link set vx0 link-n x",
    ]);
}

#[test]
fn row_14_devices_of_the_node_are_not_made() {
    refused(&[
        "link add vt0 type macvtap",
        "link add link eth0 name vt0 type macvtap",
        "link add link eth0 name vt0 type ipvtap",
    ]);
}

#[test]
fn row_15_no_program_is_attached_to_a_device() {
    never(&[
        "link set eth0 xdp obj /x",
        "link set eth0 xdpgeneric obj /x",
        "link set eth0 xdpdrv pinned /x",
        "link set eth0 xdpoffload obj /x",
        "link set eth0 xdp off",
    ]);
    never(&["link add x type veth peer name y xdp obj /x"]);
}

#[test]
fn row_16_no_program_is_attached_to_a_route() {
    refused(&[
        "route add 192.0.2.0/24 encap bpf in obj /x dev eth0",
        "route add default nexthop via 10.0.0.1 encap bpf out obj /x",
    ]);
}

#[test]
fn row_17_a_kind_is_no_path_and_no_unknown_word() {
    refused(&[
        "link add x type ../../tmp/evil",
        "link add x type netdevsim",
        "link add x type wwan",
        "link add x type ipoib",
        "link add x type frob",
    ]);
}

#[test]
fn row_18_a_device_is_asked_for_by_rtm_getlink_and_by_nothing_else() {
    for line in [
        "link show dev sctp",
        "link set sctp up",
        "addr add 192.0.2.1/24 dev sctp",
        "route add default dev sctp",
        "neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev sctp",
        "link add m0 link sctp type macvlan",
        "link set eth0 master sctp",
        // No `if%u`: a name that looks like an index is a name.
        "link show dev if2",
    ] {
        let mut kernel = Stubborn::default();
        let report = serve(line, &Policy::of_the_caller(), &mut kernel);
        assert_eq!(report.outcome, Outcome::Failed, "{line}: {report:?}");
        assert_eq!(kernel.asked, [rtm::GETLINK], "{line}");
    }
}

#[test]
fn row_19_what_would_load_a_module_by_name_is_from_a_list() {
    refused(&[
        "route add default via 10.0.0.1 congctl frobnicate",
        "route add default encap frob x dev eth0",
        "link add x type gtp",
    ]);
}

#[test]
fn rows_20_and_21_every_command_ends() {
    never(&[
        "monitor",
        "mo link",
        "monitor file /x",
        "xfrm monitor",
        "netns monitor",
    ]);
    refused(&["mptcp monitor"]);
}

#[test]
fn row_22_no_name_is_resolved() {
    never(&["-r route", "-resolve route", "-re addr"]);
}

#[test]
fn rows_23_and_24_nothing_is_saved_or_restored() {
    never(&[
        "route save",
        "addr save",
        "route restore",
        "addr restore",
        "route showdump",
        "addr showdump",
        "r sa",
        "a sa",
    ]);
    refused(&["rule save", "rule restore"]);
}

#[test]
fn row_25_a_cache_that_kernels_no_longer_have_is_flushed_by_doing_nothing() {
    for line in ["route flush cache", "-6 route flush cache", "r f c"] {
        let mut kernel = Stubborn::default();
        let report = serve(line, &Policy::of_the_caller(), &mut kernel);
        assert_eq!(report.outcome, Outcome::Ok, "{line}");
        assert!(
            kernel.asked.iter().all(|kind| *kind == rtm::GETROUTE),
            "{line}"
        );
    }
}

#[test]
fn row_26_virtual_functions_are_not_touched() {
    never(&[
        "link set eth0 vf 0 mac 02:00:00:00:00:01",
        "link set eth0 vf 0 trust on",
        "link set eth0 up vf 0 rate 1",
    ]);
}

#[test]
fn row_27_no_sysctl_is_set_by_a_link() {
    refused(&[
        "link set eth0 inet forwarding on",
        "link set eth0 inet rp_filter 0",
    ]);
}

#[test]
fn row_28_no_tap_is_made() {
    never(&[
        "tuntap add t0 mode tap",
        "tunt show",
        "tap add t0",
        "ta show",
    ]);
}

#[test]
fn row_29_no_key_is_read_or_set() {
    never(&["xfrm state", "x policy", "macsec show", "mac add"]);
}

#[test]
fn rows_30_to_32_other_objects_are_not_spoken() {
    refused(&[
        "l2tp show",
        "fou show",
        "ila list",
        "ioam namespace show",
        "sr hmac show",
        "tcp_metrics flush",
        "ntable change name arp_cache",
    ]);
}

#[test]
fn row_33_a_value_is_bounded_before_it_is_read_and_told_at_once() {
    let mebibyte = "x".repeat(1 << 20);
    let thousands = "ip link add v type veth\n".repeat(10_000);
    let deep = "[".repeat(16_000);
    for (value, word) in [
        (mebibyte, "bytes long"),
        (thousands, "bytes long"),
        (deep, "JSON"),
    ] {
        let once = || {
            let clock = Instant::now();
            let (report, asked) = served(&value);
            assert_eq!((report.outcome, asked), (Outcome::Failed, 0));
            assert!(
                report.problems.iter().any(|problem| problem.contains(word)),
                "{:?}",
                report.problems
            );
            clock.elapsed()
        };
        // The best of some: what else the machine does is not ours.
        let best = (0..5).map(|_| once()).min().unwrap_or_default();
        assert!(best < Duration::from_millis(10), "{word}: {best:?}");
    }
    let (report, _) = served(&"ip link\n".repeat(65));
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("64 is the limit")),
        "{report:?}"
    );
}

#[test]
fn row_33_a_nul_byte_is_told_where_it_is() {
    let (report, asked) = served("[\"ip route \\u0000 show\"]");
    let advice = report
        .commands
        .first()
        .and_then(|command| command.advice.clone());
    assert_eq!(asked, 0);
    assert!(
        advice.is_some_and(|advice| advice.column == Some(10) && advice.why.contains("U+0000")),
        "{report:?}"
    );
}

#[test]
fn row_34_a_flush_without_end_ends() {
    let mut body = vec![2, 24, 0, 0, 2, 0, 0, 0];
    let mut attributes = Attributes::default();
    attributes.put(2, &[192, 0, 2, 1]);
    body.extend(attributes.bytes());
    let address = Reply {
        kind: rtm::NEWADDR,
        body,
    };
    for line in ["-l 0 addr flush scope global", "addr flush scope global"] {
        let mut kernel = Stubborn {
            listed: vec![address.clone()],
            ..Stubborn::default()
        };
        let clock = Instant::now();
        let report = serve(line, &Policy::of_the_caller(), &mut kernel);
        assert!(clock.elapsed() < Duration::from_secs(1), "{line}");
        assert!(kernel.asked.contains(&rtm::DELADDR), "{line}: {report:?}");
        assert!(kernel.asked.len() < 1000, "{line}: {}", kernel.asked.len());
    }
}

#[test]
fn row_35_no_buffer_is_sized() {
    never(&["-rcvbuf 1 route", "-rc 1 route"]);
}

#[test]
fn row_39_what_may_spoof_or_break_a_pod_is_for_the_policy_to_grant() {
    let config = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
    let config = Config::parse(config, "c.toml").unwrap();
    let route = Policy::of(&config, "c.toml");
    for line in [
        "link set eth0 address 02:00:00:00:00:01",
        "link set eth0 promisc on",
        "link set eth0 arp off",
        "link del eth0",
        "link add t0 type vxlan id 1 dstport 4789",
        "rule del pref 0",
    ] {
        for policy in [&Policy::of(&Config::default(), "c.toml"), &route] {
            let mut kernel = Untouched::default();
            let report = serve(line, policy, &mut kernel);
            assert_eq!(
                (report.outcome, kernel.asked),
                (Outcome::Denied, 0),
                "{line}"
            );
        }
        let report = serve(line, &Policy::of_the_caller(), &mut Stubborn::default());
        assert_ne!(report.outcome, Outcome::Denied, "{line}: {report:?}");
    }
}

#[test]
fn row_40_moving_a_device_that_cannot_move_is_refused_by_the_reader_already() {
    never(&["link set lo netns x"]);
}
