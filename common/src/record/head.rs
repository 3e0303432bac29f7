//! The first line of a record: its format, and of which network namespace it speaks.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statfs::statfs;
use serde::{Deserialize, Serialize};

use crate::netns::NSFS;

/// The format that is written and read here.
pub const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    chainsaw: u32,
    /// Where the namespace was when the record was made; nothing if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    netns: Option<PathBuf>,
    /// Which it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inode: Option<u64>,
}

impl Head {
    /// Of the namespace at a path, which may be empty.
    pub fn of(netns: &Path) -> Self {
        Self {
            chainsaw: FORMAT,
            netns: (!netns.as_os_str().is_empty()).then(|| netns.to_owned()),
            inode: fs::metadata(netns).ok().map(|metadata| metadata.ino()),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// The number of another format; 0 if the line says none.
    pub fn read(line: &str) -> Result<Self, u32> {
        #[derive(Deserialize)]
        struct Format {
            chainsaw: u32,
        }
        let format = serde_json::from_str(line).map_or(0, |format: Format| format.chainsaw);
        match serde_json::from_str(line) {
            Ok(head) if format == FORMAT => Ok(head),
            _ => Err(format),
        }
    }

    /// Whether the namespace is gone for certain. A file that is no namespace tells nothing: this process may not see
    /// what is mounted there.
    pub fn is_stale(&self) -> bool {
        let Some(netns) = &self.netns else {
            return false;
        };
        match fs::metadata(netns) {
            Err(error) => error.kind() == ErrorKind::NotFound,
            Ok(metadata) => {
                let is_namespace = statfs(netns).is_ok_and(|stat| stat.filesystem_type() == NSFS);
                is_namespace && self.inode.is_some_and(|inode| inode != metadata.ino())
            }
        }
    }
}
