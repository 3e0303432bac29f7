//! Network namespaces: the one file that moves a thread.
//!
//! A namespace is opened once, and everything is checked on the open descriptor, so that nothing can be put in its
//! place between the check and the use.

#![allow(clippy::disallowed_methods, reason = "this is the one file that may")]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statfs::{FsType, fstatfs};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// `NSFS_MAGIC` (`linux/magic.h`).
pub(crate) const NSFS: FsType = FsType(0x6e73_6673);

/// The namespace that the process was started in: its leader never leaves it while another is being opened.
const OWN: &str = "/proc/self/ns/net";
/// The node's, where it can be read.
const INIT: &str = "/proc/1/ns/net";

/// Why a network namespace was not entered.
#[derive(Debug, thiserror::Error)]
pub enum NetnsError {
    /// It cannot be opened.
    #[error(
        "cannot open the network namespace {path}: {source}; {}",
        open_advice(source, path)
    )]
    Open {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no namespace.
    #[error(
        "{path} is not a network namespace: the sandbox is gone, or its mount is not visible to this process"
    )]
    NotANamespace {
        /// Where it should be.
        path: PathBuf,
    },
    /// It is the node's.
    #[error(
        "{path} is the node's own network namespace, this process's or process 1's: nothing is changed there"
    )]
    Node {
        /// The path that leads there.
        path: PathBuf,
    },
    /// It cannot be entered.
    #[error(
        "cannot enter the network namespace {path}: {source}; {}",
        enter_advice(source)
    )]
    Enter {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is not needed inside cannot be given up.
    #[error(
        "cannot give up capabilities in the network namespace {path}: {source}; is capset(2) forbidden to this process?"
    )]
    Capabilities {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No throw-away namespace can be made.
    #[error(
        "cannot make a throw-away network namespace: {source}; {}",
        throw_away_advice(source)
    )]
    ThrowAway {
        /// What the system said.
        source: io::Error,
    },
    /// This process's own namespace cannot be told.
    #[error("cannot tell the node's network namespace by {OWN}: {source}; is /proc mounted?")]
    Own {
        /// What the system said.
        source: io::Error,
    },
}

fn open_advice(error: &io::Error, path: &Path) -> &'static str {
    match error.kind() {
        // What /proc tells of another process is for those who may trace it (`ptrace_may_access` in the kernel).
        io::ErrorKind::PermissionDenied if path.starts_with("/proc") => {
            "run as root, with CAP_SYS_PTRACE, which a container mostly has not"
        }
        io::ErrorKind::PermissionDenied => "run as root",
        _ => "is the sandbox still there?",
    }
}

fn enter_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "run as root, with CAP_SYS_ADMIN",
        _ => "it is a namespace of another kind",
    }
}

fn throw_away_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "run as root, or allow user namespaces (kernel.unprivileged_userns_clone, \
             kernel.apparmor_restrict_unprivileged_userns)"
        }
        _ => "raise user.max_net_namespaces and user.max_user_namespaces",
    }
}

/// Whether this process is in the node's network namespace, which is PID 1's; nothing where that cannot be read.
#[must_use]
pub fn is_in_the_nodes() -> Option<bool> {
    let of = |path| {
        fs::metadata(path)
            .ok()
            .map(|metadata| (metadata.dev(), metadata.ino()))
    };
    Some(of(OWN)? == of(INIT)?)
}

/// An open network namespace that is not the node's.
#[derive(Debug)]
pub struct Namespace {
    file: File,
    path: PathBuf,
    inode: u64,
}

impl Namespace {
    /// Which it is, whatever is at its path by now.
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Opens the namespace at `path` and checks on the descriptor that it is a namespace and not the node's: neither
    /// the one this process was started in nor, where it can be read, that of PID 1.
    ///
    /// # Errors
    /// It cannot be opened, is no namespace, or is the node's.
    pub fn open(path: &Path) -> Result<Self, NetnsError> {
        // A FIFO in its place must not make us wait.
        let nonblocking = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path);
        let file = nonblocking.map_err(|source| NetnsError::Open {
            path: path.into(),
            source,
        })?;
        let is_namespace = fstatfs(&file).is_ok_and(|stat| stat.filesystem_type() == NSFS);
        if !is_namespace {
            return Err(NetnsError::NotANamespace { path: path.into() });
        }
        let opened = file.metadata().map_err(|source| NetnsError::Open {
            path: path.into(),
            source,
        })?;
        let own = fs::metadata(OWN).map_err(|source| NetnsError::Own { source })?;
        let nodes = [Some(own), fs::metadata(INIT).ok()];
        if nodes
            .iter()
            .flatten()
            .any(|node| (node.dev(), node.ino()) == (opened.dev(), opened.ino()))
        {
            return Err(NetnsError::Node { path: path.into() });
        }
        Ok(Self {
            file,
            path: path.into(),
            inode: opened.ino(),
        })
    }

    /// Moves the calling thread into it, for good: for a process, or a thread, that ends after its work. The kernel
    /// refuses a descriptor of another kind of namespace here (`setns(2)`, EINVAL). Inside, the thread keeps
    /// CAP_NET_ADMIN and no other capability, so that nothing it does there can take it out again.
    ///
    /// # Errors
    /// What the system said.
    pub fn enter(self) -> Result<(), NetnsError> {
        setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(|errno| NetnsError::Enter {
            path: self.path.clone(),
            source: errno.into(),
        })?;
        keep(INSIDE).map_err(|errno| NetnsError::Capabilities {
            path: self.path,
            source: errno.into(),
        })
    }
}

/// What rtnetlink asks for (`netlink_net_capable`), and nothing else that happens inside does.
const INSIDE: CapabilitySet = CapabilitySet::NET_ADMIN;

/// Gives up every capability of the calling thread but these, as far as it has them.
fn keep(wanted: CapabilitySet) -> Result<(), Errno> {
    let permitted = capabilities(None)?.permitted & wanted;
    let sets = CapabilitySets {
        effective: permitted,
        permitted,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}

/// Moves this single-threaded process into a new network namespace that is gone when it ends. Without the right to
/// make one it makes a user namespace first, so that no root is needed.
///
/// # Errors
/// The kernel allows neither.
pub fn throw_away() -> Result<(), NetnsError> {
    unshare(CloneFlags::CLONE_NEWNET)
        .or_else(|_| unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET))
        .map_err(|errno| NetnsError::ThrowAway {
            source: errno.into(),
        })
}
