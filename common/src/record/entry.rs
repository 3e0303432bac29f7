//! One line of a record, and what the lines say of a piece of work.

use serde::{Deserialize, Serialize};

use crate::limits::Making;
use crate::pod::Entrance;

/// A piece of work: what is done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The entrance by which it came.
    pub entrance: Entrance,
    /// The CNI network, by name; none at the NRI entrance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The interface that is the current one.
    pub interface: String,
    /// The container, by its id, for whose start it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Where the value came from.
    pub source: String,
    /// The value's hash.
    pub value: String,
}

/// One line: what happens to one piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which.
    pub work: Work,
    /// What happens.
    pub event: Event,
    /// Why, where it failed: one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the command that is about to run makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makes: Vec<Making>,
}

/// What happens to a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A command that may change something is about to run; those before it are done.
    Begun {
        /// Its number, from 0.
        command: usize,
    },
    /// All of it ran.
    Ok,
    /// It ended early.
    Failed {
        /// The command that failed, from 0; none if nothing ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<usize>,
    },
    /// Its time passed while nobody was there to do it.
    Missed,
    /// The attachment is gone.
    Gone,
}

/// How far a piece of work came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It was never begun. `again` tells whether the same value was, for another start.
    New {
        /// Whether it is to leave alone what is already so.
        again: bool,
    },
    /// It was begun and its end was not seen: a command is in doubt, those before it are done.
    InDoubt {
        /// The number of the one in doubt, from 0.
        command: usize,
        /// Whether the others leave alone what is already so.
        again: bool,
    },
    /// It failed at the command of this number, those before it are done.
    Failed {
        /// The number, from 0.
        command: usize,
        /// Whether it is to leave alone what is already so.
        again: bool,
        /// Why.
        why: String,
    },
    /// It is done.
    Ok,
    /// Its time has passed.
    Missed,
}

impl Work {
    /// Whether the other is of the same value of the same source.
    #[must_use]
    pub fn is_of_the_value_of(&self, other: &Self) -> bool {
        self.entrance == other.entrance && self.source == other.source && self.value == other.value
    }

    /// Whether it belongs to the CNI attachment of this interface.
    #[must_use]
    pub fn is_at_attachment(&self, interface: &str) -> bool {
        self.entrance == Entrance::Cni && self.interface == interface
    }
}

impl Entry {
    /// What happens, with nothing more to say of it.
    #[must_use]
    pub fn new(work: Work, event: Event) -> Self {
        Self {
            work,
            event,
            why: None,
            makes: Vec::new(),
        }
    }
}

/// What the lines say of a piece of work. What was before an attachment went was another's.
pub fn progress(entries: &[Entry], work: &Work) -> Progress {
    let here = |entry: &&Entry| {
        (entry.work.entrance, &entry.work.interface) == (work.entrance, &work.interface)
    };
    let since: Vec<&Entry> = entries
        .iter()
        .rev()
        .filter(here)
        .take_while(|entry| entry.event != Event::Gone)
        .collect();
    // Another start of the same value that came as far as to run something.
    let again = since.iter().any(|entry| {
        let ran = !matches!(entry.event, Event::Missed | Event::Failed { command: None });
        ran && entry.work != *work && entry.work.is_of_the_value_of(work)
    });
    let Some(last) = since.iter().find(|entry| entry.work == *work) else {
        return Progress::New { again };
    };
    match last.event {
        Event::Begun { command } => Progress::InDoubt { command, again },
        Event::Failed { command } => Progress::Failed {
            command: command.unwrap_or(0),
            again,
            why: last.why.clone().unwrap_or_default(),
        },
        Event::Missed => Progress::Missed,
        Event::Ok | Event::Gone => Progress::Ok,
    }
}

/// The lines that still count: the last of each work, and of the starts of containers, which are told apart by the
/// container, the newest for each value.
pub fn that_count(entries: &[Entry]) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries.iter().rev() {
        let same = |newer: &Entry| {
            let starts = newer.work.container.is_some() && entry.work.container.is_some();
            newer.work == entry.work || (starts && newer.work.is_of_the_value_of(&entry.work))
        };
        // The newest start of all may have run nothing yet; the one before it tells that the value ran.
        let limit = 1 + usize::from(entry.work.container.is_some());
        let alike: Vec<&Entry> = kept.iter().filter(|newer| same(newer)).collect();
        let told = alike.iter().any(|newer| newer.work == entry.work);
        if !told && alike.len() < limit {
            // What it makes stands in the head.
            let makes = Vec::new();
            kept.push(Entry {
                makes,
                ..entry.clone()
            });
        }
    }
    kept.reverse();
    kept
}

/// The hash by which a record knows a value again.
#[must_use]
pub fn hash(value: &str) -> String {
    crate::hash::hash(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(container: Option<&str>, value: &str) -> Work {
        Work {
            entrance: Entrance::Nri,
            network: None,
            interface: "eth0".into(),
            container: container.map(str::to_owned),
            source: "k".into(),
            value: value.into(),
        }
    }

    fn entries(events: &[(Option<&str>, Event)]) -> Vec<Entry> {
        let entry =
            |(container, event): &(Option<&str>, Event)| Entry::new(work(*container, "v"), *event);
        events.iter().map(entry).collect()
    }

    #[test]
    fn the_last_line_tells_how_far_a_work_came() {
        let begun = |command| (None, Event::Begun { command });
        let in_doubt = |command| Progress::InDoubt {
            command,
            again: false,
        };
        for (lines, progress) in [
            (vec![], Progress::New { again: false }),
            (vec![begun(0)], in_doubt(0)),
            (vec![begun(0), begun(2)], in_doubt(2)),
            (vec![begun(0), (None, Event::Ok)], Progress::Ok),
            (vec![(None, Event::Missed)], Progress::Missed),
            (
                vec![begun(0), (None, Event::Failed { command: Some(1) })],
                Progress::Failed {
                    command: 1,
                    again: false,
                    why: String::new(),
                },
            ),
            (
                vec![begun(0), (None, Event::Gone)],
                Progress::New { again: false },
            ),
        ] {
            assert_eq!(
                super::progress(&entries(&lines), &work(None, "v")),
                progress,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn the_next_start_of_a_container_is_new_work_that_ran_before() {
        let lines = entries(&[
            (Some("c1"), Event::Begun { command: 0 }),
            (Some("c1"), Event::Ok),
        ]);
        let progress = |container, value| super::progress(&lines, &work(Some(container), value));
        assert_eq!(progress("c1", "v"), Progress::Ok);
        assert_eq!(progress("c2", "v"), Progress::New { again: true });
        assert_eq!(progress("c2", "w"), Progress::New { again: false });
    }

    #[test]
    fn every_line_reads_as_it_was_written() {
        for event in [
            Event::Begun { command: 3 },
            Event::Ok,
            Event::Failed { command: None },
            Event::Failed { command: Some(2) },
            Event::Missed,
            Event::Gone,
        ] {
            let entry = Entry {
                why: Some("x".into()),
                ..Entry::new(work(Some("c"), "v"), event)
            };
            let line = serde_json::to_string(&entry).unwrap();
            assert_eq!(
                serde_json::from_str::<Entry>(&line).unwrap(),
                entry,
                "{line}"
            );
        }
    }
}
