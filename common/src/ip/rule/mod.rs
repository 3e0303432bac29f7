//! `ip rule`: the routing policy database, which decides what table a packet is looked up in.

use std::fmt;
use std::net::Ipv4Addr;

use super::prefix::Prefix;
use crate::family::Family;

pub(super) mod filter;
mod flow;
mod full;
pub(super) mod read;
mod realms;
pub(super) mod request;
pub(super) mod run;
mod selector;
pub(super) mod show;
mod shown;
mod values;
mod wanted;

pub use filter::Filter;
pub use selector::{Dscp, FlowLabel, Ports, Uids};

/// What `ip rule` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Lists rules.
    Show(Filter),
    /// Changes one rule.
    Change(Verb, Rule),
    /// Takes away every rule that the filter wants and that has a priority other than 0.
    Flush(Filter),
}

/// How a rule is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is added (`CREATE`, `EXCL`).
    Add,
    /// The first rule that has everything given is taken away.
    Del,
}

impl Verb {
    /// Its full form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Del => "del",
        }
    }
}

/// One rule as a command names it: only what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The family that was chosen; IPv4 if none was. It is never taken from a prefix.
    pub family: Family,
    /// `not`: for packets that the selector does not match.
    pub not: bool,
    /// `from`.
    pub from: Option<Prefix>,
    /// `to`.
    pub to: Option<Prefix>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `fwmark`.
    pub fwmark: Option<u32>,
    /// What stands behind the slash of `fwmark`.
    pub fwmask: Option<u32>,
    /// `iif`, a device that need not exist.
    pub iif: Option<String>,
    /// `oif`, a device that need not exist.
    pub oif: Option<String>,
    /// `l3mdev`: the table is that of the packet's VRF.
    pub l3mdev: bool,
    /// `uidrange`.
    pub uids: Option<Uids>,
    /// `ipproto`.
    pub ipproto: Option<u8>,
    /// `sport`.
    pub sport: Option<Ports>,
    /// `dport`.
    pub dport: Option<Ports>,
    /// `dscp`.
    pub dscp: Option<Dscp>,
    /// `flowlabel`.
    pub flowlabel: Option<FlowLabel>,
    /// `tun_id`.
    pub tun_id: Option<u64>,
    /// `priority`.
    pub priority: Option<u32>,
    /// `table`.
    pub table: Option<u32>,
    /// `suppress_prefixlength`.
    pub suppress_prefixlength: Option<u32>,
    /// `suppress_ifgroup`.
    pub suppress_ifgroup: Option<u32>,
    /// `realms`: the source's in the upper half.
    pub realms: Option<u32>,
    /// `protocol`: who made the rule.
    pub protocol: Option<u8>,
    /// `nat`, each that was given; iproute2 warns of each, and the kernel does nothing with the last.
    pub nat: Vec<Ipv4Addr>,
    /// `goto`.
    pub goto: Option<u32>,
    /// What is done: `FR_ACT_…`, which above 3 are route types. The last word that says so counts, `goto` and `nat` too.
    pub kind: Option<u8>,
    /// Whether a word other than `nat` said what is done: no table goes without saying then, not even for `unicast`.
    pub typed: bool,
}

impl Rule {
    fn new(family: Family) -> Self {
        Self {
            family,
            not: false,
            from: None,
            to: None,
            tos: None,
            fwmark: None,
            fwmask: None,
            iif: None,
            oif: None,
            l3mdev: false,
            uids: None,
            ipproto: None,
            sport: None,
            dport: None,
            dscp: None,
            flowlabel: None,
            tun_id: None,
            priority: None,
            table: None,
            suppress_prefixlength: None,
            suppress_ifgroup: None,
            realms: None,
            protocol: None,
            nat: Vec::new(),
            goto: None,
            kind: None,
            typed: false,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Show(filter) => write!(f, "show{filter}"),
            Self::Flush(filter) => write!(f, "flush{filter}"),
            Self::Change(verb, rule) => write!(f, "{}{rule}", verb.word()),
        }
    }
}
