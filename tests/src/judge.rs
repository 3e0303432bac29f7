//! The judge: iproute2 6.15, with its own name tables and nothing of this host's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::parts;
use crate::process::{Child, Output, Program};

/// Makes the judge's mounts: its package's tables over the system's, no `/etc/iproute2`, no `/run/netns`.
/// `$1` is the package's `usr/share`. `tuntap` needs a node that a machine may lack.
const MOUNTS: &str = r#"set -eu
mount -t overlay -o "ro,lowerdir=$1:/usr/share" judge /usr/share
for hidden in /etc/iproute2 /run; do
    [ ! -d $hidden ] || mount -t tmpfs judge $hidden
done
[ -e /dev/net/tun ] || { mkdir -p /dev/net; mknod /dev/net/tun c 10 200; }
echo ready
exec cat"#;

/// A private mount namespace in which the judge runs.
pub struct Judge {
    mounts: Child,
    ip: PathBuf,
}

impl Judge {
    /// Makes the mount namespace. Needs root with CAP_SYS_ADMIN, and fails saying so without.
    pub fn new() -> Result<Self> {
        let (mounts, _) = Program::new("unshare")
            .args(["--mount", "sh", "-c", MOUNTS, "judge"])
            .arg(parts::judge_share()?)
            .hold()
            .context("make the judge's mount namespace")?;
        Ok(Self {
            mounts,
            ip: parts::judge_ip()?,
        })
    }

    /// Runs `ip WORDS` in the network namespace at `netns`.
    pub fn run<W: AsRef<str>>(
        &self,
        netns: &Path,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        self.program(netns).args(words).run()
    }

    /// Runs commands, one a line, by one `ip` with these options in the network namespace at `netns`, and gives what
    /// they print. It is an error if one of them fails.
    pub fn batch(&self, netns: &Path, options: &[&str], lines: &str) -> Result<String> {
        self.program(netns)
            .args(options)
            .args(["-batch", "-"])
            .stdin(lines)
            .stdout()
    }

    fn program(&self, netns: &Path) -> Program {
        let mut enter = vec![
            OsString::from("nsenter"),
            "--target".into(),
            self.mounts.pid().to_string().into(),
        ];
        // nsenter opens both before it enters either, so the path is ours.
        enter.extend(["--mount".into(), net_option(netns), "--".into()]);
        Program::new(&self.ip).through(enter)
    }
}

/// The option that makes nsenter enter the network namespace at `netns`.
pub(crate) fn net_option(netns: &Path) -> OsString {
    let mut option = OsString::from("--net=");
    option.push(netns);
    option
}
