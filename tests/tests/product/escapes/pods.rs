//! A sample of the rows in real pods, at both entrances, on the containerds that we serve.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::pod::{RunningPod, refusal};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw};

use super::bed::{CANARY, SECRET};
use super::doors::{APP, KEY, SANDBOX};

const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
const LIMIT: Duration = Duration::from_secs(10);

/// A form of a row, with `PEER` for the name of another pod's namespace.
const SAMPLE: [&str; 4] = [
    "ip netns exec PEER touch /run/canary/mark",
    "ip -n ../../../proc/1/ns/net link add esc0 type bridge",
    "ip -force -batch /run/canary/secret",
    "ip link set eth0 netns 1",
];

/// All that must stay as it is; what belongs to pods that come and go is left out, and what IPv6 does by itself.
fn state(node: &Node, peer: &RunningPod<'_>) -> Result<String> {
    let shell = "ip -o link | grep -v ': veth'; ip -4 route show table all; ip rule; ls /run/netns; \
                 stat -c '%n %a %u %s' /run/canary /run/canary/*; cat /proc/1/mountinfo | grep -c netns";
    let around = node.machine().program("sh").args(["-c", shell]).stdout()?;
    let there = peer.in_netns(["-4", "-d", "address"])?.stdout + &peer.in_netns(["route"])?.stdout;
    Ok(around + &there)
}

fn a_sample_is_refused_on(containerd: Containerd) -> Result<()> {
    let node = Node::builder(containerd)
        .nri()
        .cni_chain([bridge(), chainsaw()])
        .file("/etc/chainsaw/config.toml", GRANT)
        .file(CANARY, &format!("{SECRET} link\n"))
        .start()?;
    let only_root = fs::Permissions::from_mode(0o600);
    fs::set_permissions(node.machine().path(CANARY), only_root)?;
    let daemon = node.daemon("chainsawd", &["--hooks", "cni,nri"])?;
    let peer = node.pod("peer").run()?;
    let name = peer
        .netns()?
        .file_name()
        .context("a namespace has a name")?;
    let before = state(&node, &peer)?;
    for form in SAMPLE {
        let form = form.replace("PEER", &name.to_string_lossy());
        for key in [KEY, SANDBOX, APP] {
            let said = refusal(node.pod("web").annotation(key, &form).run())?;
            ensure!(
                said.contains("never allowed"),
                "{containerd:?}, {key}: {form}: {said}"
            );
            let (what, mut now) = (format!("{form} by {key} to change nothing"), String::new());
            let same = wait_until(&what, LIMIT, || {
                now = state(&node, &peer)?;
                Ok(now == before)
            });
            same.with_context(|| format!("{containerd:?}: before:\n{before}\nnow:\n{now}"))?;
        }
    }
    // One on the host's network reaches no CNI chain; at NRI it is refused (`nri.rs`).
    let host = node.pod("host").host_network();
    let host = host
        .annotation(KEY, "ip route add 198.51.100.0/24 dev lo")
        .run()?;
    ensure!(
        state(&node, &peer)? == before,
        "{containerd:?}: a pod on the host's network"
    );
    ensure!(!node.log()?.contains("default/host at"), "{containerd:?}");
    host.remove()?;
    let logs = node.log()? + &daemon.log()?;
    ensure!(
        !logs.contains(SECRET),
        "{containerd:?}: the canary is in a log"
    );
    Ok(())
}

#[test]
fn a_sample_of_the_rows_is_refused_in_pods_on_containerd_1_7() -> Result<()> {
    a_sample_is_refused_on(Containerd::V1_7)
}

#[test]
fn a_sample_of_the_rows_is_refused_in_pods_on_containerd_2() -> Result<()> {
    a_sample_is_refused_on(Containerd::V2)
}
