//! The image and the manifests on real containerds, as a kubelet runs them: what a container may and sees is read from the
//! manifest alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::api::{Answer, ApiServer};
use chainsaw_tests::kubelet::Deployed;
use chainsaw_tests::manifest::Manifest;
use chainsaw_tests::process::wait_until;
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::{Containerd, Node, parts};
use serde_json::json;

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";
const KUBECONFIG: &str = "/etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig";
const UID: &str = "11111111-1111-4111-8111-111111111111";
const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const ROUTE: &str = "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE";
const RUNNING: &str = "running: the runtime tells of events";
const PORT: u16 = 10290;
const LIMIT: Duration = Duration::from_secs(20);

/// A node as it comes: no chainsaw anywhere, and the chain as it was; the image is loaded.
fn bare(containerd: Containerd) -> Result<Node> {
    let node = Node::builder(containerd).nri().start()?;
    node.import(&parts::product_image()?)?;
    Ok(node)
}

/// The manifest with a grant in its ConfigMap, which is what an operator edits.
fn granted(overlay: &str) -> Result<Manifest> {
    let mut manifest = Manifest::build(overlay)?;
    manifest.set("ConfigMap", "/data/config.toml", &GRANT.into());
    Ok(manifest)
}

/// Pastes the entry that the installer prints.
fn chain(node: &Node, deployed: &Deployed<'_>) -> Result<()> {
    node.paste_entry(&deployed.log("install")?)
}

#[test]
fn the_image_as_its_manifest_says_installs_the_plugin_and_pods_have_their_effects_of_both_entrances()
-> Result<()> {
    for containerd in Containerd::ALL {
        let node = bare(containerd)?;
        let older = node.deploy(&granted("overlays/both")?)?;
        older.wait_for("chainsawd", RUNNING)?;
        let told = older.log("install")?;
        ensure!(
            told.contains("10-pods.conflist does not name chainsaw"),
            "{told}"
        );
        chain(&node, &older)?;
        // A rolling update: two at once, then the newer alone.
        let newer = node.deploy(&granted("overlays/both")?)?;
        newer.wait_for("chainsawd", RUNNING)?;
        let told = newer.log("install")?;
        ensure!(
            told.contains("unchanged /opt/cni/bin/chainsaw\n")
                && told.contains("nothing is left to do"),
            "{told}"
        );
        both_effects(&node, "two", &newer).with_context(|| format!("{containerd:?}"))?;
        drop(older);
        both_effects(&node, "one", &newer).with_context(|| format!("{containerd:?}"))?;
    }
    Ok(())
}

/// A pod that asks at both entrances has everything, once.
fn both_effects(node: &Node, name: &str, daemon: &Deployed<'_>) -> Result<()> {
    let pod = node
        .pod(name)
        .annotation(KEY, ROUTE)
        // The kernel takes a rule without a priority as often as it is added.
        .annotation(SANDBOX, "ip rule add from 192.0.2.7 table 100")
        .annotation(APP, "ip route add 192.0.4.0/24 via CURRENT_GATEWAY")
        .run()?;
    let app = pod.container("app", ["sleep", "1000"])?;
    let routes = app.exec(["ip", "route"])?.stdout;
    ensure!(
        routes.contains("192.0.3.0/24 dev eth0") && routes.contains("192.0.4.0/24 via "),
        "{routes}"
    );
    let rules = pod.in_netns(["rule"])?.stdout;
    let count = rules.matches("from 192.0.2.7 lookup 100").count();
    ensure!(count == 1, "{rules}");
    daemon.wait_for(
        "chainsawd",
        &format!("ok for default/{name} entrance=\"cni\""),
    )
}

#[test]
fn uninstalled_a_pod_that_asks_for_nothing_starts_and_one_that_asks_is_told() -> Result<()> {
    let node = bare(Containerd::V2)?;
    let deployed = node.deploy(&granted("overlays/cni")?)?;
    chain(&node, &deployed)?;
    let before = node.pod("before").annotation(KEY, ROUTE).run()?;
    let left = || -> Result<Vec<String>> {
        let entries = fs::read_dir(node.machine().path("/run/chainsaw"))?;
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        Ok(entries
            .map(|entry| entry.map(name))
            .collect::<Result<_, _>>()?)
    };
    let names = left()?;
    for name in ["last-good.toml", "sandboxes"] {
        ensure!(names.iter().any(|one| one == name), "{names:?}");
    }
    drop(deployed);
    let gone = node.deploy(&Manifest::build("overlays/uninstall")?)?;
    gone.wait_for("uninstall", "left /opt/cni/bin/chainsaw to let pods pass")?;
    // What was done in a sandbox that is still there is known until it goes: who is installed next goes on with it.
    wait_until("the records alone to be left", LIMIT, || {
        Ok(left()? == ["sandboxes"])
    })?;
    let records = node.machine().path("/run/chainsaw/sandboxes");
    ensure!(fs::read_dir(&records)?.count() == 1);
    before.remove()?;
    ensure!(fs::read_dir(&records)?.count() == 0);
    node.pod("silent").run()?;
    let refused = node.pod("asking").annotation(KEY, ROUTE).run().err();
    let said = format!("{:#}", refused.context("it started without its commands")?);
    ensure!(
        said.contains("chainsaw is uninstalled on this node"),
        "{said}"
    );
    drop(gone);
    // And back again, by the installer alone.
    let _again = node.deploy(&granted("overlays/cni")?)?;
    let pod = node.pod("after").annotation(KEY, ROUTE).run()?;
    ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    Ok(())
}

#[test]
fn the_kubeconfig_is_roots_alone_and_carries_the_token_that_the_kubelet_has_renewed() -> Result<()>
{
    let node = bare(Containerd::V2)?;
    let object = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {
        "name": "web", "namespace": "default", "uid": UID, "annotations": {KEY: ROUTE},
    }});
    let api = ApiServer::start(node.machine(), Answer::Reply(200, object.to_string()))?;
    let deployed = node.deploy_in(&asking_the_api()?, &api)?;
    deployed.wait_for("kubeconfig", "installed /etc/cni/net.d/chainsaw.d")?;
    node.insert_entry(&json!({"type": "chainsaw"}))?;
    let mode = || {
        Ok::<_, anyhow::Error>(
            fs::metadata(node.machine().path(KUBECONFIG))?
                .permissions()
                .mode()
                & 0o777,
        )
    };
    ensure!(mode()? == 0o600);
    let asks = |token: &str| -> Result<bool> {
        let pod = node.pod("web").uid(UID).run()?;
        ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
        let asked = api.asked();
        let bearer = format!("Bearer {token}");
        Ok(asked
            .last()
            .is_some_and(|last| last.authorization == bearer))
    };
    ensure!(asks("the first token")?, "{:?}", api.asked());
    deployed.renew_token("the second token")?;
    wait_until("the kubeconfig to be renewed", LIMIT, || {
        Ok(node
            .machine()
            .read(KUBECONFIG)?
            .contains("the second token"))
    })?;
    ensure!(mode()? == 0o600);
    ensure!(asks("the second token")?, "{:?}", api.asked());
    drop(deployed);
    let gone = node.deploy(&Manifest::build("overlays/uninstall")?)?;
    gone.wait_for(
        "uninstall",
        "removed /etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig",
    )?;
    ensure!(!node.machine().path("/etc/cni/net.d/chainsaw.d").exists());
    Ok(())
}

/// The overlay that an operator writes for a runtime that hands on no annotations.
fn asking_the_api() -> Result<Manifest> {
    let scratch = Scratch::new()?;
    let up = "../../../deployments/kustomize";
    let text =
        format!("resources:\n  - {up}/overlays/cni\ncomponents:\n  - {up}/components/kubeconfig\n");
    fs::write(scratch.path().join("kustomization.yaml"), text)?;
    let mut manifest = Manifest::build_at(scratch.path())?;
    manifest.set("ConfigMap", "/data/config.toml", &GRANT.into());
    Ok(manifest)
}

/// The socket that the newer daemon of a roll-out waits for, as it sees it.
const LATER: &str = "/var/run/nri/later.sock";

#[test]
fn a_newer_daemon_is_ready_when_it_serves_by_itself_whatever_the_older_one_says_at_the_port()
-> Result<()> {
    for containerd in Containerd::ALL {
        let node = bare(containerd)?;
        let manifest = granted("overlays/nri")?;
        let older = node.deploy(&manifest)?;
        wait_for_ready(&older)?;
        let mut held_back = granted("overlays/nri")?;
        let words = json!(["--hooks=nri", format!("--socket={LATER}")]);
        held_back.set("DaemonSet", "/spec/template/spec/containers/0/args", &words);
        let newer = node.deploy(&held_back)?;
        newer.wait_for("chainsawd", "answering `chainsawd ready`")?;
        // The older one has the port, and is ready.
        ensure!(node.machine().get(PORT, "/readyz")?.status == 200);
        ensure!(older.is_ready("chainsawd")?);
        let said = newer.probe("chainsawd")?;
        ensure!(
            said.status == 1
                && said.stdout.starts_with("nri: ")
                && said.stdout.ends_with("\nnot ready\n"),
            "{containerd:?}: {said:?}"
        );
        let folder = node.machine().path("/run/nri");
        fs::hard_link(folder.join("nri.sock"), folder.join("later.sock"))?;
        newer.wait_for("chainsawd", RUNNING)?;
        wait_for_ready(&newer)?;
        ensure!(!newer.log("chainsawd")?.contains("metrics and health at"));
        ensure!(older.is_ready("chainsawd")?);
        drop(older);
        newer.wait_for("chainsawd", "metrics and health at")?;
        ensure!(newer.is_ready("chainsawd")?);
    }
    Ok(())
}

fn wait_for_ready(daemon: &Deployed<'_>) -> Result<()> {
    let waited = wait_until("the daemon to be ready", LIMIT, || {
        daemon.is_ready("chainsawd")
    });
    waited.with_context(|| format!("{:?}", daemon.probe("chainsawd")))
}

#[test]
fn a_daemon_that_tells_no_metrics_is_asked_all_the_same_and_so_is_one_without_a_capability()
-> Result<()> {
    let node = bare(Containerd::V2)?;
    for overlay in ["overlays/cni", "overlays/both"] {
        let mut manifest = Manifest::build(overlay)?;
        let nowhere = json!("[metrics]\nlisten = \"\"\n");
        manifest.set("ConfigMap", "/data/config.toml", &nowhere);
        let daemon = node.deploy(&manifest)?;
        wait_for_ready(&daemon)?;
        ensure!(!daemon.log("chainsawd")?.contains("metrics and health"));
        // Nobody but the daemon's own container has a way to the socket.
        ensure!(!node.machine().path("/run/chainsawd").exists());
    }
    Ok(())
}

#[test]
fn a_daemon_without_a_configuration_that_can_be_taken_is_not_ready_and_says_why() -> Result<()> {
    let node = bare(Containerd::V2)?;
    let mut manifest = Manifest::build("overlays/cni")?;
    manifest.set("ConfigMap", "/data/config.toml", &json!("frob = 1\n"));
    let daemon = node.deploy(&manifest)?;
    daemon.wait_for("chainsawd", "answering `chainsawd ready`")?;
    let said = daemon.probe("chainsawd")?;
    ensure!(
        said.status == 1 && said.stdout.contains("frob") && said.stdout.ends_with("\nnot ready\n"),
        "{said:?}"
    );
    Ok(())
}
