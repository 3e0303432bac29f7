//! Containers of a pod, as a kubelet would ask for them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};

use crate::cri::v1;
use crate::image;
use crate::pod::RunningPod;
use crate::process::Output;

/// A container of a running pod. Goes with the pod.
pub struct Container<'p> {
    pod: &'p RunningPod<'p>,
    id: String,
    log_path: String,
}

impl RunningPod<'_> {
    /// Makes and starts a container of the busybox image.
    pub fn container<W: AsRef<str>>(
        &self,
        name: &str,
        command: impl IntoIterator<Item = W>,
    ) -> Result<Container<'_>> {
        let container = self.create(name, command)?;
        container.start()?;
        Ok(container)
    }

    /// Makes a container of the busybox image, not started. The same name again is a restart: its next attempt.
    pub fn create<W: AsRef<str>>(
        &self,
        name: &str,
        command: impl IntoIterator<Item = W>,
    ) -> Result<Container<'_>> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let log_path = format!("{name}-{attempt}.log");
        let config = v1::ContainerConfig {
            metadata: Some(v1::ContainerMetadata {
                name: name.to_owned(),
                attempt,
            }),
            image: Some(v1::ImageSpec {
                image: image::BUSYBOX.to_owned(),
            }),
            command: command
                .into_iter()
                .map(|word| word.as_ref().to_owned())
                .collect(),
            labels: HashMap::from([("io.kubernetes.container.name".to_owned(), name.to_owned())]),
            log_path: log_path.clone(),
            linux: Some(v1::LinuxContainerConfig::default()),
            ..Default::default()
        };
        let request = v1::CreateContainerRequest {
            pod_sandbox_id: self.id().to_owned(),
            config: Some(config),
            sandbox_config: Some(self.config.clone()),
        };
        let id = self.node.cri().create_container(request)?.container_id;
        Ok(Container {
            pod: self,
            id,
            log_path,
        })
    }
}

impl From<v1::ExecSyncResponse> for Output {
    fn from(response: v1::ExecSyncResponse) -> Self {
        Self {
            status: response.exit_code,
            stdout: String::from_utf8_lossy(&response.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&response.stderr).into_owned(),
        }
    }
}

impl Container<'_> {
    /// The container's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Starts it.
    pub fn start(&self) -> Result<()> {
        let container_id = self.id.clone();
        self.pod
            .node
            .cri()
            .start_container(v1::StartContainerRequest { container_id })?;
        Ok(())
    }

    /// Ends it at once.
    pub fn stop(&self) -> Result<()> {
        let container_id = self.id.clone();
        self.pod
            .node
            .cri()
            .stop_container(v1::StopContainerRequest {
                container_id,
                timeout: 0,
            })?;
        Ok(())
    }

    /// Runs a command in it to the end.
    pub fn exec<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        let response = self.pod.node.cri().exec_sync(v1::ExecSyncRequest {
            container_id: self.id.clone(),
            cmd: words
                .into_iter()
                .map(|word| word.as_ref().to_owned())
                .collect(),
            timeout: 20,
        })?;
        Ok(response.into())
    }

    /// What the runtime says of it now.
    pub fn status(&self) -> Result<v1::ContainerStatus> {
        let container_id = self.id.clone();
        let request = v1::ContainerStatusRequest {
            container_id,
            verbose: false,
        };
        self.pod
            .node
            .cri()
            .container_status(request)?
            .status
            .context("the runtime gave no status")
    }

    /// All that it has written so far, in the runtime's format: time, stream, tag, line.
    pub fn logs(&self) -> Result<String> {
        let folder = Path::new(&self.pod.config.log_directory);
        self.pod.node.machine().read(folder.join(&self.log_path))
    }
}
