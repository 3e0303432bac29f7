//! Programs that live as long as a guard.

use std::fs;
use std::process::ChildStdin;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::{LIMIT, kill_pid, status_number, wait_until};

/// A long-lived program, killed when this is dropped.
///
/// The kernel kills it too when the thread that started it ends (`PR_SET_PDEATHSIG`), so a killed test leaves nothing:
/// start it on the thread that lasts as long as it must live, which in a test is the test's own.
pub struct Child {
    pub(crate) inner: std::process::Child,
    pub(crate) what: String,
    /// The program is a child of what was started, which waits for it and ends as it ends.
    pub(crate) behind: bool,
}

impl Child {
    /// Its process id, as this process sees it.
    pub fn pid(&self) -> u32 {
        let started = self.inner.id();
        let children = || fs::read_to_string(format!("/proc/{started}/task/{started}/children"));
        let program = || children().ok()?.split_whitespace().next()?.parse().ok();
        self.behind.then(program).flatten().unwrap_or(started)
    }

    /// The exit status if it has ended.
    pub fn ended(&mut self) -> Result<Option<i32>> {
        Ok(self.inner.try_wait()?.map(status_number))
    }

    /// Its standard input, once.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.inner.stdin.take()
    }

    /// Ends it with SIGKILL and waits for it.
    pub fn kill(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        // The program, not what waits for it: that reaps it then. Were it the other way round, the dead program would
        // wait for the host's process 1, and a machine cannot end as long as one of its processes is not reaped.
        kill_pid(self.pid())?;
        // What waits for a program that a test stopped has stopped itself (`nsenter` does), and goes on only if told.
        if self.behind {
            kill(
                Pid::from_raw(i32::try_from(self.inner.id())?),
                Signal::SIGCONT,
            )
            .ok();
        }
        let ended = wait_until(&format!("{} to die", self.what), LIMIT, || {
            Ok(self.ended()?.is_some())
        });
        ended.or_else(|_| {
            self.inner.kill()?;
            self.inner
                .wait()
                .map(drop)
                .with_context(|| format!("wait for {}", self.what))
        })
    }

    /// Closes its standard input and waits for it, as `Program::hold`'s holders end.
    pub(crate) fn release(&mut self) -> Result<()> {
        drop(self.take_stdin());
        wait_until(&format!("{} to end", self.what), LIMIT, || {
            Ok(self.ended()?.is_some())
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill().ok();
    }
}
