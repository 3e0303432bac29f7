//! The NRI library with real containerds: what the runtime in memory of its own tests has to be true to.

#![expect(
    clippy::unwrap_used,
    reason = "a poisoned lock is a test that has failed already"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::{Answer, Code, Context, Events, Identity, Plugin, Refusal, Session, State};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node};
use tokio::sync::{oneshot, watch};

const LIMIT: Duration = Duration::from_secs(10);

/// A pod with this annotation is refused with a text of 20,000 bytes.
const REFUSE: &str = "chainsaw.test/refuse";

/// A pod with this annotation takes 3 s.
const SLOW: &str = "chainsaw.test/slow";

/// Tells what it hears.
#[derive(Default)]
struct Recorder {
    heard: Mutex<Vec<String>>,
    subscribed: Mutex<Option<Events>>,
}

impl Recorder {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Plugin for Recorder {
    /// All: what the runtime does not know must not reach it.
    fn events(&self) -> Events {
        Events::ALL
    }

    async fn configured(&self, context: Context, subscribed: Events, _config: String) -> Answer {
        *self.subscribed.lock().unwrap() = Some(subscribed);
        self.hear(format!("configured by {}", context.runtime().name));
        Ok(())
    }

    async fn synchronized(
        &self,
        _context: Context,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Answer {
        let pods: Vec<String> = pods.into_iter().map(|pod| pod.name).collect();
        let containers: Vec<String> = containers.into_iter().map(|one| one.name).collect();
        self.hear(format!("synchronized {pods:?} {containers:?}"));
        Ok(())
    }

    async fn run_pod_sandbox(&self, _context: Context, pod: PodSandbox) -> Answer {
        let network = pod.namespaces().iter().any(|one| one.r#type == "network");
        self.hear(format!("run {} network={network}", pod.name));
        if pod.annotations.contains_key(SLOW) {
            tokio::time::sleep(Duration::from_secs(3)).await;
            self.hear(format!("run {}: done", pod.name));
        }
        if pod.annotations.contains_key(REFUSE) {
            return Err(Refusal::new(Code::PermissionDenied, "no".repeat(10_000)));
        }
        Ok(())
    }

    async fn start_container(
        &self,
        _context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        self.hear(format!("start {} in {}", container.name, pod.name));
        Ok(())
    }
}

/// A session with a node's containerd, on a thread of its own.
struct Watching {
    plugin: Arc<Recorder>,
    state: watch::Receiver<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watching {
    fn start(node: &Node) -> Result<Self> {
        Self::start_as("library", node)
    }

    fn start_as(name: &str, node: &Node) -> Result<Self> {
        let plugin = Arc::new(Recorder::default());
        let session = Session::new(Identity::new(name, "50")?, Arc::clone(&plugin));
        let state = session.state();
        let path = node.machine().path("/run/nri/nri.sock");
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(session.dial(&path, async { drop(stopped.await) }));
        });
        Ok(Self {
            plugin,
            state,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    fn running(&self) -> Result<()> {
        wait_until("the session to run", LIMIT, || {
            Ok(self.state.borrow().is_running())
        })
        .with_context(|| self.state.borrow().to_string())
    }

    fn hears(&self, what: &str) -> Result<()> {
        wait_until(what, LIMIT, || {
            Ok(self.plugin.heard().iter().any(|heard| heard == what))
        })
        .with_context(|| format!("{:?}", self.plugin.heard()))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(|thread| thread.join());
    }
}

fn events_reach_a_plugin_on(containerd: Containerd) -> Result<()> {
    let node = Node::builder(containerd).nri().start()?;
    let early = node.pod("early").run()?;
    early.container("first", ["sleep", "1000"])?;

    let watching = Watching::start(&node)?;
    watching.running()?;
    watching.hears("configured by containerd")?;
    watching.hears(r#"synchronized ["early"] ["first"]"#)?;
    let subscribed = *watching.plugin.subscribed.lock().unwrap();
    if containerd == Containerd::V1_7 {
        ensure!(subscribed == Some(Events::OLDEST), "{subscribed:?}");
    }

    let pod = node.pod("web").run()?;
    watching.hears("run web network=true")?;
    pod.container("app", ["sleep", "1000"])?;
    watching.hears("start app in web")?;
    pod.remove()?;
    ensure!(watching.state.borrow().is_running());
    Ok(())
}

#[test]
fn events_reach_a_plugin_on_containerd_1_7() -> Result<()> {
    events_reach_a_plugin_on(Containerd::V1_7)
}

#[test]
fn events_reach_a_plugin_on_containerd_2() -> Result<()> {
    events_reach_a_plugin_on(Containerd::V2)
}

#[test]
fn a_refusal_with_a_long_text_refuses_the_pod() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd).nri().start()?;
        let watching = Watching::start(&node)?;
        watching.running()?;
        let refused = node.pod("web").annotation(REFUSE, "yes").run().err();
        let text = format!("{:#}", refused.context("the pod has to be refused")?);
        let kept = "no".repeat(chainsaw_nri::STATUS_BYTES / 2);
        ensure!(text.contains(&kept), "{containerd:?}: {text}");
        ensure!(
            !text.contains(&"no".repeat(chainsaw_nri::STATUS_BYTES)),
            "{text}"
        );
        ensure!(watching.state.borrow().is_running(), "{containerd:?}");
    }
    Ok(())
}

/// It would start otherwise.
#[test]
fn a_plugin_that_is_late_refuses_the_pod_and_stays() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd).nri().start()?;
        let watching = Watching::start(&node)?;
        watching.running()?;
        let refused = node.pod("web").annotation(SLOW, "yes").run().err();
        let text = format!("{:#}", refused.context("the pod has to be refused")?);
        ensure!(
            text.contains("did not answer RunPodSandbox within"),
            "{text}"
        );
        watching.hears("run web: done")?;
        ensure!(watching.state.borrow().is_running(), "{containerd:?}");
    }
    Ok(())
}

#[test]
fn a_session_outlives_its_runtime() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = Node::builder(containerd).nri().start()?;
        let watching = Watching::start(&node)?;
        watching.running()?;
        node.kill_containerd()?;
        wait_until("the session to notice", LIMIT, || {
            Ok(matches!(&*watching.state.borrow(), State::Closed(_)))
        })?;
        node.start_containerd()?;
        watching.running()?;
        node.pod("web").run()?;
        watching.hears("run web network=true")?;
    }
    Ok(())
}

/// In two frames; in one, or in three, it would close the connection.
#[test]
fn a_message_above_4096_bytes_is_understood() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd).nri().start()?;
        let watching = Watching::start_as(&"n".repeat(10_000), &node)?;
        watching.running()?;
    }
    Ok(())
}

/// The example of the library, as `NN-name` in the runtime's folder.
#[test]
fn a_plugin_that_the_runtime_starts_is_heard() -> Result<()> {
    let example = std::env::current_exe()?.with_file_name("../examples/watch");
    ensure!(
        example.is_file(),
        "{} is missing: run `cargo build -p chainsaw-nri --example watch`",
        example.display()
    );
    for containerd in Containerd::ALL {
        let mut node = Node::builder(containerd).nri().start()?;
        node.kill_containerd()?;
        let plugin = "/opt/nri/plugins/90-watch";
        node.machine().write(plugin, fs::read(&example)?)?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(node.machine().path(plugin), mode)?;
        node.start_containerd()?;

        node.pod("left-alone")
            .run()?
            .container("app", ["sleep", "1000"])?;
        let pod = node
            .pod("web")
            .annotation("watch.example/refuse", "never")
            .run();
        // Where a refused sandbox would leak, the example refuses its containers.
        let refused = pod.and_then(|pod| pod.container("app", ["sleep", "1000"]).map(drop));
        let text = format!("{:#}", refused.err().context("the pod has to be refused")?);
        ensure!(text.contains("never"), "{containerd:?}: {text}");
    }
    Ok(())
}
