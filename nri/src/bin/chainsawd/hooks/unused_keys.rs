//! Keys of the CNI entrance that had no effect: this entrance knows when a sandbox has all its attachments.

use chainsaw_common::config::{Mode, OnFailure};
use chainsaw_common::record::Record;
use chainsaw_nri::api::PodSandbox;
use tokio::task::spawn_blocking;

use super::{Hooks, whose};
use crate::late::pod;
use crate::news::News;
use crate::target::{self, NoTarget};
use crate::unused::{self, Unused};

impl Hooks {
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
        let (keys, why) = match target::netns(sandbox, None, handlers) {
            Err(NoTarget::HostNetwork) => {
                let keys = unused::asking(&sandbox.annotations).collect();
                (keys, Unused::HostNetwork)
            }
            // Only there is it certain that what ran is recorded, and that what did not run keeps the sandbox from being.
            _ if config.mode == Mode::Enforce && config.failure.cni == OnFailure::Fail => {
                let Ok(found) = self.found(&sandbox.id) else {
                    return;
                };
                let entries = found.as_ref().map(Record::entries).unwrap_or_default();
                let keys = unused::at_no_attachment(&sandbox.annotations, entries);
                (keys, Unused::NoAttachment)
            }
            _ => return,
        };
        let of = pod(sandbox);
        for key in keys {
            let whose = whose(&of, &sandbox.id);
            self.sinks.tell(News::KeyUnused(whose, key, why));
        }
    }
}
