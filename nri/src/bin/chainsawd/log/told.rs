//! The transcripts that were logged last: where a refused sandbox leaks, each of its containers is refused with the same.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chainsaw_common::record::hash;

/// So many are kept: more than sandboxes that are being refused at once.
const KEPT: usize = 64;

/// What was logged of which sandbox, and at which event first, the latest last.
#[derive(Debug, Default)]
pub struct Told(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    sandbox: String,
    hash: String,
    trigger: String,
}

impl Told {
    /// At which event this was logged of this sandbox before; nothing, if now is the first time.
    pub fn before(&self, sandbox: &str, transcript: &str, trigger: &str) -> Option<String> {
        let hash = hash(transcript);
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |entry: &&Entry| entry.sandbox == sandbox && entry.hash == hash;
        if let Some(entry) = told.iter().find(is_same) {
            return Some(entry.trigger.clone());
        }
        // Of a sandbox the last one counts: what came between is to be read in order.
        told.retain(|entry| entry.sandbox != sandbox);
        if told.len() == KEPT {
            told.pop_front();
        }
        told.push_back(Entry {
            sandbox: sandbox.to_owned(),
            hash,
            trigger: trigger.to_owned(),
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_of_a_sandbox_is_logged_once_until_there_is_another() {
        let told = Told::default();
        let before = |sandbox, text, trigger| told.before(sandbox, text, trigger);
        assert_eq!(before("s1", "a", "RunPodSandbox"), None);
        for _ in 0..2 {
            let first = Some("RunPodSandbox".to_owned());
            assert_eq!(before("s1", "a", "CreateContainer"), first);
        }
        assert_eq!(before("s2", "a", "CreateContainer"), None);
        assert_eq!(before("s1", "b", "CreateContainer"), None);
        assert_eq!(before("s1", "a", "CreateContainer"), None);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let told = Told::default();
        for number in 0..=KEPT {
            assert_eq!(told.before(&number.to_string(), "a", "RunPodSandbox"), None);
        }
        assert_eq!(told.0.lock().unwrap().len(), KEPT);
        assert!(told.before("1", "a", "CreateContainer").is_some());
        assert_eq!(told.before("0", "a", "CreateContainer"), None);
    }
}
