//! `[root | match | exact] PREFIX`: where a route's destination or source has to lie.

use std::fmt;

use super::super::args::Args;
use super::super::keyword::{Keyword, prefix};
use super::super::mistake::Mistake;
use super::Prefix;
use crate::family::Family;

/// How an address and its length lie to prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// `root`: within this one.
    pub root: Option<Prefix>,
    /// `match`: around this one.
    pub around: Option<Prefix>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Reach {
    Root,
    Match,
    Exact,
}

pub(in crate::ip) const REACHES: &[Keyword<Reach>] = &[
    prefix("root", Reach::Root),
    prefix("match", Reach::Match),
    prefix("exact", Reach::Exact),
];

impl Area {
    /// `[root | match | exact] PREFIX`.
    pub(super) fn read(&mut self, args: &mut Args<'_>, family: Family) -> Result<(), Mistake> {
        let reach = args
            .peek()
            .and_then(|word| args.spelt(REACHES, word))
            .map(|row| row.key);
        if reach.is_some() {
            args.take();
        }
        let prefix = args.prefix(family)?;
        if !matches!(reach, Some(Reach::Match)) {
            self.root = Some(prefix);
        }
        if !matches!(reach, Some(Reach::Root)) {
            self.around = Some(prefix);
        }
        Ok(())
    }

    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
        if let (Some(root), true) = (self.root, self.root == self.around) {
            return write!(f, " {word} exact {root}");
        }
        for (reach, prefix) in [("root", self.root), ("match", self.around)] {
            if let Some(prefix) = prefix {
                write!(f, " {word} {reach} {prefix}")?;
            }
        }
        Ok(())
    }
}
