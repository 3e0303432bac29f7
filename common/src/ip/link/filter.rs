//! Which devices `ip link show` lists.

use std::fmt;

use super::super::args::{Args, spelt};
use super::super::keyword::{Keyword, exact};
use super::super::mistake::Mistake;
use super::super::options::{Options, not_spoken};
use crate::family::Family;

/// Which devices are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `dev`.
    pub dev: Option<String>,
    /// `up`.
    pub up: bool,
    /// `master`.
    pub master: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Up,
    Master,
    Dev,
    NotYet,
}

/// In iproute2's order; those of `address show` that a device has no use for are known there and refused here.
const FILTER: &[Keyword<Key>] = &[
    exact("to", Key::NotYet),
    exact("scope", Key::NotYet),
    exact("up", Key::Up),
    exact("down", Key::NotYet),
    exact("label", Key::NotYet),
    exact("group", Key::NotYet),
    exact("master", Key::Master),
    exact("vrf", Key::NotYet),
    exact("nomaster", Key::NotYet),
    exact("type", Key::NotYet),
    exact("novf", Key::NotYet),
    exact("dev", Key::Dev),
];

impl Filter {
    /// Reads what follows `ip link show`.
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
                Key::Up => filter.up = true,
                Key::Master => {
                    let master = args.value()?;
                    args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
                    filter.master = Some(master.to_owned());
                }
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
        if let Some(master) = &self.master {
            write!(f, " master {master}")?;
        }
        Ok(())
    }
}
