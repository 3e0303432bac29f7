//! `ip link`: devices of the namespace.

use std::fmt;

use super::mistake::Mistake;

pub(super) mod filter;
mod kind;
mod known;
pub(super) mod names;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod settings;
pub(super) mod show;

pub use filter::Filter;
pub use kind::Kind;
pub(crate) use kind::words as kind_words;
pub(super) use kind::{names as kind_names, tables as kinds};
pub use known::is_known;
pub use names::AltNames;
pub use settings::{Flags, Master, Mode, Number, Settings};

/// What `ip link` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists devices.
    Show(Filter),
    /// Makes a device of a kind.
    Add(Settings),
    /// Makes a device of a kind, or changes it.
    Replace(Settings),
    /// Changes a device, or all of a group.
    Set(Settings),
    /// Takes a device away, or all of a group.
    Del(Settings),
    /// Gives a device altnames.
    AddNames(AltNames),
    /// Takes altnames away.
    DelNames(AltNames),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Add(settings) => write!(f, "add{settings}"),
            Self::Replace(settings) => write!(f, "replace{settings}"),
            Self::Set(settings) => write!(f, "set{settings}"),
            Self::Del(settings) => write!(f, "delete{settings}"),
            Self::AddNames(names) => write!(f, "property add {names}"),
            Self::DelNames(names) => write!(f, "property del {names}"),
        }
    }
}

fn not_a_name(word: &str, key: &str) -> Mistake {
    Mistake::wrong(word, &format!("\"{key}\" not a valid ifname"))
}
