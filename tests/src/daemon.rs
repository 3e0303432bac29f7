//! The product's daemon on a node.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::node::Node;
use crate::parts;
use crate::process::{Child, Program, wait_until};

/// How long the daemon may take to hear of events.
const LIMIT: Duration = Duration::from_secs(15);

/// A running `chainsawd`, killed when this is dropped.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Node {
    /// Starts `chainsawd` with these words, as the node's own process, and waits until events come to it.
    pub fn daemon(&self, name: &str, words: &[&str]) -> Result<Daemon> {
        let daemon = self.daemon_alone(name, words)?;
        daemon.wait_for("running")?;
        Ok(daemon)
    }

    /// The same, without waiting.
    pub fn daemon_alone(&self, name: &str, words: &[&str]) -> Result<Daemon> {
        let program = self.machine().program(parts::chainsawd()?).args(words);
        self.daemon_by(name, program)
    }

    /// The same, by a program of this node that becomes it.
    pub fn daemon_by(&self, name: &str, program: Program) -> Result<Daemon> {
        let log = self.scratch().path().join(format!("{name}.log"));
        Daemon::start(program, log)
    }
}

impl Daemon {
    /// Starts the daemon as this program, which writes to this file.
    pub fn start(program: Program, log: PathBuf) -> Result<Self> {
        let child = program.start(&log)?;
        Ok(Self { child, log })
    }

    /// What it has written.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Waits until its log has a text.
    pub fn wait_for(&self, text: &str) -> Result<()> {
        let what = format!("chainsawd to say {text:?}");
        wait_until(&what, LIMIT, || Ok(self.log()?.contains(text)))
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()
    }

    /// Tells it to stop with SIGTERM, and waits until it says that it has: the last of all, behind what becomes of its session.
    pub fn stop(&self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM)?;
        self.wait_for(" INFO stopped")
    }

    /// Its process id, as this process sees it.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }
}
