//! `ip route`: routes of the namespace.

use std::fmt;
use std::net::IpAddr;

use super::names;
use super::prefix::{Prefix, address_text};
use crate::family::Family;

mod filter;
mod legs;
mod metrics;
mod nexthop;
pub(super) mod read;
pub(super) mod request;
pub(super) mod run;
pub(super) mod show;
mod wanted;

pub use filter::{Filter, Reach};
pub use metrics::Metric;
pub use nexthop::Nexthop;

/// What `ip route` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists routes.
    Show(Filter),
    /// Changes one route.
    Change(Verb, Route),
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
            Self::Del => "del",
        }
    }
}

/// One route as a command names it: only what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The family, `Unspec` if nothing in the command decides it.
    pub family: Family,
    /// `unicast`, `blackhole` and so on, by number.
    pub kind: Option<u8>,
    /// The destination.
    pub dst: Prefix,
    /// `from`, the source prefix (IPv6 subtrees).
    pub from: Option<Prefix>,
    /// `via`.
    pub via: Option<IpAddr>,
    /// `dev`.
    pub dev: Option<String>,
    /// `nexthop …`, each.
    pub nexthops: Vec<Nexthop>,
    /// `src`, the preferred source address.
    pub src: Option<IpAddr>,
    /// `table`.
    pub table: Option<u32>,
    /// `proto`.
    pub protocol: Option<u8>,
    /// `scope`.
    pub scope: Option<u8>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `metric`.
    pub metric: Option<u32>,
    /// `onlink`.
    pub onlink: bool,
    /// `pref`, by RFC 4191's number.
    pub pref: Option<u8>,
    /// `mtu`, `advmss` and so on.
    pub metrics: Vec<Metric>,
}

impl Route {
    fn new(family: Family) -> Self {
        Self {
            family,
            kind: None,
            dst: Prefix {
                family,
                address: None,
                len: 0,
                explicit: false,
            },
            from: None,
            via: None,
            dev: None,
            nexthops: Vec::new(),
            src: None,
            table: None,
            protocol: None,
            scope: None,
            tos: None,
            metric: None,
            onlink: false,
            pref: None,
            metrics: Vec::new(),
        }
    }

    /// Settles the family with the first address that has one.
    fn settle(&mut self, family: Family) {
        if self.family == Family::Unspec {
            self.family = family;
        }
    }
}

/// RFC 4191's router preference, by the name `ip` gives it.
const PREFERENCES: names::Names = &[(0, "medium"), (1, "high"), (3, "low")];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Change(verb, route) => write!(f, "{} {route}", verb.word()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, "{} ", names::route_type_name(kind))?;
        }
        write!(f, "{}", self.dst)?;
        if let Some(from) = self.from {
            write!(f, " from {from}")?;
        }
        if let Some(tos) = self.tos {
            write!(
                f,
                " tos {}",
                names::name_or_hex(names::DSFIELDS, tos.into())
            )?;
        }
        if let Some(via) = self.via {
            write!(f, " {}", via_text(self.family, via))?;
        }
        if let Some(dev) = &self.dev {
            write!(f, " dev {dev}")?;
        }
        for (word, names, number) in [
            ("table", names::TABLES, self.table),
            ("proto", names::PROTOCOLS, self.protocol.map(u32::from)),
            ("scope", names::SCOPES, self.scope.map(u32::from)),
        ] {
            if let Some(number) = number {
                write!(f, " {word} {}", names::name_of(names, number))?;
            }
        }
        if let Some(src) = self.src {
            write!(f, " src {}", address_text(src))?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        if self.onlink {
            f.write_str(" onlink")?;
        }
        self.metrics
            .iter()
            .try_for_each(|metric| write!(f, " {metric}"))?;
        if let Some(pref) = self.pref {
            write!(f, " pref {}", names::name_of(PREFERENCES, pref.into()))?;
        }
        self.nexthops
            .iter()
            .try_for_each(|nexthop| write!(f, " {}", nexthop.shown(self.family)))
    }
}

/// `via A`, or `via FAMILY A` where the gateway is of another family than the route.
fn via_text(family: Family, via: IpAddr) -> String {
    let of = Family::of(via);
    if family == of || family == Family::Unspec {
        format!("via {}", address_text(via))
    } else {
        format!("via {} {}", of.name(), address_text(via))
    }
}
