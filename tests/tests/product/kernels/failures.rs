//! A kernel that does not live to give its reply: the failure says what became of it, and shows its last lines.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::Kernel;

/// What a test sees of a kernel that has come to this end, by these words of a shell.
fn failure(line: &str, limit: Duration) -> Result<String> {
    let guest = Kernel::V6_12.builder().bare().memory(256).boot()?;
    guest.limit(limit)?;
    let ended = guest.run(None, ["/bin/busybox", "sh", "-c", line]);
    let error = ended.err().with_context(|| format!("{line} came back"))?;
    Ok(format!("{error:#}"))
}

#[test]
fn a_panic_is_shown() -> Result<()> {
    let failure = failure("echo c >/proc/sysrq-trigger", Duration::from_secs(60))?;
    ensure!(failure.contains("the kernel panicked"), "{failure}");
    ensure!(failure.contains("sysrq triggered crash"), "{failure}");
    Ok(())
}

#[test]
fn a_want_of_memory_is_shown() -> Result<()> {
    let failure = failure("tail /dev/zero", Duration::from_secs(60))?;
    ensure!(
        failure.contains("the kernel ran out of memory"),
        "{failure}"
    );
    ensure!(failure.contains("panic_on_oom"), "{failure}");
    Ok(())
}

#[test]
fn a_silence_is_shown() -> Result<()> {
    let line = "echo the last line >/dev/ttyS0; sleep 600";
    let failure = failure(line, Duration::from_secs(3))?;
    ensure!(failure.contains("it said nothing for 3s"), "{failure}");
    ensure!(failure.contains("the last line"), "{failure}");
    Ok(())
}
