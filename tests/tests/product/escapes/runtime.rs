//! The NRI entrance without a container runtime: the real `chainsawd`, and a runtime that says what a test wants.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_nri::Event;
use chainsaw_nri::api::{Container, LinuxNamespace, LinuxPodSandbox, PodSandbox};
use chainsaw_nri::testing;
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;
use tokio::net::UnixListener;
use tokio::time::timeout;

const SOCKET: &str = "/run/nri/nri.sock";
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

/// A runtime that is connected to a daemon.
pub struct Runtime {
    daemon: Daemon,
    events: testing::Runtime,
    tokio: tokio::runtime::Runtime,
}

impl Runtime {
    /// Starts a daemon in the machine, and waits until it takes events.
    pub fn start(
        machine: &Machine,
        scratch: &Scratch,
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let path = machine.path(SOCKET);
        fs::create_dir_all(path.parent().context("a socket lies in a folder")?)?;
        let guard = tokio.enter();
        let listener = UnixListener::bind(path)?;
        drop(guard);
        let program = machine
            .program(parts::chainsawd()?)
            .args(["--socket", SOCKET]);
        let set = |program: Program, (name, value): &(&str, &str)| program.env(name, value);
        let program = environment.iter().fold(program, set);
        let daemon = Daemon::start(program, scratch.path().join("chainsawd.log"))?;
        let events = tokio.block_on(async {
            let (stream, _) = timeout(LIMIT, listener.accept())
                .await
                .context("chainsawd does not connect")??;
            let mut events = testing::Runtime::start(stream);
            events.welcome(VERSION, Vec::new(), Vec::new()).await?;
            anyhow::Ok(events)
        })?;
        daemon.wait_for("running")?;
        Ok(Self {
            daemon,
            events,
            tokio,
        })
    }

    /// What the daemon has logged.
    pub fn log(&self) -> Result<String> {
        self.daemon.log()
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
