//! `make demo`, the part that needs root: a real containerd starts a real pod whose chain is `bridge`, then `chainsaw`.

#![allow(clippy::print_stdout, reason = "a demonstration prints")]

use anyhow::{Context, Result};
use chainsaw_tests::{Containerd, Node, bridge};
use serde_json::json;

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const RULE: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";

fn main() -> Result<()> {
    let chainsaw =
        json!({"type": "chainsaw", "capabilities": {"io.kubernetes.cri.pod-annotations": true}});
    println!(
        "A node with containerd, in namespaces of its own; its CNI chain ends with\n    {chainsaw}\n"
    );
    let node = Node::builder(Containerd::V2)
        .cni_chain([bridge(), chainsaw])
        .start()?;

    println!("A pod in namespace default asks:\n    {KEY}: '{VALUE}'\n");
    let refused = node
        .pod("web")
        .annotation(KEY, VALUE)
        .run()
        .err()
        .context("no rule allows this pod its route")?;
    println!(
        "No rule allows it, so it is refused, and is told what to add:\n{}\n",
        indented(&format!("{refused:#}"))
    );

    node.machine().write(CONFIGURATION, RULE)?;
    println!(
        "The operator adds to {CONFIGURATION}:\n{}\n",
        indented(RULE)
    );
    let pod = node.pod("web").annotation(KEY, VALUE).run()?;
    let app = pod.container("app", ["sleep", "1000"])?;
    println!(
        "The pod runs. Its container sees, with its own `ip route`:\n{}\n",
        indented(&app.exec(["ip", "route"])?.stdout)
    );

    let log = node.log()?;
    let start = log
        .rfind("chainsaw: ok")
        .context("containerd's log has the transcript")?;
    let transcript: Vec<&str> = log
        .split_at(start)
        .1
        .lines()
        .take_while(|line| !line.starts_with("time="))
        .collect();
    println!(
        "containerd's log has:\n{}",
        indented(&transcript.join("\n"))
    );
    Ok(())
}

fn indented(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect::<String>()
        .trim_end()
        .to_owned()
}
