//! Words become [`Settings`]: one table of keywords for a device and for the peer of a veth.

use super::values::{ADDRESS_MODES, LINK_MODES, STATES, SWITCHES, Words};
use super::{Master, Mode, Number, Settings, lladdr, on_off, switch};
use crate::ip::args::{Args, Must, Vrf};
use crate::ip::help;
use crate::ip::keyword::{self, Keyword, exact, prefix};
use crate::ip::link::{kind, not_a_name};
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::number;
use crate::nearest::nearest;
use crate::uapi::ifla;

#[derive(Clone, Copy)]
pub(in crate::ip) enum Key {
    Up(bool),
    Name,
    Index,
    Link,
    Address,
    Broadcast,
    /// A number that iproute2 reads with a sign, and once.
    Signed(u16),
    /// A number that it reads without.
    Size(u16),
    Flag,
    OnOffByte(u16),
    Mode(u16, &'static Words),
    ProtodownReason,
    Master,
    Vrf,
    NoMaster,
    Kind,
    Alias,
    Group,
    ParentDev,
    Dev,
    Help,
    Never(&'static str),
}

const NAMESPACE: &str = "a device stays in the pod's own network namespace";
const PROGRAM: &str = "no program is loaded for a pod";
const OTHERS: &str = "virtual functions belong to other pods";

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("up", Key::Up(true)),
    exact("down", Key::Up(false)),
    exact("name", Key::Name),
    exact("index", Key::Index),
    prefix("link", Key::Link),
    prefix("address", Key::Address),
    prefix("broadcast", Key::Broadcast),
    exact("brd", Key::Broadcast),
    prefix("txqueuelen", Key::Signed(ifla::TXQLEN)),
    exact("qlen", Key::Signed(ifla::TXQLEN)),
    prefix("txqlen", Key::Signed(ifla::TXQLEN)),
    exact("mtu", Key::Signed(ifla::MTU)),
    exact("xdpgeneric", Key::Never(PROGRAM)),
    exact("xdpdrv", Key::Never(PROGRAM)),
    exact("xdpoffload", Key::Never(PROGRAM)),
    exact("xdp", Key::Never(PROGRAM)),
    exact("netns", Key::Never(NAMESPACE)),
    exact("multicast", Key::Flag),
    exact("allmulticast", Key::Flag),
    exact("promisc", Key::Flag),
    exact("trailers", Key::Flag),
    exact("arp", Key::Flag),
    exact("carrier", Key::OnOffByte(ifla::CARRIER)),
    exact("vf", Key::Never(OTHERS)),
    prefix("dynamic", Key::Flag),
    prefix("master", Key::Master),
    exact("vrf", Key::Vrf),
    prefix("nomaster", Key::NoMaster),
    prefix("type", Key::Kind),
    prefix("alias", Key::Alias),
    exact("group", Key::Group),
    exact("mode", Key::Mode(ifla::LINKMODE, &LINK_MODES)),
    exact("state", Key::Mode(ifla::OPERSTATE, &STATES)),
    prefix("numtxqueues", Key::Signed(ifla::NUM_TX_QUEUES)),
    prefix("numrxqueues", Key::Signed(ifla::NUM_RX_QUEUES)),
    prefix("addrgenmode", Key::Mode(ifla::AF_SPEC, &ADDRESS_MODES)),
    prefix("link-netns", Key::Never(NAMESPACE)),
    prefix("link-netnsid", Key::Never(NAMESPACE)),
    exact("protodown", Key::OnOffByte(ifla::PROTO_DOWN)),
    exact("protodown_reason", Key::ProtodownReason),
    exact("gso_max_size", Key::Size(ifla::GSO_MAX_SIZE)),
    exact("gso_max_segs", Key::Size(ifla::GSO_MAX_SEGS)),
    exact("gro_max_size", Key::Size(ifla::GRO_MAX_SIZE)),
    exact("gso_ipv4_max_size", Key::Size(ifla::GSO_IPV4_MAX_SIZE)),
    exact("gro_ipv4_max_size", Key::Size(ifla::GRO_IPV4_MAX_SIZE)),
    exact("parentdev", Key::ParentDev),
    exact("dev", Key::Dev),
    prefix("help", Key::Help),
];

impl Settings {
    /// Reads settings up to the line's end, or up to the options of a kind. A peer has the kind that it stands in.
    pub(in crate::ip::link) fn read(args: &mut Args<'_>, peer: bool) -> Result<Self, Mistake> {
        let mut settings = Self::default();
        while let Some(word) = args.peek() {
            let row = args.spelt(TABLE, word);
            if row.is_some() {
                args.take();
            }
            match row.map(|row| (row.word, row.key)) {
                None => settings.device(args)?,
                Some((_, Key::Kind)) if peer => {
                    return Err(Mistake::duplicate("type", args.value()?));
                }
                Some((_, Key::Kind)) => {
                    settings.kind = Some(kind::named(args)?);
                    break;
                }
                Some((_, Key::Never(reason))) => {
                    return Err(Mistake::never(args.last(), &word.text, reason));
                }
                Some((word, key)) => settings.option(word, key, args)?,
            }
        }
        Ok(settings)
    }

    fn device(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let word = args.value()?;
        if !self.dev.is_empty() {
            let known = keyword::words_of(TABLE, |key| !matches!(key, Key::Never(_)));
            return Err(
                Mistake::garbage("dev", word).hinting(nearest(word, known).map(str::to_owned))
            );
        }
        if !is_name(word) {
            return Err(not_a_name(word, "dev"));
        }
        word.clone_into(&mut self.dev);
        Ok(())
    }

    fn option(&mut self, word: &'static str, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Up(up) => self.flag("up", up),
            Key::Flag => {
                let on = on_off(word, args.value()?)?;
                self.flag(word, on);
            }
            Key::Name => self.name(args)?,
            Key::Index => self.index = Some(index(self.index, args)?),
            Key::Link => self.link = Some(args.value()?.to_owned()),
            Key::Address => self.address = Some(lladdr(args.value()?)?),
            Key::Broadcast => self.broadcast = Some(lladdr(args.value()?)?),
            Key::Signed(attribute) => self.signed(word, attribute, args)?,
            Key::Size(attribute) => {
                let wrong = format!("Invalid \"{word}\" value\n");
                let value: u32 = args.number(&wrong)?;
                self.number(word, attribute, value.into());
            }
            Key::OnOffByte(attribute) => {
                let on = switch(word, args.value()?, 22)?;
                let (value, number) = if on { ("on", 1) } else { ("off", 0) };
                self.mode(word, attribute, value, number);
            }
            Key::Mode(attribute, words) => {
                let (value, number) = words.find(args.value()?)?;
                self.mode(word, attribute, value, number);
            }
            Key::ProtodownReason => {
                let reason = args.read(reason, "invalid protodown reason\n")?;
                let on = on_off(word, args.value()?)?;
                self.protodown_reasons.push((reason, on));
            }
            Key::Master | Key::Vrf | Key::NoMaster => self.master = Some(master(key, args)?),
            Key::Group => self.group = Some(group(self.group, args)?),
            Key::ParentDev => self.parentdev = Some(args.value()?.to_owned()),
            Key::Alias => self.alias = Some(args.value()?.to_owned()),
            Key::Dev => self.device(args)?,
            Key::Help => return Err(Mistake::help(help::LINK)),
            // The loop that called takes these.
            Key::Kind | Key::Never(_) => {}
        }
        Ok(())
    }

    fn flag(&mut self, word: &str, on: bool) {
        if let Some((_, bit, inverted)) = SWITCHES.iter().find(|(known, ..)| *known == word) {
            self.flags.change |= bit;
            if on == *inverted {
                self.flags.values &= !bit;
            } else {
                self.flags.values |= bit;
            }
        }
    }

    fn name(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        let name = args.value()?;
        if self.rename.is_some() {
            return Err(Mistake::duplicate("name", name));
        }
        if !is_name(name) || name.len() > 15 {
            return Err(not_a_name(name, "name"));
        }
        self.rename = Some(name.to_owned());
        Ok(())
    }

    fn signed(
        &mut self,
        word: &'static str,
        attribute: u16,
        args: &mut Args<'_>,
    ) -> Result<(), Mistake> {
        let given = args.value()?;
        let word = match attribute {
            ifla::TXQLEN => "txqueuelen",
            _ => word,
        };
        if self
            .numbers
            .iter()
            .any(|number| number.attribute == attribute)
        {
            return Err(Mistake::duplicate(word, given));
        }
        let value = number::integer(given)
            .ok_or_else(|| Mistake::wrong(given, &format!("Invalid \"{word}\" value\n")))?;
        self.number(word, attribute, value.into());
        Ok(())
    }

    fn number(&mut self, word: &'static str, attribute: u16, value: i64) {
        self.numbers.push(Number {
            word,
            attribute,
            value,
        });
    }

    fn mode(&mut self, word: &'static str, attribute: u16, value: &'static str, number: u8) {
        self.modes.push(Mode {
            word,
            attribute,
            value,
            number,
        });
    }
}

/// What iproute2 takes for a device's name: not empty, no slash, no white space. The rest is the kernel's to judge.
pub(in crate::ip::link) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '/' || c.is_whitespace())
}

fn index(before: Option<u32>, args: &mut Args<'_>) -> Result<u32, Mistake> {
    let word = args.value()?;
    if before.is_some() {
        return Err(Mistake::duplicate("index", word));
    }
    u32::try_from(number::leading(word))
        .ok()
        .filter(|index| *index != 0)
        .ok_or_else(|| Mistake::wrong(word, "Invalid \"index\" value"))
}

fn group(before: Option<u32>, args: &mut Args<'_>) -> Result<u32, Mistake> {
    let word = args.value()?;
    if before.is_some() {
        return Err(Mistake::duplicate("group", word));
    }
    names::number_of(names::GROUPS, word)
        .ok_or_else(|| Mistake::wrong(word, "Invalid \"group\" value\n"))
}

/// A reason is a bit of 32.
fn reason(word: &str) -> Option<u32> {
    number::fitting(word).filter(|bit| *bit < 32)
}

fn master(key: Key, args: &mut Args<'_>) -> Result<Master, Mistake> {
    match key {
        Key::Master => {
            let master = args.value()?;
            args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
            Ok(Master::Device(master.to_owned()))
        }
        Key::Vrf => {
            let vrf = args.value()?;
            let wrong = Mistake::wrong(vrf, "Not a valid VRF name\n");
            args.look_at(vrf, Must::Be(Vrf::Device), wrong);
            Ok(Master::Vrf(vrf.to_owned()))
        }
        _ => Ok(Master::None),
    }
}
