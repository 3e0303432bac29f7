//! The pages' own lines, as they stand there: what a person copies works.

use std::fs;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::documents::{self, block, blocks, text};
use chainsaw_tests::pod::{Pod, refusal};
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use serde_json::Value;

const README: &str = "README.md";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";

/// A pod's only annotation.
fn annotation(pod: &str) -> Result<(String, String)> {
    let pod: Value = serde_saphyr::from_str(pod)?;
    let annotations = pod
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
        .filter(|all| all.len() == 1);
    let (key, value) = annotations
        .and_then(|all| all.iter().next())
        .context("one annotation")?;
    Ok((key.clone(), value.as_str().context("text")?.to_owned()))
}

/// The values of README's "A value in brief": the first column of the table.
fn values() -> Result<Vec<String>> {
    let readme = text(README)?;
    let (_, rest) = readme.split_once("## A value in brief").context("values")?;
    let (section, _) = rest.split_once("\n## ").context("its end")?;
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once("` |"));
    Ok(cells.map(|(value, _)| value.to_owned()).collect())
}

#[test]
fn without_a_configuration_the_articles_value_is_refused_with_the_lines_to_add_and_with_readmes_it_runs()
-> Result<()> {
    let grant = block(README, "toml", "Say who may do what")?;
    let lines: Vec<_> = grant.lines().collect();
    ensure!(
        lines
            == [
                "[[rule]]",
                "namespaces = [\"default\"]",
                "profile = \"route\""
            ],
        "{lines:?}"
    );
    let (key, value) = annotation(&block(README, "yaml", "# Chainsaw")?)?;
    ensure!(key == "k8s.v1.cni.cncf.io/chainsaw");
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .cni_chain([bridge(), chainsaw()])
            .start()?;
        ensure!(!node.machine().path(CONFIGURATION).exists());
        let daemon = node.daemon("chainsawd", &[])?;
        let asking = |key: &str| -> Pod<'_> { node.pod("web").annotation(key, &value) };
        for key in [key.as_str(), SANDBOX] {
            let said = refusal(asking(key).run())?;
            let remedy = lines.iter().skip(1);
            for part in remedy.chain([&"it needs profile route"]) {
                ensure!(
                    said.contains(part),
                    "{containerd:?} {key}: no {part} in {said}"
                );
            }
        }
        node.machine().write(CONFIGURATION, &grant)?;
        daemon.wait_for("the configuration has changed and is in force")?;
        for key in [key.as_str(), SANDBOX] {
            let pod = asking(key).run()?;
            let routes = pod.in_netns(["route"])?.stdout;
            ensure!(
                routes.contains("192.0.3.0/24 dev eth0"),
                "{containerd:?} {key}: {routes}"
            );
            let _app = pod.container("app", ["sleep", "1000"])?;
            pod.remove()?;
        }
    }
    Ok(())
}

#[test]
fn each_value_in_brief_runs_as_it_stands_and_the_sample_policy_allows_it() -> Result<()> {
    let values = values()?;
    ensure!(values.len() >= 3, "{values:?}");
    let policy = parts::deployments().join("config.toml");
    for value in values {
        let chainsaw = || Ok::<_, anyhow::Error>(Program::new(parts::chainsaw()?));
        let check = chainsaw()?.args(["check", "--policy"]).arg(&policy);
        let judged = check.arg(&value).run()?;
        ensure!(judged.status == 0, "{value}: {judged:?}");
        let ran = chainsaw()?.args(["try", &value]).run()?;
        ensure!(ran.status == 0, "{value}: {ran:?}");
    }
    Ok(())
}

#[test]
fn the_sample_of_the_cni_entrance_is_the_example_at_the_top() -> Result<()> {
    let sample = fs::read_to_string(parts::deployments().join("samples/cni.yaml"))?;
    ensure!(annotation(&sample)? == annotation(&block(README, "yaml", "# Chainsaw")?)?);
    Ok(())
}

#[test]
fn the_entry_to_paste_is_what_the_installer_prints() -> Result<()> {
    let scratch = Scratch::new()?;
    let told = Program::new(parts::chainsawd()?)
        .arg("install")
        .arg("--bin-dir")
        .arg(scratch.path())
        .arg("--conf-dir")
        .arg(scratch.path())
        .stdout()?;
    let entry = block(README, "json", "Chain the plugin")?;
    ensure!(
        told.lines().any(|line| line.trim() == entry.trim()),
        "{told}"
    );
    Ok(())
}

#[test]
fn every_configuration_that_a_page_shows_can_be_taken_and_every_sample_read() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.path().join("config.toml");
    let mut count = 0;
    for name in documents::all()? {
        for toml in blocks(&name, "toml")? {
            fs::write(&file, &toml)?;
            let check = Program::new(parts::chainsaw()?).args(["check", "--policy"]);
            let judged = check.arg(&file).arg("ip link").run()?;
            ensure!(judged.status == 0, "{name}: {toml}: {judged:?}");
            count += 1;
        }
        for json in blocks(&name, "json")? {
            let read: Value = serde_json::from_str(&json).with_context(|| name.clone())?;
            ensure!(read.is_object(), "{name}: {json}");
        }
        for yaml in blocks(&name, "yaml")? {
            let read: Value = serde_saphyr::from_str(&yaml).with_context(|| name.clone())?;
            ensure!(read.is_object(), "{name}: {yaml}");
        }
    }
    ensure!(count >= 7, "{count} configurations");
    Ok(())
}
