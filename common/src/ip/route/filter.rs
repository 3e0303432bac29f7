//! Which routes `ip route show` lists, and `ip route flush` takes away.

use std::fmt;

use super::super::args::Args;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::options::Options;
use super::super::{devices::Devices, names};
use super::{Area, Prefix, Table, keywords, realms};
use crate::family::Family;
use crate::uapi::rt;
use crate::words::quoted;

/// What a route has to be like. `None` is no matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `table`, where 0 is all, or `vrf`, whose local and broadcast routes do not count.
    pub table: Option<Table>,
    /// `vrf` where `table` stands behind it: of that VRF it is no matter, but local and broadcast routes do not count.
    pub passed_vrf: Option<String>,
    /// `cached`: clones, not routes.
    pub cached: bool,
    /// `proto`.
    pub protocol: Option<u8>,
    /// `scope`.
    pub scope: Option<u8>,
    /// `type`.
    pub kind: Option<u8>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `metric`.
    pub metric: Option<u32>,
    /// `mark`.
    pub mark: Option<u32>,
    /// `realms`: which, and which bits of them count.
    pub realms: Option<(u32, u32)>,
    /// `dev`.
    pub dev: Option<String>,
    /// `iif`.
    pub iif: Option<String>,
    /// `via`.
    pub via: Option<Prefix>,
    /// `src`.
    pub src: Option<Prefix>,
    /// `to`, how its destination lies.
    pub to: Area,
    /// `from`, how its source lies.
    pub from: Area,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Table,
    Vrf,
    Cached,
    Tos,
    Protocol,
    Scope,
    Kind,
    Dev,
    Iif,
    Mark,
    Metric,
    Via,
    Src,
    Realms,
    From,
    To,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    prefix("table", Key::Table),
    prefix("vrf", Key::Vrf),
    prefix("cached", Key::Cached),
    prefix("cloned", Key::Cached),
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    prefix("protocol", Key::Protocol),
    prefix("scope", Key::Scope),
    prefix("type", Key::Kind),
    exact("dev", Key::Dev),
    exact("oif", Key::Dev),
    exact("iif", Key::Iif),
    exact("mark", Key::Mark),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    exact("preference", Key::Metric),
    exact("via", Key::Via),
    exact("src", Key::Src),
    prefix("realms", Key::Realms),
    prefix("from", Key::From),
    exact("to", Key::To),
];

impl Filter {
    /// Every route of every table, as `get` prints what it is answered.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            table: Some(Table::Id(0)),
            ..Self::default()
        }
    }

    /// Reads what follows `ip route show`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self {
            family: options.family,
            ..Self::default()
        };
        while let Some(word) = args.peek() {
            match args.spelt(TABLE, word) {
                Some(row) => {
                    args.take();
                    filter.option(row.key, args)?;
                }
                None => filter.to.read(args, filter.family)?,
            }
        }
        for dev in [&filter.iif, &filter.dev].into_iter().flatten() {
            args.look_up(dev, Mistake::no_device(dev));
        }
        Ok(filter)
    }

    fn option(&mut self, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        let family = self.family;
        match key {
            Key::Table => self.table(args)?,
            Key::Vrf => {
                self.table = Some(keywords::vrf(args)?);
                self.passed_vrf = None;
                self.kind = None;
            }
            Key::Cached => self.cached = true,
            Key::Tos => self.tos = Some(args.read(names::dsfield, "TOS value is invalid\n")?),
            Key::Protocol => {
                let wrong = "invalid \"protocol\"\n";
                self.protocol = args.read(|word| any_or(names::PROTOCOLS, word), wrong)?;
            }
            Key::Scope => {
                let wrong = "invalid \"scope\"\n";
                self.scope = args.read(|word| any_or(names::SCOPES, word), wrong)?;
            }
            Key::Kind => {
                let wrong = "node type value is invalid\n";
                self.kind = Some(args.read(names::route_type, wrong)?);
            }
            Key::Dev => self.dev = Some(args.value()?.to_owned()),
            Key::Iif => self.iif = Some(args.value()?.to_owned()),
            Key::Mark => self.mark = Some(args.number("invalid mark value")?),
            Key::Metric => self.metric = Some(args.number("\"metric\" value is invalid\n")?),
            Key::Via => self.via = Some(gateway(args, family)?),
            Key::Src => self.src = Some(args.prefix(family)?),
            Key::Realms => self.realms = Some(args.read(masked_realms, "invalid realms\n")?),
            Key::From => self.from.read(args, family)?,
            Key::To => self.to.read(args, family)?,
        }
        Ok(())
    }

    /// A table, `all` of them, or `cache`, which is none.
    fn table(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let wrong = "table id value is invalid\n";
        let known = |word: &str| match word {
            "all" => Some(Some(0)),
            "cache" => Some(None),
            _ => names::number_of(names::TABLES, word).map(Some),
        };
        match args.read(known, wrong)? {
            Some(id) => {
                if let Some(Table::Vrf(vrf)) = self.table.replace(Table::Id(id)) {
                    self.passed_vrf = Some(vrf);
                }
            }
            None => self.cached = true,
        }
        Ok(())
    }

    /// Whether local and broadcast routes do not count, unless they are asked for.
    pub(super) fn is_of_vrf(&self) -> bool {
        matches!(self.table, Some(Table::Vrf(_))) || self.passed_vrf.is_some()
    }

    /// The table that is listed: `main` unless another was named, 0 for all.
    #[must_use]
    pub fn listed_table(&self, devices: &Devices) -> u32 {
        match &self.table {
            Some(Table::Id(id)) => *id,
            Some(Table::Vrf(vrf)) => devices.table(vrf),
            None => rt::TABLE_MAIN,
        }
    }

    /// Whether every table is listed.
    #[must_use]
    pub fn all_tables(&self) -> bool {
        self.table == Some(Table::Id(0))
    }

    /// The family that is listed: IPv4 unless another was named or every table is listed.
    #[must_use]
    pub fn listed_family(&self) -> Family {
        if self.family == Family::Unspec && !self.all_tables() {
            Family::Inet
        } else {
            self.family
        }
    }
}

/// `via [FAMILY] PREFIX`.
fn gateway(args: &mut Args<'_>, family: Family) -> Result<Prefix, Mistake> {
    let named = args.peek().and_then(|word| Family::named(&word.text));
    if named.is_some() {
        args.take();
    }
    args.prefix(named.unwrap_or(family))
}

/// A number or its name; `all` is no matter.
#[allow(clippy::option_option, reason = "not understood, no matter, this one")]
fn any_or(names: names::Names, word: &str) -> Option<Option<u8>> {
    match names::number_of(names, word) {
        Some(number) => Some(Some(number)),
        None if word == "all" => Some(None),
        None => None,
    }
}

/// Realms and the bits of them that were written: `TO`, `FROM/` or `FROM/TO`.
fn masked_realms(word: &str) -> Option<(u32, u32)> {
    let mask = match word.split_once('/') {
        None => 0xffff,
        Some((_, "")) => 0xffff_0000,
        Some(_) => u32::MAX,
    };
    Some((realms(word)?, mask))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to.write(f, "to")?;
        self.from.write(f, "from")?;
        if let Some(vrf) = &self.passed_vrf {
            write!(f, " vrf {}", quoted(vrf))?;
        }
        match &self.table {
            Some(Table::Id(0)) => f.write_str(" table all")?,
            Some(table) => write!(f, " {table}")?,
            None => {}
        }
        if self.cached {
            f.write_str(" cached")?;
        }
        for (word, names, number) in [
            ("proto", names::PROTOCOLS, self.protocol),
            ("scope", names::SCOPES, self.scope),
        ] {
            if let Some(number) = number {
                write!(f, " {word} {}", names::name_of(names, number.into()))?;
            }
        }
        if let Some(kind) = self.kind {
            write!(f, " type {}", names::route_type_word(kind))?;
        }
        if let Some(tos) = self.tos {
            let tos = names::name_or_hex(names::DSFIELDS, tos.into());
            write!(f, " tos {tos}")?;
        }
        for (word, dev) in [("dev", &self.dev), ("iif", &self.iif)] {
            if let Some(dev) = dev {
                write!(f, " {word} {}", quoted(dev))?;
            }
        }
        for (word, number) in [("metric", self.metric), ("mark", self.mark)] {
            if let Some(number) = number {
                write!(f, " {word} {number}")?;
            }
        }
        match self.realms {
            Some((realms, 0xffff)) => write!(f, " realms {realms}")?,
            Some((realms, u32::MAX)) => write!(f, " realms {}/{}", realms >> 16, realms & 0xffff)?,
            Some((realms, _)) => write!(f, " realms {}/", realms >> 16)?,
            None => {}
        }
        if let Some(via) = self.via {
            // An address says its family, unless another one was chosen.
            let said =
                via.family == self.family || via.address.is_some() && self.family == Family::Unspec;
            let family = if said { "" } else { via.family.name() };
            write!(f, " via {family}{}{via}", if said { "" } else { " " })?;
        }
        self.src.map_or(Ok(()), |src| write!(f, " src {src}"))
    }
}
