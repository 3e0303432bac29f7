//! A pod on a node, started as a kubelet starts it: everything is read from the manifest, nothing repeated.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{self as core, ConfigMap, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::api::ApiServer;
use crate::api::objects::written;
use crate::cri::v1;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::pod::RunningPod;
use crate::process::{Output, wait_until};
use crate::volume;

mod container;

use container::seccomp;

/// How long an init container may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

/// A pod that a kubelet runs. Stopped and removed when dropped.
pub struct Deployed<'n> {
    node: &'n Node,
    cluster: Cluster,
    namespace: String,
    pod: RunningPod<'n>,
    spec: PodSpec,
    volumes: HashMap<String, String>,
    containers: Vec<Started>,
}

/// What a pod is told of its cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    /// The API's port on the node's loopback.
    pub(crate) port: u16,
    /// The certificate of its authority, in PEM.
    pub(crate) authority: String,
    /// The token of the pod's service account.
    pub(crate) token: String,
}

/// How a container is.
pub(crate) struct State {
    pub(crate) name: String,
    /// The status with which it has ended.
    pub(crate) exited: Option<i32>,
    pub(crate) is_ready: bool,
}

struct Started {
    name: String,
    id: String,
    log: String,
}

impl Node {
    /// Runs the one DaemonSet's pod of a manifest: its init containers to their ends, then its containers. Nobody listens
    /// where the cluster's API should be.
    pub fn deploy(&self, manifest: &Manifest) -> Result<Deployed<'_>> {
        self.deploy_by(manifest, 1, "")
    }

    /// The same in a cluster with this API.
    pub fn deploy_in(&self, manifest: &Manifest, api: &ApiServer) -> Result<Deployed<'_>> {
        self.deploy_by(manifest, api.port(), api.authority())
    }

    fn deploy_by(&self, manifest: &Manifest, port: u16, authority: &str) -> Result<Deployed<'_>> {
        let set: DaemonSet = manifest.one()?;
        let template = set.spec.context("the DaemonSet has no spec")?.template;
        let metadata = ObjectMeta {
            name: set.metadata.name,
            namespace: set.metadata.namespace,
            ..template.metadata.unwrap_or_default()
        };
        let pod = core::Pod {
            metadata,
            spec: template.spec,
            ..Default::default()
        };
        let cluster = Cluster {
            port,
            authority: authority.to_owned(),
            token: "the first token".to_owned(),
        };
        self.run_pod(&pod, manifest.one().ok().as_ref(), cluster)
    }

    /// Runs a pod with a ConfigMap, which one of its volumes may name.
    pub(crate) fn run_pod(
        &self,
        object: &core::Pod,
        config: Option<&ConfigMap>,
        cluster: Cluster,
    ) -> Result<Deployed<'_>> {
        let metadata = object.metadata.clone();
        let spec = object.spec.clone().context("the pod has no spec")?;
        let namespace = metadata.namespace.unwrap_or_default();
        let mut pod = self.pod(&metadata.name.unwrap_or_default());
        pod = pod.namespace(&namespace);
        if let Some(uid) = metadata.uid {
            pod = pod.uid(&uid);
        }
        for (key, value) in metadata.labels.unwrap_or_default() {
            pod = pod.label(&key, &value);
        }
        for (key, value) in metadata.annotations.unwrap_or_default() {
            pod = pod.annotation(&key, &value);
        }
        if spec.host_network == Some(true) {
            pod = pod.host_network();
        }
        if spec.host_pid == Some(true) {
            pod = pod.host_pid();
        }
        let context = spec.security_context.clone().unwrap_or_default();
        if let Some(profile) = seccomp(context.seccomp_profile.as_ref())? {
            pod = pod.seccomp(profile);
        }
        let mut deployed = Deployed {
            node: self,
            cluster,
            namespace,
            pod: pod.run()?,
            spec,
            volumes: HashMap::new(),
            containers: Vec::new(),
        };
        deployed.make_volumes(config)?;
        deployed.run()?;
        Ok(deployed)
    }
}

impl Deployed<'_> {
    /// What a container has written, without the runtime's marks.
    pub fn log(&self, container: &str) -> Result<String> {
        let started = self.started(container)?;
        Ok(written(&fs::read_to_string(self.log_path(started))?))
    }

    /// Its containers by name, and the files in which the runtime keeps what they write, as this process sees them.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let containers = self.containers.iter();
        containers.map(|one| (one.name.as_str(), self.log_path(one)))
    }

    fn log_path(&self, started: &Started) -> PathBuf {
        let folder = Path::new(&self.pod.config.log_directory);
        self.node.machine().path(folder.join(&started.log))
    }

    /// How each container is: with what status it has ended, or whether it is ready, which one without a readiness probe
    /// is when it runs.
    pub(crate) fn states(&self) -> Result<Vec<State>> {
        let containers = self.spec.containers.iter();
        containers
            .map(|container| {
                let name = container.name.clone();
                let status = self.status(&self.started(&name)?.id)?;
                let exited = status.state == v1::ContainerState::ContainerExited as i32;
                let exited = exited.then_some(status.exit_code);
                let is_ready = exited.is_none()
                    && (container.readiness_probe.is_none() || self.is_ready(&name)?);
                Ok(State {
                    name,
                    exited,
                    is_ready,
                })
            })
            .collect()
    }

    /// Renews the files of a ConfigMap, as a kubelet does when it has changed.
    pub(crate) fn renew_config(&self, config: &ConfigMap) -> Result<()> {
        for one in self.spec.volumes.iter().flatten() {
            let source = one.config_map.as_ref().map(|source| &source.name);
            if source == config.metadata.name.as_ref() {
                let data = config.data.clone().unwrap_or_default();
                volume::publish(self.node.machine(), &self.folder(&one.name), &data)?;
            }
        }
        Ok(())
    }

    /// Waits until a container has written a text.
    pub fn wait_for(&self, container: &str, text: &str) -> Result<()> {
        let what = format!("{container} to say {text:?}");
        let waited = wait_until(&what, LIMIT, || Ok(self.log(container)?.contains(text)));
        waited.with_context(|| self.log(container).unwrap_or_default())
    }

    /// Whether a container's readiness probe succeeds, run as a kubelet runs it.
    pub fn is_ready(&self, container: &str) -> Result<bool> {
        Ok(self.probe(container)?.status == 0)
    }

    /// What a container's readiness probe says.
    pub fn probe(&self, container: &str) -> Result<Output> {
        let mut all = self.spec.containers.iter();
        let found = all.find(|one| one.name == container);
        let probe = found.and_then(|one| one.readiness_probe.as_ref());
        let probe = probe.with_context(|| format!("{container} has no readiness probe"))?;
        let command = probe.exec.as_ref().and_then(|exec| exec.command.clone());
        let response = self.node.cri().exec_sync(v1::ExecSyncRequest {
            container_id: self.started(container)?.id.clone(),
            cmd: command.context("a probe that runs nothing is not known here")?,
            timeout: i64::from(probe.timeout_seconds.unwrap_or(1)),
        })?;
        Ok(response.into())
    }

    fn started(&self, container: &str) -> Result<&Started> {
        let started = self.containers.iter().rfind(|one| one.name == container);
        started.with_context(|| format!("there is no container {container}"))
    }

    /// Gives the service account another token, as a kubelet does in good time.
    pub fn renew_token(&self, token: &str) -> Result<()> {
        let data = [
            ("token", token),
            ("ca.crt", &self.cluster.authority),
            ("namespace", &self.namespace),
        ];
        let data = data.map(|(name, text)| (name.to_owned(), text.to_owned()));
        volume::publish(
            self.node.machine(),
            &self.folder("service-account"),
            &data.into(),
        )
    }

    fn folder(&self, volume: &str) -> String {
        format!("/var/lib/kubelet/pods/{}/volumes/{volume}", self.pod.uid())
    }

    fn make_volumes(&mut self, config: Option<&ConfigMap>) -> Result<()> {
        if self.spec.automount_service_account_token != Some(false) {
            self.renew_token(&self.cluster.token)?;
        }
        let machine = self.node.machine();
        for one in self.spec.volumes.iter().flatten() {
            let path = volume::make(machine, &self.folder(""), one, config)?;
            self.volumes.insert(one.name.clone(), path);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        for container in self.spec.init_containers.clone().unwrap_or_default() {
            let id = self.start(&container)?;
            let what = format!("init container {} to end", container.name);
            wait_until(&what, LIMIT, || {
                Ok(self.status(&id)?.state == v1::ContainerState::ContainerExited as i32)
            })?;
            let status = self.status(&id)?;
            ensure!(
                status.exit_code == 0,
                "init container {} ended with {}: {}",
                container.name,
                status.exit_code,
                self.log(&container.name)?
            );
        }
        for container in self.spec.containers.clone() {
            self.start(&container)?;
        }
        Ok(())
    }

    fn status(&self, id: &str) -> Result<v1::ContainerStatus> {
        let request = v1::ContainerStatusRequest {
            container_id: id.to_owned(),
            verbose: false,
        };
        let response = self.node.cri().container_status(request)?;
        response.status.context("the runtime gave no status")
    }

    fn start(&mut self, container: &core::Container) -> Result<String> {
        let log = format!("{}.log", container.name);
        let request = v1::CreateContainerRequest {
            pod_sandbox_id: self.pod.id().to_owned(),
            config: Some(self.config(container, &log)?),
            sandbox_config: Some(self.pod.config.clone()),
        };
        let id = self.node.cri().create_container(request)?.container_id;
        let container_id = id.clone();
        self.containers.push(Started {
            name: container.name.clone(),
            id: id.clone(),
            log,
        });
        self.node
            .cri()
            .start_container(v1::StartContainerRequest { container_id })?;
        Ok(id)
    }
}
