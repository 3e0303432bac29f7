//! `ip link`: devices of the namespace.

use std::fmt;

use super::mistake::Mistake;

mod filter;
mod kind;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod settings;
pub(super) mod show;

pub use filter::Filter;
pub use settings::{Kind, Settings};

/// What `ip link` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists devices.
    Show(Filter),
    /// Makes a device of a kind.
    Add(Settings),
    /// Changes a device.
    Set(Settings),
    /// Takes a device away.
    Del(String),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Add(settings) => write!(f, "add {settings}"),
            Self::Set(settings) => write!(f, "set {settings}"),
            Self::Del(dev) => write!(f, "delete dev {dev}"),
        }
    }
}

fn not_a_name(word: &str, key: &str) -> Mistake {
    Mistake::wrong(word, &format!("\"{key}\" not a valid ifname"))
}
