//! Volumes of pods, as a kubelet makes them on its node.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, EmptyDirVolumeSource, HostPathVolumeSource, Volume};

use crate::machine::Machine;

/// Makes a volume, and gives its path on the node.
pub(crate) fn make(
    machine: &Machine,
    folder: &str,
    volume: &Volume,
    config: Option<&ConfigMap>,
) -> Result<String> {
    if let Some(host) = &volume.host_path {
        return host_path(machine, host);
    }
    if let Some(source) = &volume.config_map {
        let named = |map: &&ConfigMap| map.metadata.name.as_deref() == Some(&source.name);
        let map = config.filter(named).context("there is no such ConfigMap")?;
        let data = map.data.clone().unwrap_or_default();
        let path = format!("{folder}/{}", volume.name);
        return publish(machine, &path, &data).map(|()| path);
    }
    if let Some(source) = &volume.empty_dir {
        let path = format!("{folder}/{}", volume.name);
        return empty_dir(machine, &path, source).map(|()| path);
    }
    bail!("volume {} is of a kind that is not known here", volume.name)
}

fn host_path(machine: &Machine, host: &HostPathVolumeSource) -> Result<String> {
    let seen = machine.path(real(&host.path));
    match host.type_.as_deref() {
        Some("DirectoryOrCreate") => fs::create_dir_all(&seen)?,
        Some("Directory") => ensure!(seen.is_dir(), "the node has no folder {}", host.path),
        other => bail!("hostPath of type {other:?} is not known here"),
    }
    Ok(host.path.clone())
}

/// A folder that everybody may write to, as a kubelet makes it.
fn empty_dir(machine: &Machine, path: &str, source: &EmptyDirVolumeSource) -> Result<()> {
    let outside = machine.path(path);
    fs::create_dir_all(&outside)?;
    match source.medium.as_deref() {
        None | Some("") => {}
        Some("Memory") => {
            let mount = machine.program("mount").args(["-t", "tmpfs", "tmpfs"]);
            mount.arg(path).stdout()?;
        }
        Some(other) => bail!("an emptyDir in {other} is not known here"),
    }
    Ok(fs::set_permissions(
        &outside,
        fs::Permissions::from_mode(0o777),
    )?)
}

/// `/var/run` is a link to `/run`, on every node.
fn real(path: &str) -> String {
    path.strip_prefix("/var/run/")
        .map_or_else(|| path.to_owned(), |rest| format!("/run/{rest}"))
}

/// Puts files into a folder all at once: they are links through `..data`, which is renamed over the last.
pub(crate) fn publish(
    machine: &Machine,
    folder: &str,
    data: &BTreeMap<String, String>,
) -> Result<()> {
    let outside = machine.path(folder);
    fs::create_dir_all(&outside)?;
    let version = format!("..{}", fs::read_dir(&outside)?.count());
    for (name, text) in data {
        machine.write(Path::new(folder).join(&version).join(name), text)?;
        symlink(Path::new("..data").join(name), outside.join(name)).ok();
    }
    let new = outside.join("..data_tmp");
    symlink(&version, &new)?;
    fs::rename(new, outside.join("..data")).context("publish a volume")
}
