//! The NRI entrance without a container runtime: the real `chainsawd`, and a runtime that says what a test wants.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;

use crate::product::scripted::Events;
pub use crate::product::scripted::Sandbox;

const SOCKET: &str = "/run/nri/nri.sock";

/// A runtime that is connected to a daemon.
pub struct Runtime {
    daemon: Daemon,
    events: Events,
}

impl Runtime {
    /// Starts a daemon in the machine, and waits until it takes events.
    pub fn start(
        machine: &Machine,
        scratch: &Scratch,
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let path = machine.path(SOCKET);
        fs::create_dir_all(path.parent().context("a socket lies in a folder")?)?;
        let listener = std::os::unix::net::UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let program = machine
            .program(parts::chainsawd()?)
            .args(["--socket", SOCKET]);
        let set = |program: Program, (name, value): &(&str, &str)| program.env(name, value);
        let program = environment.iter().fold(program, set);
        let daemon = Daemon::start(program, scratch.path().join("chainsawd.log"))?;
        let events = Events::start(async || {
            let listener = tokio::net::UnixListener::from_std(listener)?;
            Ok(listener.accept().await?.0)
        })?;
        daemon.wait_for("running")?;
        Ok(Self { daemon, events })
    }

    /// What the daemon has logged.
    pub fn log(&self) -> Result<String> {
        self.daemon.log()
    }

    /// A pod's sandbox is there. The error is what the daemon refuses it with.
    pub fn sandbox(&self, sandbox: &Sandbox<'_>) -> Result<(), String> {
        self.events.sandbox(sandbox)
    }

    /// The process of a container `app` in it is about to start.
    pub fn container(&self, sandbox: &Sandbox<'_>) -> Result<(), String> {
        self.events.container(sandbox)
    }
}
