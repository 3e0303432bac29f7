//! A node: a machine of namespaces with a real containerd on it, all at the usual paths.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::builder::Builder;
use crate::child::Child;
use crate::cri::{Cri, v1};
use crate::image;
use crate::judge::Judge;
use crate::machine::Machine;
use crate::parts::{self, Containerd};
use crate::pod::Pod;
use crate::process::{Program, wait_until};
use crate::scratch::Scratch;

/// The chain of the node's pods.
pub(crate) const CONFLIST: &str = "/etc/cni/net.d/10-pods.conflist";

/// How long containerd may take until it answers.
const START: Duration = Duration::from_secs(20);

/// A running node. Everything on it ends when this is dropped.
pub struct Node {
    containerd: Containerd,
    cri: Cri,
    // Dropped in this order: containerd, the machine with all pods, then the directory and the control groups.
    daemon: Option<Child>,
    machine: Machine,
    judge: Judge,
    scratch: Scratch,
    /// Nobody wants to read containerd's log.
    quiet: bool,
}

impl Node {
    /// Describes a node with this containerd.
    pub fn builder(containerd: Containerd) -> Builder {
        Builder::new(containerd)
    }

    /// Starts containerd on a furnished machine.
    pub(crate) fn start(
        containerd: Containerd,
        machine: Machine,
        scratch: Scratch,
    ) -> Result<Self> {
        let cri = Cri::new(&machine.path("/run/containerd/containerd.sock"))?;
        let judge = Judge::new()?;
        let mut node = Self {
            containerd,
            cri,
            daemon: None,
            machine,
            judge,
            scratch,
            quiet: false,
        };
        node.start_containerd()?;
        node.import_images()?;
        Ok(node)
    }

    /// Describes a pod of this node.
    pub fn pod(&self, name: &str) -> Pod<'_> {
        Pod::new(self, name)
    }

    /// Which containerd it has.
    pub fn containerd(&self) -> Containerd {
        self.containerd
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

    /// Ends the node without printing containerd's log, as dropping it does for the sake of tests that fail.
    pub fn end(mut self) {
        self.quiet = true;
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
        self.import(&archive).context("import the test images")
    }

    /// Puts the plugin among the node's, for lists that the builder does not know; the installer does it.
    pub fn install_chainsaw(&self) -> Result<()> {
        let program = self.machine.program(parts::chainsawd()?);
        program.arg("install").stdout().map(drop)
    }

    /// Pastes the entry that an installer has printed behind the chain's main plugin, as an operator does.
    pub fn paste_entry(&self, printed: &str) -> Result<()> {
        let mut lines = printed.lines().map(str::trim);
        let entry = lines.find(|line| line.starts_with('{'));
        let entry = entry.with_context(|| format!("no entry to paste in:\n{printed}"))?;
        self.insert_entry(&serde_json::from_str(entry)?)
    }

    /// Chains a plugin behind the main plugin.
    pub fn insert_entry(&self, entry: &Value) -> Result<()> {
        let mut list: Value = serde_json::from_str(&self.machine.read(CONFLIST)?)?;
        let plugins = list.pointer_mut("/plugins").and_then(Value::as_array_mut);
        plugins.context("no plugins")?.insert(1, entry.clone());
        // As one file in place of the other: the runtime reads whenever something happens there.
        let outside = self.machine.path(CONFLIST);
        let new = outside.with_extension("new");
        fs::write(&new, list.to_string())?;
        Ok(fs::rename(new, outside)?)
    }

    /// Loads an archive of images, as README says it.
    pub fn import(&self, archive: &Path) -> Result<()> {
        let import = self
            .containerd_program("ctr")?
            .args(["-n", "k8s.io", "images", "import"]);
        import.arg(archive).stdout().map(drop)
    }

    /// A program of this node's containerd; its own shim is found first.
    fn containerd_program(&self, name: &str) -> Result<Program> {
        let folder = self.containerd.bin_dir()?;
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
        if self.quiet {
            return;
        }
        eprintln!(
            "--- containerd's log\n{}--- end of containerd's log",
            self.log().unwrap_or_default()
        );
    }
}
