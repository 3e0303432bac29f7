//! Every way to change a shared device, before a kernel of devices that are written down here.

use netlink_packet_core::NLM_F_DUMP;

use super::*;
use crate::config::Config;
use crate::engine::{self, Ask, Value};
use crate::ip::run::run;
use crate::ip::{self, Lookup};
use crate::kernel::{Answer, Kernel, Refusal};
use crate::plan::{Author, Run};
use crate::pod::{Entrance, Pod, Subject};
use crate::policy::Policy;
use crate::report::{Outcome, Report};
use crate::tokens::Surroundings;
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Received, Reply, Request, u32_of};
use crate::words;

/// A device: index, name, kind, and where its lower link is.
#[derive(Clone)]
struct Fake {
    index: u32,
    names: Vec<&'static str>,
    kind: &'static str,
    link: Option<u32>,
    elsewhere: bool,
    mode: u32,
    group: u32,
    flags: u32,
}

fn device(index: u32, name: &'static str, kind: &'static str) -> Fake {
    Fake {
        index,
        names: vec![name],
        kind,
        link: None,
        elsewhere: false,
        mode: 4,
        group: 0,
        flags: 0,
    }
}

impl Fake {
    fn on(self, link: u32) -> Self {
        Self {
            link: Some(link),
            ..self
        }
    }

    fn elsewhere(self) -> Self {
        Self {
            elsewhere: true,
            ..self.on(9)
        }
    }

    fn reply(&self) -> Reply {
        let mut data = Attributes::default();
        data.put_u32(1, self.mode);
        let mut info = Attributes::default();
        info.put_text(ifla::INFO_KIND, self.kind)
            .put_nested(ifla::INFO_DATA, &data);
        let mut attributes = Attributes::default();
        attributes
            .put_text(ifla::IFNAME, self.names[0])
            .put_u32(ifla::GROUP, self.group)
            .put(ifla::ADDRESS, &[2, 0, 0, 0, 0, 1]);
        if !self.kind.is_empty() {
            attributes.put_nested(ifla::LINKINFO, &info);
        }
        if let Some(link) = self.link {
            attributes.put_u32(ifla::LINK, link);
        }
        if self.elsewhere {
            // `NETNSA_NSID_NOT_ASSIGNED`: the number tells nothing.
            attributes.put_u32(ifla::LINK_NETNSID, u32::MAX);
        }
        let header = [0, self.index, self.flags, 0]
            .map(u32::to_ne_bytes)
            .concat();
        Reply {
            kind: rtm::NEWLINK,
            body: [header, attributes.bytes()].concat(),
        }
    }
}

/// A namespace of such devices, which takes every change.
struct Devices {
    all: Vec<Fake>,
    /// The types of all messages, in order.
    seen: Vec<u16>,
    /// The error number for those who ask for a device by its index.
    refuses: Option<i32>,
}

impl Devices {
    fn changes(&self) -> usize {
        let changes = self.seen.iter().filter(|kind| rtm::is_change(**kind));
        changes.count()
    }

    fn link(&self, request: &Request) -> Vec<Reply> {
        let dump = request.flags & NLM_F_DUMP == NLM_F_DUMP;
        let index = u32_of(&request.body[4..]).unwrap();
        let asked = Received::behind(&request.body, 16);
        let name = asked.text(ifla::IFNAME).or(asked.text(ifla::ALT_IFNAME));
        let is = |fake: &&Fake| match (dump, &name) {
            (true, _) => true,
            (_, Some(name)) => fake.names.iter().any(|own| own == name),
            _ => fake.index == index,
        };
        self.all.iter().filter(is).map(Fake::reply).collect()
    }
}

impl Kernel for Devices {
    fn exchange(&mut self, request: &Request) -> Answer {
        self.seen.push(request.kind);
        if request.kind != rtm::GETLINK {
            return Answer {
                acknowledged: true,
                ..Answer::default()
            };
        }
        let replies = self.link(request);
        let by_index = u32_of(&request.body[4..]) != Some(0);
        let refuses = self.refuses.filter(|_| by_index);
        let errno = refuses.or(replies.is_empty().then_some(19));
        Answer {
            refusal: errno.map(|errno| Refusal { errno, text: None }),
            replies,
            ..Answer::default()
        }
    }
}

/// A pod's devices: `eth0` of a kind on the card, and what a pod may have made itself.
fn pod(eth0: Fake) -> Devices {
    let mut eth0 = eth0;
    eth0.names = vec!["eth0", "an-altname-of-eth0-that-is-long", "short0"];
    eth0.group = 7;
    let all = vec![
        device(1, "lo", ""),
        eth0,
        device(3, "br0", "bridge"),
        device(4, "bond0", "bond"),
        device(5, "blue", "vrf"),
        device(6, "v5", "vlan").on(2),
        device(7, "own0", "veth").on(8),
        device(8, "own1", "veth").on(7),
        device(10, "own5", "vlan").on(7),
        device(11, "iv0", "ipvlan").on(7),
        device(12, "d0", "dummy"),
        device(13, "wg0", "wireguard"),
        device(14, "gone0", "vlan").on(99),
        device(15, "card0", ""),
        device(16, "vx0", "vxlan"),
    ];
    Devices {
        all,
        seen: Vec::new(),
        refuses: None,
    }
}

fn macvlan() -> Fake {
    device(2, "eth0", "macvlan").elsewhere()
}

fn passthru() -> Fake {
    Fake {
        mode: 8,
        ..macvlan()
    }
}

fn ipvlan() -> Fake {
    device(2, "eth0", "ipvlan").elsewhere()
}

fn off() -> Switch {
    Switch::Off {
        remedy: "write it".to_owned(),
    }
}

fn read(line: &str) -> (Command, Vec<Lookup>) {
    let reading = ip::read(&words::split(line).unwrap());
    let command = reading
        .command
        .unwrap_or_else(|wrong| panic!("{line}: {wrong:?}"));
    (command, reading.lookups)
}

/// Why a command was stopped, if it was; else it has changed something.
fn stopped(devices: &mut Devices, switch: &Switch, line: &str) -> Option<Stop> {
    let (command, lookups) = read(line);
    assert!(Switch::concerns(&command), "{line}");
    devices.seen.clear();
    let mut kernel = Fenced::over(devices, switch);
    run(&command, &lookups, &mut kernel);
    let stop = kernel.into_stop();
    assert_eq!(devices.changes(), usize::from(stop.is_none()), "{line}");
    stop
}

fn never(stop: Option<Stop>) -> Option<bool> {
    match stop? {
        Stop::Shared(shared) => {
            assert_eq!(shared.remedy.is_none(), shared.never.is_some());
            Some(shared.never.is_some())
        }
        Stop::Untold(why) => panic!("{why}"),
    }
}

/// What no rule allows on a shared device.
const NEVER: &[&str] = &[
    "link set eth0 type macvlan mode source flag nodst macaddr set 02:00:00:00:00:09",
    "link set eth0 type macvlan mode bridge",
    "link set eth0 type macvlan bcqueuelen 4294967295",
    "link set eth0 type ipvlan mode l3",
    "link set eth0 type ipvlan private",
    "link set eth0 type vlan ingress-qos-map 1:1",
    "link set eth0 type bridge_slave flood off",
    "link set eth0 type bond_slave queue_id 5",
    "link set short0 type macvlan mode bridge",
    "link set an-altname-of-eth0-that-is-long type macvlan mode bridge",
    "link set eth0 mtu 1400 type macvlan mode bridge",
    "link set v5 type vlan reorder_hdr off",
    "link set wg0 type vlan reorder_hdr off",
    "link set gone0 type vlan reorder_hdr off",
    "link replace eth0 type macvlan mode bridge",
    "link replace an-altname-of-eth0-that-is-long type macvlan mode bridge",
    "link replace x0 index 2 type macvlan mode bridge",
    "link add link eth0 name m0 up type macvlan mode source",
    "link add link eth0 name m0 type ipvlan",
    "link add link v5 name m0 type macvlan",
    "link add link short0 name m0 type macvlan",
    "link replace link eth0 name m0 type macvlan",
    "link add link eth0 name v7 type vlan id 7 gvrp on",
    "link add link eth0 name v7 type vlan id 7 loose_binding on",
    "link add link eth0 name v7 type vlan id 7 egress-qos-map 1:1",
    "link add link eth0 name m0 type dummy",
    "link add link wg0 name m0 type macvlan",
];

/// What takes `shared = true`.
const SWITCHED: &[&str] = &[
    "link set eth0 address 02:00:00:00:00:02",
    "link set short0 address 02:00:00:00:00:02",
    "link set eth0 promisc on",
    "link set eth0 up mtu 1400 promisc on",
    "link set eth0 allmulticast on",
    "link set group 7 promisc on",
    "link set group 7 address 02:00:00:00:00:02",
    "link set eth0 master br0",
    "link set eth0 master bond0",
    "link set v5 promisc on",
    "link set v5 address 02:00:00:00:00:02",
    "link replace eth0 promisc on type macvlan",
    "link add link eth0 name v7 type vlan id 7",
    "link add link eth0 name v7 up type vlan id 7 protocol 802.1ad",
    "link add link v5 name v7 type vlan id 7",
    "link set wg0 promisc on",
];

/// What stays allowed on a shared device, and what goes for others.
const FREE: &[&str] = &[
    "link set eth0 up",
    "link set eth0 down",
    "link set eth0 mtu 1400",
    "link set eth0 alias x",
    "link set eth0 name net0",
    "link set eth0 txqueuelen 7",
    "link set eth0 arp off",
    "link set eth0 nomaster",
    "link set eth0 vrf blue",
    "link set eth0 master blue",
    "link set eth0 promisc off",
    "link set group 7 up",
    "link set group 8 promisc on",
    "address add 192.0.2.1/24 dev eth0",
    "address del 192.0.2.1/24 dev eth0",
    "address add 192.0.2.1/24 dev iv0",
    "link set own0 address 02:00:00:00:00:02",
    "link set own0 promisc on master br0",
    "link set own5 promisc on",
    "link set own5 type vlan reorder_hdr off",
    "link set iv0 type ipvlan mode l3",
    "link set br0 type bridge stp_state 1",
    "link set br0 promisc on",
    "link set d0 address 02:00:00:00:00:02",
    "link set vx0 type vxlan ttl 5",
    "link set lo promisc on",
    "link set card0 promisc on",
    "link add link own0 name m0 type macvlan mode source",
    "link add link own5 name v7 type vlan id 7 gvrp on",
    "link add d1 promisc on address 02:00:00:00:00:02 type dummy",
    "link add eth0 type dummy",
];

#[test]
fn no_rule_and_no_operator_has_a_kinds_option_changed_or_another_device_put_on_top() {
    for switch in [off(), Switch::On] {
        for line in NEVER {
            let stop = stopped(&mut pod(macvlan()), &switch, line);
            assert_eq!(never(stop), Some(true), "{line}");
        }
    }
}

#[test]
fn what_reaches_the_lower_link_takes_the_switch() {
    for line in SWITCHED {
        // Made of a kind it has its options, too.
        let ever = line.contains("replace").then_some(true);
        let stop = stopped(&mut pod(macvlan()), &off(), line);
        assert_eq!(never(stop), ever.or(Some(false)), "{line}");
        let stop = stopped(&mut pod(macvlan()), &Switch::On, line);
        assert_eq!(never(stop), ever, "{line}");
    }
}

#[test]
fn in_passthru_the_switch_helps_nobody() {
    let of_eth0 = |line: &&&str| !line.contains("wg0");
    for line in SWITCHED.iter().filter(of_eth0) {
        let stop = stopped(&mut pod(passthru()), &Switch::On, line);
        assert_eq!(never(stop), Some(true), "{line}");
    }
}

#[test]
fn what_stays_in_the_pod_is_free() {
    for eth0 in [macvlan(), passthru()] {
        for line in FREE {
            let stop = stopped(&mut pod(eth0.clone()), &off(), line);
            assert_eq!(stop, None, "{line}");
        }
    }
}

#[test]
fn an_address_of_an_ipvlan_is_an_entry_of_the_ports_table() {
    for line in [
        "address add 192.0.2.1/24 dev eth0",
        "address replace 192.0.2.1/24 dev eth0",
        "address change 2001:db8::1/64 dev eth0",
    ] {
        let stop = stopped(&mut pod(ipvlan()), &off(), line);
        assert_eq!(never(stop), Some(false), "{line}");
        assert_eq!(stopped(&mut pod(ipvlan()), &Switch::On, line), None);
    }
    let line = "address del 192.0.2.1/24 dev eth0";
    assert_eq!(stopped(&mut pod(ipvlan()), &off(), line), None);
}

#[test]
fn a_veth_on_whichever_side_is_the_pods_own() {
    let veth = device(2, "eth0", "veth").elsewhere();
    for line in NEVER.iter().chain(SWITCHED) {
        if line.contains("wg0") || line.contains("gone0") {
            continue;
        }
        assert_eq!(
            stopped(&mut pod(veth.clone()), &off(), line),
            None,
            "{line}"
        );
    }
}

#[test]
fn what_is_switched_already_is_no_change() {
    let promiscuous = Fake {
        flags: crate::uapi::iff::PROMISC,
        ..macvlan()
    };
    let mut devices = pod(promiscuous);
    let on = stopped(&mut devices, &off(), "link set eth0 promisc on");
    assert_eq!(on, None);
    let off = stopped(&mut devices, &off(), "link set eth0 promisc off");
    assert_eq!(never(off), Some(false));
}

#[test]
fn only_commands_that_could_change_a_shared_device_cost_an_exchange() {
    let veth = || pod(device(2, "eth0", "veth").elsewhere());
    for (line, more) in [
        ("link set eth0 mtu 1400", 0),
        ("link set eth0 up", 0),
        ("link add d1 type dummy", 0),
        ("address del 192.0.2.1/24 dev eth0", 0),
        ("link set eth0 promisc on", 1),
        ("link set eth0 type macvlan mode bridge", 1),
        ("address add 192.0.2.1/24 dev eth0", 1),
        ("link add link eth0 name m0 type macvlan", 1),
    ] {
        let (command, lookups) = read(line);
        let mut alone = veth();
        run(&command, &lookups, &mut alone);
        let mut fenced = veth();
        stopped(&mut fenced, &off(), line);
        assert_eq!(fenced.seen.len() - alone.seen.len(), more, "{line}");
    }
    assert!(!Switch::concerns(
        &read("route add 192.0.2.0/24 dev eth0").0
    ));
}

#[test]
fn where_the_kernel_does_not_tell_nothing_changes() {
    for line in [
        "link set eth0 promisc on",
        "address add 192.0.2.1/24 dev eth0",
        "link add link eth0 name v7 type vlan id 7",
    ] {
        let mut devices = pod(ipvlan());
        devices.refuses = Some(12);
        let stop = stopped(&mut devices, &Switch::On, line);
        assert_eq!(
            stop,
            Some(Stop::Untold(
                "cannot tell whether the device is shared with other pods and the node: Cannot allocate memory"
                    .to_owned()
            )),
            "{line}"
        );
    }
}

fn web() -> Subject {
    Subject {
        pod: Some(Pod {
            namespace: "default".into(),
            name: "web".into(),
            uid: None,
            labels: None,
        }),
        sandbox: None,
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some("eth0".into()),
        mtu: Some(1500),
        netns: None,
    }
}

/// What becomes of a value of the pod `web`, by a configuration.
fn served(config: &str, author: Author, lines: &str, eth0: Fake) -> (Report, Devices) {
    let mut devices = pod(eth0);
    let ask = |policy: &Policy, subject: &Subject, kernel: &mut dyn Kernel| {
        let value = Value {
            source: "k".to_owned(),
            author,
            text: lines.to_owned(),
        };
        let ask = Ask {
            subject,
            values: &[value],
            surroundings: &Surroundings::default(),
            policy,
            run: Run::First,
        };
        engine::serve(&ask, &mut (), kernel)
    };
    let subject = web();
    let policy = Policy::of(&Config::parse(config, "c.toml").unwrap(), "c.toml");
    let report = ask(&policy, &subject, &mut devices);
    (report, devices)
}

const RULE: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";

#[test]
fn a_command_is_judged_by_the_devices_that_those_before_it_left() {
    let lines = "ip link set eth0 mtu 1400\nip link set eth0 promisc on\nip link set eth0 up";
    let (report, devices) = served(RULE, Author::Pod, lines, macvlan());
    assert_eq!(report.outcome, Outcome::Denied);
    let outcomes: Vec<Outcome> = report.commands.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Denied, Outcome::NotRun]);
    assert_eq!(devices.changes(), 1);
    let advice = report.commands[1].advice.as_ref().unwrap();
    assert_eq!(
        advice.why,
        "eth0 is a shared device: its lower link lies in another network namespace; promisc reaches that lower link, so it takes a rule with shared = true"
    );
    assert_eq!(
        advice.instead.as_deref(),
        Some("add to the rule at line 1 of c.toml:\nshared = true")
    );
}

#[test]
fn the_line_to_write_is_taken_and_suffices() {
    let line = "ip link set eth0 promisc on";
    let wide =
        "[[rule]]\nnamespaces = [\"d*\"]\nentrance = \"cni\"\nallow = [\"link set * promisc\"]\n";
    let (report, _) = served(wide, Author::Pod, line, macvlan());
    let remedy = report.commands[0].advice.as_ref().unwrap().instead.clone();
    let (where_to, rule) = remedy.as_deref().unwrap().split_once('\n').unwrap();
    assert!(where_to.starts_with("add behind the rule at line 1 of c.toml"));
    let (report, _) = served(&format!("{wide}{rule}\n"), Author::Pod, line, macvlan());
    assert_eq!(report.outcome, Outcome::Ok, "{rule}");
    let own = format!("{RULE}shared = true\n");
    let (report, _) = served(&own, Author::Pod, line, macvlan());
    assert_eq!(report.outcome, Outcome::Ok);
}

#[test]
fn a_failure_that_is_ignored_does_not_hide_a_denial() {
    let value = r#"[{"run": "ip link set eth0 promisc on", "ignore_failure": true}, "ip link set eth0 up"]"#;
    let (report, devices) = served(RULE, Author::Pod, value, macvlan());
    assert_eq!(report.outcome, Outcome::Denied);
    assert_eq!(devices.changes(), 0);
}

#[test]
fn the_operators_own_commands_have_the_switch_and_no_kinds_option() {
    let (report, _) = served(
        "",
        Author::Operator,
        "ip link set eth0 promisc on",
        macvlan(),
    );
    assert_eq!(report.outcome, Outcome::Ok);
    for (line, eth0) in [
        ("ip link set eth0 type macvlan mode bridge", macvlan()),
        ("ip link set eth0 promisc on", passthru()),
    ] {
        let (report, devices) = served("", Author::Operator, line, eth0);
        assert_eq!(report.outcome, Outcome::Denied, "{line}");
        assert_eq!(report.commands[0].advice.as_ref().unwrap().instead, None);
        assert_eq!(devices.changes(), 0, "{line}");
    }
}

#[test]
fn a_rehearsal_tells_what_would_be_refused_and_changes_nothing() {
    let policy = Policy::of(&Config::parse(RULE, "c.toml").unwrap(), "c.toml");
    let value = Value {
        source: "k".to_owned(),
        author: Author::Pod,
        text: "ip link set eth0 mtu 1400\nip link set eth0 promisc on".to_owned(),
    };
    let ask = Ask {
        subject: &web(),
        values: &[value],
        surroundings: &Surroundings::default(),
        policy: &policy,
        run: Run::First,
    };
    let mut devices = pod(macvlan());
    let report = engine::rehearse(&ask, &mut devices);
    let outcomes: Vec<Outcome> = report.commands.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::NotRun, Outcome::Denied]);
    assert_eq!(report.outcome, Outcome::Denied);
    assert_eq!(devices.changes(), 0);
    let mut devices = pod(device(2, "eth0", "veth").elsewhere());
    let report = engine::rehearse(&ask, &mut devices);
    assert_eq!(report.outcome, Outcome::Ok);
    assert_eq!(devices.changes(), 0);
}

#[test]
fn the_command_line_acts_with_its_callers_rights() {
    let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    for line in NEVER.iter().chain(SWITCHED) {
        let mut devices = pod(macvlan());
        engine::serve_words(&words(line), &mut devices);
        assert_eq!(devices.changes(), 1, "{line}");
    }
}

#[test]
fn a_denial_says_which_device_and_why() {
    for (line, why) in [
        (
            "link set v5 promisc on",
            "v5 is a shared device: the lower link of eth0, on which it is, lies in another network namespace; promisc reaches that lower link, so it takes a rule with shared = true",
        ),
        (
            "link set wg0 address 02:00:00:00:00:02",
            "wg0 is a shared device: its kind, wireguard, does not tell in which network namespace its underlay lies; address reaches that lower link, so it takes a rule with shared = true",
        ),
        (
            "link set short0 type macvlan mode bridge",
            "eth0 is a shared device: its lower link lies in another network namespace; type and what follows it would change what other pods and the node use, so no rule allows it",
        ),
        (
            "link add link eth0 name m0 type macvlan",
            "eth0 is a shared device: its lower link lies in another network namespace; on it no rule allows a new device but a vlan with id and protocol alone",
        ),
    ] {
        match stopped(&mut pod(macvlan()), &off(), line) {
            Some(Stop::Shared(shared)) => assert_eq!(shared.to_string(), why),
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn a_check_says_what_depends_on_the_pod() {
    let told = |switch: &Switch, line: &str| switch.depends(&read(line).0);
    let shared = "a shared device, whose lower link lies in another network namespace";
    for (line, without, with) in [
        (
            "link set eth0 type macvlan mode bridge",
            "it is refused",
            Some("it is refused"),
        ),
        (
            "link add link eth0 name m0 type macvlan",
            "it is refused",
            Some("it is refused"),
        ),
        (
            "link set eth0 promisc on",
            "it takes a rule with shared = true",
            Some("in mode passthru it is refused"),
        ),
        (
            "link add link eth0 name v5 type vlan id 5",
            "it takes a rule with shared = true",
            Some("in mode passthru it is refused"),
        ),
    ] {
        let sentence = |so: &str| format!("it depends on the pod: if eth0 is {shared}, {so}");
        assert_eq!(told(&off(), line), Some(sentence(without)), "{line}");
        assert_eq!(told(&Switch::On, line), with.map(sentence), "{line}");
    }
    assert_eq!(
        told(&off(), "address add 192.0.2.1/24 dev eth0").as_deref(),
        Some(
            "it depends on the pod: if eth0 is an ipvlan whose lower link lies in another network namespace, it takes a rule with shared = true"
        )
    );
    for line in [
        "link set eth0 mtu 1400",
        "link set eth0 vrf blue",
        "link add d0 type dummy",
        "address add 192.0.2.1/32 dev lo",
        "route add 192.0.2.0/24 dev eth0",
    ] {
        assert_eq!(told(&off(), line), None, "{line}");
    }
}
