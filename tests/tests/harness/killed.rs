//! What becomes of a test that is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::process::{Program, wait_until};
use chainsaw_tests::{Containerd, Node};

/// Set for the run that is to be killed: the file in which it says what it made.
const VICTIM: &str = "CHAINSAW_TEST_VICTIM";

#[test]
fn a_killed_run_leaves_nothing_that_breaks_the_next() -> Result<()> {
    if let Some(file) = std::env::var_os(VICTIM) {
        return be_killed(Path::new(&file));
    }
    let node = Node::builder(Containerd::V1_7).start()?;
    let said = node.scratch().path().join("victim");
    let log = node.scratch().path().join("victim.log");
    let mut victim = Program::new(std::env::current_exe()?).args([
        "--exact",
        "harness::killed::a_killed_run_leaves_nothing_that_breaks_the_next",
    ]);
    for (name, value) in std::env::vars().filter(|(name, _)| name.starts_with("CHAINSAW_")) {
        victim = victim.env(name, value);
    }
    let mut victim = victim.env(VICTIM, &said).start(&log)?;
    wait_until("the victim's pod", Duration::from_secs(30), || {
        Ok(said.exists() || victim.ended()?.is_some())
    })?;
    let said = fs::read_to_string(&said).with_context(|| {
        let log = fs::read_to_string(&log).unwrap_or_default();
        format!("the victim ended before it had a pod: {log}")
    })?;
    let (first, scratch) = said.trim().split_once(' ').context("two words")?;
    victim.kill()?;

    // Process 1 of the victim's machine is gone only after every other process of it.
    wait_until(
        "the victim's machine to end",
        Duration::from_secs(10),
        || Ok(!Path::new("/proc").join(first).exists()),
    )?;
    drop(node);
    let next = Node::builder(Containerd::V1_7).start()?;
    next.pod("web").run()?;
    assert!(!PathBuf::from(scratch).exists(), "{scratch} was not swept");
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    assert!(!mounts.contains(scratch), "{mounts}");
    Ok(())
}

fn be_killed(file: &Path) -> Result<()> {
    let node = Node::builder(Containerd::V1_7).start()?;
    let _pod = node.pod("web").run()?;
    let said = format!(
        "{} {}",
        node.machine().pid(),
        node.scratch().path().display()
    );
    fs::write(file.with_extension("new"), said)?;
    fs::rename(file.with_extension("new"), file)?;
    wait_until("my end", Duration::from_secs(60), || Ok(false))
}
