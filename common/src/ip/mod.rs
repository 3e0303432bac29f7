//! The dialect: words become a command, as iproute2 6.15 reads them, and replies become what it prints.
//!
//! One folder an object: its types and full form in `mod.rs`, words in `read.rs`, messages in `request.rs`, replies in
//! `show.rs`. Keywords are tables (`keyword.rs`); their order is the specification of abbreviations.

use std::fmt;

use crate::family::Family;
use crate::nearest::nearest;
use crate::words::Word;

pub mod addr;
mod args;
pub mod bounds;
mod devices;
mod exchange;
mod hardware;
mod help;
mod host;
mod ip_protocols;
mod keyword;
pub mod link;
mod live;
mod lladdr;
mod mistake;
pub mod modules;
mod names;
pub mod neigh;
mod number;
mod options;
mod page;
mod prefix;
pub mod route;
pub mod rule;
pub mod run;
mod tables;
mod verb;

pub use args::{Lookup, Vrf};
pub use exchange::device;
pub use host::Host;
pub(crate) use link::request::{by_index, by_name};
pub use mistake::Mistake;
pub use options::Options;
pub use prefix::{Prefix, address_text};
pub use tables::{Table as Keywords, keywords_of, tables};

use args::Args;
use keyword::Keyword;
use mistake::USAGE;

/// A command: typed, and shown in its full form. What no profile allows has no representation here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What stood before the object.
    pub options: Options,
    /// What is done.
    pub action: Action,
}

/// What a command does, an object each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `ip address`.
    Addr(addr::Action),
    /// `ip link`.
    Link(Box<link::Action>),
    /// `ip neigh`.
    Neigh(Box<neigh::Action>),
    /// `ip route`.
    Route(Box<route::Action>),
    /// `ip rule`.
    Rule(Box<rule::Action>),
}

/// What reading a line gave: the look-ups that come before the first error, in iproute2's order, and the command.
///
/// iproute2 asks the kernel while it parses. Here nothing is asked; who runs the command makes the look-ups first, and
/// one that fails is answered before the mistake that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The look-ups, in order.
    pub lookups: Vec<Lookup>,
    /// The command, or why there is none.
    pub command: Result<Command, Mistake>,
}

#[derive(Debug, Clone, Copy)]
enum Object {
    Addr,
    Link,
    Neigh,
    Route,
    Rule,
    Never(&'static str),
    NotYet,
    Help,
}

impl Object {
    /// Whether there are commands of it here.
    fn is_spoken(&self) -> bool {
        !matches!(self, Self::Never(_) | Self::NotYet | Self::Help)
    }
}

const NAMESPACES: &str = "a command stays in the pod's own network namespace";
const PROGRAMS: &str = "no program is run for a pod";
const ENDLESS: &str = "a command has to end";
const SECRETS: &str = "keys of the node are not a pod's to read or set";
const DEVICES: &str = "it opens devices and lists processes of the node";

/// In iproute2's order.
const OBJECTS: &[Keyword<Object>] = &[
    keyword::prefix("address", Object::Addr),
    keyword::prefix("addrlabel", Object::NotYet),
    keyword::prefix("maddress", Object::NotYet),
    keyword::prefix("route", Object::Route),
    keyword::prefix("rule", Object::Rule),
    keyword::prefix("neighbor", Object::Neigh),
    keyword::prefix("neighbour", Object::Neigh),
    keyword::prefix("ntable", Object::NotYet),
    keyword::prefix("ntbl", Object::NotYet),
    keyword::prefix("link", Object::Link),
    keyword::prefix("l2tp", Object::NotYet),
    keyword::prefix("fou", Object::NotYet),
    keyword::prefix("ila", Object::NotYet),
    keyword::prefix("macsec", Object::Never(SECRETS)),
    keyword::prefix("tunnel", Object::NotYet),
    keyword::prefix("tunl", Object::NotYet),
    keyword::prefix("tuntap", Object::Never(DEVICES)),
    keyword::prefix("tap", Object::Never(DEVICES)),
    keyword::prefix("token", Object::NotYet),
    keyword::prefix("tcpmetrics", Object::NotYet),
    keyword::prefix("tcp_metrics", Object::NotYet),
    keyword::prefix("monitor", Object::Never(ENDLESS)),
    keyword::prefix("xfrm", Object::Never(SECRETS)),
    keyword::prefix("mroute", Object::NotYet),
    keyword::prefix("mrule", Object::NotYet),
    keyword::prefix("netns", Object::Never(NAMESPACES)),
    keyword::prefix("netconf", Object::NotYet),
    keyword::prefix("vrf", Object::Never(PROGRAMS)),
    keyword::prefix("sr", Object::NotYet),
    keyword::prefix("nexthop", Object::NotYet),
    keyword::prefix("mptcp", Object::NotYet),
    keyword::prefix("ioam", Object::NotYet),
    keyword::prefix("help", Object::Help),
    keyword::prefix("stats", Object::NotYet),
];

/// Reads the words that follow `ip`.
#[must_use]
pub fn read(words: &[Word]) -> Reading {
    let mut args = Args::new(words);
    let command = command(&mut args).map_err(|mistake| {
        let word = mistake.word.unwrap_or(args.last());
        mistake.at(word).behind(args.warnings())
    });
    Reading {
        lookups: args.into_lookups(),
        command,
    }
}

fn command(args: &mut Args<'_>) -> Result<Command, Mistake> {
    let options = Options::read(args)?;
    let word = args.take().ok_or_else(|| {
        Mistake::new(
            "There is no command here: name an object: link, address, route, rule or neigh.",
            USAGE,
        )
    })?;
    let action = match args.spelt(OBJECTS, word).map(|row| row.key) {
        Some(Object::Addr) => Action::Addr(addr::read::action(args, &options)?),
        Some(Object::Link) => Action::Link(Box::new(link::read::action(args, &options)?)),
        Some(Object::Neigh) => Action::Neigh(Box::new(neigh::read::action(args, &options)?)),
        Some(Object::Route) => Action::Route(Box::new(route::read::action(args, &options)?)),
        Some(Object::Rule) => Action::Rule(Box::new(rule::read::action(args, &options)?)),
        Some(Object::Never(reason)) => return Err(Mistake::never(args.last(), &word.text, reason)),
        Some(Object::Help) => return Err(Mistake::help(help::IP)),
        Some(Object::NotYet) => return Err(options::not_spoken(&word.text)),
        None => return Err(unknown_object(&word.text)),
    };
    Ok(Command { options, action })
}

fn unknown_object(word: &str) -> Mistake {
    let near = nearest(word, keyword::words_of(OBJECTS, Object::is_spoken)).map(str::to_owned);
    Mistake::new(format!("Object \"{word}\" is unknown, try \"ip help\"."), 1).hinting(near)
}

/// The family that a line's own words choose, for tokens that have a value for each: an option, else the first address.
#[must_use]
pub fn family_of(words: &[Word]) -> Family {
    let mut args = Args::new(words);
    let chosen = Options::read(&mut args)
        .map(|options| options.family)
        .unwrap_or_default();
    let addresses = words
        .iter()
        .filter(|word| word.text.contains(['.', ':', '/']));
    let first = || {
        addresses
            .filter_map(|word| Prefix::read(&word.text, Family::Unspec).ok())
            .find_map(|read| read.address)
    };
    if chosen == Family::Unspec {
        first().map(Family::of).unwrap_or_default()
    } else {
        chosen
    }
}

impl fmt::Display for Command {
    /// The full form, `ip` left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.options, self.action)
    }
}

impl fmt::Display for Action {
    /// The full form without options: object, verb and what follows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(action) => write!(f, "address {action}"),
            Self::Link(action) => write!(f, "link {action}"),
            Self::Neigh(action) => write!(f, "neigh {action}"),
            Self::Route(action) => write!(f, "route {action}"),
            Self::Rule(action) => write!(f, "rule {action}"),
        }
    }
}

/// The keywords that follow `type KIND`, of every kind.
pub(crate) use link::kind_words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_something_that_can_be_said() {
        let near = |line: &str| {
            let words = crate::words::split(line).unwrap();
            read(&words).command.unwrap_err().hint
        };
        assert_eq!(near("ip rote").as_deref(), Some("route"));
        for line in [
            "ip foo",
            "ip netn0",
            "ip vrff",
            "ip helpp",
            "ip link set eth0 up netnss",
        ] {
            assert_eq!(near(line), None, "{line}");
        }
    }
}
