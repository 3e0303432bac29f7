//! What the daemon takes of a node's memory: alone, and with 250 pods' metadata in its cache, by a list and by a watch that
//! tells of them. `make bench` runs it.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::api::{Answer, ApiServer, Cluster, NODE, Pod, TOKEN};
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::{Child, wait_until};
use chainsaw_tests::scratch::Scratch;

/// As many as a node is usually allowed at most.
const PODS: usize = 250;
/// The most that it may take alone, and the most that the pods may add, each in KiB and at any time.
const GATE: u64 = 15 << 10;
const KUBECONFIG: &str = "/etc/chainsaw/kubeconfig";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const LIMIT: Duration = Duration::from_secs(60);

/// Resident memory in KiB, steady and at its peak.
#[derive(Clone, Copy)]
struct Memory {
    steady: u64,
    peak: u64,
}

fn main() -> Result<ExitCode> {
    let idle = measured(None)?;
    println!(
        "{:<34} {:>7} KiB, peak {:>6} KiB",
        "chainsawd, idle", idle.steady, idle.peak
    );
    let mut good = idle.peak <= GATE;
    for (name, streams) in [("by a watch", true), ("by a list", false)] {
        let pods = measured(Some(streams))?;
        let more = pods.peak.saturating_sub(idle.peak);
        println!(
            "{:<34} {:>7} KiB, peak {:>6} KiB, {more} more at the peak",
            format!("chainsawd, {PODS} pods {name}"),
            pods.steady,
            pods.peak,
        );
        good &= more <= GATE;
    }
    println!("gate: idle {GATE} KiB, and {GATE} KiB more with pods");
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Of a daemon without a cluster, or with one whose server tells of pods in the watch, or in a list.
fn measured(cluster: Option<bool>) -> Result<Memory> {
    let (machine, scratch) = (Machine::boot()?, Scratch::new()?);
    let mut server = None;
    if let Some(streams) = cluster {
        let pods = pods();
        pods.stream(streams);
        let started = ApiServer::start(&machine, Answer::Pods(pods))?;
        started.write_kubeconfig(&machine, KUBECONFIG)?;
        server = Some(started);
        let text = format!("[cluster]\nkubeconfig = \"{KUBECONFIG}\"\nnode = \"{NODE}\"\n");
        machine.write(CONFIGURATION, text)?;
    }
    let log = scratch.path().join("chainsawd.log");
    let program = machine
        .program(parts::chainsawd()?)
        .args(["--hooks", "cni"]);
    let daemon = program.start(&log)?;
    let said = match cluster {
        Some(_) => format!("{PODS} known"),
        None => "listening".to_owned(),
    };
    wait_until(&format!("chainsawd to say {said:?}"), LIMIT, || {
        Ok(fs::read_to_string(&log)?.contains(&said))
    })?;
    drop(server);
    memory(&daemon)
}

/// Pods as real ones are: a few KiB of metadata each, of which little is kept.
fn pods() -> Cluster {
    let cluster = Cluster::new(TOKEN);
    for number in 0..PODS {
        let mut pod = Pod::new(
            &format!("deployment-5d89f7c6b-{number:05}"),
            &format!("uid-{number}"),
        )
        .annotation(
            "k8s.v1.cni.cncf.io/chainsaw",
            "[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\"]",
        )
        .annotation(
            "kubectl.kubernetes.io/last-applied-configuration",
            &"x".repeat(4000),
        )
        .annotation("k8s.v1.cni.cncf.io/network-status", &"y".repeat(1000));
        for label in 0..8 {
            pod = pod.label(
                &format!("app.kubernetes.io/label-{label}"),
                &format!("value-{number}"),
            );
        }
        cluster.put(pod);
    }
    cluster
}

fn memory(daemon: &Child) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid()))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse().ok())
            .with_context(|| format!("no {name} in {status}"))
    };
    Ok(Memory {
        steady: field("VmRSS:")?,
        peak: field("VmHWM:")?,
    })
}
