//! A pod's namespace that is not: paths that lead into the node's own, or to something else altogether, by every door
//! that takes a path.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::parts;
use serde_json::{Value, json};

use super::bed::{Bed, Right};
use super::doors::{APP, KEY, SANDBOX};
use super::picture::Picture;
use super::runtime::Sandbox;

/// What would be seen in the node, and in a namespace of any pod.
const VALUE: &str = "ip link set lo down\nip route add blackhole 203.0.113.66 table 66";

/// The node's own namespace, by whatever path.
const NODES: [&str; 8] = [
    "/run/netns/node",
    "/proc/1/ns/net",
    "/proc/self/ns/net",
    "/proc/thread-self/ns/net",
    "/proc/1/task/1/ns/net",
    "/run/paths/to-node",
    "/run/paths/to-process-1",
    "/run/paths/link-of-a-link",
];

/// No network namespace, and how that is told.
const NONE: [(&str, &str); 12] = [
    ("/run/paths/fifo", "is not a network namespace"),
    ("/run/paths/file", "is not a network namespace"),
    ("/run/paths", "is not a network namespace"),
    ("/run/paths/socket", "cannot open the network namespace"),
    ("/dev/null", "is not a network namespace"),
    ("/dev/zero", "is not a network namespace"),
    ("/run/paths/loop", "cannot open the network namespace"),
    ("/run/netns/deleted", "cannot open the network namespace"),
    ("/run/paths/unmounted", "is not a network namespace"),
    ("/proc/1/ns/mnt", "cannot enter the network namespace"),
    ("/proc/1/ns/pid", "cannot enter the network namespace"),
    ("/run/paths/uts", "cannot enter the network namespace"),
];

/// Lays the paths out.
const PATHS: &str = "set -eu
mkdir /run/paths
cd /run/paths
ln -s /run/netns/node to-node
ln -s /proc/1/ns/net to-process-1
ln -s to-node link-of-a-link
ln -s loop loop
mkfifo fifo
echo CANARY-4711 >file
touch uts unmounted
mount --bind /proc/1/ns/uts uts
mount --bind /run/netns/node unmounted
umount unmounted
ip netns add deleted
ip netns del deleted";

/// What a door that takes a path says: nothing if it let the commands run.
type Said = Result<Option<String>>;

type By = fn(&Bed, &str) -> Said;

/// The doors that take a path.
const DOORS: [(&str, By); 4] = [
    ("ADD", by_add),
    ("run --netns", by_run),
    ("a sandbox at NRI", by_a_sandbox),
    ("a container at NRI", by_a_container),
];

fn by_add(bed: &Bed, path: &str) -> Said {
    let annotations = json!({"io.kubernetes.cri.pod-annotations": {KEY: VALUE}});
    let output = bed.add_at(path, "all", &json!({"runtimeConfig": annotations}))?;
    if output.status == 0 {
        return Ok(None);
    }
    let said: Value = serde_json::from_str(&output.stdout)?;
    ensure!(said.get("code") == Some(&json!(104)), "{said}");
    Ok(Some(output.stdout + &output.stderr))
}

fn by_run(bed: &Bed, path: &str) -> Said {
    let program = bed.program(parts::chainsaw()?);
    let output = program.args(["run", "--netns", path, VALUE]).run()?;
    Ok((output.status != 0).then(|| output.stdout + &output.stderr))
}

fn by_a_sandbox(bed: &Bed, path: &str) -> Said {
    let (id, annotations) = (bed.fresh("s"), [(SANDBOX, VALUE)]);
    Ok(bed.runtime.sandbox(&pod(&id, &annotations, path)).err())
}

fn by_a_container(bed: &Bed, path: &str) -> Said {
    let (id, annotations) = (bed.fresh("s"), [(APP, VALUE)]);
    Ok(bed.runtime.container(&pod(&id, &annotations, path)).err())
}

fn pod<'a>(id: &'a str, annotations: &'a [(&'a str, &'a str)], path: &'a str) -> Sandbox<'a> {
    Sandbox {
        id,
        namespace: Right::All.namespace(),
        annotations,
        netns: Path::new(path),
    }
}

/// A node with these paths; the daemon of the node holds the socket open.
fn bed() -> Result<(Bed, std::os::unix::net::UnixListener)> {
    let bed = Bed::new(["ip link"])?;
    bed.program("sh").args(["-c", PATHS]).stdout()?;
    let socket = bed.machine.path("/run/paths/socket");
    let listener = std::os::unix::net::UnixListener::bind(socket)?;
    Ok((bed, listener))
}

#[test]
fn the_nodes_own_namespace_is_refused_by_every_door_and_whatever_path() -> Result<()> {
    let (bed, _listener) = bed()?;
    let before = Picture::of(&bed)?;
    for path in NODES {
        for (door, by) in DOORS {
            let said = by(&bed, path)?.with_context(|| format!("{door} ran in {path}"))?;
            ensure!(
                said.contains("is the node's own network namespace"),
                "{door}, {path}: {said}"
            );
        }
    }
    // A runtime that says nothing of namespaces has the process's looked at.
    let (id, annotations) = (bed.fresh("s"), [(SANDBOX, VALUE)]);
    let said = bed
        .runtime
        .sandbox(&pod(&id, &annotations, ""))
        .err()
        .context("it ran")?;
    ensure!(
        said.contains("is the node's own network namespace"),
        "{said}"
    );
    before.is(&Picture::of(&bed)?, "the node's own namespace as a pod's")
}

#[test]
fn what_is_no_network_namespace_is_refused_by_every_door_and_not_read() -> Result<()> {
    let (bed, _listener) = bed()?;
    let before = Picture::of(&bed)?;
    for (path, word) in NONE {
        for (door, by) in DOORS {
            let said = by(&bed, path)?.with_context(|| format!("{door} ran in {path}"))?;
            ensure!(said.contains(word), "{door}, {path}: {said}");
            ensure!(
                !said.contains(super::bed::SECRET),
                "{door} leaks {path}: {said}"
            );
        }
    }
    before.is(&Picture::of(&bed)?, "something else as a pod's namespace")
}
