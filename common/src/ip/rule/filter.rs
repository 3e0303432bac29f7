//! Which rules `ip rule show` lists and `ip rule flush` takes away.

use std::fmt;

use super::full::{mark, protocol_word};
use super::selector::{Dscp, FlowLabel, Ports, Uids};
use super::values;
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::options::Options;
use crate::ip::prefix::Prefix;
use crate::words::quoted;

/// What a rule has to be like. `None` is no matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The family asked for; IPv4 if none was.
    pub family: Family,
    /// `priority`.
    pub priority: Option<u32>,
    /// `not`.
    pub not: bool,
    /// `tos`.
    pub tos: Option<u8>,
    /// `fwmark`; 0 is no matter.
    pub fwmark: Option<u32>,
    /// Its mask; 0 is no matter.
    pub fwmask: Option<u32>,
    /// `iif`.
    pub iif: Option<String>,
    /// `oif`.
    pub oif: Option<String>,
    /// `l3mdev`.
    pub l3mdev: bool,
    /// `uidrange`.
    pub uids: Option<Uids>,
    /// `tun_id`; 0 is no matter.
    pub tun_id: Option<u64>,
    /// `table`; 0 is no matter.
    pub table: Option<u32>,
    /// `from`.
    pub from: Option<Prefix>,
    /// `to`.
    pub to: Option<Prefix>,
    /// `protocol`: a flush heeds it, a listing does not.
    pub protocol: Option<u8>,
    /// `ipproto`; 0 is no matter.
    pub ipproto: Option<u8>,
    /// `sport`; mask 0 is no matter.
    pub sport: Option<Ports>,
    /// `dport`; mask 0 is no matter.
    pub dport: Option<Ports>,
    /// `dscp`; mask 0 is no matter.
    pub dscp: Option<Dscp>,
    /// `flowlabel`; mask 0 is no matter.
    pub flowlabel: Option<FlowLabel>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Priority,
    Not,
    Tos,
    Mark,
    Iif,
    Oif,
    L3mdev,
    Uids,
    TunId,
    Table,
    From,
    Protocol,
    IpProto,
    Sport,
    Dport,
    Dscp,
    FlowLabel,
    To,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    prefix("preference", Key::Priority),
    prefix("order", Key::Priority),
    prefix("priority", Key::Priority),
    exact("not", Key::Not),
    exact("tos", Key::Tos),
    exact("dsfield", Key::Tos),
    exact("fwmark", Key::Mark),
    exact("dev", Key::Iif),
    exact("iif", Key::Iif),
    exact("oif", Key::Oif),
    exact("l3mdev", Key::L3mdev),
    exact("uidrange", Key::Uids),
    prefix("tun_id", Key::TunId),
    prefix("lookup", Key::Table),
    prefix("table", Key::Table),
    prefix("from", Key::From),
    prefix("src", Key::From),
    prefix("protocol", Key::Protocol),
    exact("ipproto", Key::IpProto),
    exact("sport", Key::Sport),
    exact("dport", Key::Dport),
    exact("dscp", Key::Dscp),
    exact("flowlabel", Key::FlowLabel),
    prefix("dst", Key::To),
    prefix("to", Key::To),
];

impl Filter {
    /// Reads what follows `ip rule show` and `ip rule flush`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self {
            family: options.family,
            ..Self::default()
        };
        while let Some(key) = args.keyword(TABLE, Key::To) {
            filter.option(key, args)?;
        }
        Ok(filter)
    }

    fn option(&mut self, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Priority => self.priority = Some(args.number("preference value is invalid\n")?),
            Key::Not => self.not = true,
            Key::Tos => self.tos = Some(args.read(names::dsfield, "TOS value is invalid\n")?),
            Key::Mark => {
                let (mark, mask) = values::mark(args)?;
                self.fwmark = Some(mark);
                self.fwmask = mask.or(self.fwmask);
            }
            Key::Iif => self.iif = Some(values::device(args, "\"iif\"/\"dev\"")?),
            Key::Oif => self.oif = Some(values::device(args, "\"oif\"")?),
            Key::L3mdev => self.l3mdev = true,
            Key::Uids => self.uids = Some(Uids::read(args)?),
            Key::TunId => self.tun_id = Some(values::tunnel(args)?),
            Key::Table => {
                let table = |word: &str| names::number_of(names::TABLES, word);
                self.table = Some(args.read(table, "table id value is invalid\n")?);
            }
            Key::From => self.from = Some(args.prefix(self.listed_family())?),
            Key::To => self.to = Some(args.prefix(self.listed_family())?),
            Key::Protocol => self.protocol = protocol(args)?,
            Key::IpProto => self.ipproto = Some(values::ip_protocol(args)?),
            Key::Sport => self.sport = Some(Ports::read(args, None)?),
            Key::Dport => self.dport = Some(Ports::read(args, None)?),
            Key::Dscp => self.dscp = Some(Dscp::read(args, None)?),
            Key::FlowLabel => self.flowlabel = Some(FlowLabel::read(args)?),
        }
        Ok(())
    }

    /// The family that is listed.
    #[must_use]
    pub fn listed_family(&self) -> Family {
        match self.family {
            Family::Unspec => Family::Inet,
            chosen => chosen,
        }
    }
}

/// A protocol; `all` is no matter.
fn protocol(args: &mut Args<'_>) -> Result<Option<u8>, Mistake> {
    let word = args.value()?;
    match names::number_of(names::PROTOCOLS, word) {
        None if word != "all" => Err(Mistake::wrong(word, "invalid \"protocol\"\n")),
        protocol => Ok(protocol),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(priority) = self.priority {
            write!(f, " priority {priority}")?;
        }
        if self.not {
            f.write_str(" not")?;
        }
        for (word, prefix) in [("from", self.from), ("to", self.to)] {
            if let Some(prefix) = prefix {
                write!(f, " {word} {prefix}")?;
            }
        }
        if let Some(tos) = self.tos {
            let tos = names::name_or_hex(names::DSFIELDS, tos.into());
            write!(f, " tos {tos}")?;
        }
        mark(self.fwmark, self.fwmask, f)?;
        for (word, device) in [("iif", &self.iif), ("oif", &self.oif)] {
            if let Some(device) = device {
                write!(f, " {word} {}", quoted(device))?;
            }
        }
        if self.l3mdev {
            f.write_str(" l3mdev")?;
        }
        if let Some(Uids { start, end }) = self.uids {
            write!(f, " uidrange {start}-{end}")?;
        }
        self.rest(f)
    }
}

impl Filter {
    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(protocol) = self.ipproto {
            write!(f, " ipproto {}", protocol_word(protocol))?;
        }
        for (word, ports) in [("sport", self.sport), ("dport", self.dport)] {
            if let Some(ports) = ports {
                ports.write(word, f)?;
            }
        }
        if let Some(id) = self.tun_id {
            write!(f, " tun_id {id}")?;
        }
        if let Some(dscp) = self.dscp {
            write!(f, " dscp {dscp}")?;
        }
        if let Some(label) = self.flowlabel {
            write!(f, " flowlabel {label}")?;
        }
        if let Some(table) = self.table {
            write!(f, " table {}", names::name_of(names::TABLES, table))?;
        }
        if let Some(protocol) = self.protocol {
            let name = names::name_of(names::PROTOCOLS, protocol.into());
            write!(f, " protocol {name}")?;
        }
        Ok(())
    }
}
