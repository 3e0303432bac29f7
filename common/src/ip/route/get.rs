//! `ip route get`: which way a packet would take.

use crate::ip::help;
use std::fmt;

use netlink_packet_core::NLM_F_REQUEST;

use super::super::args::{Args, Vrf, is_help};
use super::super::devices::Devices;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::options::Options;
use super::packet::Number;
use super::request::header;
use super::{Host, Prefix};
use crate::family::Family;
use crate::uapi::{rt, rta, rtf, rtm};
use crate::wire::{Attributes, Request};
use crate::words::quoted;

/// A packet as a command describes it: only what was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Get {
    /// The family, `Unspec` if nothing in the command decides it.
    pub family: Family,
    /// Where it goes.
    pub dst: Prefix,
    /// `from`, where it comes from.
    pub from: Option<Prefix>,
    /// `as`.
    pub newdst: Option<Host>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `iif`, the device it comes in by.
    pub iif: Option<String>,
    /// `oif`, the device it goes out by.
    pub oif: Option<String>,
    /// The numbers: `mark`, `uid` and so on.
    pub numbers: Vec<(Number, u32)>,
    /// `notify`.
    pub notify: bool,
    /// `fibmatch`: the route itself is shown, not the packet's way.
    pub fibmatch: bool,
    /// `connected`: iproute2 asks twice.
    pub connected: bool,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Tos,
    From,
    Iif,
    Oif,
    Vrf,
    Number(Number),
    Notify,
    Connected,
    Fibmatch,
    As,
    To,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    prefix("from", Key::From),
    prefix("iif", Key::Iif),
    prefix("mark", Key::Number(Number::Mark)),
    prefix("oif", Key::Oif),
    exact("dev", Key::Oif),
    prefix("notify", Key::Notify),
    prefix("connected", Key::Connected),
    prefix("vrf", Key::Vrf),
    prefix("uid", Key::Number(Number::Uid)),
    prefix("fibmatch", Key::Fibmatch),
    exact("as", Key::As),
    prefix("sport", Key::Number(Number::Sport)),
    prefix("dport", Key::Number(Number::Dport)),
    prefix("ipproto", Key::Number(Number::Ipproto)),
    exact("flowlabel", Key::Number(Number::Flowlabel)),
    exact("to", Key::To),
];

impl Get {
    /// Reads what follows `ip route get`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let family = options.family;
        let mut get = Self {
            family,
            dst: Prefix {
                family,
                address: None,
                len: 0,
                explicit: false,
            },
            from: None,
            newdst: None,
            tos: None,
            iif: None,
            oif: None,
            numbers: Vec::new(),
            notify: false,
            fibmatch: false,
            connected: false,
        };
        let mut has_destination = false;
        while let Some(word) = args.peek() {
            let row = args.spelt(TABLE, word);
            if row.is_some() {
                args.take();
            }
            match row.map_or(Key::To, |row| row.key) {
                Key::To => {
                    get.destination(args)?;
                    has_destination = true;
                }
                key => get.option(row.map_or("", |row| row.word), key, args)?,
            }
        }
        if !has_destination {
            return Err(Mistake::new("need at least a destination address", 1));
        }
        for dev in [&get.iif, &get.oif].into_iter().flatten() {
            args.look_up(dev, Mistake::no_device(dev));
        }
        Ok(get)
    }

    fn destination(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let word = args.value()?;
        if is_help(word) {
            return Err(Mistake::help(help::ROUTE));
        }
        let read = Prefix::read(word, self.family)?;
        if !args.warnings().is_empty() {
            // iproute2 warns of each; a full form that says the same would have to carry the first along.
            return Err(Mistake::garbage("to", word));
        }
        self.settle(read.family);
        self.dst = read.over(self.dst);
        if let Some(warning) = self.warning(self.family) {
            args.warn(&warning);
        }
        Ok(())
    }

    fn settle(&mut self, family: Family) {
        if self.family == Family::Unspec {
            self.family = family;
        }
    }

    /// What iproute2 says to a destination that is not one address: it asks for it as if it were. A word for every
    /// address is of the family that was `chosen`, if one was.
    pub(super) fn warning(&self, chosen: Family) -> Option<String> {
        let bits = match self.dst.family {
            Family::Unspec => chosen.bits(),
            family => family.bits(),
        };
        (self.dst.len != bits).then(|| {
            format!(
                "Warning: /{} as prefix is invalid, only /{bits} (or none) is supported.",
                self.dst.len
            )
        })
    }

    fn option(&mut self, word: &str, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Tos => self.tos = Some(args.read(names::dsfield, "TOS value is invalid\n")?),
            Key::From => {
                let from = args.prefix(self.family)?;
                self.settle(from.family);
                self.from = Some(self.from.map_or(from, |earlier| from.over(earlier)));
            }
            Key::Iif => self.iif = Some(args.value()?.to_owned()),
            Key::Oif => self.oif = Some(args.value()?.to_owned()),
            Key::Vrf => {
                let vrf = args.value()?;
                args.look_up_vrf(Vrf::Device, vrf, Mistake::wrong(vrf, "Invalid VRF\n"));
                self.oif = Some(vrf.to_owned());
            }
            Key::Number(number) => {
                let value = args.read(|word| number.read(word), &number.wrong(word))?;
                self.numbers.retain(|(known, _)| *known != number);
                self.numbers.push((number, value));
            }
            Key::Notify => self.notify = true,
            Key::Connected => self.connected = true,
            Key::Fibmatch => self.fibmatch = true,
            Key::As => self.newdst = Some(super::nexthop::newdst(args, &mut self.family)?),
            // The loop that called takes it.
            Key::To => {}
        }
        Ok(())
    }

    /// The message that asks.
    pub(super) fn request(&self, devices: &Devices) -> Request {
        let family = match self.family {
            Family::Unspec => Family::Inet,
            family => family,
        };
        let len = match self.dst.family.bits() {
            0 => self.dst.len,
            bits => bits,
        };
        let from = self.from.map_or(0, |from| from.len);
        let flags = [
            (family == Family::Inet, rtf::LOOKUP_TABLE),
            (self.notify, rtf::NOTIFY),
            (self.fibmatch, rtf::FIB_MATCH),
        ];
        let flags = flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, bit)| bit)
            .sum();
        let header = header(
            [
                family.number(),
                len,
                from,
                self.tos.unwrap_or(0),
                0,
                0,
                rt::SCOPE_UNIVERSE,
                0,
            ],
            flags,
        );
        Request::new(
            rtm::GETROUTE,
            NLM_F_REQUEST,
            &header,
            &self.attributes(devices),
        )
    }

    fn attributes(&self, devices: &Devices) -> Attributes {
        let mut attributes = Attributes::default();
        for (kind, prefix) in [(rta::DST, Some(self.dst)), (rta::SRC, self.from)] {
            if let Some(address) = prefix.and_then(|prefix| prefix.sent()) {
                attributes.put_address(kind, address);
            }
        }
        if let Some(newdst) = self.newdst {
            attributes.put(rta::NEWDST, &newdst.bytes());
        }
        for (kind, dev) in [(rta::IIF, &self.iif), (rta::OIF, &self.oif)] {
            if let Some(dev) = dev {
                attributes.put_u32(kind, devices.index(dev));
            }
        }
        for (number, value) in &self.numbers {
            number.put(*value, &mut attributes);
        }
        attributes
    }
}

impl fmt::Display for Get {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        for place in 0..=2 {
            if self.dst.place() == place {
                words.push(format!("to {}", self.dst));
            }
            if let Some(from) = self.from.filter(|from| from.place() == place) {
                words.push(format!("from {from}"));
            }
            if let Some(newdst) = self.newdst.filter(|_| place == 1) {
                words.push(format!("as {newdst}"));
            }
        }
        f.write_str(&words.join(" "))?;
        if let Some(tos) = self.tos {
            let tos = names::name_or_hex(names::DSFIELDS, tos.into());
            write!(f, " tos {tos}")?;
        }
        for (word, dev) in [("iif", &self.iif), ("oif", &self.oif)] {
            if let Some(dev) = dev {
                write!(f, " {word} {}", quoted(dev))?;
            }
        }
        for (number, value) in &self.numbers {
            write!(f, " {} {value}", number.word())?;
        }
        let flags = [
            (self.notify, " notify"),
            (self.fibmatch, " fibmatch"),
            (self.connected, " connected"),
        ];
        flags
            .iter()
            .filter(|(set, _)| *set)
            .try_for_each(|(_, word)| f.write_str(word))
    }
}
