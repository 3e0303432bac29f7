//! A record that cannot be kept or read, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::own::NotOurs;

/// A record that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The sandbox's id is none (CNI spec, section 3: an alphanumeric, then those and `_.-`).
    #[error(
        "{0:?} is not the id of a sandbox: the runtime gives one of letters, digits, _ . and -"
    )]
    Id(String),
    /// Another version of Chainsaw wrote it.
    #[error(
        "the record {path} is of format {found}, and this Chainsaw knows {known}: nothing is run that is not known to be new"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Somebody else is at work on it.
    #[error(
        "somebody else holds the record {path}, and did not let go of it in time: is a chainsaw stuck?"
    )]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else may have put it there.
    #[error(
        "{path} {why}: nothing is recorded there, and nothing runs that could not be; remove it, or make it root's alone"
    )]
    NotOurs {
        /// The folder, or the file.
        path: PathBuf,
        /// What it is instead.
        why: NotOurs,
    },
    /// The system refuses.
    #[error("cannot {what} the record {path}: {source}; nothing is run that could not be recorded")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl RecordError {
    /// The system refused to do this to the file, or to the folder.
    pub(super) fn io(what: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }

    /// It lies where somebody else could have put it.
    pub(super) fn not_ours(path: &Path) -> impl Fn(NotOurs) -> Self {
        move |why| Self::NotOurs {
            path: path.to_owned(),
            why,
        }
    }
}
