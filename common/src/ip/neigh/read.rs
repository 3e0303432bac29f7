//! Words of `ip neigh` become an [`Action`].

use crate::ip::help;

use super::{Action, Filter, Key as Named, Neighbour, Verb, state};
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::host::Host;
use crate::ip::keyword::{self, Keyword, exact, prefix};
use crate::ip::lladdr;
use crate::ip::mistake::{Mistake, USAGE};
use crate::ip::names;
use crate::ip::options::Options;
use crate::ip::verb::{Meaning, Verbs, spoken};
use crate::nearest::nearest;
use crate::uapi::{ntf, nud};

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Asked {
    Show,
    Get,
    Change(Verb),
    Flush,
}

/// `pneigh_lookup` keeps what has no device in a table of the whole kernel, and nothing takes it out with the namespace: a
/// later namespace at the same place in memory has it.
const OUTLIVES: &str =
    "an address to answer for without a device outlives the pod's network namespace";

pub(in crate::ip) const VERBS: Verbs<Asked> = Verbs {
    object: "neigh",
    table: &[
        spoken("add", Asked::Change(Verb::Add)),
        spoken("change", Asked::Change(Verb::Change)),
        exact("chg", Meaning::Spoken(Asked::Change(Verb::Change))),
        spoken("replace", Asked::Change(Verb::Replace)),
        spoken("delete", Asked::Change(Verb::Del)),
        spoken("get", Asked::Get),
        spoken("show", Asked::Show),
        spoken("lst", Asked::Show),
        spoken("list", Asked::Show),
        spoken("flush", Asked::Flush),
        prefix("help", Meaning::Help),
    ],
    none: Asked::Show,
    usage: help::NEIGH,
};

/// Reads what follows `ip neigh`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    match VERBS.read(args)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Flush => Filter::of_flush(args, options).map(Action::Flush),
        Asked::Get => get(args, options).map(Action::Get),
        Asked::Change(verb) => {
            let neighbour = neighbour(args, options)?;
            if verb != Verb::Del && neighbour.key.dev.is_none() {
                return Err(Mistake::never(args.last(), "proxy", OUTLIVES));
            }
            Ok(Action::Change(verb, neighbour))
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    LinkAddress,
    State,
    Proxy,
    Flag(u8),
    Managed,
    Dev,
    Protocol,
    To,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    prefix("lladdr", Key::LinkAddress),
    exact("nud", Key::State),
    prefix("proxy", Key::Proxy),
    exact("router", Key::Flag(ntf::ROUTER)),
    exact("use", Key::Flag(ntf::USE)),
    exact("managed", Key::Managed),
    prefix("extern_learn", Key::Flag(ntf::EXT_LEARNED)),
    exact("dev", Key::Dev),
    prefix("protocol", Key::Protocol),
    exact("to", Key::To),
];

/// What `get` knows of them, in iproute2's order.
pub(in crate::ip) const GET_TABLE: &[Keyword<Key>] = &[
    exact("dev", Key::Dev),
    prefix("proxy", Key::Proxy),
    exact("to", Key::To),
];

const HELP: &[Keyword<()>] = &[prefix("help", ())];

/// What names a neighbour, as far as it was read.
#[derive(Debug, Default)]
struct Name {
    given: bool,
    /// None of a word for every address where no family is chosen: iproute2 takes it for no address.
    address: Option<Host>,
    proxy: bool,
    dev: Option<String>,
}

impl Name {
    fn proxy(&mut self, args: &mut Args<'_>, family: Family) -> Result<(), Mistake> {
        refuse_help(args)?;
        let word = args.value()?;
        if self.given {
            return Err(Mistake::duplicate("address", word));
        }
        self.proxy = true;
        self.address(word, family)
    }

    fn to(
        &mut self,
        args: &mut Args<'_>,
        family: Family,
        table: &'static [Keyword<Key>],
    ) -> Result<(), Mistake> {
        let word = args.value()?;
        if self.given {
            let near = nearest(word, keyword::words(table)).map(str::to_owned);
            return Err(Mistake::garbage("to", word).hinting(near));
        }
        self.address(word, family)
    }

    fn address(&mut self, word: &str, family: Family) -> Result<(), Mistake> {
        self.given = true;
        let address = Host::read(word, family)?.of(family);
        self.address = (address != Host::ANY).then_some(address);
        Ok(())
    }
}

fn refuse_help(args: &Args<'_>) -> Result<(), Mistake> {
    match args.peek().filter(|word| args.spelt(HELP, word).is_some()) {
        Some(_) => Err(Mistake::help(help::NEIGH)),
        None => Ok(()),
    }
}

fn neighbour(args: &mut Args<'_>, options: &Options) -> Result<Neighbour, Mistake> {
    let mut name = Name::default();
    let mut link_address = None;
    let mut neighbour = Neighbour {
        key: Named {
            address: Host::ANY,
            proxy: false,
            dev: None,
        },
        lladdr: None,
        state: nud::PERMANENT,
        flags: 0,
        managed: false,
        protocol: None,
    };
    while let Some(key) = args.keyword(TABLE, Key::To) {
        match key {
            Key::LinkAddress => {
                let word = args.value()?;
                if link_address.is_some() {
                    return Err(Mistake::duplicate("lladdr", word));
                }
                link_address = Some((word, args.last()));
            }
            Key::Proxy => name.proxy(args, options.family)?,
            Key::Dev => name.dev = Some(args.value()?.to_owned()),
            Key::To => {
                // iproute2 steps over `help` here.
                if args
                    .peek()
                    .is_some_and(|word| args.spelt(HELP, word).is_some())
                {
                    args.take();
                }
                name.to(args, options.family, TABLE)?;
            }
            key => option(key, args, &mut neighbour)?,
        }
    }
    neighbour.key = named(name)
        .ok_or_else(|| Mistake::new("Device and destination are required arguments.", USAGE))?;
    neighbour.lladdr = match link_address {
        None | Some(("null", _)) => None,
        Some((word, at)) => Some(read_lladdr(word, at)?),
    };
    if let Some(dev) = &neighbour.key.dev {
        args.look_up(dev, Mistake::no_device(dev));
    }
    Ok(neighbour)
}

fn read_lladdr(word: &str, at: usize) -> Result<Vec<u8>, Mistake> {
    lladdr::read(word, lladdr::OF_NEIGHBOUR).map_err(|mistake| mistake.at(at))
}

/// What names it, if that is enough: an address, and a device unless it is a proxy.
fn named(name: Name) -> Option<Named> {
    let address = name.address?;
    (name.proxy || name.dev.is_some()).then_some(Named {
        address,
        proxy: name.proxy,
        dev: name.dev,
    })
}

fn option(key: Key, args: &mut Args<'_>, neighbour: &mut Neighbour) -> Result<(), Mistake> {
    match key {
        Key::State => neighbour.state = state::read(args)?,
        Key::Flag(bit) => neighbour.flags |= bit,
        Key::Managed => {
            neighbour.managed = true;
            neighbour.state = nud::NONE;
        }
        Key::Protocol => {
            let protocol = |word: &str| names::number_of(names::PROTOCOLS, word);
            neighbour.protocol = Some(args.read(protocol, "\"protocol\" value is invalid\n")?);
        }
        // The loop that called takes these.
        Key::LinkAddress | Key::Proxy | Key::Dev | Key::To => {}
    }
    Ok(())
}

/// `get`: an address and a device, a proxy's too.
fn get(args: &mut Args<'_>, options: &Options) -> Result<Named, Mistake> {
    let mut name = Name::default();
    while let Some(key) = args.keyword(GET_TABLE, Key::To) {
        match key {
            Key::Dev => name.dev = Some(args.value()?.to_owned()),
            Key::Proxy => name.proxy(args, options.family)?,
            _ => {
                refuse_help(args)?;
                name.to(args, options.family, GET_TABLE)?;
            }
        }
    }
    let key = named(name).filter(|key| key.dev.is_some());
    let key = key.ok_or_else(|| Mistake::new("Device and address are required arguments.", 1))?;
    if let Some(dev) = &key.dev {
        args.look_up(dev, Mistake::no_device(dev));
    }
    Ok(key)
}
