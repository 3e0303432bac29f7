//! `make demo`, the parts that need root: a real containerd starts a real pod whose chain is `bridge`, then `chainsaw`;
//! and one that `chainsawd` serves by NRI, whose container is started again.

#![allow(clippy::print_stdout, reason = "a demonstration prints")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::container::Container;
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, bridge};
use serde_json::json;

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const RULE: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const APP_KEY: &str = "chainsaw.noderesource.dev/container.app";
const APP_VALUE: &str = "ip route add 198.51.100.0/24 via CURRENT_GATEWAY";
/// What a container's process sees at its first instruction; then it waits.
const LOOK: [&str; 3] = ["sh", "-c", "ip route; echo seen; sleep 1000"];

fn main() -> Result<()> {
    chained()?;
    told()
}

/// The CNI entrance.
fn chained() -> Result<()> {
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

/// The NRI entrance.
fn told() -> Result<()> {
    println!("\n== With NRI: no CNI configuration touched ==\n");
    let node = Node::builder(Containerd::V2)
        .nri()
        .file(CONFIGURATION, RULE)
        .start()?;
    let daemon = node.daemon("chainsawd", &[])?;
    println!(
        "A node with containerd, whose CNI chain is `bridge` alone, and chainsawd.\n\n\
         A pod asks, for its container `app`:\n    {APP_KEY}: '{APP_VALUE}'\n"
    );
    let pod = node.pod("web").annotation(APP_KEY, APP_VALUE).run()?;
    let app = pod.container("app", LOOK)?;
    println!(
        "The first thing that its process does is `ip route`, and it prints:\n{}\n",
        indented(&seen(&app)?)
    );
    app.stop()?;
    let known = daemon.log()?.len();
    let app = pod.container("app", LOOK)?;
    let routes = seen(&app)?;
    ensure!(routes.matches("198.51.100.0/24").count() == 1, "{routes}");
    println!(
        "The container ends and is started again. The route is there once, and chainsawd's log has:"
    );
    let log = daemon.log()?;
    println!("{}", indented(log.get(known..).unwrap_or_default()));
    Ok(())
}

/// What the container printed, without the runtime's time, stream and tag in front of each line.
fn seen(container: &Container<'_>) -> Result<String> {
    wait_until("the container to look", Duration::from_secs(10), || {
        Ok(container.logs()?.contains("seen"))
    })?;
    let logs = container.logs()?;
    let lines = logs.lines().filter_map(|line| line.splitn(4, ' ').nth(3));
    let lines: Vec<&str> = lines.take_while(|line| *line != "seen").collect();
    Ok(lines.join("\n"))
}

fn indented(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect::<String>()
        .trim_end()
        .to_owned()
}
