//! The NRI entrance: which event runs what, and what the runtime is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chainsaw_common::config::{Mode, OnFailure};
use chainsaw_common::pod::Pod;
use chainsaw_common::record::{Entry, Event as Recorded, Progress, Records};
use chainsaw_nri::api::{Container, ContainerState, PodSandbox};
use chainsaw_nri::{Answer, Context, Event, Events, Plugin};

use crate::applied::Applied;
use crate::error::HookError;
use crate::keys::{Asked, Value};
use crate::log;
use crate::settings::Settings;
use crate::sweep;
use crate::target;
use crate::work::{Job, Outcome};

/// How long the catching up of one sandbox may take.
const CATCH_UP: Duration = Duration::from_secs(2);

/// The daemon as the runtime sees it.
#[derive(Debug)]
pub struct Hooks {
    settings: Arc<Settings>,
    records: Records,
    applied: Applied,
}

/// An event, and of what it tells.
struct Happened<'a> {
    trigger: &'static str,
    pod: &'a PodSandbox,
    container: Option<&'a Container>,
    deadline: Instant,
}

impl Plugin for Hooks {
    fn events(&self) -> Events {
        Event::RunPodSandbox
            | Event::CreateContainer
            | Event::StartContainer
            | Event::RemovePodSandbox
    }

    async fn synchronized(
        &self,
        _: Context,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Answer {
        for pod in &pods {
            let own = containers
                .iter()
                .filter(|container| container.pod_sandbox_id == pod.id);
            self.catch_up(pod, &own.collect::<Vec<_>>()).await;
        }
        sweep::soon(self.records.clone());
        Ok(())
    }

    async fn run_pod_sandbox(&self, context: Context, pod: PodSandbox) -> Answer {
        let happened = Happened::new("RunPodSandbox", &pod, None, &context);
        let answer = self.serve(&happened).await;
        if context.runtime().leaks_refused_sandboxes() {
            // Here a refusal would leave the pause container behind: each of the pod's containers is refused instead.
            return Ok(());
        }
        answer
    }

    async fn create_container(
        &self,
        context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.serve(&Happened::new(
            "CreateContainer",
            &pod,
            Some(&container),
            &context,
        ))
        .await
    }

    async fn start_container(
        &self,
        context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.serve(&Happened::new(
            "StartContainer",
            &pod,
            Some(&container),
            &context,
        ))
        .await
    }

    async fn remove_pod_sandbox(&self, _: Context, pod: PodSandbox) -> Answer {
        self.applied.close(&pod.id);
        sweep::forget(self.records.clone(), pod.id);
        Ok(())
    }
}

impl<'a> Happened<'a> {
    /// Whether nothing of the pod has run yet.
    fn begins(&self) -> bool {
        matches!(self.trigger, "RunPodSandbox" | "Synchronize")
    }

    fn new(
        trigger: &'static str,
        pod: &'a PodSandbox,
        container: Option<&'a Container>,
        context: &Context,
    ) -> Self {
        Self {
            trigger,
            pod,
            container,
            deadline: Instant::now() + context.remaining(),
        }
    }
}

impl Hooks {
    /// With this configuration and these records.
    pub fn new(settings: Arc<Settings>, records: Records) -> Self {
        Self {
            settings,
            records,
            applied: Applied::default(),
        }
    }

    /// Does what the pod asks for at this event, and answers.
    async fn serve(&self, happened: &Happened<'_>) -> Answer {
        let asked = Asked::read(&happened.pod.annotations).transpose();
        let applied = self.apply(happened).await;
        let done = match (applied, asked) {
            (Err(wrong), _) => Err(wrong),
            (Ok(()), None) => return Ok(()),
            (Ok(()), Some(Ok(asked))) => self.all(happened, &asked).await,
            (Ok(()), Some(Err(wrong))) => Err(wrong.into()),
        };
        let Err(wrong) = done else { return Ok(()) };
        let config = self.settings.current();
        let goes_on = config.failure.nri == OnFailure::Continue || config.mode == Mode::Report;
        log::refused(
            &pod(happened.pod),
            &happened.pod.id,
            happened.trigger,
            &wrong,
            goes_on,
        );
        if goes_on {
            Ok(())
        } else {
            Err(wrong.refusal())
        }
    }

    /// What the operator has done in the pod, before what it asks for itself.
    async fn apply(&self, happened: &Happened<'_>) -> Result<(), HookError> {
        let config = self.settings.current();
        let pod = pod(happened.pod);
        let left = self
            .applied
            .left(&config, happened.pod, &pod, happened.begins());
        for value in &left {
            let value = Value {
                key: &value.source,
                text: &value.text,
                author: value.author,
            };
            self.one(happened, value, None).await?;
        }
        if !left.is_empty() {
            self.applied.close(&happened.pod.id);
        }
        Ok(())
    }

    /// First what the sandbox asks for, whichever event comes first; then what the container does that starts.
    async fn all(&self, happened: &Happened<'_>, asked: &Asked<'_>) -> Result<(), HookError> {
        // What is only rehearsed is done at no event: once is enough to tell it.
        let rehearses = self.settings.current().mode == Mode::Report;
        if let Some(value) = asked.sandbox.filter(|_| happened.begins() || !rehearses) {
            self.one(happened, value, None).await?;
        }
        let starting = happened
            .container
            .filter(|_| happened.trigger == "StartContainer");
        if let Some(container) = starting
            && let Some(value) = asked.containers.get(container.name.as_str())
        {
            self.one(happened, *value, Some(container.id.clone()))
                .await?;
        }
        // Whoever asks for anything is told at once that there is no way to it.
        self.netns(happened).map(drop)
    }

    fn netns(&self, happened: &Happened<'_>) -> Result<std::path::PathBuf, HookError> {
        let handlers = &self.settings.current().hooks.nri.runtime_handlers;
        Ok(target::netns(happened.pod, happened.container, handlers)?)
    }

    async fn one(
        &self,
        happened: &Happened<'_>,
        value: Value<'_>,
        container: Option<String>,
    ) -> Result<(), HookError> {
        let job = Job {
            pod: pod(happened.pod),
            sandbox: happened.pod.id.clone(),
            netns: self.netns(happened)?,
            container,
            key: value.key.to_owned(),
            text: value.text.to_owned(),
            author: value.author,
            trigger: happened.trigger,
            deadline: happened.deadline,
            config: self.settings.current(),
            file: self.settings.file(),
        };
        match job.done(self.records.clone()).await? {
            Outcome::Ran(report) => log::ran(&report),
            Outcome::Would(report) => log::would_run(&report),
            Outcome::Done | Outcome::Missed => {}
        }
        Ok(())
    }

    /// A sandbox that was there before this connection: it is caught up if none of its containers has started, else
    /// what was missed is told, once.
    async fn catch_up(&self, pod: &PodSandbox, containers: &[&Container]) {
        // A stopped sandbox has no process.
        if pod.pid == 0 {
            return;
        }
        let begun = containers.iter().any(|container| has_begun(container));
        let happened = Happened {
            trigger: "Synchronize",
            pod,
            container: None,
            deadline: Instant::now() + CATCH_UP,
        };
        if !begun && let Err(wrong) = self.apply(&happened).await {
            log::refused(&self::pod(pod), &pod.id, happened.trigger, &wrong, true);
            return;
        }
        let Ok(Some(asked)) = Asked::read(&pod.annotations) else {
            return;
        };
        if let Some(value) = asked.sandbox {
            if begun {
                self.miss(pod, value, None);
            } else if let Err(wrong) = self.one(&happened, value, None).await {
                log::refused(&self::pod(pod), &pod.id, happened.trigger, &wrong, true);
            }
        }
        for container in containers.iter().filter(|container| is_running(container)) {
            if let Some(value) = asked.containers.get(container.name.as_str()) {
                self.miss(pod, *value, Some(container.id.clone()));
            }
        }
    }

    /// Records that a value was missed, and says so, unless it is done or that was said before.
    fn miss(&self, sandbox: &PodSandbox, value: Value<'_>, container: Option<String>) {
        let why = match &container {
            Some(_) => "its container runs already",
            None => "a container of the pod has started already",
        };
        let job = Job {
            pod: pod(sandbox),
            sandbox: sandbox.id.clone(),
            netns: std::path::PathBuf::new(),
            container,
            key: value.key.to_owned(),
            text: value.text.to_owned(),
            author: value.author,
            trigger: "Synchronize",
            deadline: Instant::now(),
            config: self.settings.current(),
            file: self.settings.file(),
        };
        let work = job.work();
        // Whoever holds it is at work on it.
        let Ok(mut record) = self.records.open_now(&sandbox.id) else {
            return;
        };
        if matches!(record.progress(&work), Progress::Ok | Progress::Missed) {
            return;
        }
        let told = record.add(Entry::new(work, Recorded::Missed));
        log::missed(&job.pod, &sandbox.id, value.key, why);
        if let Err(wrong) = told {
            log::refused(&job.pod, &sandbox.id, "Synchronize", &wrong.into(), true);
        }
    }
}

fn pod(sandbox: &PodSandbox) -> Pod {
    Pod {
        namespace: sandbox.namespace.clone(),
        name: sandbox.name.clone(),
        uid: (!sandbox.uid.is_empty()).then(|| sandbox.uid.clone()),
        labels: Some(sandbox.labels.clone()),
    }
}

/// Whether its process has ever run.
fn has_begun(container: &Container) -> bool {
    is_running(container) || container.state == ContainerState::ContainerStopped as i32
}

fn is_running(container: &Container) -> bool {
    [
        ContainerState::ContainerRunning,
        ContainerState::ContainerPaused,
    ]
    .iter()
    .any(|state| container.state == *state as i32)
}
