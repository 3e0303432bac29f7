//! A machine of a test's own, made of namespaces: processes, mounts, network, host name.
//!
//! Programs in it find everything at its usual place (`/run`, `/etc`, `/var`, `/opt` are the machine's own), so what is
//! tested is configured as it is on a node. When process 1 ends, which it does when the test ends or is killed, the
//! kernel ends every process in it, and mounts and network namespaces go with them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{Child, Program};

/// A running machine. Ends when dropped.
pub struct Machine {
    first: Child,
    pid: u32,
}

impl Machine {
    /// Makes the namespaces. Needs root with CAP_SYS_ADMIN, and fails saying so without.
    pub fn boot() -> Result<Self> {
        let (first, line) = Program::new("unshare")
            .args([
                "--fork",
                "--kill-child",
                "--pid",
                "--mount",
                "--net",
                "--uts",
                "--ipc",
            ])
            .args(["sh", "-c", include_str!("machine.sh")])
            .hold()
            .context("make a machine of namespaces")?;
        let pid = line
            .parse()
            .with_context(|| format!("`{line}` is no process id"))?;
        Ok(Self { first, pid })
    }

    /// A program in the machine, to be run or started. Ends with the thread that starts it.
    pub fn program(&self, name: impl AsRef<std::ffi::OsStr>) -> Program {
        let target = self.pid.to_string();
        let enter = [
            "nsenter", "--target", &target, "--pid", "--mount", "--net", "--uts", "--ipc", "--",
        ];
        Program::new(name)
            .mortal()
            .behind(enter.map(OsString::from))
    }

    /// Process 1, by the id that it has for us.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Where a file of the machine is for us. Takes an absolute path without symbolic links to absolute paths in it:
    /// the kernel would follow those to our own files. So `/run`, never `/var/run`.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        let relative = inside.strip_prefix("/").unwrap_or(inside);
        PathBuf::from(format!("/proc/{}/root", self.pid)).join(relative)
    }

    /// Writes a file in the machine, with the directories it needs.
    pub fn write(&self, inside: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(&inside);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content).with_context(|| format!("write {}", inside.as_ref().display()))
    }

    /// Reads a text file in the machine.
    pub fn read(&self, inside: impl AsRef<Path>) -> Result<String> {
        fs::read_to_string(self.path(&inside))
            .with_context(|| format!("read {}", inside.as_ref().display()))
    }

    /// The machine's own network namespace, the one a product must never touch.
    pub fn netns(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.pid))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.first.release().ok();
    }
}
