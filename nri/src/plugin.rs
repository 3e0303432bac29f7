//! The plugin: what an implementer writes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{Container, PodSandbox};
use crate::dispatch::Happened;
use crate::events::{Event, Events};
use crate::refusal::Refusal;
use crate::runtime::RuntimeInfo;

/// What a plugin answers: let it go on, or refuse it.
pub type Answer = Result<(), Refusal>;

/// Around what an event happens.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) runtime: Arc<RuntimeInfo>,
    pub(crate) deadline: Instant,
}

impl Context {
    /// The runtime that tells of the event.
    #[must_use]
    pub fn runtime(&self) -> &RuntimeInfo {
        &self.runtime
    }

    /// When the session answers on its own, with an error, if the plugin has not answered. What the plugin does goes
    /// on even then; only its answer is lost.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How long it is until the deadline.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

macro_rules! pod_events {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $doc])+
            fn $name(&self, context: Context, pod: PodSandbox) -> impl Future<Output = Answer> + Send {
                let _ = (context, pod);
                async { Ok(()) }
            }
        )+
    };
}

macro_rules! container_events {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $doc])+
            fn $name(
                &self,
                context: Context,
                pod: PodSandbox,
                container: Container,
            ) -> impl Future<Output = Answer> + Send {
                let _ = (context, pod, container);
                async { Ok(()) }
            }
        )+
    };
}

/// A plugin. Whoever wants two events names them in [`Plugin::events`], and writes their two methods as `async fn`.
///
/// Each call runs in a task of its own, and is never cut short: not by the deadline, and not by the runtime's end. A
/// runtime tells of one event at a time, to all plugins of a node: what takes long makes the whole node slow.
pub trait Plugin: Send + Sync + 'static {
    /// The events that are wanted. The runtime tells of no others.
    fn events(&self) -> Events;

    /// The runtime has introduced itself; `subscribed` is what it knows of [`Plugin::events`], and `config` what the
    /// operator wrote for a plugin that the runtime started. An error ends this connection.
    fn configured(
        &self,
        context: Context,
        subscribed: Events,
        config: String,
    ) -> impl Future<Output = Answer> + Send {
        let _ = (context, subscribed, config);
        async { Ok(()) }
    }

    /// What there is already, each time that a runtime is connected to: stopped sandboxes too, and some that were told
    /// of before. Past the deadline the runtime is told that all is well, since it would close a plugin that says
    /// otherwise; events then come while this still works. An error ends this connection.
    fn synchronized(
        &self,
        context: Context,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> impl Future<Output = Answer> + Send {
        let _ = (context, pods, containers);
        async { Ok(()) }
    }

    pod_events! {
        /// [`Event::RunPodSandbox`].
        ///
        /// To refuse it leaves a container behind on some runtimes: see
        /// [`leaks_refused_sandboxes`](crate::version::leaks_refused_sandboxes).
        run_pod_sandbox;
        /// [`Event::UpdatePodSandbox`].
        update_pod_sandbox;
        /// [`Event::PostUpdatePodSandbox`].
        post_update_pod_sandbox;
        /// [`Event::StopPodSandbox`]. It may never come, and its `pid` is 0.
        stop_pod_sandbox;
        /// [`Event::RemovePodSandbox`]. It may never come.
        remove_pod_sandbox;
    }

    container_events! {
        /// [`Event::CreateContainer`].
        create_container;
        /// [`Event::PostCreateContainer`].
        post_create_container;
        /// [`Event::StartContainer`].
        start_container;
        /// [`Event::PostStartContainer`].
        post_start_container;
        /// [`Event::UpdateContainer`].
        update_container;
        /// [`Event::PostUpdateContainer`].
        post_update_container;
        /// [`Event::StopContainer`].
        stop_container;
        /// [`Event::RemoveContainer`].
        remove_container;
        /// [`Event::ValidateContainerAdjustment`]. The adjustments themselves are not told here.
        validate_container_adjustment;
    }
}

/// Gives an event to its method.
pub(crate) async fn deliver<P: Plugin>(plugin: &P, context: Context, happened: Happened) -> Answer {
    let Happened {
        event,
        pod,
        container,
    } = happened;
    match event {
        Event::RunPodSandbox => plugin.run_pod_sandbox(context, pod).await,
        Event::UpdatePodSandbox => plugin.update_pod_sandbox(context, pod).await,
        Event::PostUpdatePodSandbox => plugin.post_update_pod_sandbox(context, pod).await,
        Event::StopPodSandbox => plugin.stop_pod_sandbox(context, pod).await,
        Event::RemovePodSandbox => plugin.remove_pod_sandbox(context, pod).await,
        Event::CreateContainer => plugin.create_container(context, pod, container).await,
        Event::PostCreateContainer => plugin.post_create_container(context, pod, container).await,
        Event::StartContainer => plugin.start_container(context, pod, container).await,
        Event::PostStartContainer => plugin.post_start_container(context, pod, container).await,
        Event::UpdateContainer => plugin.update_container(context, pod, container).await,
        Event::PostUpdateContainer => plugin.post_update_container(context, pod, container).await,
        Event::StopContainer => plugin.stop_container(context, pod, container).await,
        Event::RemoveContainer => plugin.remove_container(context, pod, container).await,
        Event::ValidateContainerAdjustment => {
            let validate = plugin.validate_container_adjustment(context, pod, container);
            validate.await
        }
    }
}
