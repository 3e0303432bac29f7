//! What a runtime is told of a container: everything that its manifest says, and nothing that it does not.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1 as core;

use super::Deployed;
use crate::cri::v1;

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

impl Deployed<'_> {
    pub(super) fn config(
        &self,
        container: &core::Container,
        log: &str,
    ) -> Result<v1::ContainerConfig> {
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

pub(super) fn seccomp(
    profile: Option<&core::SeccompProfile>,
) -> Result<Option<v1::SecurityProfile>> {
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
