//! An address as a command names it: only what was given.

use std::fmt;

use super::super::names;
use super::{FLAGS, Flag, Host, Prefix, Settable};
use crate::family::Family;
use crate::words::quoted;

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The family, `Unspec` if nothing in the command decides it.
    pub family: Family,
    /// The device.
    pub dev: String,
    /// The address on this side, and the length of its prefix.
    pub local: Option<Prefix>,
    /// The address on the other side; its length wins.
    pub peer: Option<Prefix>,
    /// `brd`.
    pub broadcast: Option<Broadcast>,
    /// `anycast`.
    pub anycast: Option<Host>,
    /// `scope`.
    pub scope: Option<u8>,
    /// `label`.
    pub label: Option<String>,
    /// `metric` of the prefix route.
    pub metric: Option<u32>,
    /// `valid_lft`, in seconds; all ones is for ever.
    pub valid: Option<u32>,
    /// `preferred_lft`, in seconds; all ones is for ever.
    pub preferred: Option<u32>,
    /// `proto`.
    pub protocol: Option<u8>,
    /// `nodad`, `noprefixroute` and so on: `IFA_F_…` bits.
    pub flags: u32,
    /// Flags that were given and cannot be set: each is warned of, and has no effect.
    pub ignored: Vec<&'static str>,
}

/// A broadcast address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// `+`: the host bits all ones.
    Ones,
    /// `-`: the host bits all zeros.
    Zeros,
    /// This one.
    Is(Host),
}

impl Address {
    pub(super) fn new(family: Family) -> Self {
        Self {
            family,
            dev: String::new(),
            local: None,
            peer: None,
            broadcast: None,
            anycast: None,
            scope: None,
            label: None,
            metric: None,
            valid: None,
            preferred: None,
            protocol: None,
            flags: 0,
            ignored: Vec::new(),
        }
    }

    pub(super) fn settle(&mut self, family: Family) {
        if self.family == Family::Unspec {
            self.family = family;
        }
    }

    /// Whether `del` will match any prefix length: the length was not written, and the peer was not named.
    pub(super) fn is_wildcard(&self) -> bool {
        self.peer.is_none_or(|peer| peer.sent().is_none())
            && self.local.is_some_and(|local| {
                local.family == Family::Inet && local.sent().is_some() && !local.explicit
            })
    }

    /// What iproute2 says of the flags that it ignores.
    pub(super) fn warnings(&self) -> String {
        let row = |word: &&str| FLAGS.iter().find(|flag| flag.word == *word);
        self.ignored
            .iter()
            .filter_map(row)
            .map(|flag| flag.warning() + "\n")
            .collect()
    }
}

impl Flag {
    /// Whether a command may set it, for an address of the family known so far.
    pub(super) fn can_be_set(&self, family: Family) -> bool {
        match self.settable {
            Settable::Always => true,
            Settable::Inet6 => family == Family::Inet6,
            Settable::Never => false,
        }
    }

    pub(super) fn warning(&self) -> String {
        let word = self.word;
        match self.settable {
            Settable::Never => format!("Warning: {word} option is not mutable from userspace"),
            _ => format!("Warning: {word} option can be set only for IPv6 addresses"),
        }
    }
}

impl fmt::Display for Address {
    /// Ignored flags come first: no family is known there, so they are ignored again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ignored
            .iter()
            .try_for_each(|word| write!(f, "{word} "))?;
        self.prefixes(f, 0)?;
        self.prefixes(f, 1)?;
        match self.broadcast {
            Some(Broadcast::Ones) => f.write_str("broadcast + ")?,
            Some(Broadcast::Zeros) => f.write_str("broadcast - ")?,
            Some(Broadcast::Is(address)) => write!(f, "broadcast {address} ")?,
            None => {}
        }
        if let Some(anycast) = self.anycast {
            write!(f, "anycast {anycast} ")?;
        }
        self.prefixes(f, 2)?;
        write!(f, "dev {}", quoted(&self.dev))?;
        if let Some(scope) = self.scope {
            write!(f, " scope {}", names::name_of(names::SCOPES, scope.into()))?;
        }
        if let Some(label) = &self.label {
            write!(f, " label {}", quoted(label))?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        for (word, seconds) in [("valid_lft", self.valid), ("preferred_lft", self.preferred)] {
            match seconds {
                Some(u32::MAX) => write!(f, " {word} forever")?,
                Some(seconds) => write!(f, " {word} {seconds}")?,
                None => {}
            }
        }
        if let Some(protocol) = self.protocol {
            write!(f, " proto {protocol}")?;
        }
        FLAGS
            .iter()
            .filter(|flag| self.flags & flag.bit != 0)
            .try_for_each(|flag| write!(f, " {}", flag.word))
    }
}

impl Address {
    fn prefixes(&self, f: &mut fmt::Formatter<'_>, place: u8) -> fmt::Result {
        for (word, prefix) in [("local", self.local), ("peer", self.peer)] {
            match prefix.filter(|prefix| prefix.place() == place) {
                Some(prefix) if word == "local" => write!(f, "{prefix} ")?,
                Some(prefix) => write!(f, "{word} {prefix} ")?,
                None => {}
            }
        }
        Ok(())
    }
}
