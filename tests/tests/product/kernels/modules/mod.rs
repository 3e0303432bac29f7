//! Which modules a kernel loads for the words of a pod, with all of them on disk: none but those that `ip/modules.rs` lets
//! it, or the operator names.

pub(super) mod node;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chainsaw_common::ip::modules::{Load, Module, all};
use chainsaw_guest::place::CHAINSAW;
use chainsaw_tests::Kernel;
use chainsaw_tests::guest::Netns;
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

use super::super::escapes::rows::{Demand, row};
use node::{Node, Seen};

/// The modules of the kinds that a kernel may load by itself.
const FREE: [&str; 7] = [
    "veth", "bridge", "8021q", "macvlan", "ipvlan", "vrf", "vxlan",
];

#[test]
fn the_table_is_true_of_6_1_and_a_module_is_loaded_only_if_it_says_so() -> Result<()> {
    every_word_loads_what_the_table_says(Kernel::V6_1)
}

#[test]
fn the_table_is_true_of_6_12_and_a_module_is_loaded_only_if_it_says_so() -> Result<()> {
    every_word_loads_what_the_table_says(Kernel::V6_12)
}

#[test]
fn the_table_is_true_of_the_newest_kernel_and_a_module_is_loaded_only_if_it_says_so() -> Result<()>
{
    every_word_loads_what_the_table_says(Kernel::Newest)
}

fn every_word_loads_what_the_table_says(kernel: Kernel) -> Result<()> {
    // The module of a device's lower one goes with its namespace, later.
    let node = Node::boot(kernel, &[])?;
    for module in all() {
        let word = module.word;
        as_a_pod(&node, module).with_context(|| format!("{word} by a pod"))?;
        as_the_caller(&node, module).with_context(|| format!("{word} by the caller"))?;
    }
    Ok(())
}

/// The words that need a module: of a kind to make a device, then to change another.
fn words(module: &Module) -> [String; 2] {
    let word = module.word;
    let route = |rest: String| {
        [
            format!("route add 10.9.0.0/16 {rest}"),
            format!("route replace 10.9.0.0/16 {rest}"),
        ]
    };
    match word {
        "reno" | "cubic" | "bbr" | "dctcp" => route(format!("congctl {word} dev eth0")),
        "mpls" => route("encap mpls 100 dev eth0".to_owned()),
        "ip" => route("encap ip id 5 dst 192.0.2.9 dev eth0".to_owned()),
        "ip6" => route("encap ip6 id 5 dst 2001:db8::9 dev eth0".to_owned()),
        "seg6" => route("encap seg6 mode encap segs 2001:db8::9 dev eth0".to_owned()),
        _ => {
            let (lower, options) = match word {
                "vlan" => (" link eth0", " id 5"),
                "macvlan" | "ipvlan" => (" link eth0", ""),
                "vrf" => ("", " table 10"),
                "vxlan" => ("", " id 5 dstport 4789"),
                "bridge_slave" => ("", " cost 5"),
                "bond_slave" => ("", " queue_id 5"),
                _ => ("", ""),
            };
            [
                format!("link add{lower} name x0 type {word}{options}"),
                format!("link set eth0 type {word}{options}"),
            ]
        }
    }
}

/// A pod of its own, with a device that words can be about.
fn pod(node: &Node, module: &Module) -> Result<Netns> {
    let pod = node.guest.netns()?;
    // Of a kind that the words are not about.
    let kind = if module.name == "bridge" {
        "veth"
    } else {
        "bridge"
    };
    for line in [
        format!("link add eth0 type {kind}"),
        "link set eth0 up".to_owned(),
        "address add 192.0.2.1/24 dev eth0".to_owned(),
    ] {
        pod.judge(line.split(' '))?.success(&line)?;
    }
    Ok(pod)
}

/// What happened between two looks.
struct Happened {
    there: BTreeSet<String>,
    asked: Vec<String>,
    loaded: BTreeSet<String>,
    node: BTreeSet<String>,
    second: BTreeSet<String>,
}

fn between(before: &Seen, after: &Seen) -> Happened {
    let new = |one: &BTreeSet<String>, other: &BTreeSet<String>| other - one;
    Happened {
        there: before.modules.clone(),
        asked: after
            .asked
            .get(before.asked.len()..)
            .unwrap_or_default()
            .to_vec(),
        loaded: new(&before.modules, &after.modules),
        node: new(&before.node, &after.node),
        second: new(&before.second, &after.second),
    }
}

impl Happened {
    fn nothing(&self) -> Result<()> {
        let Self {
            asked,
            loaded,
            node,
            second,
            ..
        } = self;
        let none = asked.is_empty() && loaded.is_empty() && node.is_empty() && second.is_empty();
        ensure!(
            none,
            "asked for {asked:?}, loaded {loaded:?}, made {node:?} and {second:?}"
        );
        Ok(())
    }

    /// It is what the table says of a module that is loaded.
    fn is_of(&self, module: &Module) -> Result<()> {
        let devices = match module.load {
            Load::Nothing => return self.nothing(),
            Load::IfNamed(devices) => devices.split(" and ").map(str::to_owned).collect(),
            Load::Freely | Load::IfNamedUnasked => BTreeSet::new(),
        };
        // Debian's kernels have this one built in; one that is never unloaded is there from an earlier look on.
        if module.word == "cubic" || self.there.contains(module.name) {
            return self.nothing();
        }
        let Self { asked, loaded, .. } = self;
        ensure!(asked.len() == 1, "asked for {asked:?}");
        ensure!(loaded.contains(module.name), "loaded {loaded:?}");
        ensure!(self.node.is_superset(&devices), "made {:?}", self.node);
        let more: Vec<&String> = self.node.difference(&devices).collect();
        // The file that bonds are made by stands among the devices.
        ensure!(
            more.is_empty() && self.second.is_empty(),
            "made {more:?} and {:?}",
            self.second
        );
        Ok(())
    }
}

/// The command line acts with its caller's rights, so what it has loaded is what the kernel does.
fn as_the_caller(node: &Node, module: &Module) -> Result<()> {
    let base = node.seen()?;
    {
        let pod = pod(node, module)?;
        let before = node.seen()?;
        let [make, change] = words(module);
        let is_slave = module.word.ends_with("_slave");
        let line = if is_slave { change } else { make };
        let ended = pod.run([CHAINSAW, "ip"].into_iter().chain(line.split(' ')))?;
        ensure!(is_slave || ended.status == 0, "{line}: {ended:?}");
        between(&before, &node.seen()?).is_of(module)?;
        if let Load::IfNamed(_) = module.load {
            // Now that it is there, a pod may.
            add(node, &pod, &[&line.replace("x0", "x1")])?.success(&line)?;
        }
    }
    node.back_to(&base)
}

/// A pod has the kernel load what the table lets it, and what the operator names.
fn as_a_pod(node: &Node, module: &Module) -> Result<()> {
    let base = node.seen()?;
    let [make, change] = words(module);
    {
        let pod = pod(node, module)?;
        let before = node.seen()?;
        if module.must_be_named() {
            for line in [&make, &change] {
                let denied = add(node, &pod, &["link set eth0 mtu 1400", line])?;
                let text = &denied.stdout;
                ensure!(
                    text.contains("\"code\":101") && text.contains(module.name),
                    "{denied:?}"
                );
            }
            let device = pod.judge(["link", "show", "eth0"])?.stdout;
            ensure!(!device.contains("mtu 1400"), "something ran: {device}");
        } else if !module.word.ends_with("_slave") {
            add(node, &pod, &[&make])?.success(&make)?;
        }
        let happened = between(&before, &node.seen()?);
        match module.load {
            Load::Freely | Load::Nothing => happened.is_of(module)?,
            Load::IfNamed(_) | Load::IfNamedUnasked => {
                happened.nothing()?;
                node.names(&[module.name])?;
                add(node, &pod, &[&make])?.success(&make)?;
                node.names(&[])?;
                between(&before, &node.seen()?).is_of(module)?;
            }
        }
    }
    node.back_to(&base)
}

fn add(node: &Node, pod: &Netns, lines: &[&str]) -> Result<Output> {
    node.add(pod, &json!(lines), &json!({}))
}

#[test]
fn no_refused_form_and_no_operators_command_has_a_module_loaded_or_a_device_made() -> Result<()> {
    let node = Node::boot(Kernel::V6_12, &FREE)?;
    let pod = node.guest.netns()?;
    let eth0 = "link add eth0 type veth peer name node0";
    pod.judge(eth0.split(' '))?.success(eth0)?;
    let before = node.seen()?;
    let refused = |demand: &Demand| !matches!(demand, Demand::Granted | Demand::Idle);
    let forms = (1..=40).flat_map(|number| row(number).forms());
    let forms: Vec<&str> = forms
        .filter(|(_, demand)| refused(demand))
        .map(|(form, _)| form)
        .collect();
    ensure!(forms.len() > 150, "{}", forms.len());
    let words: Vec<String> = all()
        .filter(|module| module.must_be_named())
        .flat_map(words)
        .collect();
    for form in forms.into_iter().chain(words.iter().map(String::as_str)) {
        let by_the_pod = node.add(&pod, &json!([form]), &json!({}))?;
        ensure!(by_the_pod.status != 0, "{form:?} ran: {by_the_pod:?}");
        let commands = json!({"commands": [form]});
        let by_the_network = node.add(&pod, &json!([]), &commands)?;
        ensure!(
            by_the_network.status != 0,
            "{form:?} ran: {by_the_network:?}"
        );
    }
    by_apply(&node, &pod)?;
    between(&before, &node.seen()?).nothing()
}

/// What the operator has done in every pod.
fn by_apply(node: &Node, pod: &Netns) -> Result<()> {
    for kind in ["dummy", "ifb", "bond"] {
        let apply = format!(
            "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip link add x0 type {kind}\"]\n"
        );
        node.configure(&[], &apply)?;
        let denied = node.add(pod, &Value::Array(Vec::new()), &json!({"apply": true}))?;
        ensure!(
            denied.stdout.contains("is not loaded on this node"),
            "{denied:?}"
        );
    }
    node.names(&[])
}
