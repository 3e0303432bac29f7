//! The commands of those who have a cluster, copied one after the other into the shell of a node.

use anyhow::{Context, Result, ensure};
use chainsaw_tests::control::Control;
use chainsaw_tests::documents::Block;
use chainsaw_tests::reader::Reader;
use chainsaw_tests::{Containerd, Node};
use k8s_openapi::api::core::v1::{Namespace, Pod};

use super::{Place, commands};

const INSTALL: Place = ("README.md", "Put it on a cluster");
const UNINSTALL: Place = ("README.md", "Uninstall");
const MULTUS: Place = ("docs/annotations.md", "Multus");
const STATUS: Place = ("docs/operating.md", "The status annotation");
const ADMISSION: Place = ("docs/policy.md", "At admission");

pub(super) const PLACES: &[Place] = &[INSTALL, UNINSTALL, MULTUS, STATUS, ADMISSION];

/// Reads a place as a person does: runs each block, and looks at the screen.
fn read(
    reader: &Reader<'_>,
    place: Place,
    mut look: impl FnMut(&Block, &str) -> Result<()>,
) -> Result<()> {
    for block in commands(place)? {
        let screen = reader.run(&block)?;
        look(&block, &screen).with_context(|| format!("{}\n{screen}", block.text))?;
    }
    Ok(())
}

#[test]
fn from_nothing_to_pods_with_their_effects_at_both_entrances_and_back() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd).nri().start()?;
        node.in_cluster(|control| there_and_back(&node, control))
            .with_context(|| format!("{containerd:?}"))?;
    }
    Ok(())
}

fn there_and_back(node: &Node, control: &Control) -> Result<()> {
    let reader = Reader::new(node, control.api())?;
    let mut logs = 0;
    read(&reader, INSTALL, |block, screen| {
        if block.text.contains("-c install") {
            node.paste_entry(screen)?;
        }
        for (pod, effect) in [
            ("logs chainsaw-nri-sample", "from 192.0.2.0/24 lookup 100"),
            ("logs chainsaw-cni-sample", "192.0.3.0/24 dev eth0"),
        ] {
            let is_its = block.text.contains(pod);
            ensure!(!is_its || screen.contains(effect), "no {effect}");
            logs += usize::from(is_its);
        }
        Ok(())
    })?;
    ensure!(logs == 2, "{logs} logs");
    read(&reader, UNINSTALL, |_, _| Ok(()))?;
    // Nobody asked for what the manifest does not allow.
    let forbidden = control.objects().forbidden();
    ensure!(forbidden.is_empty(), "{forbidden:?}");
    let namespaces: Vec<Namespace> = control.objects().all()?;
    ensure!(namespaces.len() == 1, "{namespaces:?}");
    let pods: Vec<Pod> = control.objects().all()?;
    ensure!(pods.len() == 2, "{pods:?}");
    ensure!(node.machine().path("/opt/cni/bin/chainsaw").exists());
    for gone in [
        "/opt/cni/bin/chainsaw-lookup",
        "/run/chainsaw/last-good.toml",
    ] {
        ensure!(!node.machine().path(gone).exists(), "{gone} is left");
    }
    ensure!(
        node.machine()
            .path("/opt/cni/bin/chainsaw.uninstalled")
            .exists()
    );
    Ok(())
}

#[test]
fn what_else_is_applied_is_taken_as_it_is() -> Result<()> {
    let node = Node::builder(Containerd::V2).start()?;
    node.in_cluster(|control| {
        let reader = Reader::new(&node, control.api())?;
        for place in [MULTUS, STATUS, ADMISSION] {
            read(&reader, place, |block, screen| {
                let lines = screen.lines().filter(|line| {
                    [" created", " labeled", " configured", " unchanged"]
                        .iter()
                        .any(|end| line.ends_with(end))
                });
                ensure!(lines.count() >= block.text.lines().count());
                Ok(())
            })?;
        }
        Ok(())
    })
}
