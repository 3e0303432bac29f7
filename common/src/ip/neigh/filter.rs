//! Which neighbours `ip neigh show` lists and `ip neigh flush` takes away.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::state::{self, States};
use crate::family::Family;
use crate::ip::args::{Args, Vrf};
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::options::{Options, not_spoken};
use crate::ip::prefix::Prefix;
use crate::words::quoted;

/// What a neighbour has to be like. `None` is no matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The family asked for, if none by the prefix.
    pub family: Family,
    /// `dev`.
    pub dev: Option<String>,
    /// `master`, `vrf`, `nomaster`.
    pub master: Option<Master>,
    /// `unused`.
    pub unused: bool,
    /// `nud`.
    pub states: Option<States>,
    /// `proxy`: addresses that this namespace answers for, instead of neighbours.
    pub proxy: bool,
    /// `protocol`; 0 is no matter.
    pub protocol: Option<u8>,
    /// `to`.
    pub to: Option<Prefix>,
}

/// The master of a neighbour's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Master {
    /// This device.
    Of(String),
    /// This VRF.
    Vrf(String),
    /// It has none.
    None,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Dev,
    Master,
    Vrf,
    NoMaster,
    Unused,
    States,
    Proxy,
    Protocol,
    To,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("dev", Key::Dev),
    exact("master", Key::Master),
    exact("vrf", Key::Vrf),
    exact("nomaster", Key::NoMaster),
    exact("unused", Key::Unused),
    exact("nud", Key::States),
    exact("proxy", Key::Proxy),
    prefix("protocol", Key::Protocol),
    exact("to", Key::To),
];

const HELP: &[Keyword<()>] = &[prefix("help", ())];

impl Filter {
    /// Reads what follows `ip neigh show` and `ip neigh flush`.
    pub(super) fn read(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        let mut filter = Self {
            family: options.family,
            ..Self::default()
        };
        while let Some(key) = args.keyword(TABLE, Key::To) {
            filter.option(key, args)?;
        }
        // iproute2 asks for the device when it has read everything, for a master at once.
        if let Some(dev) = filter.dev.clone() {
            args.look_up(&dev, Mistake::no_device(&dev));
        }
        Ok(filter)
    }

    /// Reads what follows `ip neigh flush`, which takes no silence for an answer.
    pub(super) fn of_flush(args: &mut Args<'_>, options: &Options) -> Result<Self, Mistake> {
        if args.peek().is_none() {
            return Err(Mistake::new("Flush requires arguments.", 1));
        }
        Self::read(args, options)
    }

    fn option(&mut self, key: Key, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Dev => {
                let dev = args.value()?;
                if self.dev.is_some() {
                    return Err(Mistake::duplicate("dev", dev));
                }
                self.dev = Some(dev.to_owned());
            }
            Key::Master => {
                let master = args.value()?;
                args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
                self.master = Some(Master::Of(master.to_owned()));
            }
            Key::Vrf => {
                let vrf = args.value()?;
                let missing = Mistake::wrong(vrf, "Not a valid VRF name\n");
                args.look_up_vrf(Vrf::Device, vrf, missing);
                self.master = Some(Master::Vrf(vrf.to_owned()));
            }
            Key::NoMaster => self.master = Some(Master::None),
            Key::Unused => self.unused = true,
            Key::States => self.states = Some(States::read(args, self.states)?),
            Key::Proxy => self.proxy = true,
            Key::Protocol => self.protocol = Some(protocol(args)?),
            Key::To => self.to(args)?,
        }
        Ok(())
    }

    fn to(&mut self, args: &mut Args<'_>) -> Result<(), Mistake> {
        if let Some(word) = args.peek().filter(|word| args.spelt(HELP, word).is_some()) {
            return Err(not_spoken(&word.text));
        }
        let family = self.family();
        let to = args.prefix(family)?;
        // `default` behind another prefix is that one's family's, which the full form has to say.
        let all = match family {
            Family::Inet => Some(IpAddr::from(Ipv4Addr::UNSPECIFIED)),
            Family::Inet6 => Some(IpAddr::from(Ipv6Addr::UNSPECIFIED)),
            _ => None,
        };
        self.to = Some(match (to.address, all) {
            (None, Some(all)) if self.family == Family::Unspec => Prefix {
                family,
                address: Some(all),
                explicit: true,
                ..to
            },
            _ => to,
        });
        Ok(())
    }

    /// The family that is listed: the first that was named.
    #[must_use]
    pub fn family(&self) -> Family {
        match (self.family, self.to) {
            (Family::Unspec, Some(to)) => to.family,
            (family, _) => family,
        }
    }
}

/// A protocol; `all` is 0, which is no matter.
fn protocol(args: &mut Args<'_>) -> Result<u8, Mistake> {
    let protocol = |word: &str| match word {
        "all" => Some(0),
        _ => names::number_of(names::PROTOCOLS, word),
    };
    args.read(protocol, "invalid \"protocol\"\n")
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.proxy {
            f.write_str(" proxy")?;
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        if let Some(dev) = &self.dev {
            write!(f, " dev {}", quoted(dev))?;
        }
        match &self.master {
            Some(Master::Of(name)) => write!(f, " master {}", quoted(name))?,
            Some(Master::Vrf(name)) => write!(f, " vrf {}", quoted(name))?,
            Some(Master::None) => f.write_str(" nomaster")?,
            None => {}
        }
        match self.states {
            Some(States::All) => f.write_str(" nud all")?,
            Some(States::Of { bits, none }) => {
                if none {
                    f.write_str(" nud none")?;
                }
                for (bit, _) in state::SHOWN.iter().filter(|(bit, _)| bits & bit != 0) {
                    write!(f, " nud {}", state::word(*bit))?;
                }
            }
            None => {}
        }
        if self.unused {
            f.write_str(" unused")?;
        }
        if let Some(protocol) = self.protocol {
            let name = names::name_of(names::PROTOCOLS, protocol.into());
            write!(f, " protocol {name}")?;
        }
        Ok(())
    }
}
