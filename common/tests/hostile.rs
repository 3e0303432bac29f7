//! A hundred thousand hostile values: whatever is approved is looked at as the kernel would see it, message by message,
//! down to the last nested attribute.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that failed"
)]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::kernel::{Answer, Kernel, Refusal};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::Report;
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::uapi::{ifla, rtm};
use chainsaw_common::wire::{Attributes, Received, Reply, Request, u32_of};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// How many values each profile is tried with.
const CASES: u32 = 60_000;

/// What nobody may say, in words that `ip` would take somewhere.
const DENIED: [&str; 24] = [
    "netns 1",
    "netns x",
    "netns /proc/1/ns/net",
    "link-netnsid 0",
    "link-netns x",
    "link-netn 1",
    "vf 0 mac 02:00:00:00:00:01",
    "xdp obj /x",
    "xdpgeneric off",
    "xdpdrv pinned /x",
    "xdpoffload obj x",
    "type macvtap",
    "type ipvtap",
    "type veth peer name y netns 1",
    "type veth peer netns 1 name y",
    "encap bpf in obj /x",
    "encap bpf out pinned /x",
    "peer name z link-netnsid 0",
    "-n x",
    "-netns x",
    "-b /x",
    "-force",
    "-all",
    "exec sh",
];

/// Words to make lines of, beside those of the corpus.
const WORDS: [&str; 40] = [
    "ip",
    "link",
    "addr",
    "route",
    "rule",
    "neigh",
    "add",
    "set",
    "del",
    "replace",
    "change",
    "append",
    "show",
    "flush",
    "dev",
    "eth0",
    "lo",
    "eth1",
    "type",
    "veth",
    "peer",
    "name",
    "x",
    "bridge",
    "macvlan",
    "encap",
    "netns",
    "1",
    "via",
    "192.0.2.1",
    "192.0.2.0/24",
    "default",
    "table",
    "local",
    "mtu",
    "1400",
    "up",
    "address",
    "nexthop",
    "\"\"",
];

/// `IFLA_…` that reach out of the namespace, run a program, or touch other machines' functions (`linux/if_link.h`):
/// NET_NS_PID, VFINFO_LIST, VF_PORTS, NET_NS_FD, LINK_NETNSID, XDP, IF_NETNSID, NEW_NETNSID.
const OUT: [u16; 8] = [19, 22, 24, 28, 37, 43, 46, 45];
/// `LWTUNNEL_ENCAP_BPF` (`linux/lwtunnel.h`).
const ENCAP_BPF: u16 = 6;

/// The commands of the differential tests, whose words every one is right somewhere.
fn corpus() -> &'static Vec<String> {
    static LINES: OnceLock<Vec<String>> = OnceLock::new();
    LINES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
        let folders = [folder.join("kernels"), folder];
        let files = folders
            .iter()
            .flat_map(|folder| fs::read_dir(folder).expect("the corpus is there"));
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        let texts = paths.iter().filter(|path| path.is_file());
        let texts = texts.map(|path| fs::read_to_string(path).unwrap());
        let lines: Vec<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '!']))
            .map(|line| line.trim_start_matches(['=', '~']).to_owned())
            .collect();
        assert!(lines.len() > 1000);
        lines
    })
}

/// A line of the corpus with something hostile in it, a word swapped or cut, or words as they come.
fn line() -> impl Strategy<Value = String> {
    let right = || any::<Index>().prop_map(|index| index.get(corpus()).clone());
    let injected = (right(), select(&DENIED[..]), any::<Index>(), any::<bool>()).prop_map(
        |(line, denied, at, twice)| {
            let mut words: Vec<&str> = line.split(' ').collect();
            words.insert(at.index(words.len() + 1), denied);
            if twice {
                words.push(denied);
            }
            words.join(" ")
        },
    );
    let mutated = (right(), any::<Index>(), select(&WORDS[..])).prop_map(|(line, at, word)| {
        let mut words: Vec<&str> = line.split(' ').collect();
        let at = at.index(words.len());
        words[at] = word;
        words.join(" ")
    });
    let loose = prop::collection::vec(
        prop_oneof![4 => select(&WORDS[..]), 1 => select(&DENIED[..])],
        1..10,
    )
    .prop_map(|words| words.join(" "));
    let bytes = any::<String>();
    prop_oneof![4 => injected, 3 => mutated, 3 => loose, 1 => bytes]
}

/// A namespace with lo, eth0 and eth1; it takes every change and notes it.
#[derive(Default)]
struct Noting {
    changes: Vec<Request>,
}

impl Kernel for Noting {
    fn exchange(&mut self, request: &Request) -> Answer {
        if request.kind % 4 < 2 {
            self.changes.push(request.clone());
            return Answer::default();
        }
        if request.kind != rtm::GETLINK {
            return Answer::default();
        }
        let asked = Received::behind(&request.body, 16);
        let name = asked.text(ifla::IFNAME);
        let device = ["lo", "eth0", "eth1"]
            .iter()
            .zip(1u8..)
            .find(|(known, _)| name.as_deref() == Some(**known));
        match device {
            Some((name, index)) => Answer {
                replies: vec![link(name, index)],
                ..Answer::default()
            },
            None => Answer {
                refusal: Some(Refusal {
                    errno: 19,
                    text: None,
                }),
                ..Answer::default()
            },
        }
    }
}

fn link(name: &str, index: u8) -> Reply {
    let mut attributes = Attributes::default();
    attributes
        .put_text(ifla::IFNAME, name)
        .put_u32(ifla::MTU, 1500);
    attributes.put(ifla::ADDRESS, &[2, 0, 0, 0, 0, index]);
    let mut body = vec![0; 16];
    body[4] = index;
    body.extend(attributes.bytes());
    Reply {
        kind: rtm::NEWLINK,
        body,
    }
}

/// Serves a value as a pod of a namespace with this profile would have it.
fn served(profile: &str, text: &str) -> (Report, Vec<Request>) {
    // Nothing is kept from running for the sake of a module.
    let config = format!(
        "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"{profile}\"\n\
         [modules]\nload = [\"dummy\", \"ifb\", \"bonding\", \"tcp_bbr\", \"tcp_dctcp\", \"mpls_iptunnel\"]\n"
    );
    let policy = Policy::of(&Config::parse(&config, "c.toml").unwrap(), "c.toml");
    let pod = Pod {
        namespace: "default".into(),
        name: "p".into(),
        uid: None,
        labels: None,
    };
    let subject = Subject {
        pod: Some(pod),
        sandbox: None,
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some("eth0".into()),
        mtu: Some(1500),
        netns: None,
    };
    let values = [Value {
        source: "k".into(),
        author: Author::Pod,
        text: text.into(),
    }];
    let surroundings = Surroundings {
        interface: Some("eth0".into()),
        ..Surroundings::default()
    };
    let ask = Ask {
        subject: &subject,
        values: &values,
        surroundings: &surroundings,
        policy: &policy,
        run: Run::First,
    };
    let mut kernel = Noting::default();
    let report = engine::serve(&ask, &mut (), &mut kernel);
    (report, kernel.changes)
}

/// Every attribute of a message of devices, at any depth. What looks nested is taken for nested: a veth's peer is a
/// header and then attributes.
fn reaches_out(bytes: &[u8], depth: usize) -> bool {
    let Some(attributes) = Received::whole(bytes).filter(|_| depth < 6) else {
        return false;
    };
    attributes.iter().any(|(kind, value)| {
        let inside = kind == ifla::LINKINFO && info_reaches_out(value);
        // Elsewhere than at the top, and in a peer, the numbers mean other things.
        OUT.contains(&kind) || inside
    })
}

/// `IFLA_LINKINFO`: its kind, and of a veth its peer (`VETH_INFO_PEER`, `struct ifinfomsg` and attributes).
fn info_reaches_out(info: &[u8]) -> bool {
    let info = Received::read(info);
    let kind = info.text(1).unwrap_or_default();
    let peer = info
        .nested(2)
        .and_then(|data| data.bytes(1).map(<[u8]>::to_vec));
    let out = kind == "veth"
        && peer.is_some_and(|peer| reaches_out(peer.get(16..).unwrap_or_default(), 1));
    matches!(kind.as_str(), "macvtap" | "ipvtap") || out
}

fn is_of_bpf(request: &Request) -> bool {
    const ENCAP_TYPE: u16 = 21;
    const MULTIPATH: u16 = 9;
    let route = Received::behind(&request.body, 12);
    let is_bpf = |attributes: &Received<'_>| {
        attributes
            .bytes(ENCAP_TYPE)
            .is_some_and(|kind| kind.starts_with(&ENCAP_BPF.to_ne_bytes()))
    };
    let mut legs = route.bytes(MULTIPATH).unwrap_or_default();
    let mut in_a_leg = false;
    while let Some(length) = legs
        .first_chunk::<2>()
        .map(|bytes| usize::from(u16::from_ne_bytes(*bytes)))
    {
        in_a_leg |= is_bpf(&Received::read(legs.get(8..length).unwrap_or_default()));
        legs = legs
            .get(length.next_multiple_of(4).max(8)..)
            .unwrap_or_default();
    }
    is_bpf(&route) || in_a_leg
}

fn index_of(request: &Request) -> u32 {
    request.body.get(4..).and_then(u32_of).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_approved_reaches_out_of_the_namespace(lines in prop::collection::vec(line(), 1..3)) {
        let (report, changes) = served("net-admin", &lines.join("\n"));
        for change in &changes {
            let is_link = matches!(change.kind, rtm::NEWLINK | rtm::DELLINK);
            prop_assert!(!is_link || !reaches_out(change.body.get(16..).unwrap_or_default(), 0), "{lines:?} {report:?}");
            let is_route = matches!(change.kind, rtm::NEWROUTE | rtm::DELROUTE);
            prop_assert!(!is_route || !is_of_bpf(change), "{lines:?} {report:?}");
            prop_assert!(change.kind < 36 || matches!(change.kind, rtm::NEWLINKPROP | rtm::DELLINKPROP), "{lines:?} {report:?}");
        }
    }

    #[test]
    fn nothing_that_profile_route_approves_changes_a_link_or_an_address(lines in prop::collection::vec(line(), 1..3)) {
        let (report, changes) = served("route", &lines.join("\n"));
        for change in &changes {
            let fine = match change.kind {
                // The one setting that is granted: its own interface's MTU, and nothing else.
                rtm::NEWLINK => {
                    let kinds: Vec<u16> = Received::behind(&change.body, 16).iter().map(|(kind, _)| kind).collect();
                    index_of(change) == 2 && kinds == [ifla::MTU] && change.body.get(8..16) == Some(&[0; 8])
                }
                rtm::NEWROUTE | rtm::DELROUTE | rtm::NEWRULE | rtm::DELRULE | rtm::NEWNEIGH | rtm::DELNEIGH => true,
                _ => false,
            };
            prop_assert!(fine, "{lines:?} {report:?}");
        }
    }
}

#[test]
fn what_may_be_said_is_seen_here() {
    // The net is no net if nothing is ever caught in it.
    let (_, changes) = served(
        "net-admin",
        "ip link add x type veth peer name y\nip link set eth0 mtu 1400",
    );
    assert_eq!(changes.len(), 2);
    let mut peer = vec![0; 16];
    let mut inner = Attributes::default();
    inner.put_u32(19, 1);
    peer.extend(inner.bytes());
    let (mut data, mut info, mut all) = (
        Attributes::default(),
        Attributes::default(),
        Attributes::default(),
    );
    data.put(1, &peer);
    info.put_text(1, "veth").put_nested(2, &data);
    all.put_nested(ifla::LINKINFO, &info);
    assert!(reaches_out(&all.bytes(), 0));
    assert!(!reaches_out(changes[0].body.get(16..).unwrap(), 0));
}
