//! Words of `ip route` become an [`Action`].

use super::super::args::{Args, spelt};
use super::super::keyword::{self, Keyword, exact, prefix};
use super::super::mistake::{Mistake, USAGE};
use super::super::options::{Options, not_spoken, verb};
use super::super::prefix::Prefix;
use super::super::{names, number};
use super::{Action, Filter, PREFERENCES, Route, Verb, metrics, nexthop};
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
    prefix("list", Asked::Show),
    prefix("show", Asked::Show),
    exact("lst", Asked::Show),
    prefix("add", Asked::Change(Verb::Add)),
    prefix("change", Asked::Change(Verb::Change)),
    exact("chg", Asked::Change(Verb::Change)),
    prefix("replace", Asked::Change(Verb::Replace)),
    prefix("prepend", Asked::Change(Verb::Prepend)),
    prefix("append", Asked::Change(Verb::Append)),
    prefix("test", Asked::NotYet),
    prefix("delete", Asked::Change(Verb::Del)),
    prefix("get", Asked::NotYet),
    prefix("flush", Asked::NotYet),
    prefix("save", Asked::Never(FILE)),
    prefix("restore", Asked::Never(FILE)),
    prefix("showdump", Asked::Never(FILE)),
    prefix("help", Asked::NotYet),
];

/// Reads what follows `ip route`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    let given = args
        .peek()
        .map(|word| word.text.clone())
        .unwrap_or_default();
    match verb(VERBS, "route", args, Asked::Show)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Change(verb) => route(args, options).map(|route| Action::Change(verb, route)),
        Asked::Never(reason) => Err(Mistake::never(args.last(), &given, reason)),
        Asked::NotYet => Err(not_spoken(&given)),
    }
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Src,
    Via,
    From,
    Tos,
    Metric,
    Scope,
    Onlink,
    Nexthop,
    Protocol,
    Table,
    Dev,
    Pref,
    To,
    Metrics(metrics::Row),
    NotYet,
}

/// In iproute2's order; the metrics stand in a table of their own, between `scope` and `onlink`.
const BEFORE_METRICS: &[Keyword<Key>] = &[
    exact("src", Key::Src),
    exact("as", Key::NotYet),
    exact("via", Key::Via),
    exact("from", Key::From),
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    exact("expires", Key::NotYet),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    exact("preference", Key::Metric),
    exact("scope", Key::Scope),
];

const BEHIND_METRICS: &[Keyword<Key>] = &[
    prefix("features", Key::NotYet),
    prefix("congctl", Key::NotYet),
    prefix("realms", Key::NotYet),
    exact("onlink", Key::Onlink),
    exact("nexthop", Key::Nexthop),
    exact("nhid", Key::NotYet),
    prefix("protocol", Key::Protocol),
    prefix("table", Key::Table),
    prefix("vrf", Key::NotYet),
    exact("dev", Key::Dev),
    exact("oif", Key::Dev),
    prefix("pref", Key::Pref),
    exact("encap", Key::NotYet),
    exact("ttl-propagate", Key::NotYet),
    exact("to", Key::To),
];

fn key(args: &Args<'_>) -> Option<(&'static str, Key)> {
    let word = args.peek()?;
    spelt(BEFORE_METRICS, word)
        .map(|row| (row.word, row.key))
        .or_else(|| spelt(metrics::TABLE, word).map(|row| (row.word, Key::Metrics(row.key))))
        .or_else(|| spelt(BEHIND_METRICS, word).map(|row| (row.word, row.key)))
}

fn route(args: &mut Args<'_>, options: &Options) -> Result<Route, Mistake> {
    let mut route = Route::new(options.family);
    let mut has_destination = false;
    while args.peek().is_some() {
        let found = key(args);
        if found.is_some() {
            args.take();
        }
        match found {
            Some((_, Key::To)) | None => destination(args, &mut route, &mut has_destination)?,
            Some((_, Key::Nexthop)) => route.nexthops = nexthop::read(args, &mut route.family)?,
            Some((word, key)) => option(word, key, args, &mut route)?,
        }
    }
    if !has_destination {
        return Err(Mistake::new(
            "There is no destination here: name one, a prefix or default.",
            USAGE,
        ));
    }
    // iproute2 asks for the device when it has read everything.
    if let Some(dev) = route.dev.clone() {
        args.look_up(&dev, Mistake::no_device(&dev));
    }
    Ok(route)
}

/// `[to] [TYPE] PREFIX`: whatever is no keyword.
fn destination(
    args: &mut Args<'_>,
    route: &mut Route,
    has_destination: &mut bool,
) -> Result<(), Mistake> {
    let word = args
        .peek()
        .map(|word| word.text.as_str())
        .unwrap_or_default();
    if !word.starts_with(|first: char| first.is_ascii_digit())
        && let Some(kind) = names::route_type(word)
    {
        args.take();
        route.kind = Some(kind);
    }
    let word = args.value()?;
    if *has_destination {
        let near = keyword::words(BEFORE_METRICS)
            .chain(keyword::words(metrics::TABLE))
            .chain(keyword::words(BEHIND_METRICS));
        return Err(Mistake::garbage("to", word)
            .hinting(crate::nearest::nearest(word, near).map(str::to_owned)));
    }
    route.dst = Prefix::read(word, route.family)?;
    route.settle(route.dst.family);
    *has_destination = true;
    Ok(())
}

fn option(
    word: &'static str,
    key: Key,
    args: &mut Args<'_>,
    route: &mut Route,
) -> Result<(), Mistake> {
    match key {
        Key::Src => {
            let src = args.address(route.family)?;
            route.settle(Family::of(src));
            route.src = Some(src);
        }
        Key::Via => {
            if route.via.is_some() {
                return Err(Mistake::wrong(
                    "via",
                    "use nexthop syntax to specify multiple via\n",
                ));
            }
            route.via = Some(nexthop::gateway(args, &mut route.family)?);
        }
        Key::From => {
            let from = args.prefix(route.family)?;
            route.settle(from.family);
            route.from = Some(from);
        }
        Key::Tos => route.tos = Some(args.read(names::dsfield, "\"tos\" value is invalid\n")?),
        Key::Metric => route.metric = Some(args.number("\"metric\" value is invalid\n")?),
        Key::Scope => {
            route.scope = Some(args.read(
                |word| names::number_of(names::SCOPES, word),
                "invalid \"scope\" value\n",
            )?);
        }
        Key::Onlink => route.onlink = true,
        Key::Protocol => {
            let wrong = "\"protocol\" value is invalid\n";
            route.protocol =
                Some(args.read(|word| names::number_of(names::PROTOCOLS, word), wrong)?);
        }
        Key::Table => {
            let wrong = "\"table\" value is invalid\n";
            route.table = Some(args.read(|word| names::number_of(names::TABLES, word), wrong)?);
        }
        Key::Dev => route.dev = Some(args.value()?.to_owned()),
        Key::Pref => route.pref = Some(args.read(preference, "\"pref\" value is invalid\n")?),
        Key::Metrics(row) => route.metrics.push(metrics::read(word, row, args)?),
        Key::NotYet => return Err(not_spoken(word)),
        // The loop that called takes these.
        Key::To | Key::Nexthop => {}
    }
    Ok(())
}

fn preference(word: &str) -> Option<u8> {
    PREFERENCES
        .iter()
        .find(|(_, name)| *name == word)
        .map_or_else(
            || number::fitting(word),
            |(number, _)| u8::try_from(*number).ok(),
        )
}
