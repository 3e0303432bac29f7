//! How the configuration stands, and what the log is told of that.

use chainsaw_common::config::ConfigError;
use tracing::{error, info, warn};

/// How the configuration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whose word counts.
    pub standing: Standing,
    /// Why the plugin cannot be told of it, if it cannot.
    pub unpublished: Option<String>,
}

/// Whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The operator's file, as it is.
    File,
    /// Nobody's: the file of this name is not there, and what is built in is in force.
    Absent(&'static str),
    /// The last good one: the file is as wrong as told here.
    LastGood(ConfigError),
    /// Nobody's: there was none yet that could be taken, so nothing is in force. Pods that ask are refused.
    Nobody(ConfigError),
}

impl Health {
    /// Tells the log what is wrong with it when the daemon starts.
    pub(super) fn tell(&self) {
        if self.standing != Standing::File {
            self.standing.tell();
        }
        if self.unpublished.is_some() {
            self.tell_the_publication();
        }
    }

    pub(super) fn tell_the_publication(&self) {
        match &self.unpublished {
            Some(why) => error!(
                reason = "ConfigurationUnpublished",
                "{why}; where its file cannot be taken, the plugin refuses pods that ask"
            ),
            None => info!("the configuration is published for the plugin"),
        }
    }
}

impl Standing {
    /// That of a file that counts, or of none.
    pub(super) fn own(file: &'static str, is_absent: bool) -> Self {
        if is_absent {
            Self::Absent(file)
        } else {
            Self::File
        }
    }

    /// Whether the file counts as it is, and be it that it is not there.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::File | Self::Absent(_))
    }

    pub(super) fn tell(&self) {
        match self {
            Self::File => info!("the configuration has changed and is in force"),
            Self::Absent(file) => warn!(
                reason = "ConfigurationAbsent",
                "there is no {file}: every pod may look, none may change anything, until it is there"
            ),
            Self::LastGood(wrong) => error!(
                reason = wrong.reason(),
                "{}; the last good configuration stays in force",
                wrong.what()
            ),
            Self::Nobody(wrong) => error!(reason = wrong.reason(), "{wrong}"),
        }
    }
}
