//! The overlays with a component added as docs/operating.md says, and their uninstallations: which container has which words, folders
//! and rights.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::manifest::Manifest;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::{documents, parts};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::api::rbac::v1::ClusterRole;

use super::manifests::{overlays, typed};

/// The overlays that have the CNI entrance, and the daemon's words.
const OF_THE_PLUGIN: [(&str, &str); 4] = [
    ("cni", "--hooks=cni"),
    ("both", "--hooks=cni,nri"),
    ("k3s", "--hooks=cni,nri"),
    ("openshift", "--hooks=cni,nri"),
];

/// The page that tells how to add a component.
const PAGE: &str = "docs/operating.md";

/// Its kustomization of an operator's own.
fn kustomization() -> Result<String> {
    let page = documents::text(PAGE)?;
    let blocks = page
        .split("```yaml\n")
        .filter_map(|rest| rest.split("```").next());
    let mut ours = blocks.filter(|block| block.contains("- ../components/"));
    let block = ours.next().context("no kustomization")?;
    ensure!(ours.next().is_none(), "{PAGE} has several");
    Ok(block.to_owned())
}

/// What that kustomization gives with another overlay and another component in it, in a copy of the tree, where the page
/// says to put it.
fn with(overlay: &str, component: &str) -> Result<Manifest> {
    let text = kustomization()?;
    ensure!(text.contains("../overlays/both\n") && text.contains("../components/kubeconfig\n"));
    let text = text
        .replace("overlays/both", &format!("overlays/{overlay}"))
        .replace("components/kubeconfig", &format!("components/{component}"));
    let scratch = copied()?;
    let mine = scratch.path().join("kustomize/mine");
    fs::create_dir(&mine)?;
    fs::write(mine.join("kustomization.yaml"), text)?;
    Manifest::build_at(&mine)
}

/// A copy of `deployments/kustomize`, to be written to.
fn copied() -> Result<Scratch> {
    let scratch = Scratch::new()?;
    let copy = Program::new("cp").arg("-r");
    let copy = copy.arg(parts::deployments().join("kustomize"));
    copy.arg(scratch.path()).stdout()?;
    Ok(scratch)
}

fn pod(manifest: &Manifest) -> Result<PodSpec> {
    let set: DaemonSet = manifest.one()?;
    set.spec
        .and_then(|spec| spec.template.spec)
        .context("no pod")
}

/// The words of each container, by its name.
fn words(pod: &PodSpec) -> BTreeMap<&str, Vec<&str>> {
    let all = pod.init_containers.iter().flatten().chain(&pod.containers);
    all.map(|container| {
        let args = container.args.iter().flatten().map(String::as_str);
        (container.name.as_str(), args.collect())
    })
    .collect()
}

/// What an overlay lets the daemon do, a line a rule.
fn rights(manifest: &Manifest) -> Result<Vec<String>> {
    let role: ClusterRole = manifest.one()?;
    let rules = role.rules.into_iter().flatten();
    Ok(rules
        .map(|rule| {
            let resources = rule.resources.unwrap_or_default().join(",");
            format!("{resources}: {}", rule.verbs.join(","))
        })
        .collect())
}

#[test]
fn the_component_kubeconfig_adds_a_container_to_every_overlay_of_the_plugin_and_leaves_the_others_theirs()
-> Result<()> {
    for (overlay, hooks) in OF_THE_PLUGIN {
        let before = pod(&Manifest::build(&format!("overlays/{overlay}"))?)?;
        let manifest = with(overlay, "kubeconfig")?;
        for object in manifest.objects() {
            ensure!(typed(object)? == *object, "{overlay}: {object}");
        }
        let after = pod(&manifest)?;
        let mut wanted = words(&before);
        ensure!(wanted.get("chainsawd") == Some(&vec![hooks]), "{wanted:?}");
        wanted.insert("kubeconfig", vec!["install", "--kubeconfig", "--stay"]);
        ensure!(words(&after) == wanted, "{overlay}: {:?}", words(&after));
    }
    Ok(())
}

#[test]
fn a_component_in_the_list_of_an_overlay_leaves_the_daemon_its_words() -> Result<()> {
    let scratch = copied()?;
    for (overlay, hooks) in OF_THE_PLUGIN {
        let folder = scratch.path().join("kustomize/overlays").join(overlay);
        let file = folder.join("kustomization.yaml");
        let original = fs::read_to_string(&file)?;
        let list = "components:\n  - ../../components/kubeconfig\n";
        let text = original.replace("components:\n", list);
        ensure!(text != original, "{overlay} has no components");
        fs::write(&file, text)?;
        let after = pod(&Manifest::build_at(&folder)?)?;
        fs::write(&file, original)?;
        let words = words(&after);
        ensure!(
            words.get("chainsawd") == Some(&vec![hooks])
                && words.get("kubeconfig") == Some(&vec!["install", "--kubeconfig", "--stay"]),
            "{overlay}: {words:?}"
        );
    }
    Ok(())
}

#[test]
fn each_overlay_asks_for_the_rights_that_its_entrance_needs_and_status_for_one_more() -> Result<()>
{
    let events = "events: create,patch".to_owned();
    let pods = "pods: get,list,watch".to_owned();
    let status = "pods/status: patch".to_owned();
    let nri = Manifest::build("overlays/nri")?;
    ensure!(rights(&nri)? == [events.clone()], "{:?}", rights(&nri)?);
    ensure!(rights(&with("nri", "status")?)? == [events.clone(), status.clone()]);
    for (overlay, _) in OF_THE_PLUGIN {
        let own = rights(&Manifest::build(&format!("overlays/{overlay}"))?)?;
        ensure!(own == [events.clone(), pods.clone()], "{overlay}: {own:?}");
        let more = rights(&with(overlay, "status")?)?;
        ensure!(
            more == [events.clone(), pods.clone(), status.clone()],
            "{overlay}: {more:?}"
        );
    }
    Ok(())
}

#[test]
fn no_container_is_ended_because_a_port_does_not_answer() -> Result<()> {
    for overlay in overlays()? {
        for container in pod(&Manifest::build(&overlay)?)?.containers {
            ensure!(container.liveness_probe.is_none(), "{overlay}");
        }
    }
    Ok(())
}

/// The folders of the node that a container sees, by where it sees them.
fn folders<'a>(
    pod: &'a PodSpec,
    container: &'a Container,
) -> BTreeMap<&'a str, (&'a str, &'a str)> {
    let mounts = container.volume_mounts.iter().flatten();
    mounts
        .filter_map(|mount| {
            let mut volumes = pod.volumes.iter().flatten();
            let volume = volumes.find(|volume| volume.name == mount.name)?;
            let folder = volume.host_path.as_ref()?;
            let kind = folder.type_.as_deref().unwrap_or_default();
            Some((mount.mount_path.as_str(), (folder.path.as_str(), kind)))
        })
        .collect()
}

#[test]
fn what_is_installed_in_a_folder_is_uninstalled_from_it_and_a_wrong_path_is_no_success()
-> Result<()> {
    for (install, uninstall) in [
        ("both", "uninstall"),
        ("k3s", "uninstall-k3s"),
        ("openshift", "uninstall-openshift"),
    ] {
        let installs = pod(&Manifest::build(&format!("overlays/{install}"))?)?;
        let installer = installs.init_containers.iter().flatten().next();
        let installer = installer.context("no installer")?;
        let uninstalls = pod(&Manifest::build(&format!("overlays/{uninstall}"))?)?;
        let uninstaller = uninstalls.containers.first().context("no container")?;
        let there = folders(&installs, installer);
        let away = folders(&uninstalls, uninstaller);
        for (flag, default, kind) in [
            ("--bin-dir=", "/opt/cni/bin", "Directory"),
            ("--conf-dir=", "/etc/cni/net.d", "DirectoryOrCreate"),
        ] {
            let said = |container: &Container| {
                let words = container.args.clone().unwrap_or_default();
                let said = words.iter().find_map(|word| word.strip_prefix(flag));
                said.unwrap_or(default).to_owned()
            };
            let place = said(installer);
            ensure!(said(uninstaller) == place, "{uninstall} {flag}");
            // Where it is on the node, too, so that what is told is true there.
            let wanted = Some(&(place.as_str(), kind));
            ensure!(there.get(place.as_str()) == wanted, "{install}: {there:?}");
            ensure!(away.get(place.as_str()) == wanted, "{uninstall}: {away:?}");
        }
        // Where plugin and daemon meet is the same everywhere, and so is the kubeconfig's folder.
        let run = Some(&("/run/chainsaw", "DirectoryOrCreate"));
        ensure!(away.get("/run/chainsaw") == run, "{uninstall}: {away:?}");
        ensure!(away.contains_key("/etc/cni/net.d"), "{uninstall}: {away:?}");
    }
    Ok(())
}
