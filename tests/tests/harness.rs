//! The harness is true to what it stands for.

use anyhow::Result;
use chainsaw_tests::{Containerd, Node};

fn a_pod_starts_on(containerd: Containerd) -> Result<()> {
    let node = Node::builder(containerd).start()?;
    let pod = node.pod("web").run()?;
    let app = pod.container("app", ["sh", "-c", "echo here I am; sleep 1000"])?;
    let routes = app.exec(["ip", "route"])?;
    assert!(
        routes.stdout.contains("default via 10.88.0.1 dev eth0"),
        "{routes:?}"
    );
    let judged = pod.in_netns(["route", "show", "default"])?;
    assert_eq!(
        judged.stdout, "default via 10.88.0.1 dev eth0 \n",
        "{judged:?}"
    );
    assert_eq!(pod.ips(), ["10.88.0.2"]);
    Ok(())
}

#[test]
fn a_pod_starts_on_containerd_1_7() -> Result<()> {
    a_pod_starts_on(Containerd::V1_7)
}

#[test]
fn a_pod_starts_on_containerd_2() -> Result<()> {
    a_pod_starts_on(Containerd::V2)
}
