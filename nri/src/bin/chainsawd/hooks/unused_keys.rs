//! Keys that had no effect. Of the CNI entrance's this one knows when a sandbox has all its attachments; of its own it is
//! certain when a sandbox stops, as long as its namespace, and so its record, is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chainsaw_common::config::{Mode, OnFailure};
use chainsaw_common::record::Record;
use chainsaw_nri::api::{Container, PodSandbox};
use tokio::task::spawn_blocking;

use super::{Hooks, whose};
use crate::keys::Asked;
use crate::late::pod;
use crate::news::News;
use crate::target::{self, NoTarget};
use crate::unused::{self, Unused};

/// The sandboxes that live and ask for something at the starts of containers: nobody has said yet whether one came.
#[derive(Debug, Default)]
pub(super) struct Unjudged(Mutex<BTreeMap<String, Seen>>);

/// What was told of a sandbox's containers.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The names of those that were to be made, whatever became of them.
    names: BTreeSet<String>,
    /// Whether one started, or may have where nobody was told, and none was refused since. Otherwise nothing is known of
    /// the others: the pod was refused, or failed before they came.
    started: bool,
}

impl Unjudged {
    /// These sandboxes are all there are. Of what came of their containers before, not all was told.
    pub fn are(&self, pods: &[PodSandbox]) {
        let asking = pods.iter().filter(|pod| pod.pid != 0 && asks(pod));
        let unheard = || Seen {
            started: true,
            ..Seen::default()
        };
        *self.all() = asking.map(|pod| (pod.id.clone(), unheard())).collect();
    }

    /// This sandbox is new.
    pub fn begins(&self, pod: &PodSandbox) {
        if asks(pod) {
            self.all().insert(pod.id.clone(), Seen::default());
        }
    }

    /// A container of it is to be made or to start.
    pub fn sees(&self, sandbox: &str, container: &Container) {
        if let Some(seen) = self.all().get_mut(sandbox) {
            seen.names.insert(container.name.clone());
        }
    }

    /// A container of it starts.
    pub fn starts(&self, sandbox: &str) {
        self.put_started(sandbox, true);
    }

    /// It is refused, or a container of it.
    pub fn refuses(&self, sandbox: &str) {
        self.put_started(sandbox, false);
    }

    fn put_started(&self, sandbox: &str, started: bool) {
        if let Some(seen) = self.all().get_mut(sandbox) {
            seen.started = started;
        }
    }

    /// This one is judged once and for all; by this, unless it was before.
    pub fn end(&self, sandbox: &str) -> Option<Seen> {
        self.all().remove(sandbox)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn asks(pod: &PodSandbox) -> bool {
    Asked::read(&pod.annotations)
        .is_ok_and(|asked| asked.is_some_and(|asked| !asked.containers.is_empty()))
}

impl Hooks {
    /// Tells of keys that no container of a sandbox used, which stops: its namespace is still there, and so is the record
    /// of all that ran in it.
    pub(super) fn judge(&self, sandbox: &PodSandbox, seen: &Seen) {
        if let Ok(found) = self.found(&sandbox.id) {
            self.tell_of_no_container(sandbox, seen, found.as_ref());
        }
    }

    /// Forgets a sandbox that was removed. That it stopped may have been told to nobody; without a record it is not known
    /// then what ran. A record that somebody holds is swept later.
    pub(super) fn forget(&self, sandbox: &PodSandbox) {
        let unjudged = self.unjudged.end(&sandbox.id);
        let Ok(Some(record)) = self.found(&sandbox.id) else {
            return;
        };
        if let Some(seen) = unjudged {
            self.tell_of_no_container(sandbox, &seen, Some(&record));
        }
        record.remove().ok();
    }

    /// Of a sandbox in which no container started this says nothing: that none of a name came is no fault of the key.
    fn tell_of_no_container(&self, sandbox: &PodSandbox, seen: &Seen, record: Option<&Record>) {
        if !seen.started {
            return;
        }
        let Ok(Some(asked)) = Asked::read(&sandbox.annotations) else {
            return;
        };
        // What is only rehearsed leaves no record.
        if !self
            .settings
            .current()
            .is_ok_and(|config| config.mode == Mode::Enforce)
        {
            return;
        }
        let used = |key: &str| {
            let mut entries = record.iter().flat_map(|record| record.entries());
            entries.any(|entry| entry.work.source == key)
        };
        let of = pod(sandbox);
        let unused = asked.containers.iter().filter(|(name, value)| {
            let came = seen.names.contains(**name);
            !came && !used(value.key)
        });
        for (_, value) in unused {
            let whose = whose(&of, &sandbox.id);
            self.sinks
                .tell(News::KeyUnused(whose, value.key, Unused::NoContainer));
        }
    }

    /// Tells of keys of the CNI entrance that had no effect, now that the sandbox has all its attachments. Nobody waits for it.
    pub(super) fn tell_of_unused(&self, sandbox: &PodSandbox) {
        if unused::asking(&sandbox.annotations).next().is_some() {
            let (own, sandbox) = (self.clone(), sandbox.clone());
            drop(spawn_blocking(move || own.look_for_unused(&sandbox)));
        }
    }

    fn look_for_unused(&self, sandbox: &PodSandbox) {
        let Ok(config) = self.settings.current() else {
            return;
        };
        let handlers = &config.hooks.nri.runtime_handlers;
        let told: Vec<(&str, Unused)> = match target::netns(sandbox, None, handlers) {
            Err(NoTarget::HostNetwork) => {
                let keys = unused::asking(&sandbox.annotations);
                keys.map(|key| (key, Unused::HostNetwork)).collect()
            }
            // Only there is it certain that what ran is recorded, and that what did not run keeps the sandbox from being.
            _ if config.mode == Mode::Enforce && config.failure.cni == OnFailure::Fail => {
                let Ok(found) = self.found(&sandbox.id) else {
                    return;
                };
                let entries = found.as_ref().map(Record::entries).unwrap_or_default();
                let keys = unused::at_no_attachment(&sandbox.annotations, entries);
                let plain = unused::in_no_chain(&sandbox.annotations, entries)
                    .filter(|_| config.failure.unknown == OnFailure::Fail)
                    .map(|key| (key, Unused::NoChain));
                let others = keys.into_iter().map(|key| (key, Unused::NoAttachment));
                plain.into_iter().chain(others).collect()
            }
            _ => return,
        };
        let of = pod(sandbox);
        for (key, why) in told {
            let whose = whose(&of, &sandbox.id);
            self.sinks.tell(News::KeyUnused(whose, key, why));
        }
    }
}
