//! Numbers that size the kernel's memory, or the time for which it holds RTNL: what is refused touches neither, and what is
//! allowed stays within what a sandbox may have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use chainsaw_guest::{Program, place::CHAINSAW};
use chainsaw_tests::bed::Bed;
use chainsaw_tests::guest::Netns;
use chainsaw_tests::process::Output;
use chainsaw_tests::{Guest, Kernel};
use serde_json::json;

const CONFIG: &str = "/etc/chainsaw/config.toml";
const POLICY: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
/// What the queues that commands made in one sandbox may take, in KiB.
const LIMIT: i64 = 16 * 1024;
/// As much may come and go by itself between two looks at a kernel that does nothing else, in KiB.
const NOISE: i64 = 3 * 1024;

/// The two lines that took a node's memory and held its RTNL, and their like. Each is refused for its last words' sake.
const ATTACKS: [&str; 12] = [
    "link add i0 numtxqueues 64 txqueuelen 500000 type ifb\nlink set i0 up",
    "link add i0 numtxqueues 4096 type ifb",
    "link add i0 numrxqueues 4096 type ifb",
    "link add i0 txqueuelen 2000000000 type ifb",
    "link add v0 numtxqueues 4096 numrxqueues 4096 type veth peer name v1",
    "link add v0 type veth peer name v1 numrxqueues 4096",
    "link replace d0 numtxqueues 4096 type dummy",
    "link set eth0 txqueuelen 2000000000",
    "link set group 0 txqueuelen 2000000000",
    "link add link eth0 name m0 type macvlan bcqueuelen 4294967295",
    "link add br0 type bridge mcast_hash_max 4294967295",
    "link add link eth0 name v5 type vlan id 5 egress-qos-map 70000:1",
];

/// The devices of a sandbox at the largest values that each keyword may have, all eight of them.
fn largest() -> Vec<String> {
    let queues = "numtxqueues 16 numrxqueues 16 txqueuelen 10000";
    let mut lines = vec![
        format!("link add i0 {queues} type ifb"),
        format!("link add i1 {queues} type ifb"),
        format!("link add v0 {queues} type veth peer name v1 {queues}"),
        format!("link add b0 {queues} type bridge mcast_hash_max 4096 mcast_last_member_count 255"),
        format!("link add link eth0 name m0 {queues} type macvlan bcqueuelen 1000"),
        format!("link add link eth0 name l0 {queues} type vlan id 5"),
        format!("link add o0 {queues} type bond resend_igmp 255"),
    ];
    // A command has 1 KiB.
    for first in [0, 64, 128, 192] {
        let map = (first..first + 64).map(|priority| format!(" {priority}:1"));
        let map: String = map.collect();
        lines.push(format!("link set l0 type vlan egress-qos-map{map}"));
    }
    for device in ["i0", "i1", "v0", "v1", "b0", "m0", "l0", "o0"] {
        lines.push(format!("link set {device} up"));
    }
    let ways = " nexthop dev eth0".repeat(32);
    lines.extend((0..20).map(|number| format!("route add 10.7.{number}.0/24{ways}")));
    lines
}

fn booted() -> Result<Guest> {
    let kinds = [
        "ifb",
        "dummy",
        "8021q",
        "macvlan",
        "bonding",
        "sch_fq_codel",
    ];
    let guest = Kernel::V6_12.builder().modules(kinds).memory(1024).boot()?;
    guest.write(CONFIG, POLICY)?;
    Ok(guest)
}

/// A pod's namespace with `eth0`.
fn pod(guest: &Guest) -> Result<Netns> {
    let pod = guest.netns()?;
    for line in [
        "link set lo up",
        "link add eth0 type veth peer name node0",
        "link set node0 up",
        "link set eth0 up",
        "address add 10.9.0.2/24 dev eth0",
    ] {
        pod.judge(line.split(' '))?.success(line)?;
    }
    Ok(pod)
}

/// ADD of the plugin with a value, for the interface of an attachment.
fn add(guest: &Guest, netns: &Netns, ifname: &str, value: &str) -> Result<Output> {
    let annotations = json!({"k8s.v1.cni.cncf.io/chainsaw": value});
    let interface = json!({"name": ifname, "sandbox": netns.path()});
    let conf = json!({
        "cniVersion": "1.0.0",
        "name": "net",
        "type": "chainsaw",
        "runtimeConfig": {"io.kubernetes.cri.pod-annotations": annotations},
        "prevResult": {"cniVersion": "1.0.0", "interfaces": [interface]},
    });
    let netns = netns.path().display().to_string();
    let environment = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", netns.rsplit('/').next().unwrap_or("c1")),
        ("CNI_NETNS", &netns),
        ("CNI_IFNAME", ifname),
        ("CNI_PATH", "/opt/cni/bin"),
        (
            "CNI_ARGS",
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
        ),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    guest.run_with(Program {
        words: vec![CHAINSAW.to_owned()],
        environment: environment.map(own).to_vec(),
        stdin: conf.to_string(),
        ..Program::default()
    })
}

/// How much of the guest's memory is in use, without what it can have back at once, in KiB.
fn used(guest: &Guest) -> Result<i64> {
    const SCRIPT: &str = "sync; echo 3 >/proc/sys/vm/drop_caches; cat /proc/meminfo";
    let told = guest
        .run(None, ["/bin/sh", "-c", SCRIPT])?
        .success(SCRIPT)?;
    let number = |key: &str| {
        let line = told.stdout.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse::<i64>().ok())
            .context(key.to_owned())
    };
    Ok(number("MemTotal:")? - number("MemAvailable:")?)
}

#[test]
fn numbers_beyond_their_bounds_are_refused_and_touch_no_memory() -> Result<()> {
    let guest = booted()?;
    let netns = pod(&guest)?;
    // What is there once is there for good: pages of the programs, slabs of what a namespace has.
    add(&guest, &netns, "eth0", "link show")?;
    let devices = || Ok::<_, anyhow::Error>(netns.judge(["-d", "link"])?.stdout);
    let (before, had) = (used(&guest)?, devices()?);
    for attack in ATTACKS {
        let said = add(&guest, &netns, "eth0", attack)?;
        let told = &said.stdout;
        ensure!(
            said.status != 0 && told.contains("at most, not"),
            "{attack}: {said:?}"
        );
        ensure!(
            told.contains("no profile and no configuration allows more"),
            "{attack}: {told}"
        );
        ensure!(devices()? == had, "{attack}: {}", devices()?);
    }
    let more = used(&guest)? - before;
    ensure!(more < NOISE, "{more} KiB more are in use");
    // What is there is seen. Debian's own discipline is fq_codel, which takes 70 KiB whatever the length.
    guest.write("/proc/sys/net/core/default_qdisc", "pfifo_fast")?;
    for line in [
        "link add i0 numtxqueues 128 txqueuelen 10000 type ifb",
        "link set i0 up",
    ] {
        netns.judge(line.split(' '))?.success(line)?;
    }
    let more = used(&guest)? - before;
    ensure!(more > 20 * 1024, "what is there is not seen: {more} KiB");
    Ok(())
}

#[test]
fn the_largest_values_together_stay_below_what_a_sandbox_may_have() -> Result<()> {
    let guest = booted()?;
    // Of both is known what 32 of them take at the least.
    for (discipline, least) in [("pfifo_fast", 5 * 1024), ("fq_codel", 1024)] {
        guest.write("/proc/sys/net/core/default_qdisc", discipline)?;
        // A first pod has the slabs of all these made.
        for counts in [false, true] {
            let netns = pod(&guest)?;
            add(&guest, &netns, "eth0", "link show")?;
            let before = used(&guest)?;
            let added = add(&guest, &netns, "eth0", &largest().join("\n"))?;
            ensure!(added.status == 0, "{discipline}: {added:?}");
            let listed = netns.judge(["link", "show", "i1"])?.stdout;
            ensure!(
                listed.contains("qdisc mq") && listed.contains("qlen 10000"),
                "{listed}"
            );
            let more = used(&guest)? - before;
            ensure!(!counts || more < LIMIT, "{discipline}: {more} KiB");
            ensure!(
                !counts || more > least,
                "{discipline}: nothing is seen, {more} KiB"
            );
        }
    }
    Ok(())
}

#[test]
fn queues_are_counted_in_the_kernel_whoever_asks_and_however_often() -> Result<()> {
    let guest = booted()?;
    let netns = pod(&guest)?;
    let ifb = |name: &str| {
        format!("link add {name} numtxqueues 16 numrxqueues 16 txqueuelen 10000 type ifb")
    };
    let told = |said: &Output, words: &[&str]| {
        let all = words.iter().all(|word| said.stdout.contains(word));
        if said.status == 0 || !all {
            bail!("{said:?}");
        }
        Ok(())
    };
    // By itself, before anything runs.
    let three = ["i0", "i1", "i2"].map(ifb).join("\n");
    told(
        &add(&guest, &netns, "eth0", &three)?,
        &[
            "over the limit of 16 MiB of queues: with this command the values make devices",
            "limits.queues",
        ],
    )?;
    ensure!(
        netns.judge(["link", "show", "i0"])?.status != 0,
        "something ran"
    );
    // Over several values.
    for (ifname, value) in [("eth0", ifb("i0")), ("net1", ifb("i1"))] {
        let added = add(&guest, &netns, ifname, &value)?;
        ensure!(added.status == 0, "{added:?}");
    }
    let over = [
        "over the limit of 16 MiB of queues: with this command those of the devices",
        "[limits]",
        "queues = NUMBER",
    ];
    told(&add(&guest, &netns, "net2", &ifb("i2"))?, &over)?;
    ensure!(
        netns.judge(["link", "show", "i2"])?.status != 0,
        "it was made"
    );
    // Short ones fit in, and do not grow later.
    let short = "link add i2 numtxqueues 16 txqueuelen 10 type ifb";
    let added = add(&guest, &netns, "net3", short)?;
    ensure!(added.status == 0, "{added:?}");
    for longer in [
        "link set i2 txqueuelen 10000",
        "link set group 0 txqueuelen 10000",
    ] {
        told(&add(&guest, &netns, "net4", longer)?, &over).context(longer)?;
    }
    // What is taken away gives room, whoever takes it; a device of the runtime's is none of ours.
    netns.judge(["link", "del", "i0"])?.success("del")?;
    for (ifname, value) in [
        ("net5", "link set i2 txqueuelen 10000"),
        ("net6", "link set eth0 txqueuelen 10000"),
    ] {
        let added = add(&guest, &netns, ifname, value)?;
        ensure!(added.status == 0, "{value}: {added:?}");
    }
    Ok(())
}

/// The longest that the node's own `ip link` waits while these run in the pod's namespace.
fn longest_wait(bed: &Bed, lines: &[String]) -> Result<Duration> {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let node = scope.spawn(|| -> Result<Duration> {
            let mut longest = Duration::ZERO;
            while !ended.load(Ordering::Relaxed) {
                let clock = Instant::now();
                bed.ip("link show dev lo")?;
                longest = longest.max(clock.elapsed());
            }
            Ok(longest)
        });
        let ran: Result<Vec<String>> = lines
            .iter()
            .map(|line| bed.ip(&format!("-n pod {line}")))
            .collect();
        ended.store(true, Ordering::Relaxed);
        let longest = node.join();
        ran?;
        longest.unwrap_or_else(|_| bail!("it panicked"))
    })
}

#[test]
fn no_allowed_value_keeps_the_nodes_own_ip_waiting() -> Result<()> {
    const LONGEST: Duration = Duration::from_millis(100);
    let queues = "numtxqueues 16 numrxqueues 16 txqueuelen 10000";
    let bed = Bed::unconfigured()?;
    let device = |kind: &str| {
        ["add", "up", "short", "long", "del"].map(|what| match what {
            "add" => format!("link add link eth0 name x0 {queues} type {kind}"),
            "up" => "link set x0 up".to_owned(),
            "short" => "link set x0 txqueuelen 1".to_owned(),
            "long" => "link set x0 txqueuelen 10000".to_owned(),
            _ => "link del x0".to_owned(),
        })
    };
    let bounded = [
        "ifb".to_owned(),
        format!("veth peer name x1 {queues}"),
        "bridge mcast_hash_max 4096 mcast_last_member_count 255".to_owned(),
        "macvlan bcqueuelen 1000".to_owned(),
        "vxlan id 5 dstport 4789 maxaddress 4294967295".to_owned(),
    ];
    for kind in bounded {
        let lines = device(&kind).map(|line| match kind.as_str() {
            "ifb" => line.replace(" link eth0", ""),
            kind if kind.starts_with("macvlan") => line,
            _ => line.replace(" link eth0", ""),
        });
        // The machine has others to serve, too: what RTNL costs is in each try.
        let mut waits = Vec::new();
        for _ in 0..5 {
            waits.push(longest_wait(&bed, &lines)?);
        }
        let least = waits.iter().min().copied().unwrap_or(LONGEST);
        ensure!(least < LONGEST, "{kind}: {waits:?}");
    }
    // What is refused would be seen.
    let attack = [
        "link add x0 numtxqueues 4096 numrxqueues 4096 txqueuelen 10000 type ifb",
        "link set x0 up",
        "link del x0",
    ];
    let wait = longest_wait(&bed, &attack.map(str::to_owned))?;
    ensure!(wait > LONGEST, "what holds RTNL is not seen: {wait:?}");
    Ok(())
}
