//! Control groups, the one thing of a pod that outlives its namespaces.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::errno::Errno;

/// Where the hierarchies are mounted: one (version 2), or a directory of them (version 1).
const ROOT: &str = "/sys/fs/cgroup";

/// Removes the group `name` with all groups below it, in every hierarchy. False if a process is still in one.
pub(crate) fn remove(name: &str) -> Result<bool> {
    let mut gone = true;
    for hierarchy in hierarchies()? {
        gone &= remove_tree(&hierarchy.join(name))?;
    }
    Ok(gone)
}

fn hierarchies() -> Result<Vec<PathBuf>> {
    let root = Path::new(ROOT);
    let mut all = vec![root.to_owned()];
    for entry in fs::read_dir(root).with_context(|| format!("read {ROOT}"))? {
        all.push(entry?.path());
    }
    Ok(all)
}

fn remove_tree(group: &Path) -> Result<bool> {
    let entries = match fs::read_dir(group) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(true);
        }
        Err(error) => return Err(error).with_context(|| format!("read {}", group.display())),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !remove_tree(&entry.path())? {
            return Ok(false);
        }
    }
    match fs::remove_dir(group) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::EBUSY as i32) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("remove {}", group.display())),
    }
}
