//! A cluster of one node, with what `kubectl` needs to be of use: an API server with objects, the controllers of
//! DaemonSets, and a kubelet that runs what is scheduled on a real containerd.
//!
//! A Kubernetes API server is the one part that cannot be had here. This one does what our manifests and README's commands
//! ask of it, and says so where it is asked for more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use crate::api::objects::ACCOUNT;
use crate::api::{Answer, ApiServer, NODE, Objects};
use crate::kubelet::{Cluster, Deployed};
use crate::node::Node;

mod sets;
mod told;

use told::status;

/// How often it is looked whether there is something to do.
const TURN: Duration = Duration::from_millis(50);
/// How often a kubelet looks how its containers are.
const NOTICE: Duration = Duration::from_secs(1);
/// After what time a pod that did not start is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// A cluster of one node.
pub struct Control {
    api: ApiServer,
    objects: Objects,
}

impl Node {
    /// Makes the node one of a cluster for as long as the work takes.
    pub fn in_cluster<T>(&self, work: impl FnOnce(&Control) -> Result<T>) -> Result<T> {
        let objects = Objects::new()?;
        let api = ApiServer::start(self.machine(), Answer::Objects(objects.clone()))?;
        let control = Control { api, objects };
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            let kubelet = scope.spawn(|| Kubelet::new(self, &control).run(&ends));
            let done = {
                let _ends = End(&ends);
                work(&control)
            };
            let kubelet = kubelet
                .join()
                .map_err(|_| anyhow!("the kubelet panicked"))?;
            // What went wrong at the kubelet may be why the work did not succeed.
            match (done, kubelet) {
                (Ok(done), kubelet) => kubelet.map(|()| done),
                (Err(error), Ok(())) => Err(error),
                (Err(error), Err(cause)) => {
                    Err(error.context(format!("at the kubelet: {cause:#}")))
                }
            }
        })
    }
}

/// Ends the kubelet, also when the work panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Control {
    /// Its API server.
    pub fn api(&self) -> &ApiServer {
        &self.api
    }

    /// What is there.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }
}

/// The controllers and the kubelet.
struct Kubelet<'n> {
    node: &'n Node,
    control: &'n Control,
    /// By their UIDs.
    running: BTreeMap<String, Run<'n>>,
    /// When a pod that did not start is tried again.
    waiting: BTreeMap<String, Instant>,
    made: u32,
}

struct Run<'n> {
    /// When it was last seen how it is.
    seen: Instant,
    /// Since when it is ready.
    ready: Option<Instant>,
    deployed: Deployed<'n>,
    /// The ConfigMap's data that its volumes have.
    config: Option<ConfigMap>,
}

impl<'n> Kubelet<'n> {
    fn new(node: &'n Node, control: &'n Control) -> Self {
        Self {
            node,
            control,
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            made: 0,
        }
    }

    /// Turns until it is ended. What goes wrong in one turn may go well in the next, as with every controller; the first
    /// such error is the outcome.
    #[expect(
        clippy::print_stderr,
        reason = "test runners show this for a test that failed, and only then"
    )]
    fn run(mut self, ends: &AtomicBool) -> Result<()> {
        let mut outcome = Ok(());
        while !ends.load(Ordering::Relaxed) {
            if let Err(error) = self.turn() {
                eprintln!("--- the kubelet: {error:#}");
                outcome = outcome.and(Err(error));
            }
            thread::sleep(TURN);
        }
        outcome
    }

    fn turn(&mut self) -> Result<()> {
        for set in self.objects().all()? {
            self.control_set(&set)?;
        }
        for pod in self.objects().all()? {
            self.sync(&pod)?;
        }
        Ok(())
    }

    fn objects(&self) -> &'n Objects {
        &self.control.objects
    }

    /// What a kubelet does for a pod, and before it the scheduler.
    fn sync(&mut self, pod: &Pod) -> Result<()> {
        let uid = pod.metadata.uid.clone().context("a pod without a UID")?;
        let (namespace, name) = place(&pod.metadata);
        if pod.metadata.deletion_timestamp.is_some() {
            drop(self.running.remove(&uid));
            self.objects().ended(namespace, name);
            return Ok(());
        }
        if pod
            .spec
            .as_ref()
            .and_then(|spec| spec.node_name.as_ref())
            .is_none()
        {
            return self.objects().merge::<Pod>(
                namespace,
                name,
                &json!({"spec": {"nodeName": NODE}}),
            );
        }
        if !self.running.contains_key(&uid) {
            return self.start(pod, uid);
        }
        self.renew(pod, &uid)?;
        let Some(run) = self.running.get_mut(&uid) else {
            return Ok(());
        };
        if run.seen.elapsed() < NOTICE {
            return Ok(());
        }
        run.seen = Instant::now();
        let states = run.deployed.states()?;
        let is_ready = states.iter().all(|state| state.is_ready);
        run.ready = is_ready.then(|| run.ready.unwrap_or_else(Instant::now));
        let status = status(&states);
        self.objects()
            .merge::<Pod>(namespace, name, &json!({"status": status}))
    }

    fn start(&mut self, pod: &Pod, uid: String) -> Result<()> {
        if self
            .waiting
            .get(&uid)
            .is_some_and(|again| *again > Instant::now())
        {
            return Ok(());
        }
        let config = self.config(pod)?;
        match self.try_start(pod, config.as_ref()) {
            Ok(deployed) => {
                let (namespace, name) = place(&pod.metadata);
                for (container, path) in deployed.logs() {
                    self.objects().has_log(namespace, name, container, path);
                }
                self.running.insert(
                    uid,
                    Run {
                        seen: Instant::now(),
                        ready: None,
                        deployed,
                        config,
                    },
                );
                Ok(())
            }
            Err(error) => {
                self.waiting.insert(uid, Instant::now() + AGAIN);
                self.tell(pod, &format!("Failed to create pod sandbox: {error:#}"))
            }
        }
    }

    fn try_start(&self, pod: &Pod, config: Option<&ConfigMap>) -> Result<Deployed<'n>> {
        let (namespace, _) = place(&pod.metadata);
        let account = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.service_account_name.clone());
        let account = account.unwrap_or_else(|| "default".to_owned());
        let accounts: Vec<ServiceAccount> = self.objects().all()?;
        let known = accounts
            .iter()
            .any(|one| place(&one.metadata) == (namespace, &account));
        anyhow::ensure!(
            known || account == "default",
            "there is no service account {account}"
        );
        let cluster = Cluster {
            port: self.control.api.port(),
            authority: self.control.api.authority().to_owned(),
            token: format!("{ACCOUNT}{namespace}:{account}"),
        };
        self.node.run_pod(pod, config, cluster)
    }

    /// The ConfigMap that a pod's volumes name.
    fn config(&self, pod: &Pod) -> Result<Option<ConfigMap>> {
        let (namespace, _) = place(&pod.metadata);
        let volumes = pod
            .spec
            .iter()
            .flat_map(|spec| spec.volumes.iter().flatten());
        let named: Vec<&str> = volumes
            .filter_map(|volume| Some(volume.config_map.as_ref()?.name.as_str()))
            .collect();
        let mut all = self.objects().all::<ConfigMap>()?.into_iter();
        Ok(all.find(|map| {
            let (of, name) = place(&map.metadata);
            of == namespace && named.contains(&name)
        }))
    }

    /// Gives a pod its ConfigMap anew, if it has changed.
    fn renew(&mut self, pod: &Pod, uid: &str) -> Result<()> {
        let config = self.config(pod)?;
        let Some(run) = self.running.get_mut(uid) else {
            return Ok(());
        };
        if let Some(new) =
            config.filter(|new| Some(&new.data) != run.config.as_ref().map(|old| &old.data))
        {
            run.deployed.renew_config(&new)?;
            run.config = Some(new);
        }
        Ok(())
    }
}

/// Namespace and name.
fn place(metadata: &ObjectMeta) -> (&str, &str) {
    (
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}
