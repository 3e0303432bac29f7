//! A route as a command names it: only what was given.

use std::fmt;

use super::super::names;
use super::{Encap, Host, Metric, Nexthop, PREFERENCES, Prefix, realms_text};
use crate::family::Family;
use crate::uapi::rtn;
use crate::words::quoted;

/// Which table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// `table`.
    Id(u32),
    /// `vrf`: that of a VRF.
    Vrf(String),
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "table {}", names::name_of(names::TABLES, *id)),
            Self::Vrf(vrf) => write!(f, "vrf {}", quoted(vrf)),
        }
    }
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The family, `Unspec` if nothing in the command decides it.
    pub family: Family,
    /// `unicast`, `blackhole` and so on, by number.
    pub kind: Option<u8>,
    /// The destination.
    pub dst: Prefix,
    /// `as`, what the destination is to be instead (MPLS).
    pub newdst: Option<Host>,
    /// `encap …`.
    pub encap: Option<Encap>,
    /// `nhid`, a nexthop object.
    pub nhid: Option<u32>,
    /// `realms`, from in the upper half.
    pub realms: Option<u32>,
    /// `expires`, in seconds.
    pub expires: Option<u32>,
    /// `ttl-propagate`.
    pub ttl_propagate: Option<bool>,
    /// `from`, the source prefix (IPv6 subtrees).
    pub from: Option<Prefix>,
    /// `via`.
    pub via: Option<Host>,
    /// `dev`.
    pub dev: Option<String>,
    /// `nexthop …`, each.
    pub nexthops: Vec<Nexthop>,
    /// `src`, the preferred source address.
    pub src: Option<Host>,
    /// `table`, or `vrf`.
    pub table: Option<Table>,
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
    pub(super) fn new(family: Family) -> Self {
        Self {
            family,
            kind: None,
            dst: Prefix {
                family,
                address: None,
                len: 0,
                explicit: false,
            },
            newdst: None,
            encap: None,
            nhid: None,
            realms: None,
            expires: None,
            ttl_propagate: None,
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
    pub(super) fn settle(&mut self, family: Family) {
        if self.family == Family::Unspec {
            self.family = family;
        }
    }
}

impl Route {
    /// Whether packets are sent to their destination itself, by one of its ways at least: without a gateway, or with one
    /// that is no address. Of a nexthop object that is not known.
    #[must_use]
    pub fn is_on_link(&self) -> bool {
        let is_gateway = |via: &Host| {
            via.address()
                .is_some_and(|address| !address.is_unspecified())
        };
        let leg = |leg: &Nexthop| leg.via.is_empty() || !leg.via.iter().all(is_gateway);
        match self.kind {
            Some(kind) if rtn::sends_nothing(kind) => false,
            _ if self.nhid.is_some() => true,
            _ if self.nexthops.is_empty() => !self.via.as_ref().is_some_and(is_gateway),
            _ => self.nexthops.iter().any(leg),
        }
    }
}

impl fmt::Display for Route {
    /// An encapsulation comes first: iproute2 wants other words behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(encap) = &self.encap {
            write!(f, "{encap} ")?;
        }
        if let Some(kind) = self.kind {
            write!(f, "{} ", names::route_type_word(kind))?;
        }
        write!(f, "{}", self.dst)?;
        if let Some(from) = self.from {
            write!(f, " from {from}")?;
        }
        if let Some(newdst) = self.newdst {
            write!(f, " as {newdst}")?;
        }
        if let Some(nhid) = self.nhid {
            write!(f, " nhid {nhid}")?;
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
            write!(f, " dev {}", quoted(dev))?;
        }
        if let Some(table) = &self.table {
            write!(f, " {table}")?;
        }
        for (word, names, number) in [
            ("proto", names::PROTOCOLS, self.protocol.map(u32::from)),
            ("scope", names::SCOPES, self.scope.map(u32::from)),
        ] {
            if let Some(number) = number {
                write!(f, " {word} {}", names::name_of(names, number))?;
            }
        }
        if let Some(src) = self.src {
            write!(f, " src {src}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        if self.onlink {
            f.write_str(" onlink")?;
        }
        self.rest(f)?;
        if let Some(pref) = self.pref {
            write!(f, " pref {}", names::name_of(PREFERENCES, pref.into()))?;
        }
        self.nexthops
            .iter()
            .try_for_each(|nexthop| write!(f, " {}", nexthop.shown(self.family)))
    }
}

impl Route {
    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(realms) = self.realms {
            write!(
                f,
                " realms {}",
                realms_text(realms, |realm| realm.to_string())
            )?;
        }
        if let Some(expires) = self.expires {
            write!(f, " expires {expires}")?;
        }
        match self.ttl_propagate {
            Some(true) => f.write_str(" ttl-propagate enabled")?,
            Some(false) => f.write_str(" ttl-propagate disabled")?,
            None => {}
        }
        self.metrics
            .iter()
            .try_for_each(|metric| write!(f, " {metric}"))
    }
}

/// `via A`, or `via FAMILY A` where the gateway is of another family than the route, or does not say so itself.
pub(super) fn via_text(family: Family, via: Host) -> String {
    let other = family != via.family() && family != Family::Unspec;
    match (via, via.family()) {
        (Host::ANY, _) => format!("via {via}"),
        (Host::Any(_), of) => format!("via {} {via}", of.name()),
        (Host::Is(_), of) if other => format!("via {} {via}", of.name()),
        (Host::Is(_), _) => format!("via {via}"),
    }
}
