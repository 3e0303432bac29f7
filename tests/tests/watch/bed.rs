//! A watch that runs, and the server that it watches.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use chainsaw_lookup::cache::Cache;
use chainsaw_lookup::pod::{Metadata, Wanted};
use chainsaw_lookup::watch::{self, Timing};
use chainsaw_lookup::{Access, Credentials, LookupError, Patience, ask};
use chainsaw_tests::api::{Answer, ApiServer, Cluster, NODE, Pod, kubeconfig};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::scratch::Scratch;
use tokio::runtime::Runtime;

pub(super) const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
pub(super) const TOKEN: &str = "first-token";
/// How long a busy machine may take for what comes at once.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// Fast time: a second for every five minutes that a watch lasts in a cluster, and the rest in proportion.
pub(super) const FAST: Timing = Timing {
    watch: Duration::from_secs(1),
    margin: Duration::from_millis(50),
    answer: Duration::from_millis(500),
    pause: Duration::from_millis(5),
    longest_pause: Duration::from_millis(100),
    steady: Duration::from_millis(20),
};

/// In time that a busy machine keeps.
pub(super) const SLOW: Timing = Timing {
    watch: Duration::from_secs(290),
    margin: Duration::from_secs(15),
    answer: Duration::from_secs(30),
    ..FAST
};

/// A server, its cluster, and a watch of it that runs on a thread of its own.
pub(super) struct Bed {
    pub(super) cluster: Cluster,
    pub(super) server: ApiServer,
    cache: Arc<Cache>,
    access: Arc<Access>,
    // The watch ends with it, before what it reads goes.
    runtime: Runtime,
    scratch: Scratch,
}

impl Bed {
    /// One whose cluster is made ready before anybody watches.
    pub(super) fn with(timing: Timing, ready: impl FnOnce(&Cluster)) -> Result<Self> {
        let cluster = Cluster::new(TOKEN);
        ready(&cluster);
        let bed = Self::idle(cluster)?;
        let (access, cache) = (Arc::clone(&bed.access), Arc::clone(&bed.cache));
        let watched = async move { watch::follow(&access, NODE, &cache, timing).await };
        bed.runtime.spawn(watched);
        Ok(bed)
    }

    /// One that nobody watches.
    pub(super) fn idle(cluster: Cluster) -> Result<Self> {
        let server = ApiServer::start_here(Answer::Pods(cluster.clone()))?;
        let scratch = Scratch::new()?;
        let path = scratch.path().join("kubeconfig");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let bed = Self {
            cluster,
            server,
            cache: Arc::default(),
            access: Arc::new(Access::by(Credentials::Kubeconfig(path))),
            runtime,
            scratch,
        };
        bed.write_token(TOKEN)?;
        bed.write_authority()?;
        let text = kubeconfig(&bed.server.url(), "authority").replace(
            &format!("token: \"{}\"", chainsaw_tests::api::TOKEN),
            "tokenFile: token",
        );
        fs::write(bed.file("kubeconfig"), text)?;
        Ok(bed)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub(super) fn write_token(&self, token: &str) -> Result<()> {
        Ok(fs::write(self.file("token"), token)?)
    }

    pub(super) fn write_authority(&self) -> Result<()> {
        Ok(fs::write(self.file("authority"), self.server.authority())?)
    }

    /// What is known of a pod of namespace `default`.
    pub(super) fn known(&self, name: &str, uid: &str) -> Option<Metadata> {
        self.cache.find(&wanted(name, uid))
    }

    /// What is asked for at a pod, as far as it is known.
    pub(super) fn value(&self, name: &str, uid: &str) -> Option<String> {
        self.known(name, uid)?.annotations.remove(KEY)
    }

    pub(super) fn count(&self) -> usize {
        self.cache.count()
    }

    /// Asks as the daemon asks.
    pub(super) fn ask(&self, name: &str, uid: Option<&str>) -> Result<Metadata, LookupError> {
        let patience = Patience {
            event: Duration::from_millis(100),
            whole: LIMIT,
        };
        let wanted = Wanted {
            uid: uid.map(str::to_owned),
            ..wanted(name, "")
        };
        self.runtime
            .block_on(ask(&wanted, &self.cache, &self.access, patience))
    }

    pub(super) fn wait_for(&self, what: &str, mut condition: impl FnMut() -> bool) -> Result<()> {
        wait_until(what, LIMIT, || Ok(condition()))
    }

    /// Waits until the watch tells of every change.
    pub(super) fn wait_until_live(&self) -> Result<()> {
        self.wait_for("the watch to be live", || self.is_live())
    }

    pub(super) fn is_live(&self) -> bool {
        self.cache.standing().borrow().live
    }

    /// How many lists were asked for.
    pub(super) fn lists(&self) -> usize {
        self.asked(&["/api/v1/pods?"]) - self.asked(&["watch=true"])
    }

    /// How many requests had these parts.
    pub(super) fn asked(&self, parts: &[&str]) -> usize {
        let asked = self.server.asked();
        let has = |what: &str| parts.iter().all(|part| what.contains(part));
        asked.iter().filter(|asked| has(&asked.what)).count()
    }
}

/// A pod that asks for something.
pub(super) fn pod(name: &str, uid: &str, value: &str) -> Pod {
    Pod::new(name, uid).annotation(KEY, value)
}

fn wanted(name: &str, uid: &str) -> Wanted {
    Wanted {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        uid: Some(uid.to_owned()),
    }
}

/// How long something takes.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}
