//! One directory a test, and what becomes of those of tests that were killed.
//!
//! Nearly everything a test makes lives in namespaces that die with it (see [`crate::machine`]). Two things do not: the
//! directory itself and the control groups of its pods. Both bear the scratch's name, and the next test to start
//! removes those whose owner is dead.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cgroup;
use crate::parts::workspace;
use crate::process::wait_until;

/// The file whose lock says that the owner lives. The kernel drops the lock when the owner dies, however it dies.
const OWNER: &str = "owner";

/// The file that a test locks while it sweeps and makes its directory.
const TURN: &str = ".turn";

/// A test's own directory, removed when this is dropped.
pub struct Scratch {
    name: String,
    path: PathBuf,
    _owner: File,
}

impl Scratch {
    /// Removes what dead tests left, then makes a new directory.
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let root = workspace().join("target/scratch");
        fs::create_dir_all(&root).with_context(|| format!("make {}", root.display()))?;
        // One at a time: a directory that is not locked yet must not be taken for a dead test's.
        let turn = File::create(root.join(TURN))?;
        turn.lock()?;
        sweep(&root)?;
        let name = format!(
            "t{}-{}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = root.join(&name);
        fs::create_dir(&path).with_context(|| format!("make {}", path.display()))?;
        let mut owner = File::create(path.join(OWNER))?;
        owner.lock()?;
        writeln!(owner, "{}", process::id())?;
        Ok(Self {
            name,
            path,
            _owner: owner,
        })
    }

    /// The short name, unique among living tests.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The control group, below each hierarchy's root, in which the test's pods live.
    pub(crate) fn cgroup(&self) -> String {
        cgroup_of(&self.name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What does not go now goes with the next test's sweep.
        remove(&self.path, &self.name).ok();
    }
}

fn cgroup_of(name: &str) -> String {
    format!("chainsaw-tests/{name}")
}

/// Removes the directories of dead tests, and their control groups.
fn sweep(root: &Path) -> Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != TURN && is_dead(&entry.path())? {
            remove(&entry.path(), &name)
                .with_context(|| format!("sweep what dead test {name} left"))?;
        }
    }
    Ok(())
}

fn is_dead(path: &Path) -> Result<bool> {
    let owner = match File::open(path.join(OWNER)) {
        Ok(file) => file,
        // Killed before it had an owner, or removed half-way.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => {
            return Err(error).with_context(|| format!("open the owner of {}", path.display()));
        }
    };
    match owner.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => bail!("lock the owner of {}: {error}", path.display()),
    }
}

fn remove(path: &Path, name: &str) -> Result<()> {
    // The processes of a test that was killed a moment ago may still be on their way out.
    wait_until(
        "its control groups to be empty",
        Duration::from_secs(10),
        || cgroup::remove(&cgroup_of(name)),
    )?;
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
