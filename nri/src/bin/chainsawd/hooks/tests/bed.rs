//! A daemon's hooks, a runtime in memory, and pods in network namespaces of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use chainsaw_common::engine;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::{self, Namespace};
use chainsaw_common::record::Records;
use chainsaw_nri::api::{Container, ContainerState, LinuxNamespace, LinuxPodSandbox, PodSandbox};
use chainsaw_nri::testing::{CallError, Runtime};
use chainsaw_nri::{Event, Identity, Session};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::hooks::Hooks;
use crate::news::{News, Sink, Sinks};
use crate::settings::Settings;

pub const RULE: &str = "ip rule add from 192.0.2.7 table 100";
pub const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
pub const APP: &str = "chainsaw.noderesource.dev/container.app";

/// Refuses a sandbox, and leaks it; and one that does not leak.
pub const LEAKS: &str = "v2.1.9";
pub const CLEANS_UP: &str = "1.7.24";

/// A network namespace that lives as long as this.
pub struct Net {
    path: PathBuf,
    _end: mpsc::Sender<()>,
}

impl Net {
    pub fn new() -> Self {
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
    pub fn rules(&self) -> usize {
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
pub fn pod(id: &str, net: &Net) -> PodSandbox {
    asking(quiet(id, net), RULE)
}

/// One that asks for nothing.
pub fn quiet(id: &str, net: &Net) -> PodSandbox {
    PodSandbox {
        id: id.into(),
        name: "web".into(),
        uid: "uid-1".into(),
        namespace: "default".into(),
        linux: namespace("network", &net.path.to_string_lossy()),
        pid: std::process::id(),
        ..PodSandbox::default()
    }
}

/// What a runtime tells of one namespace.
pub fn namespace(kind: &str, path: &str) -> Option<LinuxPodSandbox> {
    Some(LinuxPodSandbox {
        namespaces: vec![LinuxNamespace {
            r#type: kind.into(),
            path: path.into(),
        }],
    })
}

/// The same without a word of where it is.
pub fn bare(pod: &PodSandbox) -> PodSandbox {
    PodSandbox {
        linux: None,
        pid: 0,
        ..pod.clone()
    }
}

/// The same with this value for its sandbox.
pub fn asking(mut pod: PodSandbox, value: &str) -> PodSandbox {
    pod.annotations.insert(SANDBOX.into(), value.into());
    pod
}

/// The same that asks for the rule at the start of its container as well.
pub fn and_app(mut pod: PodSandbox) -> PodSandbox {
    pod.annotations.insert(APP.into(), RULE.into());
    pod
}

pub fn container(pod: &PodSandbox, id: &str, state: ContainerState) -> Container {
    Container {
        id: id.into(),
        pod_sandbox_id: pod.id.clone(),
        name: "app".into(),
        state: state as i32,
        ..Container::default()
    }
}

/// The hooks, with records and a configuration of their own, and what they told of.
pub struct Daemon {
    folder: tempfile::TempDir,
    pub heard: Heard,
}

/// The keys that were told as unused, and the reasons of what was refused or passed over.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub fn all(&self) -> Vec<String> {
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
pub struct Connected {
    runtime: Runtime,
    settings: Arc<Settings>,
    _stop: oneshot::Sender<()>,
    session: JoinHandle<()>,
}

impl Daemon {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let heard = Heard::default();
        let daemon = Self { folder, heard };
        daemon.configure(GRANT);
        daemon
    }

    /// Writes its configuration; the daemon looks at that when it will ([`Connected::settles`]).
    pub fn configure(&self, text: &str) {
        fs::write(self.folder.path().join("config.toml"), text).unwrap();
    }

    /// Waits until nothing is recorded of any sandbox.
    pub async fn has_no_record(&self) {
        let gone = || self.records().sandboxes().is_empty();
        until("the record's end", gone).await;
    }

    pub fn records(&self) -> Records {
        Records::at(self.folder.path().join("sandboxes"))
    }

    /// Connects to a runtime of this version that has these pods.
    pub async fn connect(
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
    pub fn settles(&self) {
        self.settings.look();
        self.settings.look();
    }

    pub async fn run(&self, pod: &PodSandbox) -> Result<(), String> {
        self.says(Event::RunPodSandbox, pod, None).await
    }

    pub async fn create(&self, pod: &PodSandbox, id: &str) -> Result<(), String> {
        self.says(Event::CreateContainer, pod, Some(id)).await
    }

    pub async fn start(&self, pod: &PodSandbox, id: &str) -> Result<(), String> {
        self.says(Event::StartContainer, pod, Some(id)).await
    }

    /// One of another name.
    pub async fn start_named(&self, pod: &PodSandbox, id: &str, name: &str) -> Result<(), String> {
        let other = Container {
            name: name.into(),
            ..container(pod, id, ContainerState::ContainerCreated)
        };
        let answer = self
            .runtime
            .event(Event::StartContainer, pod.clone(), Some(other));
        let told = |error: CallError| error.to_string();
        answer.await.map(drop).map_err(told)
    }

    /// As the older runtimes tell it.
    pub async fn stop(&self, pod: &PodSandbox) {
        let bare = bare(pod);
        let said = self.says(Event::StopPodSandbox, &bare, None);
        said.await.unwrap();
    }

    pub async fn remove(&self, pod: &PodSandbox) {
        let said = self.says(Event::RemovePodSandbox, pod, None);
        said.await.unwrap();
    }

    /// Says that this happens to a pod, and to its container of this id.
    async fn says(&self, event: Event, pod: &PodSandbox, id: Option<&str>) -> Result<(), String> {
        let created = |id| container(pod, id, ContainerState::ContainerCreated);
        let answer = self.runtime.event(event, pod.clone(), id.map(created));
        let told = |error: CallError| error.to_string();
        answer.await.map(drop).map_err(told)
    }

    /// Loses the connection, and waits until all is at rest.
    pub async fn lose(self) {
        drop(self.runtime);
        self.session.await.unwrap();
    }
}

pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come");
}
