//! The link: what a session answers on one connection.

use std::sync::{Arc, Mutex, PoisonError};

use prost::Message as _;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::state::{Cause, State};
use super::timing::Timing;
use crate::api::{
    ConfigureRequest, ConfigureResponse, Container, PLUGIN, PodSandbox, SynchronizeRequest,
    SynchronizeResponse, ValidateContainerAdjustmentResponse,
};
use crate::dispatch::{self, Asked, Happened};
use crate::events::Event;
use crate::plugin::{Answer, Context, Plugin, deliver};
use crate::refusal::{Code, Refusal};
use crate::runtime::RuntimeInfo;
use crate::tally::Tally;
use crate::ttrpc::server::{Call, Service};
use crate::ttrpc::status::{Status, code};

/// What a session answers on one connection.
pub(super) struct Link<P> {
    pub(super) plugin: Arc<P>,
    pub(super) timing: Timing,
    /// Whether the runtime started the plugin.
    pub(super) launched: bool,
    /// Where this connection stands.
    pub(super) stage: watch::Sender<State>,
    /// The plugin's work, which outlives answers and connections.
    pub(super) work: Tally,
    pub(super) known: Mutex<Known>,
}

/// What the runtime has told.
#[derive(Default)]
pub(super) struct Known {
    runtime: Option<Arc<RuntimeInfo>>,
    /// What has arrived of a Synchronize that is not complete.
    pods: Vec<PodSandbox>,
    containers: Vec<Container>,
}

impl<P: Plugin> Service for Link<P> {
    async fn call(&self, call: Call) -> Result<Vec<u8>, Status> {
        if call.service != PLUGIN {
            return Err(dispatch::unimplemented(&call.service));
        }
        match dispatch::read(&call.method, &call.payload)? {
            Asked::Configure(request) => self.configure(&call, request).await,
            Asked::Synchronize(request) => self.synchronize(&call, request).await,
            Asked::Event(happened) => self.event(&call, *happened).await,
            Asked::Nothing => Ok(Vec::new()),
        }
    }
}

impl<P: Plugin> Link<P> {
    async fn configure(&self, call: &Call, request: ConfigureRequest) -> Result<Vec<u8>, Status> {
        let runtime = Arc::new(RuntimeInfo::of(&request));
        self.known(|known| known.runtime = Some(Arc::clone(&runtime)));
        let wanted = self.plugin.events();
        let Some(subscribed) = wanted.and(runtime.known_events()) else {
            let runtime = format!("{} {}", runtime.name, runtime.version);
            let cause = Cause::NoCommonEvent { runtime, wanted };
            let status = Status::new(code::FAILED_PRECONDITION, cause.to_string());
            self.fail(cause);
            return Err(status);
        };
        let context = self.context(call)?;
        let (plugin, deadline) = (Arc::clone(&self.plugin), context.deadline);
        let config = request.config;
        let work = async move { plugin.configured(context, subscribed, config).await };
        let answer = self.answer_of(work, deadline, "Configure").await;
        answer.map_err(|why| self.unwilling("configured", why))?;
        // This runtime does not synchronise what it started itself: it waits for nothing more.
        let complete = self.launched && !runtime.synchronizes_launched_plugins();
        self.advance(if complete {
            State::Running
        } else {
            State::Configured
        });
        let events = subscribed.mask();
        Ok(ConfigureResponse { events }.encode_to_vec())
    }

    /// Parts are only gathered: a sandbox of one may have its containers in another.
    async fn synchronize(
        &self,
        call: &Call,
        request: SynchronizeRequest,
    ) -> Result<Vec<u8>, Status> {
        let context = self.context(call)?;
        let more = request.more;
        let gathered = self.known(|known| {
            known.pods.extend(request.pods);
            known.containers.extend(request.containers);
            (!more).then(|| {
                let pods = std::mem::take(&mut known.pods);
                (pods, std::mem::take(&mut known.containers))
            })
        });
        if let Some((pods, containers)) = gathered {
            self.advance(State::Synchronized);
            let (plugin, deadline) = (Arc::clone(&self.plugin), context.deadline);
            let work = async move { plugin.synchronized(context, pods, containers).await };
            match self.work_until(work, deadline).await {
                // A runtime closes a plugin that fails here, and the next attempt would take as long.
                None | Some(Ok(())) => self.advance(State::Running),
                Some(Err(why)) => return Err(self.unwilling("synchronized", why)),
            }
        }
        Ok(SynchronizeResponse { more }.encode_to_vec())
    }

    async fn event(&self, call: &Call, happened: Happened) -> Result<Vec<u8>, Status> {
        let event = happened.event;
        let context = self.context(call)?;
        if !self.plugin.events().contains(event) {
            return Ok(Vec::new());
        }
        // A runtime that tells of events has done all that it does before.
        self.advance(State::Running);
        let (plugin, deadline) = (Arc::clone(&self.plugin), context.deadline);
        let work = async move { deliver(&*plugin, context, happened).await };
        let answer = self.answer_of(work, deadline, event.method()).await;
        if event == Event::ValidateContainerAdjustment {
            return Ok(verdict(answer));
        }
        answer.map(|()| Vec::new()).map_err(Status::from)
    }

    /// The plugin's answer, or one in its place once the deadline has come: an error, since a runtime that gets none
    /// goes on as if nothing were wrong.
    ///
    /// Not DEADLINE_EXCEEDED, lest a runtime ever takes that for its own.
    async fn answer_of(
        &self,
        work: impl Future<Output = Answer> + Send + 'static,
        deadline: Instant,
        what: &str,
    ) -> Answer {
        let begun = Instant::now();
        let answer = self.work_until(work, deadline).await;
        answer.unwrap_or_else(|| {
            let limit = deadline.saturating_duration_since(begun);
            let why =
                format!("the plugin did not answer {what} within {limit:?}; its work goes on");
            Err(Refusal::new(Code::Aborted, why))
        })
    }

    /// What the work comes to, unless the deadline comes first: then it goes on, and what it comes to is lost.
    async fn work_until(
        &self,
        work: impl Future<Output = Answer> + Send + 'static,
        deadline: Instant,
    ) -> Option<Answer> {
        let mark = self.work.begin();
        let task = tokio::spawn(async move {
            let answer = work.await;
            drop(mark);
            answer
        });
        let panicked = |_| Err(Refusal::new(Code::Internal, "the plugin panicked"));
        let answer = timeout_at(deadline, task).await.ok()?;
        Some(answer.unwrap_or_else(panicked))
    }

    fn context(&self, call: &Call) -> Result<Context, Status> {
        let runtime = self.known(|known| known.runtime.clone()).ok_or_else(|| {
            let why = format!("{} before Configure", call.method);
            Status::new(code::FAILED_PRECONDITION, why)
        })?;
        let deadline = self.timing.deadline(call, runtime.request_timeout);
        Ok(Context { runtime, deadline })
    }

    /// Ends the connection once this answer has been sent. Some runtimes would keep it, and tell nothing any more.
    fn unwilling(&self, what: &'static str, why: Refusal) -> Status {
        self.fail(Cause::Unwilling {
            what,
            why: why.clone(),
        });
        why.into()
    }

    fn fail(&self, cause: Cause) {
        self.advance(State::Closed(cause));
    }

    /// States only go forward.
    fn advance(&self, to: State) {
        self.stage.send_if_modified(|state| {
            let forward = to.rank() > state.rank();
            if forward {
                *state = to;
            }
            forward
        });
    }

    fn known<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn verdict(answer: Answer) -> Vec<u8> {
    let reason = answer.err().map(|refusal| Status::from(refusal).message);
    let response = ValidateContainerAdjustmentResponse {
        reject: reason.is_some(),
        reason: reason.unwrap_or_default(),
    };
    response.encode_to_vec()
}
