//! What a daemon has left under `/run/chainsaw`: the published configuration, a dead socket, and what one that was killed had
//! not yet put in its place. A daemon that still answers needs it.
//!
//! The records stay. They say what was done in sandboxes that are still there: whoever is installed next goes on with them,
//! the plugin's DEL takes each away with its sandbox, and the others go at the node's next boot.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::InstallError;
use crate::socket::{NEW, held, knock};

/// The names there that are ours.
const PUBLISHED: &str = "last-good.toml";
const SOCKET: &str = "agent.sock";
const RECORDS: &str = "sandboxes";

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
    // A daemon that starts now waits, and makes its socket anew.
    let _held = match held(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Removed::All(String::new()));
        }
        held => held.map_err(InstallError::io("lock", folder))?,
    };
    match knock(&socket) {
        Ok(()) | Err(Errno::AGAIN) => return Ok(Removed::InUse),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED) => {}
        Err(errno) => return Err(InstallError::io("reach", &socket)(errno.into())),
    }
    let mut told = super::removed(&folder.join(PUBLISHED))?;
    for half in halves(folder)? {
        told.push_str(&super::removed(&folder.join(half))?);
    }
    told.push_str(&super::removed(&socket)?);
    // They stay where something is in them, or where they are mounted.
    for empty in [&folder.join(RECORDS), folder] {
        fs::remove_dir(empty).ok();
    }
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
