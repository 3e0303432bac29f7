//! The trunk: the one stream to the runtime, dialled, or inherited from a runtime that started the plugin.

mod inherited;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::UnixStream;

use crate::identity::Identity;

/// Where a runtime listens. It removes the socket and makes a new one at every start: a container mounts the directory.
pub const SOCKET: &str = "/var/run/nri/nri.sock";

/// The number of the inherited descriptor.
const VARIABLE_SOCKET: &str = "NRI_PLUGIN_SOCKET";

/// The name by which the runtime knows the plugin, from its file's name.
const VARIABLE_NAME: &str = "NRI_PLUGIN_NAME";

/// The index by which the runtime knows the plugin, from its file's name.
const VARIABLE_INDEX: &str = "NRI_PLUGIN_IDX";

/// The variables that a runtime gives a plugin that it starts. They must not reach the plugin's own children:
/// `Command::env_remove` takes them away. (The descriptor itself reaches nobody.)
pub const VARIABLES: [&str; 3] = [VARIABLE_SOCKET, VARIABLE_NAME, VARIABLE_INDEX];

/// There is no stream to a runtime.
#[derive(Debug, thiserror::Error)]
pub enum TrunkError {
    /// Nobody listens.
    #[error(
        "cannot connect to {}: {source}; NRI has to be enabled in the runtime, and a container has to mount the \
         socket's directory, since the runtime replaces the socket when it starts", path.display()
    )]
    Dial {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A variable that a runtime sets has no usable value.
    #[error("{name}={value:?} is not {expected}; only the runtime that starts a plugin sets it")]
    Variable {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// What was inherited is no stream to a runtime.
    #[error(
        "descriptor {number}, which NRI_PLUGIN_SOCKET names, is no connection to a runtime: {source}; unset the \
         variable if it is a left-over of another plugin"
    )]
    Inherited {
        /// Its number.
        number: i32,
        /// Why.
        source: io::Error,
    },
}

/// Dials the runtime: by its path each time, since the socket behind it is another one after a restart.
///
/// # Errors
/// Nobody listens there.
pub async fn dial(path: &Path) -> Result<UnixStream, TrunkError> {
    UnixStream::connect(path)
        .await
        .map_err(|source| TrunkError::Dial {
            path: path.to_owned(),
            source,
        })
}

/// A plugin that a runtime started: who it is said to be, and its stream.
#[derive(Debug)]
pub struct Launched {
    /// The identity, from the name of the program's file.
    pub identity: Identity,
    /// The stream.
    pub stream: UnixStream,
}

impl Launched {
    /// What the environment says; none if no runtime started this process, or if this was asked before.
    ///
    /// It takes the descriptor over: call it first in `main`, before anything starts a child.
    ///
    /// # Errors
    /// The variables are there, and what they say is not so.
    pub fn from_environment() -> Result<Option<Self>, TrunkError> {
        // The number may be anybody's once it has been closed.
        static ASKED: AtomicBool = AtomicBool::new(false);
        if ASKED.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, TrunkError> {
        let Some(socket) = variable(VARIABLE_SOCKET) else {
            return Ok(None);
        };
        let number =
            socket
                .parse()
                .ok()
                .filter(|number| *number > 2)
                .ok_or(TrunkError::Variable {
                    name: VARIABLE_SOCKET,
                    value: socket,
                    expected: "a descriptor above the standard ones",
                })?;
        let [name, index] = [VARIABLE_NAME, VARIABLE_INDEX].map(|name| {
            let value = variable(name).unwrap_or_default();
            if value.is_empty() {
                let expected = "part of the file's name, NN-name";
                return Err(TrunkError::Variable {
                    name,
                    value,
                    expected,
                });
            }
            Ok(value)
        });
        let identity = Identity::given(name?, index?);
        let stream =
            inherited::take(number).map_err(|source| TrunkError::Inherited { number, source })?;
        Ok(Some(Self { identity, stream }))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::IntoRawFd;
    use std::os::unix::net;

    use super::*;

    fn started(socket: &str, name: &str, index: &str) -> Result<Option<Launched>, TrunkError> {
        Launched::from_variables(|variable| {
            let value = match variable {
                VARIABLE_SOCKET => socket,
                VARIABLE_NAME => name,
                _ => index,
            };
            Some(value.to_owned())
        })
    }

    #[tokio::test]
    async fn a_plugin_that_a_runtime_started_finds_its_stream_in_the_environment() {
        let (near, _far) = net::UnixStream::pair().unwrap();
        let number = near.into_raw_fd().to_string();
        let launched = started(&number, "chainsaw", "90").unwrap().unwrap();
        assert_eq!(launched.identity.name(), "chainsaw");
        assert_eq!(launched.identity.index(), "90");
    }

    #[test]
    fn without_the_variable_no_runtime_started_this() {
        assert!(Launched::from_variables(|_| None).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_variable_that_means_nothing_is_named() {
        for (socket, name, index, part) in [
            ("x", "n", "10", "NRI_PLUGIN_SOCKET=\"x\""),
            ("2", "n", "10", "NRI_PLUGIN_SOCKET=\"2\""),
            ("-1", "n", "10", "NRI_PLUGIN_SOCKET=\"-1\""),
            ("3", "", "10", "NRI_PLUGIN_NAME=\"\""),
            ("3", "n", "", "NRI_PLUGIN_IDX=\"\""),
            ("1000000", "n", "10", "descriptor 1000000"),
        ] {
            let error = started(socket, name, index).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_on_is_named() {
        let error = dial(Path::new("/nowhere/nri.sock")).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot connect to /nowhere/nri.sock: ")
        );
    }
}
