//! What commands may have made in a sandbox: of each thing, how many at most.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Making, Thing};

/// What commands may have made. It is never less than what is there: only what was counted, or what the kernel refused
/// to make, takes from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Made(BTreeMap<Thing, u32>);

impl Made {
    /// Whether nothing was made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of one. True if there may be more than before.
    pub fn add(&mut self, making: &Making) -> bool {
        let known = self.0.entry(making.thing.clone()).or_insert(0);
        let more = making.another || *known == 0;
        *known += u32::from(more);
        more
    }

    /// Takes back what was noted last of it: it was not made.
    pub(super) fn undo(&mut self, making: &Making) {
        if let Some(known) = self.0.get_mut(&making.thing) {
            *known -= 1;
            if *known == 0 {
                self.0.remove(&making.thing);
            }
        }
    }

    /// How many there may be of a kind.
    #[must_use]
    pub fn bound(&self, kind: Kind) -> u32 {
        let weigh = |(thing, known): (&Thing, &u32)| known.saturating_mul(thing.weight());
        self.of(kind).map(weigh).fold(0, u32::saturating_add)
    }

    /// The kinds that there are.
    #[cfg(test)]
    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.0.keys().filter_map(Thing::kind).collect()
    }

    /// The things of a kind.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = (&Thing, &u32)> {
        self.0
            .iter()
            .filter(move |(thing, _)| thing.kind() == Some(kind))
    }

    /// Whether it is one of them.
    pub(super) fn has(&self, thing: &Thing) -> bool {
        self.0.contains_key(thing)
    }

    /// Of a kind no more is there than was counted.
    pub(super) fn counted(&mut self, kind: Kind, there: &BTreeMap<Thing, u32>) {
        self.0.retain(|thing, known| {
            if thing.kind() == Some(kind) {
                *known = (*known).min(there.get(thing).copied().unwrap_or(0));
            }
            *known > 0
        });
    }
}
