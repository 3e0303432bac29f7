//! `ip link`: devices of the namespace.

use std::fmt;

use super::mistake::Mistake;
use crate::family::Family;

pub(super) mod read;
pub(super) mod request;
pub(super) mod settings;
pub(super) mod show;

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

/// Which devices are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `dev`.
    pub dev: Option<String>,
    /// `up`.
    pub up: bool,
    /// `master`.
    pub master: Option<String>,
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

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dev) = &self.dev {
            write!(f, " dev {dev}")?;
        }
        if self.up {
            f.write_str(" up")?;
        }
        if let Some(master) = &self.master {
            write!(f, " master {master}")?;
        }
        Ok(())
    }
}

fn not_a_name(word: &str, key: &str) -> Mistake {
    Mistake::wrong(word, &format!("\"{key}\" not a valid ifname"))
}
