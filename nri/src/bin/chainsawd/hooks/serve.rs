//! One event: what is done at it, and what of that the runtime is answered.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chainsaw_common::config::{Config, Mode, OnFailure};
use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::{Answer, Context};

use super::{Hooks, MARGIN, whose};
use crate::error::HookError;
use crate::keys::{Asked, Value};
use crate::late::{Late, pod};
use crate::news::News;
use crate::target;
use crate::work::{Job, Outcome};

/// An event, and of what it tells.
pub(super) struct Happened<'a> {
    pub(super) trigger: &'static str,
    pub(super) pod: &'a PodSandbox,
    pub(super) container: Option<&'a Container>,
    pub(super) deadline: Instant,
}

impl<'a> Happened<'a> {
    /// Whether nothing of the pod has run yet.
    fn begins(&self) -> bool {
        matches!(self.trigger, "RunPodSandbox" | "Synchronize")
    }

    pub(super) fn new(
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
    /// Does what the pod asks for at this event, and answers: first what the sandbox asks for, whichever event comes
    /// first, then what the container does that starts.
    pub(super) async fn serve(&self, happened: &Happened<'_>) -> Answer {
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
        } else {
            self.unjudged.refuses(&happened.pod.id);
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

    /// What the operator has done in the pod, before what it asks for itself. That it cannot even be read is no fault of
    /// a pod that asks for nothing.
    pub(super) async fn apply(&self, happened: &Happened<'_>, asks: bool) -> Result<(), HookError> {
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

    pub(super) async fn one(
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
            mend: self.settings.mend(),
        };
        match job.done(self.records.clone()).await? {
            Outcome::Ran(report) => self.sinks.tell(News::Ran(&report)),
            Outcome::Would(report) => self.sinks.tell(News::WouldRun(&report)),
            Outcome::Done | Outcome::Missed => {}
        }
        Ok(())
    }
}
