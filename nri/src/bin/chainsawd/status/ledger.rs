//! The last entries of each pod, and which of them the API does not have. Only the last counts, so nothing queues.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::entry::{Entry, Whole};

/// How many pods are known at once.
const PODS: usize = 512;

/// How many entries one has.
const ENTRIES: usize = 8;

/// How long a pod is tried that cannot be written, and until it is tried again: at first, and doubling up to the last.
const PATIENCE: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// What is known of pods.
#[derive(Debug, Default)]
pub struct Ledger {
    pods: HashMap<Whole, Known>,
    /// The pods by when they were heard of first.
    order: VecDeque<Whole>,
    /// Those that the API does not have as they are, in turn.
    unwritten: VecDeque<Whole>,
    /// The one that is being written.
    writing: Option<Whole>,
}

#[derive(Debug, Default)]
struct Known {
    entries: Vec<Entry>,
    /// Since when it could not be written.
    failing: Option<Failing>,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    since: Instant,
    next: Instant,
    pause: Duration,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// This is to be written into this pod.
    Write(Whole, Vec<Entry>),
    /// Nothing before then.
    Wait(Instant),
    /// Nothing.
    Rest,
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
        let entries = &mut self.pods.entry(pod.clone()).or_default().entries;
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

    /// The pod whose turn it is: the first that may be tried by now.
    pub fn next(&mut self, now: Instant) -> Turn {
        let time = |pod: &Whole| self.pods.get(pod)?.failing.map(|failing| failing.next);
        let ready = |pod: &Whole| time(pod).is_none_or(|next| next <= now);
        let Some(turn) = self.unwritten.iter().position(ready) else {
            let first = self.unwritten.iter().filter_map(time).min();
            return first.map_or(Turn::Rest, Turn::Wait);
        };
        let pod = self.unwritten.remove(turn);
        let entries = pod.as_ref().and_then(|pod| self.pods.get(pod));
        let entries = entries.map(|known| known.entries.clone());
        match pod.zip(entries) {
            Some((pod, entries)) => {
                self.writing = Some(pod.clone());
                Turn::Write(pod, entries)
            }
            None => Turn::Rest,
        }
    }

    /// It was written.
    pub fn written(&mut self, pod: &Whole) {
        self.writing = None;
        if let Some(known) = self.pods.get_mut(pod) {
            known.failing = None;
        }
    }

    /// It was not written, which is nothing that it has to do with: it is tried again, behind the others.
    pub fn again(&mut self, pod: Whole) {
        self.writing = None;
        if self.pods.contains_key(&pod) && !self.is_unwritten(&pod) {
            self.unwritten.push_back(pod);
        }
    }

    /// It cannot be written now: it is tried again after some time, and then after more, as long as there is patience.
    /// Gives whether there is.
    pub fn put_off(&mut self, pod: Whole, asked: Option<Duration>, now: Instant) -> bool {
        self.writing = None;
        let Some(known) = self.pods.get_mut(&pod) else {
            return true;
        };
        let failing = known.failing.unwrap_or(Failing {
            since: now,
            next: now,
            pause: FIRST_PAUSE,
        });
        if now.duration_since(failing.since) >= PATIENCE {
            self.forget(&pod);
            return false;
        }
        known.failing = Some(Failing {
            next: now + asked.unwrap_or_default().min(PATIENCE).max(failing.pause),
            pause: (failing.pause * 2).min(LAST_PAUSE),
            ..failing
        });
        self.again(pod);
        true
    }

    /// Nothing more is to be known of a pod.
    pub fn forget(&mut self, pod: &Whole) {
        self.pods.remove(pod);
        self.order.retain(|one| one != pod);
        self.unwritten.retain(|one| one != pod);
        self.writing.take_if(|one| one == pod);
    }

    /// How many pods the API does not have as they are, as far as anybody knows.
    pub fn left(&self) -> usize {
        let writing = self.writing.as_ref();
        let writing = writing.filter(|pod| !self.is_unwritten(pod));
        self.unwritten.len() + usize::from(writing.is_some())
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
        let now = Instant::now();
        assert_eq!(ledger.next(now), Turn::Write(pod("web"), wanted.clone()));
        assert_eq!(ledger.next(now), Turn::Rest);
        ledger.again(pod("web"));
        assert_eq!(ledger.next(now), Turn::Write(pod("web"), wanted));
        ledger.forget(&pod("web"));
        ledger.again(pod("web"));
        assert_eq!(ledger.next(now), Turn::Rest);
    }

    #[test]
    fn a_pod_that_cannot_be_written_waits_behind_the_others_and_is_given_up_in_the_end() {
        let mut ledger = Ledger::default();
        let mut now = Instant::now();
        for name in ["bad", "good"] {
            ledger.note(pod(name), entry("eth0", "ok"));
        }
        let turn = |name| Turn::Write(pod(name), vec![entry("eth0", "ok")]);
        assert_eq!(ledger.next(now), turn("bad"));
        assert!(ledger.put_off(pod("bad"), None, now));
        assert_eq!(ledger.next(now), turn("good"));
        ledger.written(&pod("good"));
        let mut tries = 1;
        loop {
            // What is news of it brings it no sooner.
            ledger.note(pod("bad"), entry("eth0", "ok"));
            let Turn::Wait(next) = ledger.next(now) else {
                panic!("it is tried at once");
            };
            now = next;
            assert_eq!(ledger.next(now), turn("bad"));
            tries += 1;
            if !ledger.put_off(pod("bad"), None, now) {
                break;
            }
        }
        // At 0, 5, 15, 35, 75, 135, 195, 255 and 315 s.
        assert_eq!(tries, 9);
        assert_eq!(ledger.next(now), Turn::Rest);
        // Said again, it is tried again.
        ledger.note(pod("bad"), entry("eth0", "ok"));
        assert_eq!(ledger.next(now), turn("bad"));
    }

    #[test]
    fn one_that_is_being_written_is_left_until_the_api_has_it() {
        let mut ledger = Ledger::default();
        let now = Instant::now();
        for name in ["a", "b"] {
            ledger.note(pod(name), entry("eth0", "ok"));
        }
        assert_eq!(ledger.left(), 2);
        ledger.next(now);
        assert_eq!(ledger.left(), 2);
        // News of it meanwhile is written in its turn, and counts once.
        ledger.note(pod("a"), entry("eth0", "failed"));
        assert_eq!(ledger.left(), 2);
        ledger.written(&pod("a"));
        assert_eq!(ledger.left(), 2);
        ledger.next(now);
        ledger.put_off(pod("b"), None, now);
        assert_eq!(ledger.left(), 2);
        ledger.next(now);
        ledger.written(&pod("a"));
        ledger.forget(&pod("b"));
        assert_eq!(ledger.left(), 0);
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
        while let Turn::Write(pod, entries) = ledger.next(Instant::now()) {
            assert!(entries.len() <= ENTRIES, "{pod:?}");
        }
        // What was written is given up without a loss.
        assert_eq!(ledger.note(pod("another"), entry("eth0", "ok")), 0);
    }
}
