//! `ip address`: addresses of the namespace's devices.

use std::fmt;

use super::host::Host;
use super::prefix::Prefix;

pub(super) mod filter;
mod given;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod show;
mod wanted;

pub use super::verb::Verb;
pub use filter::{Filter, Master};
pub use given::{Address, Broadcast};

/// What `ip address` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists addresses.
    Show(Filter),
    /// Changes one address.
    Change(Verb, Address),
    /// Takes away the addresses that a filter wants.
    Flush(Filter),
}

/// One of `IFA_F_*`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    pub(super) bit: u32,
    pub(super) word: &'static str,
    settable: Settable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settable {
    Always,
    Inet6,
    Never,
}

const fn flag(bit: u32, word: &'static str, settable: Settable) -> Flag {
    Flag {
        bit,
        word,
        settable,
    }
}

/// The flags in iproute2's order. `temporary` is another word for the first bit; IPv6 addresses are shown with it.
pub(super) const FLAGS: &[Flag] = &[
    flag(0x01, "secondary", Settable::Never),
    flag(0x01, "temporary", Settable::Never),
    flag(0x02, "nodad", Settable::Inet6),
    flag(0x04, "optimistic", Settable::Inet6),
    flag(0x08, "dadfailed", Settable::Never),
    flag(0x10, "home", Settable::Inet6),
    flag(0x20, "deprecated", Settable::Never),
    flag(0x40, "tentative", Settable::Never),
    flag(0x80, "permanent", Settable::Never),
    flag(0x100, "mngtmpaddr", Settable::Inet6),
    flag(0x200, "noprefixroute", Settable::Always),
    flag(0x400, "autojoin", Settable::Always),
    flag(0x800, "stable-privacy", Settable::Never),
];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            // A flush of everything has to be asked for: without a word it is refused.
            Self::Flush(filter) if filter.to_string().is_empty() => f.write_str("flush scope all"),
            Self::Flush(filter) => write!(f, "flush{filter}"),
            Self::Change(verb, address) => write!(f, "{} {address}", verb.word()),
        }
    }
}
