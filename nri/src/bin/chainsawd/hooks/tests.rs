//! The hooks with a runtime in memory and real network namespaces: what a runtime may say, and what must come of it. The
//! traps are those of NRI in containerd, of which the library's own tests hold the protocol's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::thread;

use chainsaw_common::engine;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::{self, Namespace};
use chainsaw_nri::api::{ContainerState, LinuxNamespace, LinuxPodSandbox};
use chainsaw_nri::testing::{CallError, Runtime};
use chainsaw_nri::{Identity, Session};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::news::Sink;

const RULE: &str = "ip rule add from 192.0.2.7 table 100";
/// Refuses a sandbox, and leaks it; and one that does not leak.
const LEAKS: &str = "v2.1.9";
const CLEANS_UP: &str = "1.7.24";

/// A network namespace that lives as long as this.
struct Net {
    path: PathBuf,
    _end: mpsc::Sender<()>,
}

impl Net {
    fn new() -> Self {
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            netns::throw_away().expect("this test needs root");
            let task = fs::read_link("/proc/thread-self").unwrap();
            tell.send(Path::new("/proc").join(task).join("ns/net"))
                .unwrap();
            ended.recv().ok();
        });
        Self {
            path: told.recv().unwrap(),
            _end: end,
        }
    }

    /// How often the rule is there.
    fn rules(&self) -> usize {
        let path = self.path.clone();
        let look = thread::spawn(move || {
            Namespace::open(&path).unwrap().enter().unwrap();
            let mut socket = Socket::open().unwrap();
            engine::serve_words(&["rule".to_owned()], &mut socket).stdout
        });
        look.join().unwrap().matches("from 192.0.2.7").count()
    }
}

/// A pod that asks for the rule when its sandbox is there.
fn pod(id: &str, net: &Net) -> PodSandbox {
    PodSandbox {
        id: id.into(),
        name: "web".into(),
        uid: "uid-1".into(),
        namespace: "default".into(),
        annotations: [(
            "chainsaw.noderesource.dev/sandbox".to_owned(),
            RULE.to_owned(),
        )]
        .into(),
        linux: Some(LinuxPodSandbox {
            namespaces: vec![LinuxNamespace {
                r#type: "network".into(),
                path: net.path.to_string_lossy().into_owned(),
            }],
        }),
        pid: std::process::id(),
        ..PodSandbox::default()
    }
}

fn asking(pod: PodSandbox, value: &str) -> PodSandbox {
    PodSandbox {
        annotations: [(
            "chainsaw.noderesource.dev/sandbox".to_owned(),
            value.to_owned(),
        )]
        .into(),
        ..pod
    }
}

fn container(pod: &PodSandbox, id: &str, state: ContainerState) -> Container {
    Container {
        id: id.into(),
        pod_sandbox_id: pod.id.clone(),
        name: "app".into(),
        state: state as i32,
        ..Container::default()
    }
}

/// The hooks, with records and a configuration of their own, and what they told of.
struct Daemon {
    folder: tempfile::TempDir,
    heard: Heard,
}

/// The keys that were told as unused, and the reasons of what was refused or passed over.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Sink for Heard {
    fn hear(&self, news: &News<'_>) {
        let said = match news {
            News::KeyUnused(_, key, _) => (*key).to_owned(),
            News::Refused { wrong, .. } => wrong.reason().to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(said);
    }
}

/// A session of the hooks with a runtime; it ends with this.
struct Connected {
    runtime: Runtime,
    settings: Arc<Settings>,
    _stop: oneshot::Sender<()>,
    session: JoinHandle<()>,
}

impl Daemon {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let grant = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
        fs::write(folder.path().join("config.toml"), grant).unwrap();
        let heard = Heard::default();
        Self { folder, heard }
    }

    fn records(&self) -> Records {
        Records::at(self.folder.path().join("sandboxes"))
    }

    /// Connects to a runtime of this version that has these pods.
    async fn connect(
        &self,
        version: &str,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Connected {
        let path = |name: &str| -> &'static str {
            let path = self.folder.path().join(name);
            path.to_string_lossy().into_owned().leak()
        };
        let settings = Settings::of(path("config.toml"), path("run/last-good.toml"));
        let settings = Arc::new(settings);
        let hooks = Arc::new(Hooks::new(
            Arc::clone(&settings),
            self.records(),
            Sinks::new(vec![Box::new(self.heard.clone())]),
        ));
        let (stream, mut runtime) = Runtime::pair();
        let (stop, stopped) = oneshot::channel::<()>();
        let session = tokio::spawn(async move {
            let session = Session::new(Identity::new("chainsaw", "90").unwrap(), hooks);
            session
                .launched(stream, async { stopped.await.unwrap_or(()) })
                .await;
        });
        runtime.welcome(version, pods, containers).await.unwrap();
        Connected {
            runtime,
            settings,
            _stop: stop,
            session,
        }
    }
}

impl Connected {
    /// The daemon looks at its file until a change counts.
    fn settles(&self) {
        self.settings.look();
        self.settings.look();
    }

    async fn run(&self, pod: &PodSandbox) -> Result<(), String> {
        said(
            self.runtime
                .event(Event::RunPodSandbox, pod.clone(), None)
                .await,
        )
    }

    async fn create(&self, pod: &PodSandbox, id: &str) -> Result<(), String> {
        let container = container(pod, id, ContainerState::ContainerCreated);
        said(
            self.runtime
                .event(Event::CreateContainer, pod.clone(), Some(container))
                .await,
        )
    }

    async fn start(&self, pod: &PodSandbox, id: &str) -> Result<(), String> {
        let container = container(pod, id, ContainerState::ContainerCreated);
        said(
            self.runtime
                .event(Event::StartContainer, pod.clone(), Some(container))
                .await,
        )
    }

    /// As the older runtimes tell it.
    async fn stop(&self, pod: &PodSandbox) {
        let bare = PodSandbox {
            linux: None,
            pid: 0,
            ..pod.clone()
        };
        self.runtime
            .event(Event::StopPodSandbox, bare, None)
            .await
            .unwrap();
    }

    async fn remove(&self, pod: &PodSandbox) {
        self.runtime
            .event(Event::RemovePodSandbox, pod.clone(), None)
            .await
            .unwrap();
    }

    /// Loses the connection, and waits until all is at rest.
    async fn lose(self) {
        drop(self.runtime);
        self.session.await.unwrap();
    }
}

fn said(answer: Result<Vec<u8>, CallError>) -> Result<(), String> {
    answer.map(drop).map_err(|error| error.to_string())
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come");
}

#[tokio::test]
async fn trap_9_a_refused_sandbox_passes_where_it_would_leak_and_its_containers_do_not() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let refused = asking(pod("s1", &net), "ip link set eth0 down");
    let leaks = daemon.connect(LEAKS, vec![], vec![]).await;
    assert_eq!(leaks.run(&refused).await, Ok(()));
    for attempt in ["c1", "c2"] {
        let why = leaks.create(&refused, attempt).await.unwrap_err();
        assert!(why.contains("needs profile net-admin"), "{why}");
    }
    let cleans_up = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let why = cleans_up
        .run(&PodSandbox {
            id: "s2".into(),
            ..refused
        })
        .await
        .unwrap_err();
    assert!(why.contains("needs profile net-admin"), "{why}");
}

#[tokio::test]
async fn trap_11_no_list_of_namespaces_is_not_the_hosts_and_one_without_a_network_is() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let mut host = pod("s1", &net);
    host.linux = Some(LinuxPodSandbox {
        namespaces: vec![LinuxNamespace {
            r#type: "ipc".into(),
            path: String::new(),
        }],
    });
    let why = connected.run(&host).await.unwrap_err();
    assert!(why.contains("on the host's network"), "{why}");
    // This process's own namespace is what its pid leads to, and that is the node's.
    let why = connected
        .run(&PodSandbox {
            linux: None,
            ..pod("s2", &net)
        })
        .await
        .unwrap_err();
    assert!(why.contains("node's own network namespace"), "{why}");
    // Told by its path, the node's is refused as well.
    let mut disguised = pod("s3", &net);
    disguised.linux = Some(LinuxPodSandbox {
        namespaces: vec![LinuxNamespace {
            r#type: "network".into(),
            path: "/proc/self/ns/net".into(),
        }],
    });
    let why = connected.run(&disguised).await.unwrap_err();
    assert!(why.contains("node's own network namespace"), "{why}");
}

#[tokio::test]
async fn trap_12_a_sandbox_is_removed_by_its_id_alone() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.run(&pod("s1", &net)).await.unwrap();
    assert_eq!(daemon.records().sandboxes(), ["s1"]);
    let bare = PodSandbox {
        linux: None,
        pid: 0,
        ..pod("s1", &net)
    };
    connected.remove(&bare).await;
    until("the record's end", || {
        daemon.records().sandboxes().is_empty()
    })
    .await;
}

#[tokio::test]
async fn trap_13_what_is_done_is_not_done_again_at_each_synchronize() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let running = || vec![pod("s1", &net)];
    for _ in 0..3 {
        daemon.connect(LEAKS, running(), vec![]).await.lose().await;
    }
    assert_eq!(net.rules(), 1);
    // A stopped sandbox is listed like any other; its namespace is gone or about to go.
    let (other, stopped) = (Net::new(), "s2");
    let dead = PodSandbox {
        pid: 0,
        ..pod(stopped, &other)
    };
    daemon.connect(LEAKS, vec![dead], vec![]).await.lose().await;
    assert_eq!(other.rules(), 0);
}

#[tokio::test]
async fn trap_14_records_go_without_an_event() {
    let daemon = Daemon::new();
    let net = Net::new();
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.run(&pod("s1", &net)).await.unwrap();
    connected.lose().await;
    drop(net);
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    until("the record's end", || {
        daemon.records().sandboxes().is_empty()
    })
    .await;
    connected.lose().await;
}

#[tokio::test]
async fn trap_15_a_sandbox_that_is_made_anew_is_another() {
    let (daemon, first, second) = (Daemon::new(), Net::new(), Net::new());
    let connected = daemon.connect(LEAKS, vec![], vec![]).await;
    connected.run(&pod("s1", &first)).await.unwrap();
    connected.run(&pod("s2", &second)).await.unwrap();
    assert_eq!((first.rules(), second.rules()), (1, 1));
}

#[tokio::test]
async fn trap_16_a_pod_that_nobody_told_of_is_served_when_its_container_comes() {
    let (daemon, created, started) = (Daemon::new(), Net::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.create(&pod("s1", &created), "c1").await.unwrap();
    assert_eq!(created.rules(), 1);
    connected.start(&pod("s2", &started), "c1").await.unwrap();
    assert_eq!(started.rules(), 1);
}

#[tokio::test]
async fn trap_20_two_daemons_do_it_once() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let (one, other) = (
        daemon.connect(LEAKS, vec![], vec![]).await,
        daemon.connect(LEAKS, vec![], vec![]).await,
    );
    let sandbox = pod("s1", &net);
    let (first, second) = tokio::join!(one.run(&sandbox), other.run(&sandbox));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn trap_28_a_sandbox_that_says_nothing_of_its_namespace_is_refused_and_never_ok() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let silent = PodSandbox {
        linux: None,
        pid: 0,
        ..pod("s1", &net)
    };
    let why = connected.run(&silent).await.unwrap_err();
    assert!(why.contains("does not say where"), "{why}");
}

#[tokio::test]
async fn what_was_missed_stays_missed_and_the_next_start_is_in_time() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let mut sandbox = pod("s1", &net);
    let own = "chainsaw.noderesource.dev/container.app".to_owned();
    sandbox.annotations = [(own, RULE.to_owned())].into();
    let running = container(&sandbox, "c1", ContainerState::ContainerRunning);
    let connected = daemon
        .connect(LEAKS, vec![sandbox.clone()], vec![running])
        .await;
    assert_eq!(net.rules(), 0);
    connected.start(&sandbox, "c1").await.unwrap();
    assert_eq!(net.rules(), 0, "it ran late");
    connected.start(&sandbox, "c2").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_pod_that_asks_for_nothing_is_passed_whatever_else_is_wrong_with_it() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    fs::write(daemon.folder.path().join("config.toml"), "broken").unwrap();
    connected.settles();
    let quiet = PodSandbox {
        annotations: [].into(),
        linux: None,
        pid: 0,
        runtime_handler: "kata".into(),
        ..pod("s1", &net)
    };
    connected.run(&quiet).await.unwrap();
    connected.create(&quiet, "c1").await.unwrap();
    connected.start(&quiet, "c1").await.unwrap();
    assert!(daemon.records().sandboxes().is_empty());
}

/// The library's own answer, when the time is up, is an error.
#[tokio::test]
async fn a_sandbox_that_takes_too_long_passes_where_a_refusal_leaks() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(LEAKS, vec![], vec![]).await;
    let held = daemon.records().open("s1").unwrap();
    assert_eq!(connected.run(&pod("s1", &net)).await, Ok(()));
    drop(held);
    connected.create(&pod("s1", &net), "c1").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_taken_refuses_who_asks_and_nobody_else() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let file = daemon.folder.path().join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, "[[rule]]\nnamespace = []\n").unwrap();
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let why = connected.run(&pod("s1", &net)).await.unwrap_err();
    assert!(why.contains("did you mean namespaces?"), "{why}");
    let quiet = PodSandbox {
        annotations: [].into(),
        ..pod("s2", &net)
    };
    connected.run(&quiet).await.unwrap();
    fs::write(&file, good).unwrap();
    connected.settles();
    connected.run(&pod("s3", &net)).await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn where_failures_are_passed_over_a_containers_value_runs_all_the_same() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let grant = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n[failure]\nnri = \"continue\"\n";
    fs::write(daemon.folder.path().join("config.toml"), grant).unwrap();
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let mut both = asking(pod("s1", &net), "ip route add 192.0.2.0/24 dev nowhere");
    both.annotations.insert(
        "chainsaw.noderesource.dev/container.app".into(),
        RULE.into(),
    );
    connected.run(&both).await.unwrap();
    connected.start(&both, "c1").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_container_that_ran_and_ended_unheard_is_told_as_missed() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let mut sandbox = pod("s1", &net);
    sandbox.annotations.insert(
        "chainsaw.noderesource.dev/container.app".into(),
        RULE.into(),
    );
    let ended = container(&sandbox, "c1", ContainerState::ContainerStopped);
    let connected = daemon
        .connect(LEAKS, vec![sandbox.clone()], vec![ended])
        .await;
    let record = daemon.records().open("s1").unwrap();
    let missed = record
        .entries()
        .iter()
        .filter(|entry| entry.event == Recorded::Missed);
    assert_eq!(missed.count(), 2, "{:?}", record.entries());
    drop(record);
    connected.create(&sandbox, "c2").await.unwrap();
    assert_eq!(net.rules(), 0, "it ran late");
}

/// A pod that asks for something at the start of its container `app`, and of `other`, which it has not.
fn with_containers(id: &str, net: &Net) -> PodSandbox {
    let key = |name: &str| format!("chainsaw.noderesource.dev/container.{name}");
    let annotations = ["app", "other"].map(|name| (key(name), RULE.to_owned()));
    PodSandbox {
        annotations: annotations.into(),
        ..pod(id, net)
    }
}

const OTHER: &str = "chainsaw.noderesource.dev/container.other";

#[tokio::test]
async fn a_key_that_ran_is_not_told_as_unused_when_its_record_is_swept_before_the_sandbox_is_removed()
 {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.start(&sandbox, "c1").await.unwrap();
    connected.stop(&sandbox).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
    // Its namespace goes, and a look at all records, as at another pod's end, takes its own.
    drop(net);
    until("the record's end", || {
        daemon.records().sweep();
        daemon.records().sandboxes().is_empty()
    })
    .await;
    connected.stop(&sandbox).await;
    connected.remove(&sandbox).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn without_a_stop_a_sandbox_is_judged_by_the_record_that_is_left_and_else_not_at_all() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let (kept, swept) = (with_containers("s1", &net), with_containers("s2", &net));
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    for sandbox in [&kept, &swept] {
        connected.run(sandbox).await.unwrap();
        connected.start(sandbox, "c1").await.unwrap();
    }
    let record = daemon.records().find("s2").unwrap().unwrap();
    record.remove().unwrap();
    connected.remove(&swept).await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    connected.remove(&kept).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn a_sandbox_from_before_is_judged_when_it_stops_and_a_stopped_one_is_not() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let alive = with_containers("s1", &net);
    let stopped = PodSandbox {
        pid: 0,
        ..with_containers("s2", &net)
    };
    let known = vec![alive.clone(), stopped.clone()];
    let connected = daemon.connect(CLEANS_UP, known, vec![]).await;
    connected.stop(&stopped).await;
    connected.remove(&stopped).await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    connected.start(&alive, "c1").await.unwrap();
    connected.stop(&alive).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn a_plain_key_is_told_where_no_chain_has_chainsaw_and_nowhere_else() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let key = chainsaw_common::annotations::KEY;
    let sandbox = |id: &str| PodSandbox {
        annotations: [(key.to_owned(), RULE.to_owned())].into(),
        ..pod(id, &net)
    };
    let mut served = daemon.records().open("s1").unwrap();
    let work = chainsaw_common::record::Work {
        entrance: chainsaw_common::pod::Entrance::Cni,
        ..crate::late::work(key, RULE, None)
    };
    served.add(Entry::new(work, Recorded::Ok)).unwrap();
    drop(served);
    connected.run(&sandbox("s1")).await.unwrap();
    connected.run(&sandbox("s2")).await.unwrap();
    until("the news", || !daemon.heard.all().is_empty()).await;
    connected.lose().await;
    assert_eq!(daemon.heard.all(), [key]);
}

#[tokio::test]
async fn what_is_only_rehearsed_is_not_told_as_unused() {
    let (daemon, net) = (Daemon::new(), Net::new());
    fs::write(
        daemon.folder.path().join("config.toml"),
        "mode = \"report\"\n",
    )
    .unwrap();
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.start(&sandbox, "c1").await.unwrap();
    connected.stop(&sandbox).await;
    assert!(
        !daemon.heard.all().contains(&OTHER.to_owned()),
        "{:?}",
        daemon.heard
    );
}

#[tokio::test]
async fn a_sandbox_from_before_that_asks_for_nothing_is_not_reproached_with_the_configuration() {
    let (daemon, net) = (Daemon::new(), Net::new());
    fs::write(daemon.folder.path().join("config.toml"), "broken").unwrap();
    let quiet = PodSandbox {
        annotations: [].into(),
        ..pod("s1", &net)
    };
    let quiet = daemon.connect(CLEANS_UP, vec![quiet], vec![]).await;
    quiet.lose().await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    let asks = vec![pod("s2", &net)];
    daemon.connect(CLEANS_UP, asks, vec![]).await.lose().await;
    assert_eq!(daemon.heard.all(), ["ConfigurationInvalid"]);
}
