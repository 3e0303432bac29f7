//! The last entries of each pod, and which of them the API does not have. Only the last counts, so nothing queues.

use std::collections::{HashMap, VecDeque};

use super::entry::{Entry, Whole};

/// How many pods are known at once.
const PODS: usize = 512;

/// How many entries one has.
const ENTRIES: usize = 8;

/// What is known of pods.
#[derive(Debug, Default)]
pub struct Ledger {
    pods: HashMap<Whole, Vec<Entry>>,
    /// The pods by when they were heard of first.
    order: VecDeque<Whole>,
    /// Those that the API does not have as they are, in turn.
    unwritten: VecDeque<Whole>,
}

impl Ledger {
    /// Takes note. Gives how many pods are given up for it that the API does not have as they are.
    pub fn note(&mut self, pod: Whole, entry: Entry) -> usize {
        let mut dropped = 0;
        if !self.pods.contains_key(&pod) {
            while self.order.len() >= PODS
                && let Some(oldest) = self.order.pop_front()
            {
                dropped += usize::from(self.is_unwritten(&oldest));
                self.forget(&oldest);
            }
            self.order.push_back(pod.clone());
        }
        let entries = self.pods.entry(pod.clone()).or_default();
        entries.retain(|other| !entry.replaces(other));
        if entries.len() >= ENTRIES {
            entries.remove(0);
        }
        entries.push(entry);
        if !self.is_unwritten(&pod) {
            self.unwritten.push_back(pod);
        }
        dropped
    }

    /// A pod whose turn it is, and what is to be written.
    pub fn next(&mut self) -> Option<(Whole, Vec<Entry>)> {
        let pod = self.unwritten.pop_front()?;
        let entries = self.pods.get(&pod)?.clone();
        Some((pod, entries))
    }

    /// It was not written after all.
    pub fn again(&mut self, pod: Whole) {
        if self.pods.contains_key(&pod) && !self.is_unwritten(&pod) {
            self.unwritten.push_front(pod);
        }
    }

    /// Nothing more is to be known of a pod.
    pub fn forget(&mut self, pod: &Whole) {
        self.pods.remove(pod);
        self.order.retain(|one| one != pod);
        self.unwritten.retain(|one| one != pod);
    }

    fn is_unwritten(&self, pod: &Whole) -> bool {
        self.unwritten.contains(pod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Whole {
        Whole {
            namespace: "shop".into(),
            name: name.into(),
            uid: "uid-1".into(),
        }
    }

    fn entry(interface: &str, outcome: &'static str) -> Entry {
        Entry {
            entrance: "cni",
            interface: Some(interface.into()),
            source: None,
            outcome,
            says: None,
            time: String::new(),
        }
    }

    #[test]
    fn the_last_of_each_place_is_written_once() {
        let mut ledger = Ledger::default();
        for (interface, outcome) in [("eth0", "failed"), ("net1", "ok"), ("eth0", "ok")] {
            ledger.note(pod("web"), entry(interface, outcome));
        }
        let wanted = vec![entry("net1", "ok"), entry("eth0", "ok")];
        assert_eq!(ledger.next(), Some((pod("web"), wanted.clone())));
        assert_eq!(ledger.next(), None);
        ledger.again(pod("web"));
        assert_eq!(ledger.next(), Some((pod("web"), wanted)));
        ledger.forget(&pod("web"));
        ledger.again(pod("web"));
        assert_eq!(ledger.next(), None);
    }

    #[test]
    fn what_is_known_is_bounded_and_what_is_given_up_is_told() {
        let mut ledger = Ledger::default();
        let mut dropped = 0;
        for number in 0..2 * PODS {
            dropped += ledger.note(pod(&number.to_string()), entry("eth0", "ok"));
        }
        assert_eq!(
            (dropped, ledger.pods.len(), ledger.order.len()),
            (PODS, PODS, PODS)
        );
        for number in 0..20 {
            ledger.note(pod("last"), entry(&number.to_string(), "ok"));
        }
        while let Some((pod, entries)) = ledger.next() {
            assert!(entries.len() <= ENTRIES, "{pod:?}");
        }
        // What was written is given up without a loss.
        assert_eq!(ledger.note(pod("another"), entry("eth0", "ok")), 0);
    }
}
