//! Verbs: what follows the name of an object, and what becomes of those that are not spoken.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};

use super::args::Args;
use super::keyword::{self, Keyword};
use super::mistake::{Mistake, USAGE};
use super::options::not_spoken;
use crate::nearest::nearest;

/// Why a verb that saves or restores is never allowed.
pub(super) const FILE: &str = "no file of the node is read or written";

/// What a verb of iproute2 is here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning<V> {
    /// It is spoken.
    Spoken(V),
    /// No profile allows it, for this reason.
    Never(&'static str),
    /// iproute2 knows it, and this dialect does not.
    NotYet,
    /// A person asks for usage.
    Help,
}

/// A row of a verb that is spoken, and may be abbreviated.
pub(super) const fn spoken<V>(word: &'static str, verb: V) -> Keyword<Meaning<V>> {
    keyword::prefix(word, Meaning::Spoken(verb))
}

/// The verbs of one object.
pub(super) struct Verbs<V: 'static> {
    /// The object's full form.
    pub object: &'static str,
    /// What there is, in iproute2's order.
    pub table: &'static [Keyword<Meaning<V>>],
    /// What is meant where no verb stands.
    pub none: V,
    /// What is said to whoever asks for help.
    pub usage: &'static str,
}

impl<V: Copy> Verbs<V> {
    /// Reads one; iproute2's sentence about a verb that it does not know.
    pub(super) fn read(&self, args: &mut Args<'_>) -> Result<V, Mistake> {
        let Some(word) = args.take() else {
            return Ok(self.none);
        };
        match args.spelt(self.table, word).map(|row| row.key) {
            Some(Meaning::Spoken(verb)) => Ok(verb),
            Some(Meaning::Never(reason)) => Err(Mistake::never(args.last(), &word.text, reason)),
            Some(Meaning::NotYet) => Err(not_spoken(&word.text)),
            Some(Meaning::Help) => Err(Mistake::help(self.usage)),
            None => Err(self.unknown(&word.text)),
        }
    }

    fn unknown(&self, word: &str) -> Mistake {
        let object = self.object;
        let near = keyword::words_of(self.table, |meaning| matches!(meaning, Meaning::Spoken(_)));
        let near = nearest(word, near).map(|near| format!("{object} {near}"));
        let text = format!("Command \"{word}\" is unknown, try \"ip {object} help\".");
        Mistake::new(text, USAGE).hinting(near)
    }
}

/// How an address or a neighbour is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It must not be there.
    Add,
    /// It must be there.
    Change,
    /// It may be there.
    Replace,
    /// It is taken away.
    Del,
}

impl Verb {
    /// Its full form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::Del => "del",
        }
    }

    /// The flags of its message, besides those of any request.
    pub(super) fn flags(self) -> u16 {
        match self {
            Self::Add => NLM_F_CREATE | NLM_F_EXCL,
            Self::Change => NLM_F_REPLACE,
            Self::Replace => NLM_F_CREATE | NLM_F_REPLACE,
            Self::Del => 0,
        }
    }
}
