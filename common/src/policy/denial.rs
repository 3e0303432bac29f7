//! Why a command may not run, and what to write so that it may.

use super::profile::Profile;
use crate::limits::Excess;
use crate::modules::Unloadable;

/// What a subject is granted for a command, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The profile.
    pub profile: Profile,
    /// The line of the rule, from 1; none if no rule speaks of the command.
    pub line: Option<usize>,
    /// The rule, for people.
    pub by: String,
    /// Whether it goes for shared devices.
    pub shared: bool,
    /// What keeps the rule's `allow` from covering the command, if a pattern is about such commands.
    pub near: Option<String>,
}

/// A command that the subject may not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// It needs more than is granted.
    #[error("profile {} does not allow this, it needs profile {needs} ({}{})", .granted.profile, .granted.by, .granted.near.as_ref().map(|near| format!("; {near}")).unwrap_or_default())]
    Short {
        /// The profile it would take.
        needs: Profile,
        /// What there is.
        granted: Box<Grant>,
    },
    /// A rule refuses it for good.
    #[error("deny {pattern:?} at line {line} of {file} hits {:?}", .hit.join(" "))]
    Final {
        /// The pattern.
        pattern: String,
        /// Its line, from 1.
        line: usize,
        /// The configuration.
        file: String,
        /// The words of the command that it hits.
        hit: Vec<String>,
        /// What would hold without it.
        granted: Box<Grant>,
    },
    /// The values make more than a sandbox may hold.
    #[error("{0}")]
    Full(Excess),
    /// It needs a module that may not be loaded.
    #[error("{0}")]
    Module(Unloadable),
}
