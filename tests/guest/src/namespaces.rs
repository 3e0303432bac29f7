//! Network namespaces without names, held open by the guest.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::sched::{CloneFlags, setns, unshare};

/// The namespaces that tests have asked for, by the paths that they were given.
#[derive(Default)]
pub struct Namespaces {
    held: HashMap<PathBuf, File>,
}

impl Namespaces {
    /// Makes one, and gives a path by which any program of this kernel can open it.
    pub fn make(&mut self) -> Result<PathBuf> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's namespaces, on a thread that ends at once"
        )]
        let made = on_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        });
        let file = made.context("make a network namespace (is this root with CAP_SYS_ADMIN?)")?;
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let path = PathBuf::from(path);
        self.held.insert(path.clone(), file);
        Ok(path)
    }

    /// Lets go of one.
    pub fn release(&mut self, path: &Path) -> Result<()> {
        let held = self.held.remove(path);
        held.map(drop)
            .with_context(|| format!("{} is held by nobody", path.display()))
    }
}

/// Does something in a network namespace. Programs that are started there stay in it.
pub fn inside<T: Send>(netns: &Path, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let file = File::open(netns).with_context(|| format!("open {}", netns.display()))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's namespaces, on a thread that ends at once"
    )]
    on_a_thread(|| {
        setns(&file, CloneFlags::CLONE_NEWNET)
            .with_context(|| format!("enter {}", netns.display()))?;
        work()
    })
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let ended = thread::scope(|scope| scope.spawn(work).join());
    ended.map_err(|_| anyhow!("a thread of the guest panicked"))?
}
