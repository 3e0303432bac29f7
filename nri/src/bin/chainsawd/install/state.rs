//! What plugin and daemon have left under `/run/chainsaw`: the published configuration, the records, a dead socket.
//!
//! A daemon that still answers needs all of it. Without one, and with a plugin that runs nothing any more, nobody does: DEL
//! succeeds without a record. What goes first is what could still count, the published configuration. Each removal is whole,
//! so whoever is killed in between is completed by doing it again.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::InstallError;
use crate::socket::{NEW, knock};

/// The names there that are ours, in the order in which they go.
const PUBLISHED: &str = "last-good.toml";
const RECORDS: &str = "sandboxes";
const SOCKET: &str = "agent.sock";

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Removed {
    /// It is gone; what to tell of it.
    All(String),
    /// A daemon still answers, and keeps it.
    InUse,
}

/// Takes away what is left there, unless a daemon still answers.
///
/// # Errors
/// What could not be removed; or whether somebody answers could not be seen.
pub fn remove(folder: &Path) -> Result<Removed, InstallError> {
    let socket = folder.join(SOCKET);
    match knock(&socket) {
        Ok(()) | Err(Errno::AGAIN) => return Ok(Removed::InUse),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED) => {}
        Err(errno) => return Err(InstallError::io("reach", &socket)(errno.into())),
    }
    let mut told = super::removed(&folder.join(PUBLISHED))?;
    for half in halves(folder)? {
        told.push_str(&super::removed(&folder.join(half))?);
    }
    told.push_str(&removed_folder(&folder.join(RECORDS))?);
    told.push_str(&super::removed(&socket)?);
    // It stays where it is mounted, or has something that is not ours.
    fs::remove_dir(folder).ok();
    Ok(Removed::All(told))
}

/// What daemons that were killed had not yet put in its place.
fn halves(folder: &Path) -> Result<Vec<std::ffi::OsString>, InstallError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(InstallError::io("read", folder))?,
    };
    let is_half = |name: &str| {
        name.starts_with(".last-good.") || name.starts_with(NEW) && name.ends_with(".sock")
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(InstallError::io("read", folder))?.file_name();
        if name != SOCKET && name.to_str().is_some_and(is_half) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A link that stands in its place goes, and not what it names.
fn removed_folder(path: &Path) -> Result<String, InstallError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(format!("removed {}\n", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(InstallError::io("remove", path)(source)),
    }
}
