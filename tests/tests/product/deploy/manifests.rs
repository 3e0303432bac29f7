//! The manifests: they build without a cluster, lose nothing in the types of Kubernetes, and say what they should.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use chainsaw_tests::manifest::{Manifest, is, through};
use chainsaw_tests::process::Program;
use chainsaw_tests::{documents, parts};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, RoleBinding};
use serde_json::Value;

/// Everything that can be applied, so that a new one is tested as well.
pub(super) fn overlays() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(parts::deployments().join("kustomize/overlays"))? {
        names.push(format!("overlays/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    ensure!(names.len() >= 8, "{names:?}");
    Ok(names)
}

pub(super) fn typed(object: &Value) -> Result<Value> {
    match object {
        one if is::<ClusterRole>(one) => through::<ClusterRole>(one),
        one if is::<ClusterRoleBinding>(one) => through::<ClusterRoleBinding>(one),
        one if is::<ConfigMap>(one) => through::<ConfigMap>(one),
        one if is::<DaemonSet>(one) => through::<DaemonSet>(one),
        one if is::<Namespace>(one) => through::<Namespace>(one),
        one if is::<RoleBinding>(one) => through::<RoleBinding>(one),
        one if is::<ServiceAccount>(one) => through::<ServiceAccount>(one),
        other => bail!("{} {} has no type here", other["apiVersion"], other["kind"]),
    }
}

#[test]
fn every_overlay_builds_and_loses_nothing_in_the_types_of_kubernetes() -> Result<()> {
    for overlay in overlays()? {
        for object in Manifest::build(&overlay)?.objects() {
            let again = typed(object).with_context(|| format!("{overlay}: {object}"))?;
            ensure!(again == *object, "{overlay}: {object}\nbecame {again}");
        }
    }
    // It can lose something: a field that is not known, or at another place.
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndat: {a: b}\n";
    let wrong = Manifest::read(wrong)?;
    let wrong = wrong.objects().first().context("one object")?;
    ensure!(typed(wrong)? != *wrong);
    Ok(())
}

#[test]
fn every_container_runs_the_image_that_is_built_with_no_right_but_those_that_are_named()
-> Result<()> {
    let allowed = BTreeSet::from(["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]);
    let image = image_name()?;
    for overlay in overlays()? {
        let set: Value = serde_json::to_value(Manifest::build(&overlay)?.one::<DaemonSet>()?)?;
        let pod = &set["spec"]["template"]["spec"];
        ensure!(pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault");
        ensure!(pod["priorityClassName"] == "system-node-critical");
        ensure!(pod["nodeSelector"]["kubernetes.io/arch"] == "amd64");
        ensure!(pod["tolerations"] == serde_json::json!([{"operator": "Exists"}]));
        let lists = ["initContainers", "containers"].map(|list| pod[list].as_array());
        for container in lists.into_iter().flatten().flatten() {
            let context = &container["securityContext"];
            ensure!(container["image"] == image, "{overlay}: {container}");
            ensure!(context["allowPrivilegeEscalation"] == false, "{context}");
            ensure!(context["readOnlyRootFilesystem"] == true, "{context}");
            ensure!(context.get("privileged").is_none(), "{context}");
            ensure!(context["capabilities"]["drop"] == serde_json::json!(["ALL"]));
            let added = context["capabilities"]["add"].as_array();
            let added = added.into_iter().flatten().filter_map(Value::as_str);
            let added: BTreeSet<&str> = added.collect();
            // Only the daemon of the NRI entrance works in pods' namespaces.
            let daemon = container["name"] == "chainsawd" && overlay != "overlays/cni";
            let wanted = if daemon { &allowed } else { &BTreeSet::new() };
            ensure!(
                added == *wanted,
                "{overlay} {}: {added:?}",
                container["name"]
            );
        }
        for volume in pod["volumes"].as_array().context("no volumes")? {
            let path = volume["hostPath"]["path"].as_str().unwrap_or_default();
            ensure!(!path.ends_with(".sock"), "{overlay} mounts {path}");
        }
    }
    Ok(())
}

/// The name by which containerd knows the image of `make image`.
fn image_name() -> Result<String> {
    let archive = parts::product_image()?;
    let index = Program::new("tar")
        .args(["-xOf"])
        .arg(archive)
        .arg("index.json");
    let index: Value = serde_json::from_str(&index.stdout()?)?;
    let name = index.pointer("/manifests/0/annotations/io.containerd.image.name");
    let name = name.and_then(Value::as_str);
    Ok(name.context("the image has no name")?.to_owned())
}

#[test]
fn the_daemon_that_is_new_comes_before_the_old_one_goes_and_no_port_keeps_it_away() -> Result<()> {
    for overlay in [
        "overlays/cni",
        "overlays/nri",
        "overlays/both",
        "overlays/k3s",
    ] {
        let set: Value = serde_json::to_value(Manifest::build(overlay)?.one::<DaemonSet>()?)?;
        let update = &set["spec"]["updateStrategy"];
        ensure!(update["type"] == "RollingUpdate");
        ensure!(update["rollingUpdate"] == serde_json::json!({"maxSurge": 1, "maxUnavailable": 0}));
        for container in set["spec"]["template"]["spec"]["containers"]
            .as_array()
            .context("no containers")?
        {
            ensure!(container.get("ports").is_none(), "{overlay}: {container}");
            ensure!(
                container.get("lifecycle").is_none(),
                "{overlay}: {container}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_daemon_is_asked_whether_it_is_ready_in_its_own_container_where_no_other_answers() -> Result<()>
{
    let usage = Program::new(parts::chainsawd()?).args(["ready", "--help"]);
    let usage = usage.stdout()?;
    let socket = usage.split(['(', ')']).find(|part| part.ends_with(".sock"));
    let folder = Path::new(socket.context("no socket")?).parent();
    let folder = folder.context("no folder")?.display().to_string();
    let mut daemons = 0;
    for overlay in overlays()? {
        let set: DaemonSet = Manifest::build(&overlay)?.one()?;
        let pod = set.spec.and_then(|spec| spec.template.spec);
        let pod = pod.context("no pod")?;
        let own = pod.volumes.iter().flatten();
        let own = own.filter(|volume| volume.empty_dir.is_some());
        let own: Vec<&str> = own.map(|volume| volume.name.as_str()).collect();
        let all = pod.init_containers.iter().flatten().chain(&pod.containers);
        for container in all {
            let mounts = container.volume_mounts.iter().flatten();
            let mounts = mounts.filter(|mount| own.contains(&mount.name.as_str()));
            let mounts: Vec<&str> = mounts.map(|mount| mount.mount_path.as_str()).collect();
            if container.name != "chainsawd" {
                ensure!(mounts.is_empty(), "{overlay} {}", container.name);
                continue;
            }
            daemons += 1;
            ensure!(mounts == [folder.as_str()], "{overlay}: {mounts:?}");
            let probe = container.readiness_probe.as_ref().context("no probe")?;
            let exec = probe.exec.as_ref().and_then(|exec| exec.command.clone());
            ensure!(exec == Some(vec!["/chainsawd".into(), "ready".into()]));
            // It is told what was wrong before the kubelet ends it.
            let limit = probe.timeout_seconds.unwrap_or(1);
            ensure!(usage.contains("within 3 s") && limit > 3, "{limit}");
        }
    }
    ensure!(daemons == 5, "{daemons}");
    Ok(())
}

#[test]
fn the_configuration_that_is_applied_is_one_and_grants_nothing() -> Result<()> {
    let map: ConfigMap = Manifest::build("overlays/both")?.one()?;
    let text = map.data.context("no data")?.remove("config.toml");
    let text = text.context("no config.toml")?;
    for (text, grants) in [
        (text.clone(), false),
        // What it shows as an example is one, too.
        (
            text.replace("# [[", "[[")
                .replace("# namespaces", "namespaces")
                .replace("# profile", "profile"),
            true,
        ),
    ] {
        let scratch = chainsaw_tests::scratch::Scratch::new()?;
        let file = scratch.path().join("config.toml");
        fs::write(&file, text)?;
        let check = Program::new(parts::chainsaw()?)
            .args(["check", "--namespace", "default", "--policy"])
            .arg(&file)
            .arg("ip route add 192.0.3.0/24 dev eth0");
        let output = check.run()?;
        ensure!(output.status == i32::from(!grants), "{output:?}");
        ensure!(
            grants || output.stdout.contains("profile inspect"),
            "{output:?}"
        );
    }
    Ok(())
}

#[test]
fn the_image_is_the_same_for_the_same_programs_and_the_containerfile_says_the_same() -> Result<()> {
    let scratch = chainsaw_tests::scratch::Scratch::new()?;
    let programs = parts::chainsaw()?;
    let programs = programs.parent().context("no folder")?;
    let mut archives = Vec::new();
    for name in ["one.tar", "two.tar"] {
        let archive = scratch.path().join(name);
        let build = Program::new(parts::deployments().join("image/build.sh"));
        let words = ["x86_64-unknown-linux-gnu", "0.1.0"];
        build.arg(programs).args(words).arg(&archive).stdout()?;
        archives.push(fs::read(archive)?);
    }
    ensure!(archives.first() == archives.last());
    let unpack = Program::new("tar")
        .arg("-xf")
        .arg(scratch.path().join("one.tar"));
    unpack.arg("-C").arg(scratch.path()).stdout()?;
    let blob = |digest: &Value| -> Result<std::path::PathBuf> {
        let digest = digest.as_str().context("no digest")?.replace(':', "/");
        Ok(scratch.path().join("blobs").join(digest))
    };
    let json = |path: std::path::PathBuf| -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    };
    let index = json(scratch.path().join("index.json"))?;
    let manifest = json(blob(&index["manifests"][0]["digest"])?)?;
    let config = json(blob(&manifest["config"]["digest"])?)?;
    let layer = blob(&manifest["layers"][0]["digest"])?;
    let names = Program::new("tar").arg("-tf").arg(layer).stdout()?;
    let names: Vec<&str> = names.lines().collect();
    let text = fs::read_to_string(parts::deployments().join("image/Containerfile"))?;
    let line = |word: &str| text.lines().find_map(|line| line.strip_prefix(word));
    let copied = line("COPY ").and_then(|rest| rest.strip_suffix(" /"));
    let copied: Vec<&str> = copied.context("no COPY")?.split(' ').collect();
    ensure!(names == copied, "{names:?} {copied:?}");
    let entrypoint: Value = serde_json::from_str(line("ENTRYPOINT ").context("no ENTRYPOINT")?)?;
    ensure!(config["config"]["Entrypoint"] == entrypoint);
    ensure!(line("FROM ") == Some("scratch"));
    Ok(())
}

#[test]
fn what_the_pages_name_is_there_and_readme_names_every_overlay() -> Result<()> {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    for name in documents::all()? {
        let page = documents::text(&name)?;
        for (at, _) in page.match_indices("deployments/") {
            let rest = page.get(at..).unwrap_or_default();
            let path = rest.split(|c| !is_path(c)).next().unwrap_or_default();
            let path = path.trim_end_matches(['.', '/']);
            ensure!(documents::path(path).exists(), "{name} names {path}");
        }
    }
    let readme = documents::text("README.md")?;
    for overlay in overlays()? {
        let quoted = format!("`{overlay}`");
        ensure!(readme.contains(&quoted), "README does not name {overlay}");
    }
    let (name, version) = (image_name()?, env!("CARGO_PKG_VERSION"));
    ensure!(readme.contains(&name) && name.ends_with(&format!(":{version}")));
    Ok(())
}
