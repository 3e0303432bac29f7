//! Nodes and pods, on both containerds.

use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, bridge, dual_stack_bridge};
use serde_json::{Value, json};

/// A CNI plugin that keeps what it was given, one file a verb, and passes prevResult on.
const RECORDER: &str = r#"#!/bin/sh
mkdir -p /run/recorder
cat >/run/recorder/$CNI_COMMAND
case $CNI_COMMAND in
ADD) sed 's/.*"prevResult"://; s/,"runtimeConfig":.*//' /run/recorder/ADD ;;
VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}' ;;
esac
"#;

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
    wait_until("the container's log", Duration::from_secs(5), || {
        Ok(app.logs()?.contains("here I am"))
    })?;
    pod.remove()
}

#[test]
fn a_pod_starts_on_containerd_1_7() -> Result<()> {
    a_pod_starts_on(Containerd::V1_7)
}

#[test]
fn a_pod_starts_on_containerd_2() -> Result<()> {
    a_pod_starts_on(Containerd::V2)
}

#[test]
fn a_pod_has_both_families_on_a_dual_stack_network() -> Result<()> {
    let node = Node::builder(Containerd::V2)
        .cni_chain([dual_stack_bridge()])
        .start()?;
    let pod = node.pod("web").run()?;
    assert_eq!(pod.ips(), ["10.88.0.2", "fd00:88::2"]);
    Ok(())
}

#[test]
fn annotations_reach_a_cni_plugin_as_runtime_config() -> Result<()> {
    for containerd in Containerd::ALL {
        let recorder = json!({
            "type": "recorder",
            "capabilities": {"io.kubernetes.cri.pod-annotations": true},
        });
        let node = Node::builder(containerd)
            .cni_script("recorder", RECORDER)
            .cni_chain([bridge(), recorder])
            .start()?;
        let pod = node.pod("web").annotation("fruit", "apple").run()?;
        let given: Value = serde_json::from_str(&node.machine().read("/run/recorder/ADD")?)?;
        let annotations = &given["runtimeConfig"]["io.kubernetes.cri.pod-annotations"];
        assert_eq!(annotations["fruit"], "apple", "{containerd:?}: {given}");
        assert_eq!(
            given["prevResult"]["ips"][0]["address"],
            format!("{}/16", pod.ips()[0])
        );
        pod.remove().with_context(|| format!("{containerd:?}"))?;
    }
    Ok(())
}

#[test]
fn a_refused_sandbox_says_why() -> Result<()> {
    let refusing = "#!/bin/sh\necho '{\"code\":11,\"msg\":\"not today\"}'; exit 1\n";
    let node = Node::builder(Containerd::V1_7)
        .cni_script("refusing", refusing)
        .cni_chain([bridge(), json!({"type": "refusing"})])
        .start()?;
    let refusal = node
        .pod("web")
        .run()
        .map(|pod| pod.id().to_owned())
        .unwrap_err();
    assert!(format!("{refusal:#}").contains("not today"), "{refusal:#}");
    Ok(())
}

#[test]
fn a_pod_outlives_a_killed_containerd() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = Node::builder(containerd).start()?;
        let id = node.pod("web").run()?.leave();
        node.kill_containerd()?;
        node.start_containerd()?;
        let list = node.cri().list_pod_sandbox(Default::default())?.items;
        assert_eq!(list.iter().map(|pod| &pod.id).collect::<Vec<_>>(), [&id]);
        assert_eq!(
            list[0].state, 0,
            "{containerd:?} holds the sandbox for not ready"
        );
    }
    Ok(())
}

#[test]
fn nri_listens_where_it_is_asked_for() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd).nri().start()?;
        assert!(
            node.machine().path("/run/nri/nri.sock").exists(),
            "{containerd:?}"
        );
    }
    Ok(())
}

#[test]
fn a_pod_on_the_nodes_network_has_no_namespace_of_its_own() -> Result<()> {
    let node = Node::builder(Containerd::V2).start()?;
    let pod = node.pod("agent").host_network().run()?;
    assert!(pod.netns().is_err());
    Ok(())
}
