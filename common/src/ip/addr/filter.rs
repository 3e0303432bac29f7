//! Which addresses `ip address show` lists.

use std::fmt;

use super::super::args::{Args, spelt};
use super::super::keyword::{Keyword, exact};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::options::{Options, not_spoken};
use super::super::prefix::Prefix;
use crate::family::Family;

/// Which addresses are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `dev`.
    pub dev: Option<String>,
    /// `up`.
    pub up: bool,
    /// `scope`.
    pub scope: Option<u8>,
    /// `to`.
    pub to: Option<Prefix>,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    To,
    Scope,
    Up,
    Dev,
    NotYet,
}

/// In iproute2's order.
const FILTER: &[Keyword<Key>] = &[
    exact("to", Key::To),
    exact("scope", Key::Scope),
    exact("up", Key::Up),
    exact("down", Key::NotYet),
    exact("dynamic", Key::NotYet),
    exact("permanent", Key::NotYet),
    exact("primary", Key::NotYet),
    exact("secondary", Key::NotYet),
    exact("temporary", Key::NotYet),
    exact("deprecated", Key::NotYet),
    exact("tentative", Key::NotYet),
    exact("dadfailed", Key::NotYet),
    exact("label", Key::NotYet),
    exact("group", Key::NotYet),
    exact("master", Key::NotYet),
    exact("vrf", Key::NotYet),
    exact("nomaster", Key::NotYet),
    exact("type", Key::NotYet),
    exact("proto", Key::NotYet),
    exact("novf", Key::NotYet),
    exact("dev", Key::Dev),
];

impl Filter {
    /// Reads what follows `ip address show`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self {
            family: options.family,
            ..Self::default()
        };
        while let Some(word) = args.peek() {
            let row = spelt(FILTER, word);
            if row.is_some() {
                args.take();
            }
            match row.map_or(Key::Dev, |row| row.key) {
                Key::To => {
                    let to = args.prefix(filter.family)?;
                    filter.family = to.family;
                    filter.to = Some(to);
                }
                Key::Scope => {
                    let scope = |word: &str| names::number_of(names::SCOPES, word);
                    filter.scope = Some(args.read(scope, "invalid \"scope\"\n")?);
                }
                Key::Up => filter.up = true,
                Key::Dev => {
                    let dev = args.value()?;
                    if filter.dev.is_some() {
                        return Err(Mistake::garbage("dev", dev));
                    }
                    filter.dev = Some(dev.to_owned());
                }
                Key::NotYet => return Err(not_spoken(&word.text)),
            }
        }
        if let Some(dev) = filter.dev.clone() {
            args.look_up(&dev, Mistake::device_does_not_exist(&dev));
        }
        Ok(filter)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dev) = &self.dev {
            write!(f, " dev {dev}")?;
        }
        if self.up {
            f.write_str(" up")?;
        }
        if let Some(scope) = self.scope {
            write!(f, " scope {}", names::name_of(names::SCOPES, scope.into()))?;
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        Ok(())
    }
}
