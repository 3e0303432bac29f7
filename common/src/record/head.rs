//! The first line of a record: its format, and of which network namespace it speaks.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statfs::statfs;
use serde::{Deserialize, Serialize};

use crate::limits::Made;
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
    /// What tokens stand for in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Around>,
    /// What commands may have made in it until then. What an older Chainsaw made is not known.
    #[serde(default, skip_serializing_if = "Made::is_empty")]
    pub made: Made,
}

/// What tokens stood for in a sandbox when something ran there for the first time: a value that runs again must mean
/// the same, whatever it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// The current interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// Its gateways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<IpAddr>,
    /// Its MTU, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            chainsaw: FORMAT,
            netns: None,
            inode: None,
            around: None,
            made: Made::default(),
        }
    }
}

impl Head {
    /// Says of which namespace it is: the one at this path, which may be empty, and that is this one.
    pub fn put_where(&mut self, netns: &Path, inode: Option<u64>) {
        self.netns = (!netns.as_os_str().is_empty()).then(|| netns.to_owned());
        self.inode = inode;
    }

    /// Whether it says of which namespace it is.
    pub fn tells_where(&self) -> bool {
        self.netns.is_some()
    }

    /// Reads one.
    ///
    /// # Errors
    /// The number of another format; 0 if the line says none.
    pub fn read(line: &[u8]) -> Result<Self, u32> {
        #[derive(Deserialize)]
        struct Format {
            chainsaw: u32,
        }
        let format = serde_json::from_slice(line).map_or(0, |format: Format| format.chainsaw);
        match serde_json::from_slice(line) {
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
            // Where the folder is not to be seen either, that says nothing of what is in it. A process's goes with it.
            Err(error) => {
                let seen = netns.starts_with("/proc") || netns.parent().is_some_and(Path::exists);
                error.kind() == ErrorKind::NotFound && seen
            }
            Ok(metadata) => {
                let is_namespace = statfs(netns).is_ok_and(|stat| stat.filesystem_type() == NSFS);
                is_namespace && self.inode.is_some_and(|inode| inode != metadata.ino())
            }
        }
    }
}
