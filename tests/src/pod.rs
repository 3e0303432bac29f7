//! Pods, as a kubelet would ask for them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cri::v1;
use crate::node::Node;
use crate::process::Output;

/// A pod to be started on a node.
pub struct Pod<'n> {
    node: &'n Node,
    config: v1::PodSandboxConfig,
    runtime_handler: String,
}

/// A sandbox that runs. Stopped and removed when dropped.
pub struct RunningPod<'n> {
    pub(crate) node: &'n Node,
    pub(crate) config: v1::PodSandboxConfig,
    id: String,
    netns: Option<PathBuf>,
    ips: Vec<String>,
    pub(crate) attempts: AtomicU32,
    left: bool,
}

impl<'n> Pod<'n> {
    pub(crate) fn new(node: &'n Node, name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let uid = format!("00000000-0000-4000-8000-{count:012x}");
        let config = v1::PodSandboxConfig {
            log_directory: format!("/var/log/pods/{uid}"),
            hostname: name.to_owned(),
            metadata: Some(v1::PodSandboxMetadata {
                name: name.to_owned(),
                uid,
                namespace: "default".to_owned(),
                attempt: 0,
            }),
            // Given, so that containerd does not go by the host's resolv.conf.
            dns_config: Some(v1::DnsConfig {
                servers: vec!["192.0.2.53".to_owned()],
                ..Default::default()
            }),
            linux: Some(v1::LinuxPodSandboxConfig {
                cgroup_parent: node.cgroup(),
                ..Default::default()
            }),
            ..Default::default()
        };
        Self {
            node,
            config,
            runtime_handler: String::new(),
        }
    }

    /// The Kubernetes namespace; `default` if not given.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.metadata().namespace = namespace.to_owned();
        self
    }

    /// The pod's UID; made up if not given.
    pub fn uid(mut self, uid: &str) -> Self {
        self.metadata().uid = uid.to_owned();
        self
    }

    /// Adds an annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.config
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.config.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Uses the node's network instead of one of its own.
    pub fn host_network(mut self) -> Self {
        // The node's host name belongs to its network: a runtime refuses another.
        self.config.hostname.clear();
        self.namespaces().network = v1::NamespaceMode::Node.into();
        self
    }

    /// Sees the node's processes.
    pub fn host_pid(mut self) -> Self {
        self.namespaces().pid = v1::NamespaceMode::Node.into();
        self
    }

    /// Filters the system calls of the sandbox's own process.
    pub fn seccomp(mut self, profile: v1::SecurityProfile) -> Self {
        self.security().seccomp = Some(profile);
        self
    }

    /// Asks for a runtime handler, as a RuntimeClass does.
    pub fn runtime_handler(mut self, handler: &str) -> Self {
        handler.clone_into(&mut self.runtime_handler);
        self
    }

    /// Starts the sandbox. The error carries the runtime's own message.
    pub fn run(self) -> Result<RunningPod<'n>> {
        let Self {
            node,
            config,
            runtime_handler,
        } = self;
        let request = v1::RunPodSandboxRequest {
            config: Some(config.clone()),
            runtime_handler,
        };
        let id = node.cri().run_pod_sandbox(request)?.pod_sandbox_id;
        let mut pod = RunningPod {
            node,
            config,
            id,
            netns: None,
            ips: Vec::new(),
            attempts: AtomicU32::new(0),
            left: false,
        };
        pod.learn()?;
        Ok(pod)
    }

    fn metadata(&mut self) -> &mut v1::PodSandboxMetadata {
        self.config.metadata.get_or_insert_default()
    }

    fn security(&mut self) -> &mut v1::LinuxSandboxSecurityContext {
        let linux = self.config.linux.get_or_insert_default();
        linux.security_context.get_or_insert_default()
    }

    fn namespaces(&mut self) -> &mut v1::NamespaceOption {
        self.security().namespace_options.get_or_insert_default()
    }
}

impl<'n> RunningPod<'n> {
    /// The sandbox's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The pod's UID.
    pub fn uid(&self) -> &str {
        self.config.metadata.as_ref().map_or("", |m| &m.uid)
    }

    /// The path of its network namespace on the node, as a plugin sees it.
    pub fn netns(&self) -> Result<&Path> {
        self.netns
            .as_deref()
            .context("the pod has no network namespace of its own")
    }

    /// Its addresses, as the runtime reports them, the first one being the pod's.
    pub fn ips(&self) -> &[String] {
        &self.ips
    }

    /// What the runtime says of the sandbox now, verbose.
    pub fn status(&self) -> Result<v1::PodSandboxStatusResponse> {
        let pod_sandbox_id = self.id.clone();
        self.node
            .cri()
            .pod_sandbox_status(v1::PodSandboxStatusRequest {
                pod_sandbox_id,
                verbose: true,
            })
    }

    /// Runs the judge's `ip` in the pod's network namespace.
    pub fn in_netns<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        self.node.judge().run(&self.place()?, words)
    }

    /// The path of its network namespace, as this process sees it.
    pub fn place(&self) -> Result<PathBuf> {
        Ok(self.node.machine().path(visible(self.netns()?)))
    }

    /// Lets the pod run on until the node ends, and gives the sandbox's id.
    pub fn leave(mut self) -> String {
        self.left = true;
        self.id.clone()
    }

    /// Stops the sandbox: its network is taken down, it stays known.
    pub fn stop(&self) -> Result<()> {
        let pod_sandbox_id = self.id.clone();
        self.node
            .cri()
            .stop_pod_sandbox(v1::StopPodSandboxRequest { pod_sandbox_id })?;
        Ok(())
    }

    /// Stops and removes the sandbox, and tells how that went, which dropping does not.
    pub fn remove(&self) -> Result<()> {
        self.stop()?;
        let pod_sandbox_id = self.id.clone();
        self.node
            .cri()
            .remove_pod_sandbox(v1::RemovePodSandboxRequest { pod_sandbox_id })?;
        Ok(())
    }

    fn learn(&mut self) -> Result<()> {
        let response = self.status()?;
        let network = response
            .status
            .and_then(|status| status.network)
            .unwrap_or_default();
        let additional = network.additional_ips.into_iter().map(|ip| ip.ip);
        self.ips = [network.ip]
            .into_iter()
            .chain(additional)
            .filter(|ip| !ip.is_empty())
            .collect();
        let info = response
            .info
            .get("info")
            .context("the sandbox's verbose status has no info")?;
        self.netns = netns_of(&serde_json::from_str(info)?);
        Ok(())
    }
}

impl Drop for RunningPod<'_> {
    fn drop(&mut self) {
        if !self.left {
            // The node's end removes what this could not; a test of removal calls `remove`.
            self.remove().ok();
        }
    }
}

/// The path of the network namespace in a sandbox's verbose info; none on the node's own network.
fn netns_of(info: &Value) -> Option<PathBuf> {
    let namespaces = info.pointer("/runtimeSpec/linux/namespaces")?.as_array()?;
    let network = namespaces
        .iter()
        .find(|namespace| namespace["type"] == "network")?;
    Some(PathBuf::from(network.get("path")?.as_str()?))
}

/// `/var/run` is a link to `/run`, which from outside of the machine would lead to our own.
fn visible(path: &Path) -> PathBuf {
    path.strip_prefix("/var/run")
        .map_or_else(|_| path.to_owned(), |rest| Path::new("/run").join(rest))
}

/// Why a sandbox was refused.
pub fn sandbox_refusal(run: Result<RunningPod<'_>>) -> Result<String> {
    let error = run
        .err()
        .context("the pod started although it should not have")?;
    Ok(format!("{error:#}"))
}

/// Why a pod did not start: its sandbox is refused, or, where that would leak, its container.
pub fn refusal(run: Result<RunningPod<'_>>) -> Result<String> {
    let Ok(pod) = run else {
        return sandbox_refusal(run);
    };
    let container = pod.container("app", ["sleep", "1000"]);
    let error = container
        .err()
        .context("the pod started although it should not have")?;
    Ok(format!("{error:#}"))
}
