//! The plugin of these tests, and a session that runs it.

use std::sync::Arc;
use std::time::Duration;

use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::testing::{Runtime, place};
use chainsaw_nri::{
    Answer, Code, Context, Event, Events, Identity, Plugin, Refusal, Session, State, Timing,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Tells what it hears, takes its time, and answers as it was told to.
#[derive(Clone)]
pub struct Recorder {
    pub events: Events,
    pub answer: Answer,
    /// How long it works on an event, or on what it is synchronised with.
    pub pause: Duration,
    pub panics: bool,
    heard: mpsc::UnboundedSender<String>,
}

impl Recorder {
    /// Hears two events, and says yes at once.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (heard, hears) = mpsc::unbounded_channel();
        let recorder = Self {
            events: Event::RunPodSandbox | Event::StartContainer,
            answer: Ok(()),
            pause: Duration::ZERO,
            panics: false,
            heard,
        };
        (recorder, hears)
    }

    pub fn refusing(mut self, why: &str) -> Self {
        self.answer = Err(Refusal::new(Code::PermissionDenied, why));
        self
    }

    async fn work(&self, on: String) -> Answer {
        self.heard.send(on.clone()).ok();
        sleep(self.pause).await;
        assert!(!self.panics, "as it was told to");
        self.heard.send(format!("{on}: done")).ok();
        self.answer.clone()
    }
}

impl Plugin for Recorder {
    fn events(&self) -> Events {
        self.events
    }

    async fn synchronized(
        &self,
        _context: Context,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Answer {
        let pods: Vec<&str> = pods.iter().map(|pod| pod.id.as_str()).collect();
        let containers: Vec<&str> = containers.iter().map(|one| one.id.as_str()).collect();
        if pods.is_empty() && containers.is_empty() {
            return Ok(());
        }
        self.work(format!("{pods:?} {containers:?}")).await
    }

    async fn run_pod_sandbox(&self, context: Context, pod: PodSandbox) -> Answer {
        assert!(context.deadline() > Instant::now());
        self.work(format!("run {}", pod.id)).await
    }

    async fn start_container(
        &self,
        context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        assert_eq!(context.runtime().name, "containerd");
        self.work(format!("start {} in {}", container.id, pod.id))
            .await
    }

    async fn validate_container_adjustment(
        &self,
        _context: Context,
        _pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.work(format!("validate {}", container.id)).await
    }
}

/// A session that dials runtimes in memory.
pub struct Running {
    pub runtimes: mpsc::UnboundedReceiver<Runtime>,
    pub state: watch::Receiver<State>,
    stop: oneshot::Sender<()>,
    pub session: JoinHandle<()>,
}

impl Running {
    pub fn start(plugin: Recorder) -> Self {
        let (dial, runtimes) = place();
        let session = session(plugin);
        let state = session.state();
        let (stop, stopped) = oneshot::channel();
        let session = tokio::spawn(async move {
            session.dial_with(dial, async { drop(stopped.await) }).await;
        });
        Self {
            runtimes,
            state,
            stop,
            session,
        }
    }

    /// The runtime at the other end of the next connection.
    pub async fn runtime(&mut self) -> Runtime {
        self.runtimes.recv().await.unwrap()
    }

    /// The same, once it has taken the plugin and events can come.
    pub async fn welcomed(&mut self, version: &str) -> Runtime {
        let mut runtime = self.runtime().await;
        runtime.welcome(version, vec![], vec![]).await.unwrap();
        runtime
    }

    /// Waits for a state, by what it says of itself.
    pub async fn state(&mut self, begins: &str) -> String {
        let found = self
            .state
            .wait_for(|state| state.to_string().starts_with(begins));
        found.await.unwrap().to_string()
    }

    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.session
    }
}

pub fn session(plugin: Recorder) -> Session<Recorder> {
    Session::new(identity(), Arc::new(plugin))
}

/// Limits that do not make a test wait.
pub fn quick() -> Timing {
    Timing {
        redial: Duration::from_millis(20),
        ..Timing::default()
    }
}

pub fn identity() -> Identity {
    Identity::new("watcher", "90").unwrap()
}

pub fn pod(id: &str) -> PodSandbox {
    PodSandbox {
        id: id.into(),
        ..PodSandbox::default()
    }
}

pub fn container(id: &str) -> Container {
    Container {
        id: id.into(),
        ..Container::default()
    }
}

/// The code and the text of a refusal.
pub fn refused<T: std::fmt::Debug>(
    answer: Result<T, chainsaw_nri::testing::CallError>,
) -> (i32, String) {
    match answer.unwrap_err() {
        chainsaw_nri::testing::CallError::Refused(status) => (status.code, status.message),
        other => panic!("not refused but: {other}"),
    }
}
