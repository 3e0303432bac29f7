//! The capabilities of the daemon and of the plugin: measured by taking them away.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chainsaw_tests::bed::{Bed, CONFIGURATION, KEY};
use chainsaw_tests::call::{self, Call, POD};
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::pod::refusal;
use chainsaw_tests::process::{Program, wait_until};
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use serde_json::json;

const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";
const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
const LIMIT: Duration = Duration::from_secs(20);

/// Those that anything here speaks of, and their bits (`linux/capability.h`).
const BITS: [(&str, u32); 3] = [
    ("CAP_NET_ADMIN", 12),
    ("CAP_SYS_PTRACE", 19),
    ("CAP_SYS_ADMIN", 21),
];

/// The capabilities that SECURITY.md lists: the first column of the table whose rows begin with one.
fn listed() -> Vec<&'static str> {
    let rows = include_str!("../../../SECURITY.md").lines();
    rows.filter_map(|row| row.strip_prefix("| `CAP_")?.split_once('`'))
        .filter_map(|(name, _)| {
            let known = BITS
                .iter()
                .find(|(known, _)| known.strip_prefix("CAP_") == Some(name));
            Some(known?.0)
        })
        .collect()
}

fn mask(names: &[&str]) -> Result<u64> {
    names.iter().try_fold(0, |mask, name| {
        let bit = BITS.iter().find(|(known, _)| known == name);
        Ok(mask | 1 << bit.with_context(|| format!("{name} has no bit here"))?.1)
    })
}

/// A process's or thread's sets, by their names in `/proc/PID/status`.
fn sets(folder: &str) -> Result<BTreeMap<String, u64>> {
    let status = fs::read_to_string(format!("{folder}/status"))?;
    let fields = status.lines().filter_map(|line| line.split_once(":\t"));
    let sets = fields.filter(|(name, _)| name.starts_with("Cap") || *name == "NoNewPrivs");
    sets.map(|(name, bits)| Ok((name.to_owned(), u64::from_str_radix(bits, 16)?)))
        .collect()
}

/// `setpriv`'s words by which root starts a program with these capabilities and no others.
fn bounds(names: &[&str], program: &str) -> [String; 6] {
    let plus = names.iter().filter_map(|name| name.strip_prefix("CAP_"));
    let bounds = plus.fold("-all".to_owned(), |all, name| {
        format!("{all},+{}", name.to_lowercase())
    });
    let words = [
        "--bounding-set",
        &bounds,
        "--inh-caps",
        "-all",
        "--",
        program,
    ];
    words.map(str::to_owned)
}

/// A program of the machine with these capabilities and no others.
fn with(machine: &Machine, names: &[&str], program: &str) -> Program {
    machine.program("setpriv").args(bounds(names, program))
}

/// The same in a network namespace that is not the machine's.
fn elsewhere(machine: &Machine, names: &[&str], program: &str) -> Program {
    let unshare = machine.program("unshare").args(["--net", "--", "setpriv"]);
    unshare.args(bounds(names, program))
}

fn node(containerd: Containerd) -> Result<Node> {
    Node::builder(containerd)
        .nri()
        .cni_chain([bridge(), chainsaw()])
        .file(CONFIGURATION, GRANT)
        .start()
}

fn daemon(node: &Node, name: &str, capabilities: &[&str]) -> Result<Daemon> {
    let path = parts::chainsawd()?.display().to_string();
    let daemon = node.daemon_by(name, with(node.machine(), capabilities, &path))?;
    daemon.wait_for("running")?;
    Ok(daemon)
}

#[test]
fn the_daemon_keeps_what_security_md_lists_and_nothing_else_in_every_thread() -> Result<()> {
    let wanted = mask(&listed())?;
    ensure!(listed().len() == 3, "{:?}", listed());
    let node = node(Containerd::V2)?;
    let daemon = node.daemon("chainsawd", &[])?;
    let pod = node.pod("web").annotation(SANDBOX, "ip link");
    let _pod = pod.run()?;
    let threads = fs::read_dir(format!("/proc/{}/task", daemon.pid()))?;
    let folders: Vec<_> = threads
        .map(|thread| Ok(thread?.path().display().to_string()))
        .collect::<Result<_>>()?;
    ensure!(folders.len() > 1, "{folders:?}");
    for folder in folders {
        let sets = match sets(&folder) {
            Ok(sets) => sets,
            // It has ended.
            Err(_) if fs::metadata(&folder).is_err() => continue,
            Err(error) => return Err(error),
        };
        for (name, value) in [
            ("CapInh", 0),
            ("CapPrm", wanted),
            ("CapEff", wanted),
            ("CapBnd", wanted),
            ("CapAmb", 0),
            ("NoNewPrivs", 1),
        ] {
            ensure!(sets.get(name) == Some(&value), "{folder} {name}: {sets:x?}");
        }
    }
    ensure!(!daemon.log()?.contains("CapabilityMissing"));
    Ok(())
}

#[test]
fn for_the_cni_entrance_alone_it_keeps_none_and_misses_none() -> Result<()> {
    let node = node(Containerd::V2)?;
    let path = parts::chainsawd()?.display().to_string();
    let all = node.machine().program(&path);
    let none = with(node.machine(), &[], &path);
    for (name, program) in [("all", all), ("none", none)] {
        let daemon = node.daemon_by(name, program.args(["--hooks", "cni"]))?;
        daemon.wait_for("serving the CNI entrance alone")?;
        let sets = sets(&format!("/proc/{}", daemon.pid()))?;
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            ensure!(sets.get(set) == Some(&0), "{name} {set}: {sets:x?}");
        }
        let pod = node.pod(name);
        let pod = pod.annotation(KEY, "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE");
        let _pod = pod.run()?;
        daemon.wait_for(&format!("ok for default/{name} entrance=\"cni\""))?;
        ensure!(!daemon.log()?.contains("CapabilityMissing"), "{name}");
        daemon.stop()?;
    }
    Ok(())
}

#[test]
fn with_exactly_those_the_daemon_serves_both_entrances() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)?;
        let daemon = daemon(&node, "chainsawd", &listed())?;
        let pod = node.pod("web");
        let pod = pod.annotation(KEY, "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE");
        let pod = pod.annotation(SANDBOX, "ip link set CURRENT_INTERFACE mtu 1400");
        let pod = pod
            .annotation(APP, "ip route add 192.0.4.0/24 via CURRENT_GATEWAY")
            .run()?;
        let _app = pod.container("app", ["sleep", "1000"])?;
        let routes = pod.in_netns(["route"])?.stdout;
        ensure!(
            routes.contains("192.0.3.0/24") && routes.contains("192.0.4.0/24"),
            "{routes}"
        );
        ensure!(
            pod.in_netns(["link", "show", "eth0"])?
                .stdout
                .contains("mtu 1400")
        );
        let log = daemon.log()?;
        ensure!(
            log.contains("ok for default/web entrance=\"cni\"")
                && !log.contains("CapabilityMissing"),
            "{containerd:?}: {log}"
        );
        pod.remove()?;
        let records = node.machine().path("/run/chainsaw/sandboxes");
        wait_until("the record to go", LIMIT, || {
            Ok(fs::read_dir(&records)?.count() == 0)
        })?;
    }
    Ok(())
}

#[test]
fn with_one_less_what_is_said_of_it_fails() -> Result<()> {
    let node = node(Containerd::V2)?;
    let without =
        |gone: &str| -> Vec<_> { listed().into_iter().filter(|name| *name != gone).collect() };
    for (gone, said) in [
        ("CAP_SYS_ADMIN", "cannot enter the network namespace"),
        ("CAP_NET_ADMIN", "Operation not permitted"),
    ] {
        let daemon = daemon(&node, gone, &without(gone))?;
        daemon.wait_for(&format!("{gone} is missing"))?;
        let pod = node
            .pod("web")
            .annotation(SANDBOX, "ip link set CURRENT_INTERFACE mtu 1400");
        let refused = refusal(pod.run())?;
        ensure!(refused.contains(said), "{gone}: {refused}");
        daemon.stop()?;
    }
    // A daemon that somebody started elsewhere than in the node's network namespace.
    let path = parts::chainsawd()?.display().to_string();
    let started = |names: &[&str]| elsewhere(node.machine(), names, &path);
    let noticed = started(&listed()).run()?;
    ensure!(
        noticed.status == 1
            && noticed
                .stderr
                .contains("not in the node's network namespace"),
        "{noticed:?}"
    );
    let unnoticed = node.daemon_by("elsewhere", started(&without("CAP_SYS_PTRACE")))?;
    unnoticed.wait_for("CAP_SYS_PTRACE is missing")?;
    unnoticed.wait_for("listening")?;
    Ok(())
}

fn conf(value: &str) -> String {
    let prev_result = json!({
        "cniVersion": "1.0.0",
        "interfaces": [{"name": "eth0", "sandbox": POD}],
        "ips": [{"address": "192.0.2.10/24", "interface": 0}, {"address": "fd00::10/64", "interface": 0}],
    });
    call::conf(&json!({KEY: value}), &prev_result.to_string())
}

#[test]
fn the_plugin_needs_the_same_three_and_says_what_it_lacks() -> Result<()> {
    let Bed { machine } = Bed::new(GRANT)?;
    let path = parts::chainsaw()?.display().to_string();
    let add = |names: &[&str]| {
        let program = Call::default().of(with(&machine, names, &path));
        let conf = conf("ip route replace 192.0.3.0/24 dev eth0");
        program.stdin(conf).run()
    };
    let all = add(&listed())?;
    ensure!(all.status == 0, "{all:?}");
    let outside = add(&["CAP_NET_ADMIN", "CAP_SYS_PTRACE"])?;
    ensure!(outside.stdout.contains("\"code\":104"), "{outside:?}");
    let powerless = add(&["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])?;
    ensure!(
        powerless.stdout.contains("\"code\":102")
            && powerless.stdout.contains("Operation not permitted"),
        "{powerless:?}"
    );
    // The node's namespace under another name, and a plugin that somebody started in a third.
    machine.write("/run/netns/node", "")?;
    let mount = ["--bind", "/proc/1/ns/net", "/run/netns/node"];
    machine.program("mount").args(mount).stdout()?;
    let look = |names: &[&str]| {
        let call = Call {
            netns: "/run/netns/node",
            ..Call::default()
        };
        let program = call.of(elsewhere(&machine, names, &path));
        program.stdin(conf("ip link show lo")).run()
    };
    let known = look(&listed())?;
    ensure!(
        known.stdout.contains("\"code\":104")
            && known.stdout.contains("the node's own network namespace"),
        "{known:?}"
    );
    let unknown = look(&["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])?;
    ensure!(unknown.status == 0, "{unknown:?}");
    Ok(())
}

#[test]
fn who_has_entered_a_pods_namespace_has_cap_net_admin_and_no_way_back() -> Result<()> {
    let Bed { machine } = Bed::new(GRANT)?;
    let scratch = Scratch::new()?;
    let inside = mask(&["CAP_NET_ADMIN"])?;
    let program = Call::default().of(machine.program(parts::chainsaw()?));
    // Until this address has settled the plugin waits in the namespace.
    let mut plugin = program.start(&scratch.path().join("log"))?;
    let mut stdin = plugin.take_stdin().context("a pipe")?;
    stdin.write_all(conf("ip address add fd00::11/64 dev eth0").as_bytes())?;
    drop(stdin);
    let mut last = BTreeMap::new();
    let seen = wait_until("the plugin to give up its capabilities", LIMIT, || {
        if let Some(status) = plugin.ended()? {
            bail!("it ended with {status}, after {last:x?}");
        }
        if let Ok(sets) = sets(&format!("/proc/{}", plugin.pid())) {
            last = sets;
        }
        let is = |name: &str, value: u64| last.get(name) == Some(&value);
        Ok(is("CapEff", inside) && is("CapPrm", inside) && is("CapInh", 0) && is("CapAmb", 0))
    });
    seen.with_context(|| fs::read_to_string(scratch.path().join("log")).unwrap_or_default())
}
