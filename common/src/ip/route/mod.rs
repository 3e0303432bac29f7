//! `ip route`: routes of the namespace.

use std::fmt;

use super::host::Host;
use super::names;
use super::prefix::Prefix;

pub(super) mod area;
mod cache;
pub(super) mod encap;
pub(super) mod filter;
pub(super) mod get;
mod given;
pub(super) mod keywords;
mod legs;
pub(super) mod metrics;
pub(super) mod nexthop;
mod packet;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod show;
mod wanted;

pub use area::Area;
pub use encap::{Encap, Tunnel};
pub use filter::Filter;
pub use get::Get;
pub use given::{Route, Table};
pub use metrics::Metric;
pub use nexthop::Nexthop;
pub use packet::Number;

/// What `ip route` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists routes.
    Show(Filter),
    /// Asks which way a packet would take.
    Get(Get),
    /// Changes one route.
    Change(Verb, Route),
    /// Takes away the routes that a filter wants.
    Flush(Filter),
}

/// How a route is changed: which of the kernel's flags go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It must not be there (`CREATE`, `EXCL`).
    Add,
    /// It must be there (`REPLACE`).
    Change,
    /// It may be there (`CREATE`, `REPLACE`).
    Replace,
    /// It goes before its like (`CREATE`).
    Prepend,
    /// It goes behind its like (`CREATE`, `APPEND`).
    Append,
    /// Whether it is there: nothing is changed (`EXCL`).
    Test,
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
            Self::Prepend => "prepend",
            Self::Append => "append",
            Self::Test => "test",
            Self::Del => "del",
        }
    }
}

/// RFC 4191's router preference, by the name `ip` gives it.
const PREFERENCES: names::Names = &[(0, "medium"), (1, "high"), (3, "low")];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            // A flush of everything has to be asked for: without a word it is refused.
            Self::Flush(filter) if filter.to_string().is_empty() => f.write_str("flush scope all"),
            Self::Flush(filter) => write!(f, "flush{filter}"),
            Self::Get(get) => write!(f, "get {get}"),
            Self::Change(verb, route) => write!(f, "{} {route}", verb.word()),
        }
    }
}

/// Two realms in one number: from, in the upper half, and to.
fn realms_text(realms: u32, name: impl Fn(u32) -> String) -> String {
    match realms >> 16 {
        0 => name(realms),
        from => format!("{}/{}", name(from), name(realms & 0xffff)),
    }
}

/// `[FROM/]TO`, each a name or a number.
fn realms(word: &str) -> Option<u32> {
    let realm = |word: &str| names::number_of::<u32>(names::REALMS, word);
    match word.split_once('/') {
        None => realm(word),
        Some((from, "")) => realm(from).map(|from| from << 16),
        Some((from, to)) => Some(realm(from)? << 16 | realm(to)?),
    }
}
