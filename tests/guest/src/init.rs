//! Process 1 of another kernel: what is mounted and loaded before tests come, and how the kernel ends.

use std::convert::Infallible;
use std::env;
use std::fs::{self, File, OpenOptions};

use anyhow::{Context, Result};
use chainsaw_guest::{place, variable};
use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::Tools;

/// What a kernel's process 1 needs: its file systems, loopback of its own namespace left as it is, modules.
pub fn first() -> Result<()> {
    for (kind, at) in [
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("tmpfs", "/run"),
        ("tmpfs", "/tmp"),
    ] {
        fs::create_dir_all(at)?;
        mount(Some(kind), at, Some(kind), MsFlags::empty(), None::<&str>)
            .with_context(|| format!("mount {at}"))?;
    }
    // Better no kernel than one that has killed something for want of memory.
    fs::write("/proc/sys/vm/panic_on_oom", "1")?;
    let modules = fs::read_to_string(place::MODULES).unwrap_or_default();
    modules.lines().try_for_each(load)
}

fn load(path: &str) -> Result<()> {
    let file = File::open(path).with_context(|| format!("open {path}"))?;
    match finit_module(&file, c"", ModuleInitFlags::empty()) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno).with_context(|| format!("load {path}")),
    }
}

/// The line on which the test speaks, without a terminal's own ways.
pub fn line() -> Result<File> {
    let line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(place::LINE)
        .with_context(|| format!("open {}", place::LINE))?;
    let mut terminal = tcgetattr(&line)?;
    cfmakeraw(&mut terminal);
    tcsetattr(&line, SetArg::TCSANOW, &terminal)?;
    Ok(line)
}

/// Says why it is over, on the console, and turns the machine off.
pub fn last(ended: Result<()>) -> Result<()> {
    if let Err(error) = &ended {
        fs::write("/dev/console", format!("guest: {error:#}\n")).ok();
    }
    let _: Infallible = reboot(RebootMode::RB_POWER_OFF)?;
    ended
}

/// Where things are, for a guest of another kernel.
pub fn there() -> Tools {
    Tools {
        judge: place::JUDGE.to_owned(),
        server: Some(place::SERVER.to_owned()),
        chainsaw: place::CHAINSAW.to_owned(),
    }
}

/// The same for a guest of this machine's kernel.
pub fn here() -> Result<Tools> {
    let given = |name: &str| env::var(name).with_context(|| format!("{name} is not set"));
    Ok(Tools {
        judge: given(variable::JUDGE)?,
        server: None,
        chainsaw: given(variable::CHAINSAW)?,
    })
}
