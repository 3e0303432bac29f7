//! Why an installation failed.

use std::io;
use std::path::{Path, PathBuf};

/// What was tried, on what, why it failed, what to do next.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no such folder on the node.
    #[error(
        "{0} is no folder: say with --bin-dir where the runtime looks for CNI plugins, and mount that folder of the node (k3s: /var/lib/rancher/k3s/data/cni)"
    )]
    NoFolder(PathBuf),
    /// The system refuses.
    #[error("cannot {what} {path}: {source}; {}", advice(source))]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A network configuration asks for what the node does not trust it with.
    #[error(
        "{entry} has commands, and whether these are the operator's is for {config} to say, {why}: write commands = true below [hooks.cni] there, or take the commands out of that entry; until then nothing is installed, since they would be judged as the pods' own"
    )]
    Untrusted {
        /// The file and the entry.
        entry: String,
        /// The node's configuration.
        config: String,
        /// What it says instead.
        why: String,
    },
    /// Another version left its journal.
    #[error(
        "{path} is not a journal of this version (line {line}): what it began has to be ended by the version that began it, or by a person who removes the file"
    )]
    Journal {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: usize,
    },
    /// Nobody says where the API is.
    #[error(
        "{0} is not set: a kubeconfig is written in a pod, to which the kubelet tells where the API is"
    )]
    NoApi(&'static str),
    /// The token is none.
    #[error("{0} is no token: mount the service account's (automountServiceAccountToken)")]
    NoToken(PathBuf),
    /// It failed, and so did its undoing.
    #[error("{0}; and what was begun could not be undone: {1}; run it again")]
    Both(Box<InstallError>, Box<InstallError>),
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "run as root, who has to own the folder, or with CAP_DAC_OVERRIDE"
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount that folder of the node, and not read-only",
        io::ErrorKind::StorageFull => "the node's disk is full",
        io::ErrorKind::NotFound => "is that folder of the node mounted?",
        _ => "nothing was changed that is not undone; run it again when it is mended",
    }
}

impl InstallError {
    /// For `map_err`, with what was tried and on what.
    pub fn io(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { what, path, source }
    }

    /// A stable word for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoFolder(_) => "FolderAbsent",
            Self::Io { .. } => "InstallFailed",
            Self::Untrusted { .. } => "CommandsUntrusted",
            Self::Journal { .. } => "JournalUnknown",
            Self::NoApi(_) => "ApiUnknown",
            Self::NoToken(_) => "TokenAbsent",
            Self::Both(wrong, _) => wrong.reason(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_on_what_and_why_and_what_next() {
        let io = || {
            InstallError::io("write", "/x/chainsaw")(io::Error::from(
                io::ErrorKind::ReadOnlyFilesystem,
            ))
        };
        let table: [(InstallError, &[&str], &str); 7] = [
            (
                InstallError::Untrusted {
                    entry: "/x/a.conflist plugins[1]".into(),
                    config: "/x/c.toml".into(),
                    why: "which is not there".into(),
                },
                &[
                    "/x/a.conflist plugins[1]",
                    "/x/c.toml to say, which is not there",
                    "commands = true below [hooks.cni]",
                ],
                "CommandsUntrusted",
            ),
            (
                InstallError::NoFolder("/x".into()),
                &["/x", "--bin-dir"],
                "FolderAbsent",
            ),
            (
                io(),
                &["write /x/chainsaw", "read-only", "mount"],
                "InstallFailed",
            ),
            (
                InstallError::Journal {
                    path: "/x/j".into(),
                    line: 2,
                },
                &["/x/j", "line 2", "removes"],
                "JournalUnknown",
            ),
            (
                InstallError::NoApi("KUBERNETES_SERVICE_HOST"),
                &["KUBERNETES_SERVICE_HOST", "in a pod"],
                "ApiUnknown",
            ),
            (
                InstallError::NoToken("/x/token".into()),
                &["/x/token", "automount"],
                "TokenAbsent",
            ),
            (
                InstallError::Both(Box::new(io()), Box::new(io())),
                &["undone", "run it again"],
                "InstallFailed",
            ),
        ];
        for (error, parts, reason) in table {
            let said = error.to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
            assert_eq!(error.reason(), reason);
        }
    }
}
