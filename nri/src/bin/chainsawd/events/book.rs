//! What was said already: the same note is one Event that counts, and nobody's notes are without end. A crash-looping pod
//! says the same again and again; it costs one Event, and now and then a new count.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

use super::event::Times;
use super::note::{About, Note};

/// How many notes are known at once.
const NOTES: usize = 512;

/// How many different ones about one pod.
const A_POD: usize = 8;

/// How long a note is known after it was last said: as long as an API server keeps an Event, unless configured.
const KEPT: Duration = Duration::from_secs(3600);

/// Until a count is told again: at first, and doubling up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LAST_WAIT: Duration = Duration::from_secs(300);

/// How many requests may be made at once after a rest, and how long each takes to be allowed again.
const BURST: u32 = 50;
const REFILL: Duration = Duration::from_secs(1);

/// How much of it the counts leave to new notes: a count that is told later loses nothing, a new note is lost.
const FOR_NEW: u32 = BURST / 2;

/// The notes that are known.
#[derive(Debug)]
pub struct Book {
    known: HashMap<Arc<Note>, Said>,
    allowance: Allowance,
}

/// How it stands with a note.
#[derive(Debug)]
struct Said {
    /// The Event's name, once there is one.
    event: Option<String>,
    times: Times,
    /// The count that was told.
    told: u32,
    heard: Instant,
    /// When the count may be told, and how long it is until then the next time.
    next: Instant,
    wait: Duration,
}

/// What becomes of a note.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is to be told.
    New(Arc<Note>),
    /// It was counted.
    Again,
    /// There were too many.
    TooMany,
}

/// A count that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of which note.
    pub note: Arc<Note>,
    /// Its Event's name.
    pub event: String,
    /// The times to tell.
    pub times: Times,
}

impl Book {
    /// Nothing is known yet.
    pub fn new(now: Instant) -> Self {
        Self {
            known: HashMap::new(),
            allowance: Allowance::full(now),
        }
    }

    /// A note was said.
    pub fn hear(&mut self, note: Note, now: Instant, time: Timestamp) -> Heard {
        if let Some(said) = self.known.get_mut(&note) {
            said.times.count = said.times.count.saturating_add(1);
            said.times.last = time;
            said.heard = now;
            return Heard::Again;
        }
        self.known
            .retain(|_, said| now.duration_since(said.heard) < KEPT);
        if self.known.len() >= NOTES
            || self.of(&note.about) >= A_POD
            || !self.allowance.take(now, 0)
        {
            return Heard::TooMany;
        }
        let note = Arc::new(note);
        self.known.insert(Arc::clone(&note), Said::once(now, time));
        Heard::New(note)
    }

    /// When, and how often, a note was said. Nothing if it is not known any more.
    pub fn times(&self, note: &Note) -> Option<Times> {
        self.known.get(note).map(|said| said.times)
    }

    /// An Event tells a note, and that it was said so often.
    pub fn told(&mut self, note: &Note, event: &str, count: u32, now: Instant) {
        if let Some(said) = self.known.get_mut(note) {
            said.event = Some(event.to_owned());
            said.told = count;
        }
        self.put_off(note, now);
    }

    /// No Event tells the note: when it is said again, it is new.
    pub fn forget(&mut self, note: &Note) {
        self.known.remove(note);
    }

    /// The counts that are to be told by now, those first that have been so for longest. Each is to be told only if it
    /// [may be](Self::may_repeat).
    pub fn due(&self, now: Instant) -> Vec<Due> {
        let mut due: Vec<_> = self
            .known
            .iter()
            .filter(|(_, said)| said.times.count > said.told && said.next <= now)
            .filter_map(|(note, said)| {
                let due = Due {
                    note: Arc::clone(note),
                    event: said.event.clone()?,
                    times: said.times,
                };
                Some((said.next, due))
            })
            .collect();
        due.sort_by_key(|(next, _)| *next);
        due.into_iter().map(|(_, due)| due).collect()
    }

    /// Whether one more count may be told now. If so, it is taken for told.
    pub fn may_repeat(&mut self, now: Instant) -> bool {
        self.allowance.take(now, FOR_NEW)
    }

    /// The count of a note is not told again before some time has passed, and the next time more.
    pub fn put_off(&mut self, note: &Note, now: Instant) {
        if let Some(said) = self.known.get_mut(note) {
            said.next = now + said.wait;
            said.wait = (said.wait * 2).min(LAST_WAIT);
        }
    }

    fn of(&self, about: &About) -> usize {
        self.known
            .keys()
            .filter(|note| note.about == *about)
            .count()
    }
}

impl Said {
    fn once(now: Instant, time: Timestamp) -> Self {
        Self {
            event: None,
            times: Times {
                first: time,
                last: time,
                count: 1,
            },
            told: 0,
            heard: now,
            next: now,
            wait: FIRST_WAIT,
        }
    }
}

/// How many requests are allowed.
#[derive(Debug)]
struct Allowance {
    left: u32,
    since: Instant,
}

impl Allowance {
    fn full(now: Instant) -> Self {
        Self {
            left: BURST,
            since: now,
        }
    }

    /// Takes one, if so many are left after it.
    fn take(&mut self, now: Instant, leave: u32) -> bool {
        while self.left < BURST && now.duration_since(self.since) >= REFILL {
            self.left += 1;
            self.since += REFILL;
        }
        if self.left == BURST {
            self.since = now;
        }
        let allowed = self.left > leave;
        self.left -= u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests;
