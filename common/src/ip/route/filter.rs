//! Which routes `ip route show` lists.

use std::fmt;

use super::super::args::{Args, spelt};
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::options::{Options, not_spoken};
use super::super::prefix::Prefix;
use crate::family::Family;
use crate::uapi::rt;

/// What a route has to be like. `None` is no matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `table`; `Some(0)` is all.
    pub table: Option<u32>,
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
    /// `dev`.
    pub dev: Option<String>,
    /// `via`.
    pub via: Option<Prefix>,
    /// `src`.
    pub src: Option<Prefix>,
    /// `to`, how its destination lies to a prefix.
    pub to: Option<(Reach, Prefix)>,
}

/// How a destination lies to a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Within it.
    Root,
    /// Around it.
    Match,
    /// The same.
    Exact,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Table,
    Tos,
    Protocol,
    Scope,
    Kind,
    Dev,
    Metric,
    Via,
    Src,
    To,
    NotYet,
}

/// In iproute2's order.
const TABLE: &[Keyword<Key>] = &[
    prefix("table", Key::Table),
    prefix("vrf", Key::NotYet),
    prefix("cached", Key::NotYet),
    prefix("cloned", Key::NotYet),
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    prefix("protocol", Key::Protocol),
    prefix("scope", Key::Scope),
    prefix("type", Key::Kind),
    exact("dev", Key::Dev),
    exact("oif", Key::Dev),
    exact("iif", Key::NotYet),
    exact("mark", Key::NotYet),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    exact("preference", Key::Metric),
    exact("via", Key::Via),
    exact("src", Key::Src),
    prefix("realms", Key::NotYet),
    prefix("from", Key::NotYet),
    exact("to", Key::To),
];

const REACHES: &[Keyword<Reach>] = &[
    prefix("root", Reach::Root),
    prefix("match", Reach::Match),
    exact("exact", Reach::Exact),
];

impl Filter {
    /// Reads what follows `ip route show`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self {
            family: options.family,
            ..Self::default()
        };
        while let Some(word) = args.peek() {
            match spelt(TABLE, word) {
                Some(row) => {
                    args.take();
                    filter.option(row.word, row.key, args)?;
                }
                None => filter.to(args)?,
            }
        }
        if let Some(dev) = filter.dev.clone() {
            args.look_up(&dev, Mistake::no_device(&dev));
        }
        Ok(filter)
    }

    fn option(&mut self, word: &'static str, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Table => self.table = Some(args.read(table, "table id value is invalid\n")?),
            Key::Tos => self.tos = Some(args.read(names::dsfield, "TOS value is invalid\n")?),
            Key::Protocol => {
                self.protocol = args.read(
                    |word| any_or(names::PROTOCOLS, word),
                    "invalid \"protocol\"\n",
                )?
            }
            Key::Scope => {
                self.scope = args.read(|word| any_or(names::SCOPES, word), "invalid \"scope\"\n")?
            }
            Key::Kind => {
                self.kind = Some(args.read(names::route_type, "node type value is invalid\n")?)
            }
            Key::Dev => self.dev = Some(args.value()?.to_owned()),
            Key::Metric => self.metric = Some(args.number("\"metric\" value is invalid\n")?),
            Key::Via => self.via = Some(args.prefix(self.family)?),
            Key::Src => self.src = Some(args.prefix(self.family)?),
            Key::To => self.to(args)?,
            Key::NotYet => return Err(not_spoken(word)),
        }
        Ok(())
    }

    /// `[to] [root | match | exact] PREFIX`.
    fn to(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let reach = args
            .peek()
            .and_then(|word| spelt(REACHES, word))
            .map(|row| row.key);
        if reach.is_some() {
            args.take();
        }
        let prefix = args.prefix(self.family)?;
        self.to = Some((reach.unwrap_or(Reach::Exact), prefix));
        Ok(())
    }

    /// The table that is listed: `main` unless another was named, 0 for all.
    #[must_use]
    pub fn listed_table(&self) -> u32 {
        self.table.unwrap_or(rt::TABLE_MAIN)
    }

    /// The family that is listed: IPv4 unless another was named or every table is listed.
    #[must_use]
    pub fn listed_family(&self) -> Family {
        if self.family == Family::Unspec && self.listed_table() != 0 {
            Family::Inet
        } else {
            self.family
        }
    }
}

fn table(word: &str) -> Option<u32> {
    if word == "all" {
        Some(0)
    } else {
        names::number_of(names::TABLES, word)
    }
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

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((reach, prefix)) = &self.to {
            let word = match reach {
                Reach::Root => "root",
                Reach::Match => "match",
                Reach::Exact => "exact",
            };
            write!(f, " to {word} {prefix}")?;
        }
        match self.table {
            Some(0) => f.write_str(" table all")?,
            Some(table) => write!(f, " table {}", names::name_of(names::TABLES, table))?,
            None => {}
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
            write!(f, " type {}", names::route_type_name(kind))?;
        }
        if let Some(tos) = self.tos {
            write!(
                f,
                " tos {}",
                names::name_or_hex(names::DSFIELDS, tos.into())
            )?;
        }
        if let Some(dev) = &self.dev {
            write!(f, " dev {dev}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        for (word, prefix) in [("via", &self.via), ("src", &self.src)] {
            if let Some(prefix) = prefix {
                write!(f, " {word} {prefix}")?;
            }
        }
        Ok(())
    }
}
