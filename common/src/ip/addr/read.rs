//! Words of `ip address` become an [`Action`].

use super::super::args::{Args, spelt};
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::options::{Options, not_spoken, verb};
use super::super::prefix::Prefix;
use super::{Action, Address, Broadcast, Filter, Verb};
use crate::family::Family;

#[derive(Debug, Clone, Copy)]
enum Asked {
    Show,
    Change(Verb),
    Never(&'static str),
    NotYet,
}

const FILE: &str = "no file of the node is read or written";

/// In iproute2's order.
const VERBS: &[Keyword<Asked>] = &[
    prefix("add", Asked::Change(Verb::Add)),
    prefix("change", Asked::Change(Verb::Change)),
    exact("chg", Asked::Change(Verb::Change)),
    prefix("replace", Asked::Change(Verb::Replace)),
    prefix("delete", Asked::Change(Verb::Del)),
    prefix("show", Asked::Show),
    exact("lst", Asked::Show),
    prefix("list", Asked::Show),
    prefix("flush", Asked::NotYet),
    prefix("save", Asked::Never(FILE)),
    prefix("showdump", Asked::Never(FILE)),
    prefix("restore", Asked::Never(FILE)),
    prefix("help", Asked::NotYet),
];

/// Reads what follows `ip address`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    let given = args
        .peek()
        .map(|word| word.text.clone())
        .unwrap_or_default();
    match verb(VERBS, "address", args, Asked::Show)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Change(verb) => address(args, options).map(|address| Action::Change(verb, address)),
        Asked::Never(reason) => Err(Mistake::never(args.last(), &given, reason)),
        Asked::NotYet => Err(not_spoken(&given)),
    }
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Peer,
    Broadcast,
    Scope,
    Dev,
    Label,
    Metric,
    Flag(u32),
    Local,
    NotYet,
}

/// In iproute2's order.
const TABLE: &[Keyword<Key>] = &[
    exact("peer", Key::Peer),
    exact("remote", Key::Peer),
    prefix("broadcast", Key::Broadcast),
    exact("brd", Key::Broadcast),
    exact("anycast", Key::NotYet),
    exact("scope", Key::Scope),
    exact("dev", Key::Dev),
    exact("label", Key::Label),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    prefix("preference", Key::Metric),
    prefix("valid_lft", Key::NotYet),
    prefix("preferred_lft", Key::NotYet),
    exact("nodad", Key::Flag(0x02)),
    exact("home", Key::Flag(0x10)),
    exact("mngtmpaddr", Key::Flag(0x100)),
    exact("noprefixroute", Key::Flag(0x200)),
    exact("autojoin", Key::NotYet),
    exact("proto", Key::NotYet),
    exact("local", Key::Local),
];

fn address(args: &mut Args<'_>, options: &Options) -> Result<Address, Mistake> {
    let mut family = options.family;
    let mut address = Address {
        dev: String::new(),
        local: None,
        peer: None,
        broadcast: None,
        scope: None,
        label: None,
        metric: None,
        flags: 0,
    };
    while let Some(word) = args.peek() {
        let row = spelt(TABLE, word);
        if row.is_some() {
            args.take();
        }
        option(
            row.map_or(Key::Local, |row| row.key),
            args,
            &mut address,
            &mut family,
        )?;
    }
    if address.dev.is_empty() {
        return Err(Mistake::new(
            "Not enough information: \"dev\" argument is required.",
            1,
        ));
    }
    let dev = address.dev.clone();
    args.look_up(&dev, Mistake::no_device(&dev));
    Ok(address)
}

fn option(
    key: Key,
    args: &mut Args<'_>,
    address: &mut Address,
    family: &mut Family,
) -> Result<(), Mistake> {
    match key {
        Key::Local | Key::Peer => {
            let (word, place) = match key {
                Key::Peer => ("peer", &mut address.peer),
                _ => ("local", &mut address.local),
            };
            let given = args.value()?;
            if place.is_some() {
                return Err(if word == "peer" {
                    Mistake::duplicate(word, given)
                } else {
                    Mistake::garbage(word, given)
                });
            }
            let read = Prefix::read(given, *family)?;
            *family = read.family;
            *place = Some(read);
        }
        Key::Broadcast => {
            let given = args.value()?;
            if address.broadcast.is_some() {
                return Err(Mistake::duplicate("broadcast", given));
            }
            address.broadcast = Some(match given {
                "+" => Broadcast::Ones,
                "-" => Broadcast::Zeros,
                _ => Broadcast::Is(super::super::prefix::address(given, *family)?),
            });
        }
        Key::Scope => {
            let scope = |word: &str| names::number_of(names::SCOPES, word);
            address.scope = Some(args.read(scope, "invalid scope value.")?);
        }
        Key::Dev => args.value()?.clone_into(&mut address.dev),
        Key::Label => address.label = Some(args.value()?.to_owned()),
        Key::Metric => address.metric = Some(args.number("\"metric\" value is invalid\n")?),
        Key::Flag(bit) => address.flags |= bit,
        Key::NotYet => return Err(not_spoken("this keyword")),
    }
    Ok(())
}
