//! A pod of a DaemonSet on a node, started as a kubelet starts it: everything is read from the manifest, nothing repeated.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{self as core, ConfigMap, PodSpec};

use crate::api::ApiServer;
use crate::cri::v1;
use crate::manifest::Manifest;
use crate::node::Node;
use crate::pod::RunningPod;
use crate::process::{Output, wait_until};
use crate::volume;

/// How long an init container may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

/// What a kubelet hides in `/proc` and `/sys` unless a container asks for another `procMount`.
const MASKED: [&str; 6] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/scsi",
    "/sys/firmware",
];

/// What it lets a container read alone.
const READ_ONLY: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The service account's folder in every container.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A pod that a kubelet runs. Stopped and removed when dropped.
pub struct Deployed<'n> {
    node: &'n Node,
    cluster: Cluster,
    pod: RunningPod<'n>,
    spec: PodSpec,
    volumes: HashMap<String, String>,
    containers: Vec<Started>,
}

/// What every pod is told of its cluster.
#[derive(Clone)]
struct Cluster {
    port: u16,
    authority: String,
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
        self.deploy_by(
            manifest,
            Cluster {
                port: 1,
                authority: String::new(),
            },
        )
    }

    /// The same in a cluster with this API.
    pub fn deploy_in(&self, manifest: &Manifest, api: &ApiServer) -> Result<Deployed<'_>> {
        self.deploy_by(
            manifest,
            Cluster {
                port: api.port(),
                authority: api.authority().to_owned(),
            },
        )
    }

    fn deploy_by(&self, manifest: &Manifest, cluster: Cluster) -> Result<Deployed<'_>> {
        let set: DaemonSet = manifest.one()?;
        let name = set.metadata.name.clone().unwrap_or_default();
        let namespace = set.metadata.namespace.clone().unwrap_or_default();
        let template = set.spec.context("the DaemonSet has no spec")?.template;
        let spec = template.spec.context("the template has no spec")?;
        let mut pod = self.pod(&name).namespace(&namespace);
        for (key, value) in template
            .metadata
            .and_then(|meta| meta.labels)
            .unwrap_or_default()
        {
            pod = pod.label(&key, &value);
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
            pod: pod.run()?,
            spec,
            volumes: HashMap::new(),
            containers: Vec::new(),
        };
        deployed.make_volumes(manifest.one().ok().as_ref())?;
        deployed.run()?;
        Ok(deployed)
    }
}

impl Deployed<'_> {
    /// What a container has written, without the runtime's marks.
    pub fn log(&self, container: &str) -> Result<String> {
        let started = self.started(container)?;
        let folder = &self.pod.config.log_directory;
        let text = self
            .node
            .machine()
            .read(format!("{folder}/{}", started.log))?;
        let said = |line: &str| line.splitn(4, ' ').nth(3).unwrap_or_default().to_owned();
        Ok(text.lines().map(said).collect::<Vec<_>>().join("\n"))
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
            ("namespace", "chainsaw"),
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
            self.renew_token("the first token")?;
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

    fn config(&self, container: &core::Container, log: &str) -> Result<v1::ContainerConfig> {
        let image = container.image.clone().unwrap_or_default();
        Ok(v1::ContainerConfig {
            metadata: Some(v1::ContainerMetadata {
                name: container.name.clone(),
                attempt: 0,
            }),
            image: Some(v1::ImageSpec { image }),
            command: container.command.clone().unwrap_or_default(),
            args: container.args.clone().unwrap_or_default(),
            envs: environment(container, self.cluster.port)?,
            mounts: self.mounts(container)?,
            log_path: log.to_owned(),
            linux: Some(v1::LinuxContainerConfig {
                resources: Some(v1::LinuxContainerResources {
                    memory_limit_in_bytes: memory(container)?,
                }),
                security_context: Some(self.security(container)?),
            }),
            ..Default::default()
        })
    }

    fn mounts(&self, container: &core::Container) -> Result<Vec<v1::Mount>> {
        let mut mounts = Vec::new();
        for mount in container.volume_mounts.iter().flatten() {
            let propagation = match mount.mount_propagation.as_deref() {
                None | Some("None") => v1::MountPropagation::PropagationPrivate,
                Some("HostToContainer") => v1::MountPropagation::PropagationHostToContainer,
                Some(other) => anyhow::bail!("mountPropagation {other} is not known here"),
            };
            let path = self.volumes.get(&mount.name);
            mounts.push(v1::Mount {
                container_path: mount.mount_path.clone(),
                host_path: path.context("a mount of no volume")?.clone(),
                readonly: mount.read_only == Some(true),
                propagation: propagation.into(),
            });
        }
        if self.spec.automount_service_account_token != Some(false) {
            mounts.push(v1::Mount {
                container_path: SERVICE_ACCOUNT.to_owned(),
                host_path: self.folder("service-account"),
                readonly: true,
                ..Default::default()
            });
        }
        Ok(mounts)
    }

    fn security(&self, container: &core::Container) -> Result<v1::LinuxContainerSecurityContext> {
        let context = container.security_context.clone().unwrap_or_default();
        let pods = self.spec.security_context.clone().unwrap_or_default();
        let capabilities = context.capabilities.unwrap_or_default();
        let node = |yes: Option<bool>| match yes {
            Some(true) => v1::NamespaceMode::Node,
            _ => v1::NamespaceMode::Pod,
        };
        let number = |own: Option<i64>, pods: Option<i64>| {
            own.or(pods).map(|value| v1::Int64Value { value })
        };
        let profile = context.seccomp_profile.as_ref();
        Ok(v1::LinuxContainerSecurityContext {
            capabilities: Some(v1::Capability {
                add_capabilities: capabilities.add.unwrap_or_default(),
                drop_capabilities: capabilities.drop.unwrap_or_default(),
            }),
            privileged: context.privileged == Some(true),
            namespace_options: Some(v1::NamespaceOption {
                network: node(self.spec.host_network).into(),
                pid: match self.spec.host_pid {
                    Some(true) => v1::NamespaceMode::Node.into(),
                    _ => v1::NamespaceMode::Container.into(),
                },
                ipc: node(self.spec.host_ipc).into(),
            }),
            run_as_user: number(context.run_as_user, pods.run_as_user),
            run_as_group: number(context.run_as_group, pods.run_as_group),
            readonly_rootfs: context.read_only_root_filesystem == Some(true),
            no_new_privs: context.allow_privilege_escalation == Some(false),
            masked_paths: MASKED.map(str::to_owned).into(),
            readonly_paths: READ_ONLY.map(str::to_owned).into(),
            seccomp: seccomp(profile.or(pods.seccomp_profile.as_ref()))?,
        })
    }
}

fn seccomp(profile: Option<&core::SeccompProfile>) -> Result<Option<v1::SecurityProfile>> {
    use v1::security_profile::ProfileType;
    let Some(profile) = profile else {
        return Ok(None);
    };
    ensure!(
        profile.type_ == "RuntimeDefault",
        "seccomp {} is not known here",
        profile.type_
    );
    Ok(Some(v1::SecurityProfile {
        profile_type: ProfileType::RuntimeDefault.into(),
    }))
}

/// The container's own variables, and those of the one service that there always is.
fn environment(container: &core::Container, port: u16) -> Result<Vec<v1::KeyValue>> {
    let mut all = vec![
        ("KUBERNETES_SERVICE_HOST".to_owned(), "127.0.0.1".to_owned()),
        ("KUBERNETES_SERVICE_PORT".to_owned(), port.to_string()),
    ];
    for one in container.env.iter().flatten() {
        let field = one
            .value_from
            .as_ref()
            .and_then(|from| from.field_ref.as_ref());
        let value = match (&one.value, field.map(|field| field.field_path.as_str())) {
            (Some(value), None) => value.clone(),
            (None, Some("spec.nodeName")) => "node-1".to_owned(),
            (_, field) => anyhow::bail!("{} is of {field:?}, which is not known here", one.name),
        };
        all.push((one.name.clone(), value));
    }
    let pair = |(key, value)| v1::KeyValue { key, value };
    Ok(all.into_iter().map(pair).collect())
}

/// The limit of memory, in bytes.
fn memory(container: &core::Container) -> Result<i64> {
    let limits = container
        .resources
        .as_ref()
        .and_then(|all| all.limits.as_ref());
    let Some(limit) = limits.and_then(|limits| limits.get("memory")) else {
        return Ok(0);
    };
    let mebi = limit.0.strip_suffix("Mi").context("memory is not in Mi")?;
    Ok(mebi.parse::<i64>()? << 20)
}
