//! One line of a record: what happens to a piece of work.

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

/// The hash by which a record knows a value again.
#[must_use]
pub fn hash(value: &str) -> String {
    crate::hash::hash(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::bed::work;

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
                ..Entry::new(work("eth0", "v"), event)
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
