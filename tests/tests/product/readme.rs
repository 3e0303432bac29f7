//! README's own lines, as they stand there: what a person copies works.

use anyhow::{Context, Result, ensure};
use chainsaw_tests::pod::{Pod, RunningPod};
use chainsaw_tests::{Containerd, Node, bridge};
use serde_json::json;

const README: &str = include_str!("../../../README.md");
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";

/// The first block of code in this language behind a text.
fn block(language: &str, behind: &str) -> Result<String> {
    let (_, rest) = README
        .split_once(behind)
        .with_context(|| format!("README has no {behind:?}"))?;
    let (_, block) = rest
        .split_once(&format!("```{language}\n"))
        .with_context(|| format!("README has no {language} behind {behind:?}"))?;
    let (block, _) = block.split_once("```").context("its end")?;
    let indent = block.len() - block.trim_start().len();
    let line = |line: &str| line.get(indent..).unwrap_or_default().to_owned() + "\n";
    Ok(block.trim_end().lines().map(line).collect())
}

/// The pod at README's top: its annotation.
fn annotation() -> Result<(String, String)> {
    let pod: serde_json::Value = serde_saphyr::from_str(&block("yaml", "# Chainsaw")?)?;
    let annotations = pod
        .pointer("/metadata/annotations")
        .and_then(|all| all.as_object());
    let (key, value) = annotations
        .and_then(|all| all.iter().next())
        .context("an annotation")?;
    Ok((key.clone(), value.as_str().context("text")?.to_owned()))
}

fn refusal(pod: Result<RunningPod<'_>>) -> Result<String> {
    let error = match pod {
        Err(error) => error,
        Ok(pod) => pod
            .container("app", ["sleep", "1000"])
            .map(|container| container.id().to_owned())
            .err()
            .context("the pod started although it should not have")?,
    };
    Ok(format!("{error:#}"))
}

#[test]
fn without_a_configuration_the_articles_value_is_refused_with_the_lines_to_add_and_with_readmes_it_runs()
-> Result<()> {
    let grant = block("toml", "Say who may do what")?;
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
    let (key, value) = annotation()?;
    ensure!(key == "k8s.v1.cni.cncf.io/chainsaw");
    for containerd in Containerd::ALL {
        let chainsaw = json!({"type": "chainsaw", "capabilities": {"io.kubernetes.cri.pod-annotations": true}});
        let node = Node::builder(containerd)
            .nri()
            .cni_chain([bridge(), chainsaw])
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
