//! What came too late: values of sandboxes that a runtime had before this daemon heard of it.

use std::path::PathBuf;

use chainsaw_common::pod::{Entrance, Pod};
use chainsaw_common::record::{Work, hash};
use chainsaw_nri::api::{Container, ContainerState, PodSandbox};

use crate::keys::{Asked, Value};
use crate::target;

/// All that a runtime has when a connection begins.
#[derive(Debug)]
pub struct Known {
    /// Its sandboxes, stopped ones too.
    pub pods: Vec<PodSandbox>,
    /// Their containers.
    pub containers: Vec<Container>,
}

/// A value whose time may have passed.
#[derive(Debug)]
pub struct Late {
    /// Whose.
    pub pod: Pod,
    /// The sandbox's id.
    pub sandbox: String,
    /// Where its network namespace is, if that is told.
    pub netns: PathBuf,
    /// What was to be done.
    pub work: Work,
}

impl Known {
    /// Sandboxes that can still be caught up: they live, and none of their containers has started.
    pub fn waiting(&self) -> impl Iterator<Item = &PodSandbox> {
        let alive = self.pods.iter().filter(|pod| is_alive(pod));
        alive.filter(|pod| !self.of(pod).any(has_begun))
    }

    /// Every value whose sandbox or container has begun without it, unless a record says otherwise.
    pub fn missed(&self) -> impl Iterator<Item = Late> {
        let alive = self.pods.iter().filter(|pod| is_alive(pod));
        alive.flat_map(|pod| {
            let asked = Asked::read(&pod.annotations)
                .ok()
                .flatten()
                .unwrap_or_default();
            let begun: Vec<&Container> = self.of(pod).filter(|one| has_begun(one)).collect();
            let sandbox = asked.sandbox.filter(|_| !begun.is_empty());
            let mut late: Vec<Late> = sandbox
                .map(|value| Late::of(pod, value, None))
                .into_iter()
                .collect();
            late.extend(begun.iter().filter_map(|container| {
                let value = asked.containers.get(container.name.as_str())?;
                Some(Late::of(pod, *value, Some(container.id.clone())))
            }));
            late
        })
    }

    fn of(&self, pod: &PodSandbox) -> impl Iterator<Item = &Container> {
        let id = pod.id.clone();
        self.containers
            .iter()
            .filter(move |container| container.pod_sandbox_id == id)
    }
}

impl Late {
    /// A value of a pod, for the start of a container or, without one, of the sandbox.
    pub fn of(sandbox: &PodSandbox, value: Value<'_>, container: Option<String>) -> Self {
        Self {
            pod: pod(sandbox),
            sandbox: sandbox.id.clone(),
            netns: target::told(sandbox).unwrap_or_default(),
            work: work(value.key, value.text, container),
        }
    }

    /// Why it is too late.
    pub fn why(&self) -> &'static str {
        match self.work.container {
            Some(_) => "its container has started already",
            None => "a container of the pod has started already",
        }
    }

    /// What has it run after all.
    pub fn remedy(&self) -> &'static str {
        match self.work.container {
            Some(_) => {
                "the container's next start runs it; or delete the pod, and it runs in the next one"
            }
            None => "delete the pod: it runs in the next one",
        }
    }
}

/// The key under which a value is recorded: it is the sandbox's own, whichever interface its tokens stand for.
pub fn work(key: &str, text: &str, container: Option<String>) -> Work {
    Work {
        entrance: Entrance::Nri,
        network: None,
        interface: String::new(),
        container,
        source: key.to_owned(),
        value: hash(text),
    }
}

/// A stopped sandbox has no process.
fn is_alive(pod: &PodSandbox) -> bool {
    pod.pid != 0
}

/// Whether its process has ever run.
fn has_begun(container: &Container) -> bool {
    [
        ContainerState::ContainerRunning,
        ContainerState::ContainerPaused,
        ContainerState::ContainerStopped,
    ]
    .iter()
    .any(|state| container.state == *state as i32)
}

/// The pod, as reports name it.
pub fn pod(sandbox: &PodSandbox) -> Pod {
    Pod {
        namespace: sandbox.namespace.clone(),
        name: sandbox.name.clone(),
        uid: (!sandbox.uid.is_empty()).then(|| sandbox.uid.clone()),
        labels: Some(sandbox.labels.clone()),
    }
}
