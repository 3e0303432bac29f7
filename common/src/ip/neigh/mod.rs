//! `ip neigh`: which link-layer address a neighbour has, and for whom this namespace answers.

use super::host::Host;
use super::link::settings::link_address;
use super::names;
use crate::family::Family;
use crate::uapi::{ntf, nud};
use crate::words::quoted;
use std::fmt;

pub(super) mod filter;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod show;
mod state;

pub use super::verb::Verb;
pub use filter::{Filter, Master};
pub use state::States;

/// What `ip neigh` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists neighbours.
    Show(Filter),
    /// Shows one.
    Get(Key),
    /// Changes one.
    Change(Verb, Neighbour),
    /// Takes away all that the filter wants.
    Flush(Filter),
}

/// What names a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its address.
    pub address: Host,
    /// Whether it is an address that this namespace answers for.
    pub proxy: bool,
    /// The device; only a proxy can be without.
    pub dev: Option<String>,
}

/// One neighbour as a command names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// What names it.
    pub key: Key,
    /// `lladdr`.
    pub lladdr: Option<Vec<u8>>,
    /// The state: `NUD_…` bits.
    pub state: u8,
    /// `router`, `use`, `extern_learn`: `NTF_…` bits.
    pub flags: u8,
    /// `managed`.
    pub managed: bool,
    /// `protocol`.
    pub protocol: Option<u8>,
}

/// Flags with a word, in the order in which they are shown.
const FLAGS: &[(u8, &str)] = &[
    (ntf::ROUTER, "router"),
    (ntf::USE, "use"),
    (ntf::EXT_LEARNED, "extern_learn"),
];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Get(key) => write!(f, "get {key}"),
            Self::Change(verb, neighbour) => write!(f, "{} {neighbour}", verb.word()),
            Self::Flush(filter) => write!(f, "flush{filter}"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.proxy {
            f.write_str("proxy ")?;
        }
        write!(f, "{}", self.address)?;
        match &self.dev {
            Some(dev) => write!(f, " dev {}", quoted(dev)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(lladdr) = &self.lladdr {
            write!(f, " lladdr {}", link_address(lladdr))?;
        }
        // `managed` takes the state away, so a state stands behind it.
        if self.managed {
            f.write_str(" managed")?;
        }
        let unsaid = if self.managed {
            nud::NONE
        } else {
            nud::PERMANENT
        };
        if self.state != unsaid {
            write!(f, " nud {}", state::word(self.state))?;
        }
        FLAGS
            .iter()
            .filter(|(bit, _)| self.flags & bit != 0)
            .try_for_each(|(_, word)| write!(f, " {word}"))?;
        if let Some(protocol) = self.protocol {
            let name = names::name_of(names::PROTOCOLS, protocol.into());
            write!(f, " protocol {name}")?;
        }
        Ok(())
    }
}

impl Key {
    fn family(&self) -> Family {
        self.address.family()
    }
}
