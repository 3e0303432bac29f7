//! A person who copies commands out of our documents into a shell on a node.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::api::ApiServer;
use crate::documents::Block;
use crate::node::Node;
use crate::parts::{self, workspace};
use crate::process::{Child, Output, Program};
use crate::scratch::Scratch;

/// How long the lines of a block may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Where `kubectl` finds its cluster.
const KUBECONFIG: &str = "/run/reader/kubeconfig";

/// Somebody with a clone of the repository, on a node of which they are root, in whose cluster they may do everything.
pub struct Reader<'n> {
    node: &'n Node,
    scratch: Scratch,
}

impl<'n> Reader<'n> {
    /// One who reads from the beginning.
    pub fn new(node: &'n Node, api: &ApiServer) -> Result<Self> {
        let scratch = Scratch::new()?;
        let reader = Self { node, scratch };
        api.write_kubeconfig(node.machine(), KUBECONFIG)?;
        reader.clone_repository()?;
        reader.install_programs()?;
        Ok(reader)
    }

    /// What people edit is theirs; the rest is the repository's.
    fn clone_repository(&self) -> Result<()> {
        let clone = self.clone_path();
        fs::create_dir(&clone)?;
        for entry in fs::read_dir(workspace())? {
            let entry = entry?;
            if entry.file_name() != "deployments" {
                symlink(entry.path(), clone.join(entry.file_name()))?;
            }
        }
        let copy = Program::new("cp").arg("-a").arg(parts::deployments());
        copy.arg(&clone).stdout().map(drop)
    }

    /// `make` works where the sources are, whose builds are there; root needs no `sudo`; `kubectl` and `ctr` are those of
    /// the parts. k3s has containerd's `ctr` in itself, with the namespace that Kubernetes uses.
    fn install_programs(&self) -> Result<()> {
        parts::are_fresh()?;
        let folder = self.programs();
        fs::create_dir(&folder)?;
        let make = format!(
            "#!/bin/sh\nexec /usr/bin/make -C '{}' \"$@\"\n",
            workspace().display()
        );
        let k3s = "#!/bin/sh\n[ \"$1\" = ctr ] && shift && exec ctr -n k8s.io \"$@\"\n";
        let sudo = "#!/bin/sh\nexec \"$@\"\n";
        for (name, script) in [("make", make.as_str()), ("sudo", sudo), ("k3s", k3s)] {
            let path = folder.join(name);
            fs::write(&path, script)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        symlink(parts::kubectl()?, folder.join("kubectl"))?;
        let ctr = self.node.containerd().bin_dir()?.join("ctr");
        symlink(ctr, folder.join("ctr"))?;
        for (name, program) in [
            ("chainsaw", parts::chainsaw()?),
            ("chainsawd", parts::chainsawd()?),
        ] {
            symlink(program, folder.join(name))?;
        }
        Ok(())
    }

    /// The clone's root.
    pub fn clone_path(&self) -> PathBuf {
        self.scratch.path().join("chainsaw")
    }

    fn programs(&self) -> PathBuf {
        self.scratch.path().join("bin")
    }

    /// Copies a block into the shell, whose variables the next one has; the first line that fails ends it. Gives all that
    /// came on the screen.
    pub fn run(&self, block: &Block) -> Result<String> {
        let state = self.scratch.path().join("state");
        let script = format!(
            "exec 2>&1; if [ -e {state} ]; then . {state}; fi; set -aeu\n{text}\nexport -p >{state}",
            state = state.display(),
            text = block.text,
        );
        let output = self.line(&script)?;
        let what = format!("{}, line {}, {:?}", block.page, block.line, block.heading);
        anyhow::ensure!(
            output.status == 0,
            "{what} ended with {}:\n{}",
            output.status,
            output.stdout
        );
        Ok(output.stdout)
    }

    /// Starts the command of a block, which stays until the guard is dropped.
    pub fn stay(&self, block: &Block) -> Result<Child> {
        self.shell(&format!("exec {}", block.text))
            .start(&self.scratch.path().join("stays.log"))
    }

    /// Runs a line, as it is.
    pub fn line(&self, line: &str) -> Result<Output> {
        self.shell(line).run()
    }

    /// A shell at the clone's root.
    fn shell(&self, script: &str) -> Program {
        let script = format!("cd '{}'\n{script}", self.clone_path().display());
        let path = std::env::var("PATH").unwrap_or_default();
        self.node
            .machine()
            .program("sh")
            .args(["-c", &script])
            .limit(LIMIT)
            .with_home()
            .env("PATH", format!("{}:{path}", self.programs().display()))
            .env("KUBECONFIG", KUBECONFIG)
    }
}
