//! The dialect's tables of keywords, for tests that walk them.

use super::args::{Args, Noted};
use super::keyword;
use super::{addr, link, neigh, options, route, rule};
use crate::words::Word;

/// A table's name, and its keywords; `help` aside, which is answered in words of our own.
pub type Table = (String, Vec<&'static str>);

/// All tables: options, objects, verbs, and the keywords that follow each verb.
#[must_use]
pub fn tables() -> Vec<Table> {
    let mut tables = whole();
    for (_, words) in &mut tables {
        words.retain(|word| *word != "help");
    }
    tables
}

/// The keywords that a command's words are taken for, each with the name of its table. There are none of words that are no
/// command, unless it is the dialect that refuses them.
#[must_use]
pub fn keywords_of(words: &[Word]) -> Vec<(String, &'static str)> {
    let mut args = Args::noting(words);
    if super::command(&mut args).is_err_and(|mistake| !mistake.ours) {
        return Vec::new();
    }
    let tables = whole();
    let named = |noted: Noted| {
        let table = tables.iter().find(|(_, words)| *words == noted.table)?;
        Some((table.0.clone(), noted.keyword))
    };
    args.noted().into_iter().filter_map(named).collect()
}

fn whole() -> Vec<Table> {
    let named = [objects(), devices(), addresses(), routes()].concat();
    let kinds = link::kinds().filter(|(_, words)| !words.is_empty());
    named
        .into_iter()
        .map(|(name, words)| (name.to_owned(), words))
        .chain(kinds.map(|(kind, words)| (format!("link type {kind}"), words)))
        .collect()
}

/// A list of a table's words.
macro_rules! named {
    ($($name:literal: $table:expr;)+) => {
        vec![$(($name, keyword::words($table).collect::<Vec<_>>())),+]
    };
}

type Named = Vec<(&'static str, Vec<&'static str>)>;

fn objects() -> Named {
    named! {
        "options": options::TABLE;
        "objects": super::OBJECTS;
        "link": link::read::VERBS.table;
        "address": addr::read::VERBS.table;
        "route": route::read::VERBS.table;
        "rule": rule::read::VERBS.table;
        "neigh": neigh::read::VERBS.table;
    }
}

fn devices() -> Named {
    let mut tables = named! {
        "link set": link::settings::read::TABLE;
        "link show": link::filter::FILTER;
        "link property": link::read::OPERATORS;
        "link property add": link::names::TABLE;
    };
    tables.push(("link type", link::kind_names()));
    tables
}

fn addresses() -> Named {
    let mut tables = named! {
        "address add": addr::read::TABLE;
        "address show": addr::filter::FILTER;
        "neigh add": neigh::read::TABLE;
        "neigh get": neigh::read::GET_TABLE;
        "neigh show": neigh::filter::TABLE;
    };
    tables.push(("address add, flags", addr::read::flag_words()));
    tables.push(("address show, flags", addr::filter::flag_words()));
    tables
}

fn routes() -> Named {
    named! {
        "route add": route::keywords::BEFORE_METRICS;
        "route add, metrics": route::metrics::TABLE;
        "route add, after metrics": route::keywords::BEHIND_METRICS;
        "route add nexthop": route::nexthop::TABLE;
        "route add encap": route::encap::read::KINDS;
        "route add encap ip": route::encap::read::IP;
        "route add encap ip6": route::encap::read::IP6;
        "route show": route::filter::TABLE;
        "route show to": route::area::REACHES;
        "route get": route::get::TABLE;
        "rule add": rule::read::TABLE;
        "rule add type": rule::read::KINDS;
        "rule show": rule::filter::TABLE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    fn of(line: &str) -> Vec<String> {
        let keywords = keywords_of(&split(line).unwrap());
        let text = |(table, keyword)| format!("{table}: {keyword}");
        keywords.into_iter().map(text).collect()
    }

    #[test]
    fn abbreviations_are_keywords_and_values_are_none() {
        assert_eq!(
            of("ip -j l s up dev up mtu 5 ty vlan p 802.1q"),
            [
                "options: json",
                "objects: link",
                "link: set",
                "link set: up",
                "link set: dev",
                "link set: mtu",
                "link set: type",
                "link type: vlan",
                "link type vlan: protocol"
            ]
        );
        let flags = of("ip addr show -tentative dynamic");
        assert_eq!(
            flags[2..],
            [
                "address show, flags: tentative",
                "address show, flags: dynamic"
            ]
        );
    }

    #[test]
    fn words_that_are_no_command_have_none_but_those_that_are_never_one() {
        assert!(of("ip link set eth0 mtu x").is_empty());
        assert_eq!(of("ip link set eth0 netns 1")[2..], ["link set: netns"]);
    }

    #[test]
    fn every_table_has_words_of_its_own() {
        let tables = whole();
        for (place, (name, words)) in tables.iter().enumerate() {
            let same = tables[..place].iter().find(|(_, others)| others == words);
            assert!(same.is_none(), "{name} is also {same:?}");
        }
    }
}
