//! Numbers that size the kernel's memory, or the time for which it holds RTNL, and the most that a command may say.
//!
//! The rows are in [`table`]. A keyword that takes a number and stands in no row has its reason in `unbounded.rs`, which
//! only tests read: they walk the dialect's tables and fail for a keyword that stands in neither.

use std::fmt;

use super::{Action, Command, link, route};

pub mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unbounded;

/// A keyword, the most that its number may be, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Bound {
    /// The keyword's table, as [`tables`](super::tables) names it.
    pub table: &'static str,
    /// The keyword in full.
    pub word: &'static str,
    /// What the number is, if it is not the keyword's own value.
    pub counts: Option<&'static str>,
    /// The most that it may be.
    pub most: u32,
    /// What it sizes, and what the kernel itself takes.
    pub why: &'static str,
    /// Where the kernel does so.
    pub source: &'static str,
}

/// A number that is more than its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    /// The number as it was given.
    pub given: i64,
    /// Its bound.
    pub bound: &'static Bound,
}

/// A number of a command: the keyword's table, the keyword, the number.
type Said = (&'static str, &'static str, i64);

/// The bound of a keyword.
fn of(table: &str, word: &str) -> Option<&'static Bound> {
    let is_it = |bound: &&Bound| bound.table == table && bound.word == word;
    table::BOUNDS.iter().find(is_it)
}

impl Command {
    /// The first number of the command that is more than its bound.
    #[must_use]
    pub fn beyond_bound(&self) -> Option<Beyond> {
        let mut said = Vec::new();
        match &self.action {
            Action::Link(action) => match &**action {
                link::Action::Add(settings)
                | link::Action::Replace(settings)
                | link::Action::Set(settings)
                | link::Action::Del(settings) => of_device(settings, &mut said),
                _ => {}
            },
            Action::Route(action) => {
                if let route::Action::Change(_, route) = &**action {
                    said.push((
                        "route add, after metrics",
                        "nexthop",
                        count(route.nexthops.len()),
                    ));
                }
            }
            _ => {}
        }
        said.into_iter().find_map(|(table, word, given)| {
            let bound = of(table, word)?;
            // The kernel takes a number below zero for one beyond 31 bits.
            let within = (0..=i64::from(bound.most)).contains(&given);
            (!within).then_some(Beyond { given, bound })
        })
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The numbers of a device, of its kind, and of the device at the other end.
fn of_device(settings: &link::Settings, said: &mut Vec<Said>) {
    let own = settings.numbers.iter();
    said.extend(own.map(|number| ("link set", number.word, number.value)));
    let Some(kind) = &settings.kind else {
        return;
    };
    for bound in table::BOUNDS {
        if bound.table.strip_prefix("link type ") == Some(kind.name()) {
            let numbers = kind.numbers(bound.word);
            said.extend(numbers.map(|number| (bound.table, bound.word, number)));
        }
    }
    if let Some(peer) = kind.peer() {
        of_device(peer, said);
    }
}

impl Beyond {
    /// What to write instead.
    #[must_use]
    pub fn remedy(&self) -> String {
        let Bound {
            word, counts, most, ..
        } = self.bound;
        match counts {
            Some(counts) => format!(
                "write {most} or less as {counts} of {word}; no profile and no configuration allows more"
            ),
            None => {
                format!("write {word} {most}, or less; no profile and no configuration allows more")
            }
        }
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bound {
            word,
            counts,
            most,
            why,
            ..
        } = self.bound;
        let of = counts.map_or_else(String::new, |counts| format!("{counts} of "));
        write!(
            f,
            "{of}{word} may be {most} at most, not {}: {why}",
            self.given
        )
    }
}
