//! Another rule than the one that decides, which would allow what was denied.

use std::ptr;

use super::super::{Case, Says};
use crate::config::{Mismatch, Rule};

/// A rule that does not decide, and could.
pub(super) struct Would<'a> {
    pub rule: &'a Rule,
    /// Whether it grants enough.
    pub suffices: bool,
    /// What it does not speak of; none where a later rule decides.
    pub fence: Option<Fence>,
}

/// What keeps a rule from speaking of a command.
pub(super) enum Fence {
    Prefixes,
    Selector(Mismatch),
}

/// The last rule that would allow all of it, or that at least speaks of something else alone.
pub(super) fn would<'a>(
    cases: &[Case<'_>],
    near: &[&'a Rule],
    decides: Option<&'a Rule>,
) -> Option<Would<'a>> {
    let mut others: Vec<Would<'a>> = near
        .iter()
        .filter(|rule| decides.is_none_or(|decides| !ptr::eq(decides, **rule)))
        .map(|rule| {
            let open = Rule {
                prefixes: Vec::new(),
                ..(*rule).clone()
            };
            let allows =
                |case: &Case<'_>| matches!(case.grant(&open), Says::Profile(_) | Says::Allows(_));
            Would {
                rule,
                suffices: cases.iter().all(allows),
                fence: cases.iter().find_map(|case| case.fence(rule)),
            }
        })
        .collect();
    let place = others.iter().rposition(|other| other.suffices);
    let place = place.or_else(|| others.iter().rposition(|other| other.fence.is_some()));
    place.map(|place| others.swap_remove(place))
}

impl Case<'_> {
    fn fence(&self, rule: &Rule) -> Option<Fence> {
        match self.said(rule) {
            Says::Elsewhere(mismatch) => Some(Fence::Selector(mismatch)),
            Says::OtherAddresses => Some(Fence::Prefixes),
            _ => None,
        }
    }
}
