//! Words of `ip address` become an [`Action`].

use super::super::args::{Args, is_help};
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::names;
use super::super::number;
use super::super::options::Options;
use super::super::prefix::Prefix;
use super::super::verb::{FILE, Meaning, Verbs, spoken};
use super::{Action, Address, Broadcast, FLAGS, Filter, Verb};
use crate::family::Family;
use crate::ip::help;
use crate::uapi::ifa;

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Asked {
    Show,
    Change(Verb),
    Flush,
}

pub(in crate::ip) const VERBS: Verbs<Asked> = Verbs {
    object: "address",
    table: &[
        spoken("add", Asked::Change(Verb::Add)),
        spoken("change", Asked::Change(Verb::Change)),
        exact("chg", Meaning::Spoken(Asked::Change(Verb::Change))),
        spoken("replace", Asked::Change(Verb::Replace)),
        spoken("delete", Asked::Change(Verb::Del)),
        spoken("show", Asked::Show),
        spoken("lst", Asked::Show),
        spoken("list", Asked::Show),
        spoken("flush", Asked::Flush),
        prefix("save", Meaning::Never(FILE)),
        prefix("showdump", Meaning::Never(FILE)),
        prefix("restore", Meaning::Never(FILE)),
        prefix("help", Meaning::Help),
    ],
    none: Asked::Show,
    usage: help::ADDRESS,
};

/// Reads what follows `ip address`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    match VERBS.read(args)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Change(verb) => {
            address(verb, args, options).map(|address| Action::Change(verb, address))
        }
        Asked::Flush if args.peek().is_none() => Err(Mistake::new("Flush requires arguments.", 1)),
        Asked::Flush if options.family == Family::Packet => {
            Err(Mistake::new("Cannot flush link addresses.", 1))
        }
        Asked::Flush => Filter::read(args, options).map(Action::Flush),
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Peer,
    Broadcast,
    Anycast,
    Scope,
    Dev,
    Label,
    Metric,
    Valid,
    Preferred,
    Proto,
    Local,
}

/// In iproute2's order; the flags stand in a table of their own, behind `preferred_lft`.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("peer", Key::Peer),
    exact("remote", Key::Peer),
    prefix("broadcast", Key::Broadcast),
    exact("brd", Key::Broadcast),
    exact("anycast", Key::Anycast),
    exact("scope", Key::Scope),
    exact("dev", Key::Dev),
    exact("label", Key::Label),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    prefix("preference", Key::Metric),
    prefix("valid_lft", Key::Valid),
    prefix("preferred_lft", Key::Preferred),
    exact("proto", Key::Proto),
    exact("local", Key::Local),
];

/// The words of flags.
pub(in crate::ip) fn flag_words() -> Vec<&'static str> {
    FLAGS.iter().map(|flag| flag.word).collect()
}

fn address(verb: Verb, args: &mut Args<'_>, options: &Options) -> Result<Address, Mistake> {
    let mut address = Address::new(options.family);
    let mut has_device = false;
    while let Some(word) = args.peek() {
        let flag = FLAGS
            .iter()
            .find(|flag| !word.replaced && flag.word == word.text);
        match (args.spelt(TABLE, word), flag) {
            (Some(row), _) => {
                args.take();
                has_device |= matches!(row.key, Key::Dev);
                option(row.key, args, &mut address)?;
            }
            (None, Some(flag)) => {
                args.take();
                args.note_word(&flag_words(), flag.word);
                if flag.can_be_set(address.family) {
                    address.flags |= flag.bit;
                } else {
                    args.warn(&flag.warning());
                    address.ignored.push(flag.word);
                }
            }
            (None, None) => option(Key::Local, args, &mut address)?,
        }
    }
    complete(verb, args, &address, has_device)?;
    Ok(address)
}

/// What iproute2 checks when it has read everything, the device's existence among it.
fn complete(
    verb: Verb,
    args: &mut Args<'_>,
    address: &Address,
    has_device: bool,
) -> Result<(), Mistake> {
    let fault = |line: &str| Err(Mistake::new(line, 1));
    if !has_device {
        return fault("Not enough information: \"dev\" argument is required.");
    }
    if verb == Verb::Del && address.is_wildcard() {
        let wildcard = address.local.map(|local| local.to_string());
        for line in wildcard_warning(&wildcard.unwrap_or_default()) {
            args.warn(&line);
        }
    }
    let computed = matches!(address.broadcast, Some(Broadcast::Ones | Broadcast::Zeros));
    if computed && verb != Verb::Del && address.family != Family::Inet {
        return fault("Broadcast can be set only for IPv4 addresses");
    }
    args.look_up(&address.dev, Mistake::no_device(&address.dev));
    let valid = address.valid.unwrap_or(u32::MAX);
    let limited = address.valid.is_some() || address.preferred.is_some();
    if limited && valid == 0 {
        return fault("valid_lft is zero");
    }
    if limited && valid < address.preferred.unwrap_or(u32::MAX) {
        return fault("preferred_lft is greater than valid_lft");
    }
    let local = address.local.and_then(|local| local.address);
    if address.flags & ifa::F_AUTOJOIN != 0 && !local.is_some_and(|local| local.is_multicast()) {
        return fault("autojoin needs multicast address");
    }
    Ok(())
}

/// What iproute2 says before it deletes an IPv4 address whose length was not written.
pub(super) fn wildcard_warning(address: &str) -> [String; 4] {
    [
        "Warning: Executing wildcard deletion to stay compatible with old scripts.".to_owned(),
        format!(
            "         Explicitly specify the prefix length ({address}/32) to avoid this warning."
        ),
        "         This special behaviour is likely to disappear in further releases,".to_owned(),
        "         fix your scripts!".to_owned(),
    ]
}

fn option(key: Key, args: &mut Args<'_>, address: &mut Address) -> Result<(), Mistake> {
    match key {
        Key::Local | Key::Peer => prefix_of(key, args, address)?,
        Key::Broadcast => {
            let given = args.value()?;
            if address.broadcast.is_some() {
                return Err(Mistake::duplicate("broadcast", given));
            }
            address.broadcast = Some(match given {
                "+" => Broadcast::Ones,
                "-" => Broadcast::Zeros,
                _ => {
                    args.put_back();
                    let host = args.host(address.family)?;
                    address.settle(host.family());
                    Broadcast::Is(host)
                }
            });
        }
        Key::Anycast => {
            let given = args.value()?;
            if address.anycast.is_some() {
                return Err(Mistake::duplicate("anycast", given));
            }
            args.put_back();
            let host = args.host(address.family)?;
            address.settle(host.family());
            address.anycast = Some(host);
        }
        Key::Scope => {
            let scope = |word: &str| names::number_of(names::SCOPES, word);
            address.scope = Some(args.read(scope, "invalid scope value.")?);
        }
        Key::Dev => args.value()?.clone_into(&mut address.dev),
        Key::Label => address.label = Some(args.value()?.to_owned()),
        Key::Metric => address.metric = Some(args.number("\"metric\" value is invalid\n")?),
        Key::Valid => lifetime("valid_lft", args, &mut address.valid)?,
        Key::Preferred => lifetime("preferred_lft", args, &mut address.preferred)?,
        Key::Proto => {
            let proto = |word: &str| names::number_of(names::ADDRESS_PROTOCOLS, word);
            address.protocol = Some(args.read(proto, "\"proto\" value is invalid\n")?);
        }
    }
    Ok(())
}

fn prefix_of(key: Key, args: &mut Args<'_>, address: &mut Address) -> Result<(), Mistake> {
    let is_peer = matches!(key, Key::Peer);
    let given = args.value()?;
    if !is_peer && is_help(given) {
        return Err(Mistake::help(help::ADDRESS));
    }
    let family = address.family;
    let place = if is_peer {
        &mut address.peer
    } else {
        &mut address.local
    };
    if place.is_some() {
        return Err(if is_peer {
            Mistake::duplicate("peer", given)
        } else {
            Mistake::garbage("local", given)
        });
    }
    let read = Prefix::read(given, family)?;
    *place = Some(read);
    address.settle(read.family);
    Ok(())
}

fn lifetime(
    word: &'static str,
    args: &mut Args<'_>,
    place: &mut Option<u32>,
) -> Result<(), Mistake> {
    if place.is_some() {
        return Err(Mistake::duplicate(word, word));
    }
    let seconds = |word: &str| match word {
        "forever" => Some(u32::MAX),
        _ => number::fitting(word),
    };
    *place = Some(args.read(seconds, &format!("{word} value"))?);
    Ok(())
}
