//! A node: a machine of namespaces with a real containerd on it, all at the usual paths.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::cri::{Cri, v1};
use crate::machine::Machine;
use crate::network::{bridge, configuration_list};
use crate::parts::{self, Containerd};
use crate::pod::Pod;
use crate::process::{Child, Program, wait_until};
use crate::scratch::Scratch;
use crate::{image, judge::Judge};

/// How long containerd may take until it answers.
const START: Duration = Duration::from_secs(20);

/// The directory of CNI plugins on the node.
const CNI_BIN: &str = "/opt/cni/bin";

/// What a node is to be like.
pub struct Builder {
    containerd: Containerd,
    chain: Vec<Value>,
    cni_version: String,
    scripts: Vec<(String, String)>,
    files: Vec<(PathBuf, String)>,
    nri: bool,
}

/// A running node. Everything on it ends when this is dropped.
pub struct Node {
    builder: Builder,
    cri: Cri,
    // Dropped in this order: containerd, the machine with all pods, then the directory and the control groups.
    daemon: Option<Child>,
    machine: Machine,
    judge: Judge,
    scratch: Scratch,
}

impl Builder {
    /// The chain of CNI plugins; just [`bridge`] if not given. Those that are named must be reference plugins,
    /// `chainsaw`, or be given by [`Builder::cni_script`].
    pub fn cni_chain(mut self, chain: impl IntoIterator<Item = Value>) -> Self {
        self.chain = chain.into_iter().collect();
        self
    }

    /// The `cniVersion` of the chain; 1.0.0 if not given.
    pub fn cni_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.cni_version);
        self
    }

    /// A CNI plugin of the test's own, as a shell script.
    pub fn cni_script(mut self, name: &str, script: &str) -> Self {
        self.scripts.push((name.to_owned(), script.to_owned()));
        self
    }

    /// A file on the node, say `/etc/chainsaw/config.toml`, there before containerd starts.
    pub fn file(mut self, path: impl Into<PathBuf>, content: &str) -> Self {
        self.files.push((path.into(), content.to_owned()));
        self
    }

    /// Turns NRI on, with its socket at `/run/nri/nri.sock`; it is off otherwise.
    pub fn nri(mut self) -> Self {
        self.nri = true;
        self
    }

    /// Makes the machine, starts containerd on it, and waits until pods can start.
    pub fn start(self) -> Result<Node> {
        let scratch = Scratch::new()?;
        let machine = Machine::boot()?;
        self.furnish(&machine)?;
        let cri = Cri::new(&machine.path("/run/containerd/containerd.sock"))?;
        let judge = Judge::new()?;
        let mut node = Node {
            builder: self,
            cri,
            daemon: None,
            machine,
            judge,
            scratch,
        };
        node.start_containerd()?;
        node.import_images()?;
        Ok(node)
    }

    fn furnish(&self, machine: &Machine) -> Result<()> {
        machine.write(
            "/etc/containerd/config.toml",
            self.containerd_configuration(),
        )?;
        let list = configuration_list(&self.cni_version, &self.chain);
        machine.write("/etc/cni/net.d/10-pods.conflist", list.to_string())?;
        self.install_plugins(&machine.path(CNI_BIN))?;
        for (path, content) in &self.files {
            machine.write(path, content)?;
        }
        Ok(())
    }

    fn install_plugins(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for plugin in fs::read_dir(parts::cni()?)? {
            let plugin = plugin?;
            let link = folder.join(plugin.file_name());
            // The host's own plugins may show through.
            fs::remove_file(&link).ok();
            symlink(plugin.path(), link)?;
        }
        for (name, script) in &self.scripts {
            let path = folder.join(name);
            fs::write(&path, script)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        for name in self
            .chain
            .iter()
            .filter_map(|plugin| plugin.get("type")?.as_str())
        {
            let path = folder.join(name);
            if name == "chainsaw" {
                fs::copy(parts::chainsaw()?, &path).context("install chainsaw")?;
            }
            ensure!(
                path.symlink_metadata().is_ok(),
                "the chain names `{name}`, which is no plugin of this node"
            );
        }
        Ok(())
    }

    fn containerd_configuration(&self) -> String {
        let nri_off = !self.nri;
        let nri = format!(
            "disable = {nri_off}\nsocket_path = '/run/nri/nri.sock'\nplugin_path = '/opt/nri/plugins'\n\
             plugin_config_path = '/etc/nri/conf.d'\n"
        );
        let (pause, bin) = (image::PAUSE, CNI_BIN);
        match self.containerd {
            // Without restrict_oom_score_adj runc fails where root lacks CAP_SYS_RESOURCE.
            Containerd::V1_7 => format!(
                "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = '{pause}'\n\
                 restrict_oom_score_adj = true\n\
                 [plugins.'io.containerd.grpc.v1.cri'.cni]\nbin_dir = '{bin}'\nconf_dir = '/etc/cni/net.d'\n\
                 [plugins.'io.containerd.nri.v1.nri']\n{nri}"
            ),
            Containerd::V2 => format!(
                "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\nrestrict_oom_score_adj = true\n\
                 [plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['{bin}']\nconf_dir = '/etc/cni/net.d'\n\
                 [plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = '{pause}'\n\
                 [plugins.'io.containerd.nri.v1.nri']\n{nri}"
            ),
        }
    }
}

impl Node {
    /// Describes a node with this containerd.
    pub fn builder(containerd: Containerd) -> Builder {
        Builder {
            containerd,
            chain: vec![bridge()],
            cni_version: "1.0.0".to_owned(),
            scripts: Vec::new(),
            files: Vec::new(),
            nri: false,
        }
    }

    /// Describes a pod of this node.
    pub fn pod(&self, name: &str) -> Pod<'_> {
        Pod::new(self, name)
    }

    /// The machine: its files, and programs in it.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The test's own directory, outside of the machine.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The runtime interface, for what [`Node::pod`] does not say.
    pub fn cri(&self) -> &Cri {
        &self.cri
    }

    /// The judge's `ip`, to look into pods.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// All that containerd has logged.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.log_path()).context("read containerd's log")
    }

    /// Kills containerd with SIGKILL; pods live on.
    pub fn kill_containerd(&mut self) -> Result<()> {
        self.daemon
            .take()
            .map_or(Ok(()), |mut daemon| daemon.kill())
    }

    /// Starts containerd and waits until it and its network are ready.
    pub fn start_containerd(&mut self) -> Result<()> {
        ensure!(self.daemon.is_none(), "containerd runs already");
        let program = self.containerd_program("containerd")?;
        self.daemon = Some(program.start(&self.log_path())?);
        let outcome = wait_until("containerd to be ready", START, || {
            if let Some(status) = self
                .daemon
                .as_mut()
                .and_then(|daemon| daemon.ended().transpose())
            {
                bail!("containerd ended with {}", status?);
            }
            Ok(self.is_ready())
        });
        outcome.with_context(|| format!("containerd's log:\n{}", self.log().unwrap_or_default()))
    }

    /// The control group of this node's pods.
    pub(crate) fn cgroup(&self) -> String {
        format!("/{}", self.scratch.cgroup())
    }

    fn log_path(&self) -> PathBuf {
        self.scratch.path().join("containerd.log")
    }

    fn is_ready(&self) -> bool {
        let Ok(response) = self.cri.status(v1::StatusRequest::default()) else {
            return false;
        };
        let conditions = response.status.unwrap_or_default().conditions;
        let mut needed = ["RuntimeReady", "NetworkReady"].iter();
        needed.all(|name| conditions.iter().any(|c| c.r#type == **name && c.status))
    }

    fn import_images(&self) -> Result<()> {
        let archive = self.scratch.path().join("images.tar");
        image::write_archive(&archive)?;
        let import = self
            .containerd_program("ctr")?
            .args(["-n", "k8s.io", "images", "import"]);
        import
            .arg(&archive)
            .stdout()
            .context("import the test images")?;
        Ok(())
    }

    /// A program of this node's containerd; its own shim is found first.
    fn containerd_program(&self, name: &str) -> Result<Program> {
        let folder = self.builder.containerd.bin_dir()?;
        let path = std::env::var("PATH").unwrap_or_default();
        let program = self.machine.program(folder.join(name));
        Ok(program.env("PATH", format!("{}:{path}", folder.display())))
    }
}

impl Drop for Node {
    #[expect(
        clippy::print_stderr,
        reason = "test runners show this for a test that failed, and only then"
    )]
    fn drop(&mut self) {
        eprintln!(
            "--- containerd's log\n{}--- end of containerd's log",
            self.log().unwrap_or_default()
        );
    }
}
