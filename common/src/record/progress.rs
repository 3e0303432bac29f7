//! What the lines of a record say of a piece of work, and which of them still count.

use super::{Entry, Event, Work};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::Entrance;
    use crate::record::bed;

    fn work(container: Option<&str>, value: &str) -> Work {
        Work {
            entrance: Entrance::Nri,
            container: container.map(str::to_owned),
            ..bed::work("eth0", value)
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
}
