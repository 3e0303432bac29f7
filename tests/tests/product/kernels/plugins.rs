//! The whole plugin on other kernels: after Debian's real CNI plugins in a chain, and `chainsawd` with a scripted runtime.

use anyhow::{Context, Result, ensure};
use chainsaw_guest::Program;
use chainsaw_tests::guest::Netns;
use chainsaw_tests::process::Output;
use chainsaw_tests::{Guest, Kernel, parts};
use serde_json::{Value, json};

use crate::product::scripted::{Events, Sandbox};

const CONFIG: &str = "/etc/chainsaw/config.toml";
const POLICY: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
const SOCKET: &str = "/run/nri/nri.sock";
const LOG: &str = "/run/chainsawd.log";

/// A chain before the product, what the pod's interface is then, and the table that its routes are in.
struct Chain {
    plugins: Value,
    kind: &'static str,
    table: &'static str,
}

/// An object with the fields of another.
fn merged(mut object: Value, more: &Value) -> Value {
    if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
        object.extend(more.clone());
    }
    object
}

fn chains() -> [Chain; 5] {
    let main = |kind: &str, more: Value| {
        let addresses = json!([{"address": "10.9.0.2/24", "gateway": "10.9.0.1"}]);
        let routes = json!([{"dst": "0.0.0.0/0"}]);
        let ipam = json!({"type": "static", "addresses": addresses, "routes": routes});
        merged(json!({"type": kind, "ipam": ipam}), &more)
    };
    let vrf = json!({"type": "vrf", "vrfname": "blue", "table": 77});
    [
        Chain {
            plugins: json!([main("vlan", json!({"master": "node0", "vlanId": 5}))]),
            kind: "vlan",
            table: "main",
        },
        Chain {
            plugins: json!([main("ipvlan", json!({"master": "node0", "mode": "l2"}))]),
            kind: "ipvlan",
            table: "main",
        },
        Chain {
            plugins: json!([main("ipvlan", json!({"master": "node0", "mode": "l3s"}))]),
            kind: "ipvlan",
            table: "main",
        },
        Chain {
            plugins: json!([main("dummy", json!({}))]),
            kind: "dummy",
            table: "main",
        },
        Chain {
            plugins: json!([main("dummy", json!({})), vrf]),
            kind: "dummy",
            table: "77",
        },
    ]
}

/// A pod's attachment, by a chain whose last plugin is the product.
struct Attachment<'g> {
    guest: &'g Guest,
    plugins: Vec<Value>,
    netns: Netns,
}

impl Attachment<'_> {
    fn call(&self, verb: &str, plugin: &Value, previous: &Value) -> Result<Output> {
        let mut conf = merged(json!({"cniVersion": "1.0.0", "name": "net"}), plugin);
        if !previous.is_null() {
            conf = merged(conf, &json!({"prevResult": previous}));
        }
        let kind = plugin["type"].as_str().context("a plugin has a type")?;
        let netns = self.netns.path().display().to_string();
        let environment = [
            ("CNI_COMMAND", verb),
            ("CNI_CONTAINERID", "c1"),
            ("CNI_NETNS", &netns),
            ("CNI_IFNAME", "eth0"),
            ("CNI_PATH", "/opt/cni/bin"),
            (
                "CNI_ARGS",
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
            ),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.guest.run_with(Program {
            words: vec![format!("/opt/cni/bin/{kind}")],
            environment: environment.map(own).to_vec(),
            stdin: conf.to_string(),
            ..Program::default()
        })
    }

    /// ADD of each plugin; the last result.
    fn add(&self) -> Result<Value> {
        let mut result = Value::Null;
        for plugin in &self.plugins {
            let output = self.call("ADD", plugin, &result)?;
            ensure!(output.status == 0, "ADD of {plugin}: {output:?}");
            result = serde_json::from_str(&output.stdout)?;
        }
        Ok(result)
    }

    /// How CHECK of each plugin ends.
    fn check(&self, result: &Value) -> Result<Vec<i32>> {
        let ends = |plugin| Ok(self.call("CHECK", plugin, result)?.status);
        self.plugins.iter().map(ends).collect()
    }

    fn del(&self, result: &Value) -> Result<()> {
        for plugin in self.plugins.iter().rev() {
            let output = self.call("DEL", plugin, result)?;
            ensure!(output.status == 0, "DEL of {plugin}: {output:?}");
        }
        Ok(())
    }
}

/// The node's own devices, without what a plugin leaves there on purpose.
fn node(guest: &Guest) -> Result<String> {
    let output = guest.judge("/proc/1/ns/net".as_ref(), ["-d", "-j", "link"], "")?;
    Ok(output.success("`ip link`")?.stdout)
}

fn attached<'g>(guest: &'g Guest, chain: &Chain, value: &Value) -> Result<Attachment<'g>> {
    let annotations = json!({"k8s.v1.cni.cncf.io/chainsaw": value.to_string()});
    let mut plugins = chain.plugins.as_array().context("an array")?.clone();
    plugins.push(json!({
        "type": "chainsaw",
        "runtimeConfig": {"io.kubernetes.cri.pod-annotations": annotations},
    }));
    Ok(Attachment {
        guest,
        plugins,
        netns: guest.netns()?,
    })
}

/// ADD, CHECK and DEL, what the commands made, and a node that is as it was.
fn serves(guest: &Guest, chain: &Chain) -> Result<()> {
    let Chain { kind, table, .. } = chain;
    let value = json!([
        format!("ip route add 192.0.3.0/24 via CURRENT_GATEWAY table {table}"),
        "ip link set CURRENT_INTERFACE mtu 1400",
        "ip -d link show CURRENT_INTERFACE"
    ]);
    let before = node(guest)?;
    let attachment = attached(guest, chain, &value)?;
    let result = attachment.add()?;
    ensure!(
        result.pointer("/ips/0/address") == Some(&json!("10.9.0.2/24")),
        "the result keeps its address: {result}"
    );
    let routes = attachment.netns.judge(["route", "show", "table", table])?;
    let route = "192.0.3.0/24 via 10.9.0.1 dev eth0";
    ensure!(routes.stdout.contains(route), "{routes:?}");
    let link = attachment.netns.judge(["-d", "link", "show", "eth0"])?;
    let is_as_set = link.stdout.contains("mtu 1400") && link.stdout.contains(kind);
    ensure!(is_as_set, "{link:?}");
    let mut alone = attached(guest, chain, &value)?;
    let checked = attachment.check(&result)?;
    attachment.del(&result)?;
    // Debian's `dummy` does not find its routes where `vrf` has put them, with us or without.
    alone.plugins.pop();
    let result = alone.add()?;
    let (ours, others) = checked.split_last().context("a chain has plugins")?;
    ensure!(*ours == 0 && others == alone.check(&result)?, "{checked:?}");
    alone.del(&result)?;
    ensure!(node(guest)? == before, "the node changed: {}", node(guest)?);
    Ok(())
}

/// A refusal leaves the attachment as the plugins before made it.
fn refuses(guest: &Guest, chain: &Chain) -> Result<()> {
    let value = json!([
        "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE",
        "ip rout ad"
    ]);
    let attachment = attached(guest, chain, &value)?;
    let error = attachment.add().err().context("it is refused")?.to_string();
    ensure!(error.contains("rout ad"), "{error}");
    let routes = attachment.netns.judge(["route", "show", "table", "all"])?;
    ensure!(!routes.stdout.contains("192.0.3.0/24"), "{routes:?}");
    attachment.del(&Value::Null)
}

/// The daemon, told of a sandbox and a container by a runtime of the test's own.
fn serves_at_nri(guest: &Guest, chain: &Chain) -> Result<()> {
    let daemon = format!("/opt/cni/bin/chainsawd --socket {SOCKET} >{LOG} 2>&1 </dev/null &");
    let stream = guest.relay(SOCKET)?;
    guest
        .run(None, ["/bin/sh", "-c", &daemon])?
        .success(&daemon)?;
    stream.set_nonblocking(true)?;
    let events = Events::start(async || Ok(tokio::net::UnixStream::from_std(stream)?))?;
    let attachment = attached(guest, chain, &json!([]))?;
    let result = attachment.add()?;
    let sandbox = Sandbox {
        id: "s1",
        namespace: "default",
        annotations: &[
            (
                "chainsaw.noderesource.dev/sandbox",
                "ip rule add from CURRENT_ADDRESS table 100",
            ),
            (
                "chainsaw.noderesource.dev/container.app",
                "ip route add default via CURRENT_GATEWAY table 100",
            ),
        ],
        netns: attachment.netns.path(),
    };
    let log = || guest.run(None, ["/bin/cat", LOG]).map(|log| log.stdout);
    for told in [events.sandbox(&sandbox), events.container(&sandbox)] {
        ensure!(told.is_ok(), "{told:?}\n{}", log()?);
    }
    let rules = attachment.netns.judge(["rule", "show", "table", "100"])?;
    ensure!(
        rules.stdout.contains("from 10.9.0.2 lookup 100"),
        "{rules:?}"
    );
    let routes = attachment.netns.judge(["route", "show", "table", "100"])?;
    ensure!(
        routes.stdout.starts_with("default via 10.9.0.1 dev eth0"),
        "{routes:?}"
    );
    attachment.del(&result)
}

fn whole_plugin_on(kernel: Kernel) -> Result<()> {
    let mut builder = kernel
        .builder()
        .modules(["8021q", "ipvlan", "vrf", "dummy"])
        .file("/opt/cni/bin/chainsawd", parts::chainsawd()?);
    for plugin in ["vlan", "ipvlan", "vrf", "dummy", "static"] {
        builder = builder.file(format!("/opt/cni/bin/{plugin}"), parts::cni()?.join(plugin));
    }
    let guest = builder.boot()?;
    guest.write(CONFIG, POLICY)?;
    let own = "/proc/1/ns/net".as_ref();
    for command in [
        "link add node0 type veth peer name node1",
        "link set node0 up",
        "link set node1 up",
    ] {
        guest.judge(own, command.split(' '), "")?.success(command)?;
    }
    let release = guest.release();
    for chain in chains() {
        let what = format!("{} on {release}", chain.plugins);
        serves(&guest, &chain).with_context(|| what.clone())?;
        refuses(&guest, &chain).context(what)?;
    }
    let [vlan, ..] = chains();
    serves_at_nri(&guest, &vlan).with_context(|| format!("NRI on {release}"))
}

#[test]
fn the_whole_plugin_works_on_6_12() -> Result<()> {
    whole_plugin_on(Kernel::V6_12)
}

#[test]
fn the_whole_plugin_works_on_6_1() -> Result<()> {
    whole_plugin_on(Kernel::V6_1)
}
