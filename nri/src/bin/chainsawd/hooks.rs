//! The NRI entrance: which event runs what, and what the runtime is answered.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainsaw_common::pod::Pod;
use chainsaw_common::record::{Record, RecordError, Records};
use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::{Answer, Context, Event, Events, Plugin};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::applied::Applied;
use crate::error::HookError;
use crate::late::{Known, pod};
use crate::news::{News, Sinks, Whose};
use crate::settings::Settings;
use crate::sweep;

mod catching_up;
mod serve;
mod unused_keys;

use serve::Happened;
use unused_keys::Unjudged;

/// What is left of an event's time for telling how its work went.
const MARGIN: Duration = Duration::from_millis(200);

/// The daemon as the runtime sees it.
#[derive(Debug, Clone)]
pub struct Hooks {
    settings: Arc<Settings>,
    records: Records,
    applied: Arc<Applied>,
    unjudged: Arc<Unjudged>,
    sinks: Sinks,
}

impl Plugin for Hooks {
    fn events(&self) -> Events {
        Event::RunPodSandbox
            | Event::CreateContainer
            | Event::StartContainer
            | Event::StopPodSandbox
            | Event::RemovePodSandbox
    }

    async fn synchronized(
        &self,
        _: Context,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Answer {
        self.unjudged.are(&pods);
        let known = Known { pods, containers };
        // First of all what is too late, so that no event finds it undone.
        let (own, known) = self
            .aside(move |own| {
                known.missed().for_each(|late| own.miss(&late));
                (own.clone(), known)
            })
            .await;
        for pod in known.waiting() {
            own.catch_up(pod).await;
        }
        sweep::soon(self.records.clone());
        Ok(())
    }

    async fn run_pod_sandbox(&self, context: Context, pod: PodSandbox) -> Answer {
        let happened = Happened::new("RunPodSandbox", &pod, None, &context);
        // Before the work: what is passed over in it is told then.
        self.unjudged.begins(&pod);
        if !context.runtime().leaks_refused_sandboxes() {
            let answer = self.serve(&happened).await;
            if answer.is_ok() {
                self.tell_of_unused(&pod);
            } else {
                self.unjudged.end(&pod.id);
            }
            return answer;
        }
        // Here an error, and be it that of the time being up, would leave the pause container behind: each of the pod's
        // containers is refused instead.
        let patience = context.remaining().saturating_sub(MARGIN / 2);
        match timeout(patience, self.serve(&happened)).await {
            Ok(Ok(())) => self.tell_of_unused(&pod),
            // Who is refused is told of that alone: what else is wrong is told of the sandbox that is not.
            Ok(Err(_)) => {}
            Err(_) => {
                let of = self::pod(&pod);
                self.sinks.tell(News::Late(whose(&of, &pod.id)));
                self.tell_of_unused(&pod);
            }
        }
        Ok(())
    }

    async fn create_container(
        &self,
        context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.unjudged.sees(&pod.id, &container);
        let happened = Happened::new("CreateContainer", &pod, Some(&container), &context);
        self.serve(&happened).await
    }

    async fn start_container(
        &self,
        context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.unjudged.sees(&pod.id, &container);
        let happened = Happened::new("StartContainer", &pod, Some(&container), &context);
        self.serve(&happened).await?;
        self.unjudged.starts(&pod.id);
        Ok(())
    }

    async fn stop_pod_sandbox(&self, _: Context, pod: PodSandbox) -> Answer {
        if let Some(seen) = self.unjudged.end(&pod.id) {
            self.aside(move |own| own.judge(&pod, &seen)).await;
        }
        Ok(())
    }

    async fn remove_pod_sandbox(&self, _: Context, pod: PodSandbox) -> Answer {
        self.applied.close(&pod.id);
        self.aside(move |own| own.forget(&pod)).await;
        Ok(())
    }
}

impl Hooks {
    /// With this configuration and these records; what happens is told to the sinks.
    pub fn new(settings: Arc<Settings>, records: Records, sinks: Sinks) -> Self {
        Self {
            settings,
            records,
            applied: Arc::default(),
            unjudged: Arc::default(),
            sinks,
        }
    }

    fn refuse(&self, whose: Whose<'_>, trigger: &str, wrong: &HookError, goes_on: bool) {
        self.sinks.tell(News::Refused {
            whose,
            trigger,
            wrong,
            goes_on,
        });
    }

    /// Does what waits for a file where it keeps nobody waiting.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let own = self.clone();
        match spawn_blocking(move || work(&own)).await {
            Ok(done) => done,
            Err(panicked) => resume_unwind(panicked.into_panic()),
        }
    }

    /// The record of a sandbox, if there is one. A look that somebody else has at it, as the sweep, is over in a moment.
    fn found(&self, sandbox: &str) -> Result<Option<Record>, RecordError> {
        match self.records.find(sandbox) {
            Err(RecordError::Held { .. }) => {
                let moment = Instant::now() + MARGIN;
                self.records.open_until(sandbox, moment).map(Some)
            }
            found => found,
        }
    }
}

fn whose<'a>(pod: &'a Pod, sandbox: &'a str) -> Whose<'a> {
    Whose { pod, sandbox }
}

#[cfg(test)]
mod tests;
