//! Words of `ip route` become an [`Action`].

use super::super::args::Args;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::options::{Options, verb};
use super::{Action, Filter, Get, Verb, keywords};
use crate::ip::help;

#[derive(Debug, Clone, Copy)]
enum Asked {
    Show,
    Get,
    Change(Verb),
    Flush,
    Never(&'static str),
    Help,
}

const FILE: &str = "no file of the node is read or written";

/// In iproute2's order.
const VERBS: &[Keyword<Asked>] = &[
    prefix("list", Asked::Show),
    prefix("show", Asked::Show),
    prefix("lst", Asked::Show),
    prefix("add", Asked::Change(Verb::Add)),
    prefix("change", Asked::Change(Verb::Change)),
    exact("chg", Asked::Change(Verb::Change)),
    prefix("replace", Asked::Change(Verb::Replace)),
    prefix("prepend", Asked::Change(Verb::Prepend)),
    prefix("append", Asked::Change(Verb::Append)),
    prefix("test", Asked::Change(Verb::Test)),
    prefix("delete", Asked::Change(Verb::Del)),
    prefix("get", Asked::Get),
    prefix("flush", Asked::Flush),
    prefix("save", Asked::Never(FILE)),
    prefix("restore", Asked::Never(FILE)),
    prefix("showdump", Asked::Never(FILE)),
    prefix("help", Asked::Help),
];

/// Reads what follows `ip route`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    let given = args
        .peek()
        .map(|word| word.text.clone())
        .unwrap_or_default();
    match verb(VERBS, "route", args, Asked::Show)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Get => Get::read(args, options).map(Action::Get),
        Asked::Change(verb) => {
            keywords::route(args, options).map(|route| Action::Change(verb, route))
        }
        Asked::Flush if args.peek().is_none() => {
            Err(Mistake::new("\"ip route flush\" requires arguments.", 1))
        }
        Asked::Flush => Filter::read(args, options).map(Action::Flush),
        Asked::Never(reason) => Err(Mistake::never(args.last(), &given, reason)),
        Asked::Help => Err(Mistake::help(help::ROUTE)),
    }
}
