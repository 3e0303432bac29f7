//! Which devices `ip link show` lists.

use crate::ip::help;
use std::fmt;

use super::super::args::{Args, Must, Vrf};
use super::super::devices::Devices;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::options::{Options, not_spoken};
use super::Master;
use crate::family::Family;
use crate::words::quoted;

/// Which devices are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// Whether counters are asked for with the devices.
    pub statistics: bool,
    /// `dev`.
    pub dev: Option<String>,
    /// `up`.
    pub up: bool,
    /// `down`; with `up` nothing is left.
    pub down: bool,
    /// `master`, `vrf`, `nomaster`.
    pub master: Option<Master>,
    /// `group`.
    pub group: Option<u32>,
    /// `type`.
    pub kind: Option<String>,
    /// `novf`: a pod's devices have no virtual functions to leave out.
    pub novf: bool,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Up,
    Down,
    Master,
    Vrf,
    NoMaster,
    Group,
    Kind,
    NoVf,
    Dev,
    Help,
    NotYet,
}

/// In iproute2's order; those of `address show` that a device has no use for are known there and refused here.
pub(in crate::ip) const FILTER: &[Keyword<Key>] = &[
    exact("to", Key::NotYet),
    exact("scope", Key::NotYet),
    exact("up", Key::Up),
    exact("down", Key::Down),
    exact("dynamic", Key::NotYet),
    exact("permanent", Key::NotYet),
    exact("primary", Key::NotYet),
    exact("secondary", Key::NotYet),
    exact("temporary", Key::NotYet),
    exact("deprecated", Key::NotYet),
    exact("tentative", Key::NotYet),
    exact("dadfailed", Key::NotYet),
    exact("label", Key::NotYet),
    exact("group", Key::Group),
    exact("master", Key::Master),
    exact("vrf", Key::Vrf),
    exact("nomaster", Key::NoMaster),
    exact("type", Key::Kind),
    exact("proto", Key::NotYet),
    exact("novf", Key::NoVf),
    exact("dev", Key::Dev),
    prefix("help", Key::Help),
];

impl Filter {
    /// All devices, with what `options` ask for.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self {
            family: options.family,
            statistics: options.statistics > 0,
            ..Self::default()
        }
    }

    /// Reads what follows `ip link show`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self::of(options);
        while let Some(word) = args.peek() {
            let row = args.spelt(FILTER, word);
            if row.is_some() {
                args.take();
            }
            match row.map_or(Key::Dev, |row| row.key) {
                Key::Dev => {
                    let dev = args.value()?;
                    if filter.dev.is_some() {
                        return Err(Mistake::garbage("dev", dev));
                    }
                    filter.dev = Some(dev.to_owned());
                }
                Key::Help => return Err(Mistake::help(help::LINK)),
                Key::NotYet => return Err(not_spoken(&word.text)),
                key => filter.option(key, args)?,
            }
        }
        if let Some(dev) = filter.dev.clone() {
            args.look_up(&dev, Mistake::device_does_not_exist(&dev));
        }
        Ok(filter)
    }

    fn option(&mut self, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Up => self.up = true,
            Key::Down => self.down = true,
            Key::NoVf => self.novf = true,
            Key::NoMaster => self.master = Some(Master::None),
            Key::Master => {
                let master = args.value()?;
                args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
                self.master = Some(Master::Device(master.to_owned()));
            }
            Key::Vrf => {
                let vrf = args.value()?;
                let wrong = Mistake::wrong(vrf, "Not a valid VRF name\n");
                args.look_at(vrf, Must::Be(Vrf::Device), wrong);
                self.master = Some(Master::Vrf(vrf.to_owned()));
            }
            Key::Group => {
                let group = |word: &str| names::number_of(names::GROUPS, word);
                self.group = Some(args.read(group, "Invalid \"group\" value\n")?);
            }
            Key::Kind => self.kind = Some(args.value()?.to_owned()),
            // The loop that called takes these.
            Key::Dev | Key::Help | Key::NotYet => {}
        }
        Ok(())
    }

    /// The index of the master asked for; 0 is none.
    pub(super) fn wanted_master(&self, devices: &Devices) -> Option<u32> {
        self.master.as_ref().map(|master| match master {
            Master::None => 0,
            Master::Device(name) | Master::Vrf(name) => devices.index(name),
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dev) = &self.dev {
            write!(f, " dev {}", quoted(dev))?;
        }
        f.write_str(if self.up { " up" } else { "" })?;
        f.write_str(if self.down { " down" } else { "" })?;
        if let Some(master) = &self.master {
            write!(f, " {master}")?;
        }
        if let Some(group) = self.group {
            write!(f, " group {}", names::name_of(names::GROUPS, group))?;
        }
        if let Some(kind) = &self.kind {
            write!(f, " type {}", quoted(kind))?;
        }
        f.write_str(if self.novf { " novf" } else { "" })
    }
}
