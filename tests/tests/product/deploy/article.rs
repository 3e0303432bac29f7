//! The samples do what they say: judged by the sample policy, and started as pods.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::manifest::{Manifest, is, through};
use chainsaw_tests::pod::RunningPod;
use chainsaw_tests::process::{Program, wait_until};
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use k8s_openapi::api::core::v1::Pod;

const LIMIT: Duration = Duration::from_secs(10);

fn sample(name: &str) -> Result<Manifest> {
    let path = parts::deployments().join("samples").join(name);
    Manifest::read(&fs::read_to_string(path)?)
}

/// The operator's file, as it is shipped.
fn policy() -> Result<String> {
    Ok(fs::read_to_string(
        parts::deployments().join("config.toml"),
    )?)
}

/// The sample's pod on a node, and what its only container writes until it waits.
fn run<'n>(node: &'n Node, sample: &Manifest, last: &str) -> Result<(RunningPod<'n>, String)> {
    let pod: Pod = sample.one()?;
    let name = pod.metadata.name.context("no name")?;
    let namespace = pod.metadata.namespace.context("no namespace")?;
    let mut asked = node.pod(&name).namespace(&namespace);
    for (key, value) in pod.metadata.annotations.context("no annotations")? {
        asked = asked.annotation(&key, &value);
    }
    let running = asked.run()?;
    let containers = pod.spec.context("no spec")?.containers;
    let [container] = containers.as_slice() else {
        anyhow::bail!("one container");
    };
    let command = container.command.clone().context("no command")?;
    let started = running.container(&container.name, command)?;
    wait_until("the container to look", LIMIT, || {
        Ok(started.logs()?.contains(last))
    })?;
    let logs = started.logs()?;
    drop(started);
    Ok((running, logs))
}

#[test]
fn every_sample_is_allowed_by_the_sample_policy_and_loses_nothing_as_a_pod() -> Result<()> {
    let folder = parts::deployments().join("samples");
    let mut count = 0;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let check = Program::new(parts::chainsaw()?)
            .args(["check", "--policy"])
            .arg(parts::deployments().join("config.toml"))
            .arg("-f")
            .arg(&path);
        let output = check.run()?;
        ensure!(output.status == 0, "{}: {output:?}", path.display());
        let sample = Manifest::read(&fs::read_to_string(&path)?)?;
        for object in sample.objects().iter().filter(|object| is::<Pod>(object)) {
            ensure!(through::<Pod>(object)? == *object, "{object}");
        }
        count += 1;
    }
    ensure!(count >= 3, "{count}");
    Ok(())
}

#[test]
fn the_articles_attachment_as_a_delegates_configuration_has_its_route() -> Result<()> {
    let sample = sample("article.yaml")?;
    let definition = |object: &&serde_json::Value| object["kind"] == "NetworkAttachmentDefinition";
    let definition = sample.objects().iter().find(definition);
    let definition = definition.context("no attachment")?;
    let config = definition["spec"]["config"].as_str().context("no config")?;
    for containerd in Containerd::ALL {
        // A second list is a second attachment of every pod, as Multus makes one of a pod that selects it.
        let node = Node::builder(containerd)
            .file("/etc/cni/net.d/20-sample.conflist", config)
            .file("/etc/chainsaw/config.toml", &policy()?)
            .start()?;
        node.install_chainsaw()?;
        let (_pod, logs) = run(&node, &sample, "192.0.3.0/24")?;
        ensure!(
            logs.contains("192.0.3.0/24 dev eth1"),
            "{containerd:?}: {logs}"
        );
    }
    Ok(())
}

#[test]
fn the_cni_sample_has_its_route_behind_the_clusters_own_chain() -> Result<()> {
    let sample = sample("cni.yaml")?;
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .cni_chain([bridge(), chainsaw()])
            .file("/etc/chainsaw/config.toml", &policy()?)
            .start()?;
        let (_pod, logs) = run(&node, &sample, "192.0.3.0/24")?;
        ensure!(
            logs.contains("192.0.3.0/24 dev eth0"),
            "{containerd:?}: {logs}"
        );
    }
    Ok(())
}

#[test]
fn the_nri_sample_has_its_rule_and_its_route_at_the_first_instruction() -> Result<()> {
    let sample = sample("nri.yaml")?;
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .file("/etc/chainsaw/config.toml", &policy()?)
            .start()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let (_pod, logs) = run(&node, &sample, "192.0.3.0/24")?;
        ensure!(
            logs.contains("from 192.0.2.0/24 lookup 100") && logs.contains("192.0.3.0/24 via "),
            "{containerd:?}: {logs}"
        );
    }
    Ok(())
}
