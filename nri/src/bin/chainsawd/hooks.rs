//! The NRI entrance: which event runs what, and what the runtime is answered.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainsaw_common::config::{Config, Mode, OnFailure};
use chainsaw_common::netns::Namespace;
use chainsaw_common::pod::Pod;
use chainsaw_common::record::{Entry, Event as Recorded, Progress, Record, RecordError, Records};
use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::{Answer, Context, Event, Events, Plugin};

use tokio::task::spawn_blocking;
use tokio::time::timeout;

mod unused_keys;

use unused_keys::Unjudged;

use crate::applied::Applied;
use crate::error::HookError;
use crate::keys::{Asked, Value};
use crate::late::{Known, Late, pod};
use crate::news::{News, Sinks, Whose};
use crate::settings::Settings;
use crate::sweep;
use crate::target;
use crate::work::{Job, Outcome};

/// How long the catching up of one sandbox may take.
const CATCH_UP: Duration = Duration::from_secs(2);

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
        let answer = if context.runtime().leaks_refused_sandboxes() {
            // Here an error, and be it that of the time being up, would leave the pause container behind: each of the
            // pod's containers is refused instead.
            let patience = context.remaining().saturating_sub(MARGIN / 2);
            if timeout(patience, self.serve(&happened)).await.is_err() {
                let of = self::pod(&pod);
                self.sinks.tell(News::Late(whose(&of, &pod.id)));
            }
            Ok(())
        } else {
            self.serve(&happened).await
        };
        if answer.is_err() {
            self.unjudged.end(&pod.id);
        }
        self.tell_of_unused(&pod);
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

    async fn stop_pod_sandbox(&self, _: Context, pod: PodSandbox) -> Answer {
        if self.unjudged.end(&pod.id) {
            self.aside(move |own| own.judge(&pod)).await;
        }
        Ok(())
    }

    async fn remove_pod_sandbox(&self, _: Context, pod: PodSandbox) -> Answer {
        self.applied.close(&pod.id);
        self.aside(move |own| own.forget(&pod)).await;
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
            deadline: Instant::now() + context.remaining().saturating_sub(MARGIN),
        }
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

    /// Does what the pod asks for at this event, and answers: first what the sandbox asks for, whichever event comes
    /// first, then what the container does that starts.
    async fn serve(&self, happened: &Happened<'_>) -> Answer {
        let asked = Asked::read(&happened.pod.annotations).transpose();
        if let Err(wrong) = self.apply(happened, asked.is_some()).await {
            self.judged(happened, wrong)?;
        }
        let asked = match asked {
            None => return Ok(()),
            Some(Ok(asked)) => asked,
            Some(Err(wrong)) => return self.judged(happened, wrong.into()),
        };
        // Whoever asks for anything is told at once that there is no way to it.
        if let Err(wrong) = self.netns(happened) {
            return self.judged(happened, wrong);
        }
        let starting = happened
            .container
            .filter(|_| happened.trigger == "StartContainer");
        // What is only rehearsed is done at no event: once is enough to tell it.
        let again = !happened.begins() && self.rehearses();
        if let Some(value) = asked.sandbox.filter(|_| !again)
            && let Err(wrong) = self.one(happened, value, None).await
        {
            self.judged(happened, wrong)?;
            if starting.is_some() {
                // A process starts all the same, and from now on it would be late.
                let late = Late::of(happened.pod, value, None);
                self.aside(move |own| own.give_up(&late)).await;
            }
        }
        if let Some(container) = starting
            && let Some(value) = asked.containers.get(container.name.as_str())
            && let Err(wrong) = self.one(happened, *value, Some(container.id.clone())).await
        {
            return self.judged(happened, wrong);
        }
        Ok(())
    }

    /// Tells what is wrong, and refuses, unless the operator lets such pods pass.
    fn judged(&self, happened: &Happened<'_>, wrong: HookError) -> Answer {
        let passes = |config: Arc<Config>| {
            config.failure.nri == OnFailure::Continue || config.mode == Mode::Report
        };
        let goes_on = self.settings.current().is_ok_and(passes);
        if goes_on {
            // That a key of it may have run nowhere is told by this.
            self.unjudged.end(&happened.pod.id);
        }
        let pod = pod(happened.pod);
        self.refuse(
            whose(&pod, &happened.pod.id),
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

    fn refuse(&self, whose: Whose<'_>, trigger: &str, wrong: &HookError, goes_on: bool) {
        self.sinks.tell(News::Refused {
            whose,
            trigger,
            wrong,
            goes_on,
        });
    }

    /// What the operator has done in the pod, before what it asks for itself. That it cannot even be read is no fault of
    /// a pod that asks for nothing.
    async fn apply(&self, happened: &Happened<'_>, asks: bool) -> Result<(), HookError> {
        let config = match self.settings.current() {
            Err(_) if !asks => return Ok(()),
            config => config?,
        };
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

    fn rehearses(&self) -> bool {
        self.settings
            .current()
            .is_ok_and(|config| config.mode == Mode::Report)
    }

    fn netns(&self, happened: &Happened<'_>) -> Result<PathBuf, HookError> {
        let config = self.settings.current()?;
        let handlers = &config.hooks.nri.runtime_handlers;
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
            config: self.settings.current()?,
            file: self.settings.file(),
        };
        match job.done(self.records.clone()).await? {
            Outcome::Ran(report) => self.sinks.tell(News::Ran(&report)),
            Outcome::Would(report) => self.sinks.tell(News::WouldRun(&report)),
            Outcome::Done | Outcome::Missed => {}
        }
        Ok(())
    }

    /// Does what waits for a file where it keeps nobody waiting.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let own = self.clone();
        match spawn_blocking(move || work(&own)).await {
            Ok(done) => done,
            Err(panicked) => resume_unwind(panicked.into_panic()),
        }
    }

    /// A sandbox that was there before this connection, none of whose containers has started.
    async fn catch_up(&self, pod: &PodSandbox) {
        let happened = Happened {
            trigger: "Synchronize",
            pod,
            container: None,
            deadline: Instant::now() + CATCH_UP,
        };
        let asked = Asked::read(&pod.annotations).transpose();
        let mut done = self.apply(&happened, asked.is_some()).await;
        if let (Ok(()), Some(Ok(asked))) = (&done, asked)
            && let Some(value) = asked.sandbox
        {
            done = self.one(&happened, value, None).await;
        }
        if let Err(wrong) = done {
            let of = self::pod(pod);
            self.refuse(whose(&of, &pod.id), happened.trigger, &wrong, true);
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

    /// Records that a value was missed, and says so, unless it is done or that was said before.
    fn miss(&self, late: &Late) {
        if self.give_up(late) {
            self.sinks.tell(News::Missed {
                whose: whose(&late.pod, &late.sandbox),
                key: &late.work.source,
                why: late.why(),
                remedy: late.remedy(),
            });
        }
    }

    /// Records that a value's time has passed; whether that is news.
    fn give_up(&self, late: &Late) -> bool {
        let deadline = Instant::now() + CATCH_UP;
        let mut record = match self.records.open_until(&late.sandbox, deadline) {
            Ok(record) => record,
            Err(wrong) => {
                let whose = whose(&late.pod, &late.sandbox);
                self.refuse(whose, "Synchronize", &wrong.into(), true);
                return true;
            }
        };
        let progress = record.progress(&late.work);
        if matches!(progress, Progress::Ok | Progress::Missed) {
            return false;
        }
        let passed = Entry::new(late.work.clone(), Recorded::Missed);
        let there = Namespace::open(&late.netns).ok();
        record.is_of(&late.netns, there.map(|namespace| namespace.inode()));
        if let Err(wrong) = record.add(passed) {
            let whose = whose(&late.pod, &late.sandbox);
            self.refuse(whose, "Synchronize", &wrong.into(), true);
        }
        // That it failed was told when it did.
        !matches!(progress, Progress::Failed { .. })
    }
}

fn whose<'a>(pod: &'a Pod, sandbox: &'a str) -> Whose<'a> {
    Whose { pod, sandbox }
}

#[cfg(test)]
mod tests;
