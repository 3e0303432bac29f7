//! Which addresses `ip address show` lists, and `ip address flush` takes away.

use crate::ip::help;
use std::fmt;

use super::super::args::{Args, Vrf, is_help};
use super::super::keyword::{Keyword, exact};
use super::super::mistake::Mistake;
use super::super::options::Options;
use super::super::prefix::Prefix;
use super::super::{names, number};
use super::FLAGS;
use crate::family::Family;
use crate::uapi::ifa;
use crate::words::quoted;

/// Which addresses are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The family asked for.
    pub family: Family,
    /// `dev`.
    pub dev: Option<String>,
    /// `up`.
    pub up: bool,
    /// `down`.
    pub down: bool,
    /// `scope`.
    pub scope: Option<u8>,
    /// `to`.
    pub to: Option<Prefix>,
    /// The flags that count, `IFA_F_…` bits.
    pub flag_mask: u32,
    /// Those of them that have to be set.
    pub flags: u32,
    /// `label`, a pattern as of `fnmatch`.
    pub label: Option<String>,
    /// `group`.
    pub group: Option<u32>,
    /// `master`, or `vrf`.
    pub master: Option<Master>,
    /// `nomaster`.
    pub nomaster: bool,
    /// `type`.
    pub kind: Option<String>,
    /// `type`, of the device as its master sees it: without `_slave` behind it.
    pub slave_kind: Option<String>,
    /// `proto`.
    pub protocol: Option<u8>,
    /// `novf`, which takes nothing away from addresses.
    pub novf: bool,
}

/// A device that holds others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Master {
    /// `master`.
    Device(String),
    /// `vrf`.
    Vrf(String),
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    To,
    Scope,
    Up,
    Down,
    Label,
    Group,
    Master,
    Vrf,
    Nomaster,
    Type,
    Proto,
    Novf,
    Dev,
}

/// In iproute2's order; the flags stand in a table of their own, behind `down`.
pub(in crate::ip) const FILTER: &[Keyword<Key>] = &[
    exact("to", Key::To),
    exact("scope", Key::Scope),
    exact("up", Key::Up),
    exact("down", Key::Down),
    exact("label", Key::Label),
    exact("group", Key::Group),
    exact("master", Key::Master),
    exact("vrf", Key::Vrf),
    exact("nomaster", Key::Nomaster),
    exact("type", Key::Type),
    exact("proto", Key::Proto),
    exact("novf", Key::Novf),
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
            let flag = (!word.replaced).then(|| flag(&word.text)).flatten();
            match (args.spelt(FILTER, word), flag) {
                (Some(row), _) => {
                    args.take();
                    filter.option(row.key, args)?;
                }
                (None, Some((bit, set))) => {
                    args.take();
                    note_flag(&word.text, args);
                    filter.flag_mask |= bit;
                    filter.flags = if set {
                        filter.flags | bit
                    } else {
                        filter.flags & !bit
                    };
                }
                (None, None) => filter.option(Key::Dev, args)?,
            }
        }
        if let Some(dev) = filter.dev.clone() {
            args.look_up(&dev, Mistake::device_does_not_exist(&dev));
        }
        Ok(filter)
    }

    fn option(&mut self, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::To => {
                let to = args.prefix(self.family)?;
                if self.family == Family::Unspec {
                    self.family = to.family;
                }
                self.to = Some(to);
            }
            Key::Scope => self.scope(args)?,
            Key::Up => self.up = true,
            Key::Down => self.down = true,
            Key::Label => self.label = Some(args.value()?.to_owned()),
            Key::Group => {
                let group = |word: &str| names::number_of(names::GROUPS, word);
                self.group = Some(args.read(group, "Invalid \"group\" value\n")?);
            }
            Key::Master => {
                let master = args.value()?;
                args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
                self.master = Some(Master::Device(master.to_owned()));
                self.nomaster = false;
            }
            Key::Vrf => {
                let vrf = args.value()?;
                let missing = Mistake::wrong(vrf, "Not a valid VRF name\n");
                args.look_up_vrf(Vrf::Device, vrf, missing);
                self.master = Some(Master::Vrf(vrf.to_owned()));
                self.nomaster = false;
            }
            Key::Nomaster => {
                self.master = None;
                self.nomaster = true;
            }
            Key::Type => {
                let kind = args.value()?;
                match kind.strip_suffix("_slave") {
                    Some(kind) => self.slave_kind = Some(kind.to_owned()),
                    None => self.kind = Some(kind.to_owned()),
                }
            }
            Key::Proto => {
                let wrong = "\"proto\" value is invalid\n";
                self.protocol = Some(args.read(number::fitting, wrong)?);
            }
            Key::Novf => self.novf = true,
            Key::Dev => {
                let dev = args.value()?;
                if is_help(dev) {
                    return Err(Mistake::help(help::ADDRESS));
                }
                if self.dev.is_some() {
                    return Err(Mistake::garbage("dev", dev));
                }
                self.dev = Some(dev.to_owned());
            }
        }
        Ok(())
    }

    /// A scope, or `all` of them.
    fn scope(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let scope = |word: &str| match word {
            "all" => Some(None),
            _ => names::number_of(names::SCOPES, word).map(Some),
        };
        self.scope = args.read(scope, "invalid \"scope\"\n")?;
        Ok(())
    }

    /// Whether a flush would take secondaries that are primaries only since this flush has begun.
    pub(super) fn primaries_only(&self) -> bool {
        self.flag_mask & ifa::F_SECONDARY != 0 && self.flags & ifa::F_SECONDARY == 0
    }
}

/// Words for a flag that is not set.
const OPPOSITES: [(&str, u32); 2] = [("dynamic", ifa::F_PERMANENT), ("primary", ifa::F_SECONDARY)];

/// The words of all flags.
pub(in crate::ip) fn flag_words() -> Vec<&'static str> {
    let opposites = OPPOSITES.iter().map(|(word, _)| *word);
    opposites
        .chain(FLAGS.iter().map(|flag| flag.word))
        .collect()
}

fn note_flag(word: &str, args: &Args<'_>) {
    let words = flag_words();
    let name = word.strip_prefix('-').unwrap_or(word);
    if let Some(flag) = words.iter().find(|flag| **flag == name) {
        args.note_word(&words, flag);
    }
}

fn flag(word: &str) -> Option<(u32, bool)> {
    let (name, set) = match word.strip_prefix('-') {
        Some(name) => (name, false),
        None => (word, true),
    };
    match OPPOSITES.iter().find(|(opposite, _)| *opposite == name) {
        Some((_, bit)) => Some((*bit, !set)),
        None => {
            let flag = FLAGS.iter().find(|flag| flag.word == name)?;
            Some((flag.bit, set))
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dev) = &self.dev {
            write!(f, " dev {}", quoted(dev))?;
        }
        for (set, word) in [(self.up, " up"), (self.down, " down")] {
            if set {
                f.write_str(word)?;
            }
        }
        if let Some(scope) = self.scope {
            write!(f, " scope {}", names::name_of(names::SCOPES, scope.into()))?;
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        for flag in FLAGS {
            // The second word for a bit says nothing new.
            if self.flag_mask & flag.bit != 0 && flag.word != "temporary" {
                let dash = if self.flags & flag.bit == 0 { "-" } else { "" };
                write!(f, " {dash}{}", flag.word)?;
            }
        }
        if let Some(label) = &self.label {
            write!(f, " label {}", quoted(label))?;
        }
        if let Some(group) = self.group {
            write!(f, " group {}", names::name_of(names::GROUPS, group))?;
        }
        match &self.master {
            Some(Master::Device(master)) => write!(f, " master {}", quoted(master))?,
            Some(Master::Vrf(vrf)) => write!(f, " vrf {}", quoted(vrf))?,
            None => {}
        }
        if self.nomaster {
            f.write_str(" nomaster")?;
        }
        if let Some(kind) = &self.kind {
            write!(f, " type {}", quoted(kind))?;
        }
        if let Some(kind) = &self.slave_kind {
            write!(f, " type {}", quoted(&format!("{kind}_slave")))?;
        }
        if let Some(protocol) = self.protocol {
            write!(f, " proto {protocol}")?;
        }
        if self.novf {
            f.write_str(" novf")?;
        }
        Ok(())
    }
}
