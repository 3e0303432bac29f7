//! The NRI entrance without a container runtime: a runtime that says what a test wants, at the other end of a stream.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_nri::Event;
use chainsaw_nri::api::{Container, LinuxNamespace, LinuxPodSandbox, PodSandbox};
use chainsaw_nri::testing;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(15);

/// A version that takes a refused sandbox back, so that the daemon refuses it.
const VERSION: &str = "v2.3.3";

/// What a pod asks for at this entrance, and where its namespace is said to be.
pub struct Sandbox<'a> {
    pub id: &'a str,
    pub namespace: &'a str,
    pub annotations: &'a [(&'a str, &'a str)],
    /// Empty where the runtime says nothing of it; the sandbox's process is the node's first.
    pub netns: &'a Path,
}

/// A runtime's events.
pub struct Events {
    events: testing::Runtime,
    tokio: tokio::runtime::Runtime,
}

impl Events {
    /// Takes the plugin at the other end of the stream that this gives.
    pub fn start<S>(stream: impl AsyncFnOnce() -> Result<S>) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let events = tokio.block_on(async {
            let stream = timeout(LIMIT, stream())
                .await
                .context("chainsawd does not connect")??;
            let mut events = testing::Runtime::start(stream);
            events.welcome(VERSION, Vec::new(), Vec::new()).await?;
            anyhow::Ok(events)
        })?;
        Ok(Self { events, tokio })
    }

    /// A pod's sandbox is there. The error is what the daemon refuses it with.
    pub fn sandbox(&self, sandbox: &Sandbox<'_>) -> Result<(), String> {
        self.event(Event::RunPodSandbox, sandbox, None)
    }

    /// The process of a container `app` in it is about to start.
    pub fn container(&self, sandbox: &Sandbox<'_>) -> Result<(), String> {
        let container = Container {
            id: format!("{}-app", sandbox.id),
            name: "app".to_owned(),
            ..Container::default()
        };
        self.event(Event::StartContainer, sandbox, Some(container))
    }

    fn event(
        &self,
        event: Event,
        sandbox: &Sandbox<'_>,
        container: Option<Container>,
    ) -> Result<(), String> {
        let told = self.events.event(event, sandbox.told(), container);
        let answer = self.tokio.block_on(told);
        answer.map(drop).map_err(|error| error.to_string())
    }
}

impl Sandbox<'_> {
    fn told(&self) -> PodSandbox {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        PodSandbox {
            id: self.id.to_owned(),
            name: "web".to_owned(),
            uid: self.id.to_owned(),
            namespace: self.namespace.to_owned(),
            annotations: self.annotations.iter().map(own).collect(),
            linux: (!self.netns.as_os_str().is_empty()).then(|| LinuxPodSandbox {
                namespaces: vec![LinuxNamespace {
                    r#type: "network".to_owned(),
                    path: self.netns.to_string_lossy().into_owned(),
                }],
            }),
            pid: 1,
            ..PodSandbox::default()
        }
    }
}
