//! Where a session stands, and why a connection ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::events::Events;
use crate::mux;
use crate::refusal::Refusal;
use crate::trunk::TrunkError;
use crate::ttrpc::status::Status;

/// Where a session stands.
#[derive(Debug, Clone)]
pub enum State {
    /// There is no stream yet.
    Connecting,
    /// The runtime has been told who this is.
    Registering,
    /// The runtime knows which events are wanted.
    Configured,
    /// All that is there has been told, and the plugin takes note of it.
    Synchronized,
    /// Events come.
    Running,
    /// The connection has ended. A session that dialled will connect again, unless it was stopped.
    Closed(Cause),
}

impl State {
    /// Whether events come: what a readiness probe asks.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running)
    }

    /// How far this is on the way to [`State::Running`].
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Connecting => 0,
            Self::Registering => 1,
            Self::Configured => 2,
            Self::Synchronized => 3,
            Self::Running => 4,
            Self::Closed(_) => 5,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Registering => f.write_str("registering"),
            Self::Configured => f.write_str("configured"),
            Self::Synchronized => f.write_str("synchronized"),
            Self::Running => f.write_str("running"),
            Self::Closed(cause) => write!(f, "closed: {cause}"),
        }
    }
}

/// Why a connection ended, or never was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// It was asked to.
    #[error("stopped")]
    Stopped,
    /// There is no stream.
    #[error(transparent)]
    Unreachable(Arc<TrunkError>),
    /// The stream ended.
    #[error(transparent)]
    Stream(mux::Closed),
    /// The runtime does not want this plugin.
    #[error(
        "the runtime refused the registration: {0}; it wants an index of two digits, and newer ones a name of letters, \
         digits, _ . + and -"
    )]
    Refused(Status),
    /// The runtime's answer to the registration is none.
    #[error("the runtime did not answer the registration as one does: {0}")]
    Garbled(String),
    /// The runtime did not do its part in time.
    #[error(
        "the runtime did not {what} within {limit:?}; another plugin or a slow pod may hold it up"
    )]
    Late {
        /// What it should have done.
        what: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// The runtime is too old for this plugin.
    #[error("the runtime, {runtime}, knows none of the events that this plugin wants: {wanted}")]
    NoCommonEvent {
        /// Its name and version.
        runtime: String,
        /// What is wanted.
        wanted: Events,
    },
    /// The plugin did not want this runtime, or what it told.
    #[error("the plugin refused to be {what}: {why}")]
    Unwilling {
        /// Configured, or synchronized.
        what: &'static str,
        /// What it said.
        why: Refusal,
    },
}
