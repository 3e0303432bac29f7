//! A path that is the pod's namespace at one moment and the node's at the next, while a thousand calls a door go by it: each
//! has run in the pod's, or was refused.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use serde_json::json;

use super::bed::{Bed, POD, Right, network_configuration};
use super::doors::SANDBOX;
use super::picture::Picture;
use super::runtime::Sandbox;

/// The path.
const PATH: &str = "/run/swapped/netns";
/// How often it is used, and what a swap may be seen as.
const CALLS: usize = 1000;
const REFUSALS: [&str; 3] = [
    "is the node's own network namespace",
    "is not a network namespace",
    "cannot open the network namespace",
];
/// Where this runs it leaves a route, and it fails where the pod's address is not.
const VALUE: &str =
    "ip route replace blackhole 203.0.113.66 table 66\nip -o address show dev eth0 to 192.0.2.10";

/// How calls ended.
#[derive(Debug, Default)]
struct Tally {
    ran: usize,
    refused: usize,
}

impl Tally {
    fn take(&mut self, refused: Option<&str>) -> Result<()> {
        match refused {
            None => self.ran += 1,
            Some(why) if REFUSALS.iter().any(|known| why.contains(known)) => self.refused += 1,
            Some(why) => bail!("neither ran in the pod's namespace nor was refused: {why}"),
        }
        Ok(())
    }
}

/// Swaps the path as fast as it goes while `calls` are made, by renaming links over it.
fn while_renamed<T>(bed: &Bed, calls: impl FnOnce() -> Result<T>) -> Result<T> {
    let folder = bed.machine.path("/run/swapped");
    fs::create_dir(&folder)?;
    symlink(POD, folder.join("netns"))?;
    let (stop, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let done = thread::scope(|scope| {
        let swapper = scope.spawn(|| -> Result<()> {
            while !stop.load(Ordering::Relaxed) {
                for target in ["/run/netns/node", POD] {
                    symlink(target, folder.join("next"))?;
                    fs::rename(folder.join("next"), folder.join("netns"))?;
                    swaps.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(())
        });
        let done = calls();
        stop.store(true, Ordering::Relaxed);
        swapper
            .join()
            .map_err(|_| anyhow::anyhow!("the swapper panicked"))??;
        done
    })?;
    let swaps = swaps.into_inner();
    ensure!(swaps > CALLS, "the path was swapped {swaps} times only");
    fs::remove_dir_all(&folder)?;
    Ok(done)
}

/// Makes the calls, and asserts that both ends were seen and the node's namespace was not touched.
fn none_escapes(bed: &Bed, calls: impl FnOnce() -> Result<Tally>) -> Result<()> {
    let before = Picture::of(bed)?;
    let tally = while_renamed(bed, calls)?;
    ensure!(
        tally.ran > 0 && tally.refused > 0,
        "it was never swapped: {tally:?}"
    );
    ensure!(tally.ran + tally.refused == CALLS, "{tally:?}");
    let mut after = Picture::of(bed)?;
    after.forget_the_pod(&before);
    before.is(&after, "a path that was swapped")?;
    let left = bed.ip(&["-n", "pod", "route", "show", "table", "66"], "")?;
    ensure!(left.stdout.contains("blackhole 203.0.113.66"), "{left:?}");
    Ok(())
}

/// Calls a program over and over in one shell, and tells how each call ended.
fn called(bed: &Bed, calls: usize, environment: &[(&str, &str)], call: &str) -> Result<Tally> {
    let script = format!(
        "set -f; i=0; while [ $i -lt {calls} ]; do out=$({call} 2>&1); echo $? $out; i=$((i+1)); done"
    );
    let program = bed.program("sh").args(["-c", &script]);
    let set = |program: chainsaw_tests::process::Program, (name, value): &(&str, &str)| {
        program.env(name, value)
    };
    let program = environment.iter().fold(program, set);
    let output: Output = program.limit(Duration::from_secs(100)).run()?;
    let mut tally = Tally::default();
    for line in output.stdout.lines().filter(|line| !line.trim().is_empty()) {
        let (status, said) = line.split_once(' ').context("a status and what was said")?;
        ensure!(
            status != "0" || said.contains("192.0.2.10"),
            "it ran elsewhere: {said}"
        );
        tally.take((status != "0").then_some(said))?;
    }
    Ok(tally)
}

#[test]
fn a_path_that_is_swapped_leads_run_into_no_other_namespace() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let call = format!(
        "{} run --netns {PATH} '{VALUE}'",
        parts::chainsaw()?.display()
    );
    none_escapes(&bed, || called(&bed, CALLS, &[], &call))
}

#[test]
fn a_path_that_is_swapped_leads_add_into_no_other_namespace() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let operator =
        json!({"commands": VALUE, "runtimeConfig": {"io.kubernetes.cri.pod-annotations": {}}});
    bed.machine
        .write("/run/conf.json", network_configuration(&operator)?)?;
    let environment = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_NETNS", PATH),
        ("CNI_IFNAME", "eth0"),
        ("CNI_PATH", "/opt/cni/bin"),
        (
            "CNI_ARGS",
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=all;K8S_POD_NAME=web",
        ),
    ];
    let call = format!(
        "CNI_CONTAINERID=c$i {} </run/conf.json",
        parts::chainsaw()?.display()
    );
    none_escapes(&bed, || called(&bed, CALLS, &environment, &call))
}

#[test]
fn a_path_that_is_swapped_leads_the_daemon_into_no_other_namespace() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    none_escapes(&bed, || {
        let mut tally = Tally::default();
        for _ in 0..CALLS {
            let id = bed.fresh("s");
            let sandbox = Sandbox {
                id: &id,
                namespace: Right::All.namespace(),
                annotations: &[(SANDBOX, VALUE)],
                netns: Path::new(PATH),
            };
            tally.take(bed.runtime.sandbox(&sandbox).err().as_deref())?;
        }
        Ok(tally)
    })
}

/// Mounts one and then the other at the path, until the file `go` is gone.
const MOUNTS: &str = "mkdir /run/swapped && touch /run/swapped/netns /run/swapped/go || exit
while [ -e /run/swapped/go ]; do
    for target in /run/netns/node /run/netns/pod; do
        mount --bind $target /run/swapped/netns
        umount --lazy /run/swapped/netns
    done
done
rm -r /run/swapped";

#[test]
fn a_path_on_which_namespaces_are_mounted_in_turn_leads_into_no_other_namespace() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let before = Picture::of(&bed)?;
    let log = bed.machine.path("/run/canary/swaps");
    let mut swapper = bed.machine.program("sh").args(["-c", MOUNTS]).start(&log)?;
    let limit = Duration::from_secs(10);
    let go = bed.machine.path("/run/swapped/go");
    chainsaw_tests::process::wait_until("mounts to begin", limit, || Ok(go.exists()))?;
    let call = format!(
        "{} run --netns {PATH} '{VALUE}'",
        parts::chainsaw()?.display()
    );
    let tally = called(&bed, CALLS / 2, &[], &call)?;
    fs::remove_file(go)?;
    chainsaw_tests::process::wait_until("mounts to end", limit, || Ok(swapper.ended()?.is_some()))?;
    ensure!(
        tally.ran > 0 && tally.refused > 0,
        "it was never swapped: {tally:?}"
    );
    ensure!(
        fs::read_to_string(&log)?.is_empty(),
        "{}",
        fs::read_to_string(&log)?
    );
    fs::remove_file(log)?;
    let mut after = Picture::of(&bed)?;
    after.forget_the_pod(&before);
    before.is(&after, "a path on which others are mounted")
}
