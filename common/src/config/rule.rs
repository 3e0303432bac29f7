//! `[[rule]]`: who may do what.

use serde::Deserialize;
use toml::Spanned;

use super::select::{Selector, Written as Selectors};
use super::{Wrong, line};
use crate::policy::{Pattern, Profile, Stretch};

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    namespaces: Vec<Spanned<String>>,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    entrance: Option<Spanned<String>>,
    #[serde(default)]
    interfaces: Vec<Spanned<String>>,
    #[serde(default)]
    prefixes: Vec<Spanned<String>>,
    profile: Option<Spanned<Profile>>,
    #[serde(default)]
    allow: Vec<Spanned<String>>,
    #[serde(default)]
    deny: Vec<Spanned<String>>,
    events: Option<Vec<Told>>,
    shared: Option<Spanned<bool>>,
}

/// What a pod's author is told by a Kubernetes Event, besides what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// That its commands ran, with the first lines of what they printed.
    Ran,
}

/// A rule: whom it speaks of, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whom it speaks of.
    pub who: Selector,
    /// The stretches of addresses that it speaks of; none is all there are.
    pub prefixes: Vec<Stretch>,
    /// What they may do; without it no more than look.
    pub profile: Option<Profile>,
    /// Commands that are granted besides.
    pub allow: Vec<Pattern>,
    /// Commands that are refused, whatever another rule says.
    pub deny: Vec<Pattern>,
    /// What their authors are told besides what went wrong; none leaves that to the rules before it.
    pub events: Option<Vec<Told>>,
    /// Whether what it grants goes for devices that are shared with other pods and the node.
    pub shared: bool,
    /// Where it stands in the file, from 1: the line of its `[[rule]]`.
    pub line: usize,
    /// The line of its profile, if it has one.
    pub profile_line: Option<usize>,
}

impl Rule {
    /// Whether it grants anything: one that only denies leaves everything else to the rules before it.
    #[must_use]
    pub fn grants(&self) -> bool {
        self.profile.is_some() || !self.allow.is_empty()
    }

    pub(super) fn checked(written: Spanned<Written>, text: &str) -> Result<Self, Wrong> {
        let at = written.span().start;
        let written = written.into_inner();
        if written.profile.is_none()
            && written.allow.is_empty()
            && written.deny.is_empty()
            && written.events.is_none()
        {
            let why = "the rule says nothing: write profile, allow, deny or events".to_owned();
            return Err((at, why));
        }
        let shared = written.shared.as_ref().filter(|shared| *shared.get_ref());
        if let Some(shared) = shared
            && written.profile.is_none()
            && written.allow.is_empty()
        {
            let why = "shared widens what the rule grants, and it grants nothing: write profile or allow, too";
            return Err((shared.span().start, why.to_owned()));
        }
        let shared = shared.is_some();
        let profile = written.profile.as_ref().map(Spanned::span);
        let who = Selectors {
            namespaces: written.namespaces,
            labels: written.labels,
            entrance: written.entrance,
            interfaces: written.interfaces,
        };
        Ok(Self {
            who: who.checked(at)?,
            prefixes: each(written.prefixes, |prefix, _| Stretch::read(prefix))?,
            profile: written.profile.map(Spanned::into_inner),
            allow: each(written.allow, |words, at| {
                Pattern::read(words, line(text, at))
            })?,
            deny: each(written.deny, |words, at| {
                Pattern::read(words, line(text, at))
            })?,
            events: written.events,
            shared,
            line: line(text, at),
            profile_line: profile.map(|span| line(text, span.start)),
        })
    }
}

fn each<T>(
    written: Vec<Spanned<String>>,
    read: impl Fn(&str, usize) -> Result<T, String>,
) -> Result<Vec<T>, Wrong> {
    let one = |word: Spanned<String>| {
        let at = word.span().start;
        read(word.get_ref(), at).map_err(|why| (at, why))
    };
    written.into_iter().map(one).collect()
}
