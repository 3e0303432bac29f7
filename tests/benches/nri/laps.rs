//! Events as they pass the plugins of a real runtime, one after the other: a clock before each plugin that is measured,
//! and one behind the last.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::{Answer, Context, Event, Events, Identity, Plugin, Session};
use chainsaw_tests::Node;
use chainsaw_tests::process::wait_until;
use tokio::sync::watch;

/// The places of the clocks; what is measured is in between: see [`LEAST`] and [`CHAINSAWD`].
const CLOCKS: [&str; 3] = ["10", "30", "50"];
/// The place of the plugin that says yes.
pub const LEAST: &str = "20";
/// The place of the daemon.
pub const CHAINSAWD: &str = "40";

const LIMIT: Duration = Duration::from_secs(15);

/// When which clock heard of which event.
type Heard = Arc<Mutex<Vec<(usize, Event, Instant)>>>;

struct Clock {
    number: usize,
    heard: Heard,
}

impl Clock {
    fn hear(&self, event: Event) -> Answer {
        let now = Instant::now();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((self.number, event, now));
        Ok(())
    }
}

impl Plugin for Clock {
    fn events(&self) -> Events {
        Event::RunPodSandbox | Event::StartContainer
    }

    async fn run_pod_sandbox(&self, _: Context, _: PodSandbox) -> Answer {
        self.hear(Event::RunPodSandbox)
    }

    async fn start_container(&self, _: Context, _: PodSandbox, _: Container) -> Answer {
        self.hear(Event::StartContainer)
    }
}

/// One event on its way: from one clock to the next, so what a plugin takes, and what the runtime takes to get there.
pub struct Lap {
    pub event: Event,
    /// Past the plugin that says yes.
    pub least: Duration,
    /// Past the daemon.
    pub chainsawd: Duration,
}

/// The clocks of a node. They leave it when this is dropped.
pub struct Clocks {
    heard: Heard,
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Clocks {
    /// Connects them, and waits until events come to them.
    pub fn start(node: &Node) -> Result<Self> {
        let heard = Heard::default();
        let (stop, stopped) = watch::channel(());
        let path = node.machine().path("/run/nri/nri.sock");
        let mut sessions = Vec::new();
        for (number, index) in CLOCKS.into_iter().enumerate() {
            let heard = Arc::clone(&heard);
            let clock = Arc::new(Clock { number, heard });
            sessions.push(Session::new(Identity::new("clock", index)?, clock));
        }
        let states: Vec<_> = sessions.iter().map(Session::state).collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let mut all = tokio::task::JoinSet::new();
                for session in sessions {
                    let (path, mut stopped) = (path.clone(), stopped.clone());
                    all.spawn(async move {
                        let stop = async { drop(stopped.changed().await) };
                        session.dial(&path, stop).await;
                    });
                }
                all.join_all().await;
            });
        });
        let clocks = Self {
            heard,
            stop: Some(stop),
            thread: Some(thread),
        };
        wait_until("the clocks to hear", LIMIT, || {
            Ok(states.iter().all(|state| state.borrow().is_running()))
        })?;
        Ok(clocks)
    }

    /// The events since the last look, each past all clocks.
    pub fn laps(&self) -> Result<Vec<Lap>> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = std::mem::take(&mut *heard);
        heard.chunks(CLOCKS.len()).map(lap).collect()
    }
}

/// A runtime tells of one event at a time, to one plugin after the other.
fn lap(heard: &[(usize, Event, Instant)]) -> Result<Lap> {
    let [(0, event, start), (1, second, middle), (2, third, end)] = heard else {
        anyhow::bail!("the clocks did not hear of it one after the other");
    };
    ensure!(event == second && event == third, "they heard of another");
    Ok(Lap {
        event: *event,
        least: middle.duration_since(*start),
        chainsawd: end.duration_since(*middle),
    })
}

impl Drop for Clocks {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().map(JoinHandle::join);
    }
}

/// Waits until the runtime has taken a plugin that says nothing itself.
pub fn taken(node: &Node, name: &str) -> Result<()> {
    let what = format!("containerd to take {name}");
    wait_until(&what, LIMIT, || Ok(node.log()?.contains(name)))
        .with_context(|| node.log().unwrap_or_default())
}
