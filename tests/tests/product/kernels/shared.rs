//! A pod whose device is on the node's card changes neither the card nor another pod's device on it: the real plugin on Linux
//! 6.12 and 6.1, a macvlan, an ipvlan and a vlan in each mode, and every word by which a shared device is changed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::Kernel;
use chainsaw_tests::guest::Netns;
use chainsaw_tests::process::{Output, wait_until};
use serde_json::{Value, json};

use super::modules::node::Node;

/// How long devices may take until they have noticed that their lower one is up.
const SETTLED: Duration = Duration::from_secs(30);
/// The node's own namespace.
const NODE: &str = "/proc/1/ns/net";
/// The rule that comes last and decides.
const SHARED: &str =
    "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\nshared = true\n";

/// What the pod's device is, and the other pod's on the same card.
struct Case {
    own: &'static str,
    other: &'static str,
}

const fn alike(own: &'static str) -> Case {
    Case { own, other: own }
}

const CASES: [Case; 14] = [
    alike("macvlan mode bridge"),
    alike("macvlan mode private"),
    alike("macvlan mode vepa"),
    alike("macvlan mode source"),
    Case {
        own: "macvlan mode passthru",
        other: "vlan id 9",
    },
    alike("ipvlan mode l2 bridge"),
    alike("ipvlan mode l2 private"),
    alike("ipvlan mode l2 vepa"),
    alike("ipvlan mode l3 bridge"),
    alike("ipvlan mode l3 private"),
    alike("ipvlan mode l3 vepa"),
    alike("ipvlan mode l3s bridge"),
    Case {
        own: "vlan id 5",
        other: "vlan id 6",
    },
    Case {
        own: "vlan id 5",
        other: "macvlan mode bridge",
    },
];

/// Options of a kind, which are the port's or reach the card.
const OPTIONS: &[&str] = &[
    "type macvlan mode source flag nodst macaddr set 02:00:00:00:00:fe",
    "type macvlan mode bridge",
    "type macvlan mode private",
    "type macvlan bcqueuelen 4294967295",
    "type macvlan bclim 1",
    "type ipvlan mode l3",
    "type ipvlan mode l2 private",
    "type vlan gvrp on",
    "type vlan reorder_hdr off",
    "type vlan egress-qos-map 1:1",
];

/// What no rule allows besides.
const NEVER: &[&str] = &[
    "link add link eth0 name m0 up type macvlan mode source",
    "link add link eth0 name m0 up type macvlan mode bridge",
    "link add link eth0 name m0 type macvlan mode passthru",
    "link add link eth0 name m0 up type ipvlan mode l3",
    "link add link eth0 name m0 type vlan id 7 gvrp on",
    "link replace link eth0 name m0 type macvlan",
];

/// What takes `shared = true`.
const SWITCHED: &[&str] = &[
    "link set eth0 address 02:00:00:00:00:fd",
    "link set eth0 promisc on",
    "link set other-name-of-eth0-in-the-pod promisc on",
    "link set group 7 promisc on",
    "link set eth0 allmulticast on",
    "link set eth0 master br0",
    "link add link eth0 name v7 up type vlan id 7",
];

/// What stays allowed.
const FREE: &[&str] = &[
    "link set eth0 mtu 1400",
    "link set eth0 alias x",
    "link set eth0 up",
    "route add 192.0.3.0/24 dev eth0",
    "rule add from 192.0.3.0/24 table 100",
];

impl Case {
    fn kind(&self) -> &'static str {
        self.own.split(' ').next().unwrap_or_default()
    }

    fn is_passthru(&self) -> bool {
        self.own.ends_with("passthru")
    }

    /// What works with `shared = true`.
    fn allowed(&self) -> Vec<&'static str> {
        if self.is_passthru() {
            return Vec::new();
        }
        let mut lines = vec![
            "link set eth0 allmulticast on",
            "link set eth0 promisc on",
            "link add link eth0 name v7 up type vlan id 7",
        ];
        match self.kind() {
            "ipvlan" => lines.push("address add 10.9.0.5/24 dev eth0"),
            _ => lines.extend([
                "link set eth0 address 02:00:00:00:00:fd",
                "link set eth0 master br0",
            ]),
        }
        lines
    }
}

/// A card in the node's namespace, and two pods on it.
struct Bed<'n> {
    node: &'n Node,
    pod: Netns,
    other: Netns,
}

impl<'n> Bed<'n> {
    fn build(node: &'n Node, case: &Case) -> Result<Self> {
        let bed = Self {
            node,
            pod: node.guest.netns()?,
            other: node.guest.netns()?,
        };
        let (pod, other) = (bed.pod.path().display(), bed.other.path().display());
        for line in [
            "link add card0 type veth peer name wire0".to_owned(),
            "link set card0 up".to_owned(),
            "link set wire0 up".to_owned(),
            format!(
                "link add link card0 name eth0 netns {other} type {}",
                case.other
            ),
            format!(
                "link add link card0 name eth0 netns {pod} type {}",
                case.own
            ),
        ] {
            bed.on_the_node(&line)?;
        }
        for (netns, address) in [(&bed.other, "10.9.0.3/24"), (&bed.pod, "10.9.0.2/24")] {
            let address = format!("address add {address} dev eth0");
            for line in ["link set eth0 up", "link set eth0 group 7", &address] {
                netns.judge(line.split(' '))?.success(line)?;
            }
        }
        for line in [
            "link property add dev eth0 altname other-name-of-eth0-in-the-pod",
            "link add br0 type bridge",
        ] {
            bed.pod.judge(line.split(' '))?.success(line)?;
        }
        Ok(bed)
    }

    fn on_the_node(&self, line: &str) -> Result<String> {
        let output = self.node.guest.judge(NODE.as_ref(), line.split(' '), "")?;
        Ok(output.success(line)?.stdout)
    }

    /// What the node and the other pod have: devices with their details, promiscuity and addresses, and what they listen to.
    fn outside(&self) -> Result<Vec<Value>> {
        let links = ["-d", "-j", "address"];
        let own = self.node.guest.judge(NODE.as_ref(), links, "")?;
        let other = self.other.judge(links)?;
        let multicast = ["/bin/busybox", "cat", "/proc/net/dev_mcast"];
        let mut seen = Vec::new();
        for output in [own, other] {
            let mut devices: Value = serde_json::from_str(&output.success("ip")?.stdout)?;
            for device in devices.as_array_mut().into_iter().flatten() {
                // It follows later.
                device
                    .as_object_mut()
                    .context("an object")?
                    .remove("operstate");
            }
            seen.push(devices);
        }
        let groups = self.node.guest.run(None, multicast)?;
        seen.push(json!(groups.success("dev_mcast")?.stdout));
        seen.push(json!(
            self.other.run(multicast)?.success("dev_mcast")?.stdout
        ));
        Ok(seen)
    }

    /// The same, once nothing of it changes by itself.
    fn settled(&self) -> Result<Vec<Value>> {
        let mut last = self.outside()?;
        let mut same = 0;
        wait_until("the devices to settle", SETTLED, || {
            let now = self.outside()?;
            let tentative = json!(now).to_string().contains("tentative");
            same = if now == last && !tentative {
                same + 1
            } else {
                0
            };
            last = now;
            Ok(same > 5)
        })?;
        Ok(last)
    }

    fn add(&self, line: &str) -> Result<Output> {
        self.node.add(&self.pod, &json!([line]), &json!({}))
    }

    /// A line is refused since the device is shared, and nothing differs.
    fn refuses(&self, line: &str, before: &[Value]) -> Result<()> {
        let output = self.add(line)?;
        is_refused(&output).with_context(|| line.to_owned())?;
        let after = self.outside()?;
        ensure!(after == before, "{line}: {after:?} is not {before:?}");
        Ok(())
    }

    fn end(self) -> Result<()> {
        self.on_the_node("link del card0").map(drop)
    }
}

fn is_refused(output: &Output) -> Result<()> {
    let text = &output.stdout;
    ensure!(
        text.contains("\"code\":101") && text.contains("is a shared device"),
        "{output:?}"
    );
    Ok(())
}

/// Without `shared = true`: nothing reaches beyond the pod, and what stays in it works.
fn keeps(node: &Node, case: &Case) -> Result<()> {
    node.names(&[])?;
    let bed = Bed::build(node, case)?;
    let before = bed.settled()?;
    let options = OPTIONS
        .iter()
        .map(|options| format!("link set eth0 {options}"));
    let others = NEVER.iter().chain(SWITCHED).map(|line| (*line).to_owned());
    for line in options.chain(others) {
        bed.refuses(&line, &before)?;
    }
    if case.kind() == "ipvlan" {
        bed.refuses("address add 10.9.0.4/24 dev eth0", &before)?;
    } else {
        bed.add("address add 10.9.0.4/24 dev eth0")?
            .success("an address")?;
    }
    for line in FREE {
        bed.add(line)?.success(line)?;
    }
    bed.end()
}

/// With it: what it is for works, and what nobody may is refused.
fn shares(node: &Node, case: &Case) -> Result<()> {
    node.configure(&[], SHARED)?;
    let bed = Bed::build(node, case)?;
    let before = bed.settled()?;
    let options = OPTIONS
        .iter()
        .map(|options| format!("link set eth0 {options}"));
    let never = NEVER.iter().map(|line| (*line).to_owned());
    for line in options.chain(never) {
        bed.refuses(&line, &before)?;
    }
    if case.is_passthru() {
        for line in SWITCHED {
            bed.refuses(line, &before)?;
        }
    }
    for line in case.allowed() {
        bed.add(line)?.success(line)?;
    }
    let own = bed
        .pod
        .judge(["-d", "link", "show", "eth0"])?
        .success("ip")?
        .stdout;
    ensure!(
        case.is_passthru() != own.contains("PROMISC"),
        "promiscuity as it was asked for: {own}"
    );
    bed.end()
}

/// What the operator has done has the switch, and no kind's option.
fn operators(node: &Node, case: &Case) -> Result<()> {
    let bed = Bed::build(node, case)?;
    let before = bed.settled()?;
    let apply = |line: &str| -> Result<Output> {
        let apply = format!(
            "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip {line}\"]\n"
        );
        node.configure(&[], &apply)?;
        node.add(&bed.pod, &json!([]), &json!({"apply": true}))
    };
    for line in [
        format!("link set eth0 type {}", case.own),
        "link add link eth0 name m0 type macvlan".to_owned(),
    ] {
        is_refused(&apply(&line)?).context(line)?;
        ensure!(bed.outside()? == before, "something differs");
    }
    let promisc = apply("link set eth0 promisc on")?;
    if case.is_passthru() {
        is_refused(&promisc)?;
    } else {
        promisc.success("promisc on")?;
    }
    bed.end()
}

fn nothing_outside_differs_on(kernel: Kernel) -> Result<()> {
    let node = Node::boot(kernel, &["veth", "bridge", "8021q", "macvlan", "ipvlan"])?;
    for case in CASES {
        let what = || format!("{} beside {}", case.own, case.other);
        keeps(&node, &case).with_context(what)?;
        shares(&node, &case).with_context(|| format!("{}, shared = true", what()))?;
    }
    for place in [0, 4] {
        let case = CASES.get(place).context("a case")?;
        operators(&node, case).with_context(|| format!("{} by the operator", case.own))?;
    }
    Ok(())
}

#[test]
fn a_shared_device_is_changed_by_no_words_of_a_pod_on_6_12() -> Result<()> {
    nothing_outside_differs_on(Kernel::V6_12)
}

#[test]
fn a_shared_device_is_changed_by_no_words_of_a_pod_on_6_1() -> Result<()> {
    nothing_outside_differs_on(Kernel::V6_1)
}
