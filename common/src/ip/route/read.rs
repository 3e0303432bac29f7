//! Words of `ip route` become an [`Action`].

use super::super::args::Args;
use super::super::keyword::{exact, prefix};
use super::super::mistake::Mistake;
use super::super::options::Options;
use super::super::verb::{FILE, Meaning, Verbs, spoken};
use super::{Action, Filter, Get, Verb, keywords};
use crate::ip::help;

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Asked {
    Show,
    Get,
    Change(Verb),
    Flush,
}

pub(in crate::ip) const VERBS: Verbs<Asked> = Verbs {
    object: "route",
    table: &[
        spoken("list", Asked::Show),
        spoken("show", Asked::Show),
        spoken("lst", Asked::Show),
        spoken("add", Asked::Change(Verb::Add)),
        spoken("change", Asked::Change(Verb::Change)),
        exact("chg", Meaning::Spoken(Asked::Change(Verb::Change))),
        spoken("replace", Asked::Change(Verb::Replace)),
        spoken("prepend", Asked::Change(Verb::Prepend)),
        spoken("append", Asked::Change(Verb::Append)),
        spoken("test", Asked::Change(Verb::Test)),
        spoken("delete", Asked::Change(Verb::Del)),
        spoken("get", Asked::Get),
        spoken("flush", Asked::Flush),
        prefix("save", Meaning::Never(FILE)),
        prefix("restore", Meaning::Never(FILE)),
        prefix("showdump", Meaning::Never(FILE)),
        prefix("help", Meaning::Help),
    ],
    none: Asked::Show,
    usage: help::ROUTE,
};

/// Reads what follows `ip route`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    match VERBS.read(args)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Get => Get::read(args, options).map(Action::Get),
        Asked::Change(verb) => {
            keywords::route(args, options).map(|route| Action::Change(verb, route))
        }
        Asked::Flush if args.peek().is_none() => {
            Err(Mistake::new("\"ip route flush\" requires arguments.", 1))
        }
        Asked::Flush => Filter::read(args, options).map(Action::Flush),
    }
}
