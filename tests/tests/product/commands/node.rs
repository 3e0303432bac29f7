//! The commands of those who have one node, and of those who try values.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::reader::Reader;
use chainsaw_tests::{Containerd, Node};

use super::{Place, commands};

const INSTALL: Place = ("README.md", "Use it on a node");
const DAEMON: Place = ("docs/entrances.md", "Start the daemon");
const TRY: Place = ("docs/values.md", "Try it without a pod");

pub(super) const PLACES: &[Place] = &[INSTALL, DAEMON, TRY];

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_node_has_the_plugin_a_configuration_and_a_daemon_that_serves() -> Result<()> {
    let node = Node::builder(Containerd::V2).nri().start()?;
    node.in_cluster(|control| {
        let reader = Reader::new(&node, control.api())?;
        for block in commands(INSTALL)? {
            reader.run(&block)?;
        }
        for file in [
            "/opt/cni/bin/chainsaw",
            "/opt/cni/bin/chainsaw-lookup",
            "/etc/chainsaw/config.toml",
        ] {
            ensure!(node.machine().path(file).exists(), "no {file}");
        }
        let blocks = commands(DAEMON)?;
        let [block] = blocks.as_slice() else {
            anyhow::bail!("one command");
        };
        let _daemon = reader.stay(block)?;
        wait_until("the daemon to be ready", LIMIT, || {
            Ok(node
                .machine()
                .get(10290, "/readyz")
                .is_ok_and(|page| page.status == 200))
        })?;
        let key = "chainsaw.noderesource.dev/sandbox";
        let pod = node
            .pod("web")
            .annotation(key, "ip route add 192.0.3.0/24 dev eth0")
            .run()?;
        ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
        Ok(())
    })
}

#[test]
fn what_is_tried_without_a_pod_does_as_it_says() -> Result<()> {
    let node = Node::builder(Containerd::V2).start()?;
    node.in_cluster(|control| {
        let reader = Reader::new(&node, control.api())?;
        let blocks = commands(TRY)?;
        let screens: Vec<String> = blocks
            .iter()
            .map(|block| reader.run(block))
            .collect::<Result<_>>()?;
        let last = screens.last().context("no block")?;
        ensure!(
            last.contains("Running ip route add 192.0.3.0/24 dev eth0"),
            "{last}"
        );
        ensure!(last.contains("ip route add 192.0.3.0/24 via "), "{last}");
        Ok(())
    })
}
