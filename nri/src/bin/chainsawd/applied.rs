//! What the operator has done in pods at this entrance, and in which sandboxes that is not yet done.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use chainsaw_common::config::Config;
use chainsaw_common::engine::Value;
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_nri::api::PodSandbox;

use crate::target::{self, NoTarget};

/// Sandboxes that were there when what is done in them began. Of others, which are older than the wish, nothing is
/// touched when one of their containers starts again.
#[derive(Debug, Default)]
pub struct Applied {
    open: Mutex<HashSet<String>>,
}

impl Applied {
    /// What is to be done in a sandbox now: at its beginning everything that selects it, later what is left of that.
    pub fn left(
        &self,
        config: &Config,
        sandbox: &PodSandbox,
        pod: &Pod,
        begins: bool,
    ) -> Vec<Value> {
        if config.applies.is_empty() || !(begins || self.is_open(&sandbox.id)) {
            return Vec::new();
        }
        let handlers = &config.hooks.nri.runtime_handlers;
        // Nobody asked for commands in a pod on the host's network: it is not selected.
        if target::netns(sandbox, None, handlers) == Err(NoTarget::HostNetwork) {
            return Vec::new();
        }
        let subject = Subject {
            pod: Some(pod.clone()),
            sandbox: Some(sandbox.id.clone()),
            entrance: Entrance::Nri,
            trigger: "apply",
            interface: None,
            mtu: None,
            netns: None,
        };
        let values = Value::applied(config, &subject);
        if !values.is_empty() {
            self.lock().insert(sandbox.id.clone());
        }
        values
    }

    /// Nothing is left to do in a sandbox, or it is gone.
    pub fn close(&self, sandbox: &str) {
        self.lock().remove(sandbox);
    }

    fn is_open(&self, sandbox: &str) -> bool {
        self.lock().contains(sandbox)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
