//! The keywords of one route, for `add` and its like.

use super::super::args::{Args, Vrf, is_help};
use super::super::keyword::{self, Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::options::Options;
use super::super::prefix::Prefix;
use super::super::{names, number};
use super::{PREFERENCES, Route, Table, encap, metrics, nexthop, realms};
use crate::family::Family;
use crate::ip::help;

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
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
    As,
    Expires,
    Realms,
    Nhid,
    Vrf,
    Encap,
    TtlPropagate,
}

/// In iproute2's order; the metrics stand in a table of their own, between `scope` and `onlink`.
pub(in crate::ip) const BEFORE_METRICS: &[Keyword<Key>] = &[
    exact("src", Key::Src),
    exact("as", Key::As),
    exact("via", Key::Via),
    exact("from", Key::From),
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    exact("expires", Key::Expires),
    prefix("metric", Key::Metric),
    prefix("priority", Key::Metric),
    exact("preference", Key::Metric),
    exact("scope", Key::Scope),
];

pub(in crate::ip) const BEHIND_METRICS: &[Keyword<Key>] = &[
    prefix("realms", Key::Realms),
    exact("onlink", Key::Onlink),
    exact("nexthop", Key::Nexthop),
    exact("nhid", Key::Nhid),
    prefix("protocol", Key::Protocol),
    prefix("table", Key::Table),
    prefix("vrf", Key::Vrf),
    exact("dev", Key::Dev),
    exact("oif", Key::Dev),
    prefix("pref", Key::Pref),
    exact("encap", Key::Encap),
    exact("ttl-propagate", Key::TtlPropagate),
    exact("to", Key::To),
];

fn key(args: &Args<'_>) -> Option<(&'static str, Key)> {
    let word = args.peek()?;
    args.spelt(BEFORE_METRICS, word)
        .map(|row| (row.word, row.key))
        .or_else(|| {
            args.spelt(metrics::TABLE, word)
                .map(|row| (row.word, Key::Metrics(row.key)))
        })
        .or_else(|| {
            args.spelt(BEHIND_METRICS, word)
                .map(|row| (row.word, row.key))
        })
}

pub(super) fn route(args: &mut Args<'_>, options: &Options) -> Result<Route, Mistake> {
    let mut route = Route::new(options.family);
    let mut has_destination = false;
    let mut has_legs = false;
    while args.peek().is_some() && !has_legs {
        let found = key(args);
        if found.is_some() {
            args.take();
        }
        match found {
            Some((_, Key::To)) | None => destination(args, &mut route, &mut has_destination)?,
            Some((_, Key::Nexthop)) => has_legs = true,
            Some((word, key)) => option(word, key, args, &mut route)?,
        }
    }
    if !has_destination {
        return Err(Mistake::help(help::ROUTE));
    }
    // Their family is the route's: where in the line they stood is no matter.
    for prefix in [Some(&mut route.dst), route.from.as_mut()]
        .into_iter()
        .flatten()
    {
        if prefix.address.is_none() {
            prefix.family = Family::Unspec;
        }
    }
    // iproute2 asks for the device when it has read everything but the legs.
    if let Some(dev) = route.dev.clone() {
        args.look_up(&dev, Mistake::no_device(&dev));
    }
    if has_legs {
        route.nexthops = nexthop::read(args, &mut route.family)?;
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
    if is_help(word) {
        return Err(Mistake::help(help::ROUTE));
    }
    if *has_destination {
        let near = keyword::words(BEFORE_METRICS)
            .chain(keyword::words(metrics::TABLE))
            .chain(keyword::words(BEHIND_METRICS));
        let meant = match word {
            // As `route` of net-tools has it.
            "gw" | "gateway" => Some("via"),
            _ => crate::nearest::nearest(word, near),
        };
        return Err(Mistake::garbage("to", word).hinting(meant.map(str::to_owned)));
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
            let src = args.host(route.family)?;
            route.settle(src.family());
            route.src = Some(src);
        }
        Key::As => {
            route.newdst = Some(nexthop::newdst(args, &mut route.family)?);
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
            let table = args.read(|word| names::number_of(names::TABLES, word), wrong)?;
            // One above 255 goes in an attribute, which a smaller one behind it does not take back.
            if table > 255 || !matches!(route.table, Some(Table::Id(256..))) {
                route.table = Some(Table::Id(table));
            }
        }
        Key::Dev => route.dev = Some(args.value()?.to_owned()),
        Key::Pref => route.pref = Some(args.read(preference, "\"pref\" value is invalid\n")?),
        Key::Metrics(row) => route.metrics.push(metrics::read(word, row, args)?),
        key => rarer(key, args, route)?,
    }
    Ok(())
}

fn rarer(key: Key, args: &mut Args<'_>, route: &mut Route) -> Result<(), Mistake> {
    match key {
        Key::Expires => route.expires = Some(args.number("\"expires\" value is invalid\n")?),
        Key::Realms => route.realms = Some(args.read(realms, "\"realm\" value is invalid\n")?),
        Key::Nhid => route.nhid = Some(args.number("\"id\" value is invalid\n")?),
        Key::Vrf => route.table = Some(vrf(args)?),
        Key::Encap => route.encap = Some(encap::read::encap(args)?),
        Key::TtlPropagate => {
            let wrong = "\"ttl-propagate\" value is invalid\n";
            route.ttl_propagate = Some(args.read(enabled, wrong)?);
        }
        // The others are read by those that called: the loop, and what stands above.
        _ => {}
    }
    Ok(())
}

/// `vrf NAME`: iproute2 asks for its table at once.
pub(super) fn vrf(args: &mut Args<'_>) -> Result<Table, Mistake> {
    let vrf = args.value()?;
    args.look_up_vrf(Vrf::Table, vrf, Mistake::wrong(vrf, "Invalid VRF\n"));
    Ok(Table::Vrf(vrf.to_owned()))
}

fn enabled(word: &str) -> Option<bool> {
    let table = [("enabled", true), ("disabled", false)];
    table
        .iter()
        .find(|(full, _)| !word.is_empty() && full.starts_with(word))
        .map(|(_, enabled)| *enabled)
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
