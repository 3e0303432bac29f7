//! `ip address`: addresses of the namespace's devices.

use std::fmt;
use std::net::IpAddr;

use super::names;
use super::prefix::{Prefix, address_text};

mod filter;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod show;

pub use filter::Filter;

/// What `ip address` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists addresses.
    Show(Filter),
    /// Changes one address.
    Change(Verb, Address),
}

/// How an address is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It must not be there (`CREATE`, `EXCL`).
    Add,
    /// It must be there (`REPLACE`).
    Change,
    /// It may be there (`CREATE`, `REPLACE`).
    Replace,
    /// It is taken away.
    Del,
}

impl Verb {
    /// Its full form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::Del => "del",
        }
    }
}

/// One address as a command names it: only what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The device.
    pub dev: String,
    /// The address on this side, and the length of its prefix.
    pub local: Option<Prefix>,
    /// The address on the other side; its length wins.
    pub peer: Option<Prefix>,
    /// `brd`.
    pub broadcast: Option<Broadcast>,
    /// `scope`.
    pub scope: Option<u8>,
    /// `label`.
    pub label: Option<String>,
    /// `metric` of the prefix route.
    pub metric: Option<u32>,
    /// `nodad`, `noprefixroute` and so on: `IFA_F_…` bits.
    pub flags: u32,
}

/// A broadcast address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// `+`: the host bits all ones.
    Ones,
    /// `-`: the host bits all zeros.
    Zeros,
    /// This one.
    Is(IpAddr),
}

/// The flags a command can set, by name.
pub(super) const SETTABLE: &[(u32, &str)] = &[
    (0x02, "nodad"),
    (0x10, "home"),
    (0x100, "mngtmpaddr"),
    (0x200, "noprefixroute"),
];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Change(verb, address) => write!(f, "{} {address}", verb.word()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(local) = self.local {
            write!(f, "{local} ")?;
        }
        if let Some(peer) = self.peer {
            write!(f, "peer {peer} ")?;
        }
        match self.broadcast {
            Some(Broadcast::Ones) => f.write_str("broadcast + ")?,
            Some(Broadcast::Zeros) => f.write_str("broadcast - ")?,
            Some(Broadcast::Is(address)) => write!(f, "broadcast {} ", address_text(address))?,
            None => {}
        }
        write!(f, "dev {}", self.dev)?;
        if let Some(scope) = self.scope {
            write!(f, " scope {}", names::name_of(names::SCOPES, scope.into()))?;
        }
        if let Some(label) = &self.label {
            write!(f, " label {label}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        SETTABLE
            .iter()
            .filter(|(bit, _)| self.flags & bit != 0)
            .try_for_each(|(_, word)| write!(f, " {word}"))
    }
}
