//! The guest: what runs a test's commands in network namespaces, on this machine's kernel or on another's.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chainsaw_guest::{Compared, Judged, Program as Asked, Reply, Request, variable};

use crate::parts;
use crate::process::{Output, Program};
use crate::scratch::Scratch;

pub(crate) mod line;

pub use line::Gone;
use line::Line;

/// The socket of the test's at which a guest's relay comes out.
pub(crate) const RELAY: &str = "relay";

/// The judge's mounts on this machine: its package's tables over the system's, no `/etc/iproute2`, no `/run/netns`.
/// `$1` is the package's `usr/share`, `$2` the guest, `$3` its socket.
const MOUNTS: &str = r#"set -eu
mount -t overlay -o "ro,lowerdir=$1:/usr/share" judge /usr/share
for hidden in /etc/iproute2 /run; do
    [ ! -d $hidden ] || mount -t tmpfs judge $hidden
done
[ -e /dev/net/tun ] || { mkdir -p /dev/net; mount -t tmpfs judge /dev/net; mknod /dev/net/tun c 10 200; }
exec "$2" "$3""#;

/// A guest. It ends when the last of its clones is dropped.
#[derive(Clone)]
pub struct Guest {
    line: Arc<Mutex<Line>>,
    relay: Option<Arc<UnixListener>>,
    release: String,
    chainsaw: PathBuf,
}

/// A network namespace of a guest, gone when this is dropped.
pub struct Netns {
    guest: Guest,
    path: PathBuf,
}

impl Guest {
    /// One on this machine's kernel. Needs root with CAP_SYS_ADMIN, and fails saying so without.
    pub fn here() -> Result<Self> {
        let scratch = Scratch::new()?;
        let program = Program::new("unshare")
            .args(["--mount", "sh", "-c", MOUNTS, "judge"])
            .arg(parts::judge_share()?)
            .arg(parts::guest()?)
            .env(variable::JUDGE, parts::judge_ip()?)
            .env(variable::CHAINSAW, parts::chainsaw()?);
        Self::start(scratch, parts::chainsaw()?, None, |socket| {
            program.arg(socket)
        })
    }

    /// One that this program becomes or boots, and that comes to the socket; `chainsaw` is where it is in there.
    pub(crate) fn start(
        scratch: Scratch,
        chainsaw: PathBuf,
        relay: Option<UnixListener>,
        program: impl FnOnce(&Path) -> Program,
    ) -> Result<Self> {
        let (line, release) = Line::start(scratch, program)?;
        Ok(Self {
            line: Arc::new(Mutex::new(line)),
            relay: relay.map(Arc::new),
            release,
            chainsaw,
        })
    }

    /// The release of its kernel, as `uname -r` says it.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Where its programs find the command line `chainsaw`.
    pub fn chainsaw(&self) -> &Path {
        &self.chainsaw
    }

    /// Makes a network namespace; its loopback device is down.
    pub fn netns(&self) -> Result<Netns> {
        match self.ask(&Request::Namespace)? {
            Reply::Namespace(path) => Ok(Netns {
                guest: self.clone(),
                path,
            }),
            other => unexpected(&other),
        }
    }

    /// Makes a socket in the guest, of another kernel, at which one connection is taken, and gives its other end.
    pub fn relay(&self, socket: &str) -> Result<UnixStream> {
        let relay = self.relay.as_ref().context("a guest here has no relay")?;
        match self.ask(&Request::Relay(socket.into()))? {
            Reply::Done => Ok(relay.accept()?.0),
            other => unexpected(&other),
        }
    }

    /// Writes a file of the guest's, with the folders that it needs.
    pub fn write(&self, path: &str, content: &str) -> Result<()> {
        const SCRIPT: &str = r#"mkdir -p "${1%/*}" && cat >"$1""#;
        let program = Asked {
            words: owned(["/bin/sh", "-c", SCRIPT, "write", path]),
            stdin: content.to_owned(),
            ..Asked::default()
        };
        self.run_with(program)?.success(SCRIPT).map(drop)
    }

    /// Runs a program of the guest, by its path, in a network namespace or in the guest's own.
    pub fn run<W: AsRef<str>>(
        &self,
        netns: Option<&Path>,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        self.run_with(Asked {
            netns: netns.map(Path::to_owned),
            words: owned(words),
            ..Asked::default()
        })
    }

    /// The same, with an environment or something on standard input.
    pub fn run_with(&self, program: Asked) -> Result<Output> {
        match self.ask(&Request::Run(program))? {
            Reply::Ended(output) => Ok(output.into()),
            other => unexpected(&other),
        }
    }

    /// Has the judge run `ip WORDS` in a network namespace, with this on its standard input.
    pub fn judge<W: AsRef<str>>(
        &self,
        netns: &Path,
        words: impl IntoIterator<Item = W>,
        stdin: &str,
    ) -> Result<Output> {
        let judged = Judged {
            netns: netns.to_owned(),
            words: owned(words),
            stdin: stdin.to_owned(),
        };
        match self.ask(&Request::Judge(judged))? {
            Reply::Ended(output) => Ok(output.into()),
            other => unexpected(&other),
        }
    }

    /// Has the judge run `ip WORDS` in two namespaces, and us in a third. Nothing if all three are alike.
    pub fn compare<W: AsRef<str>>(
        &self,
        [judges, control, ours]: [&Netns; 3],
        words: impl IntoIterator<Item = W>,
    ) -> Result<Option<Compared>> {
        let request = Request::Compare {
            judges: judges.path.clone(),
            control: control.path.clone(),
            ours: ours.path.clone(),
            words: owned(words),
        };
        match self.ask(&request)? {
            Reply::Compared(compared) => Ok(compared.map(|compared| *compared)),
            other => unexpected(&other),
        }
    }

    /// How long it may take for a request; 90 s unless this says otherwise.
    pub fn limit(&self, limit: Duration) -> Result<()> {
        self.line().limit(limit)
    }

    fn ask(&self, request: &Request) -> Result<Reply> {
        self.line().ask(request)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Netns {
    /// Where it is, for programs that run in the guest.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has the judge run `ip WORDS` in it.
    pub fn judge<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        self.guest.judge(&self.path, words, "")
    }

    /// Runs a program of the guest in it.
    pub fn run<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        self.guest.run(Some(&self.path), words)
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        self.guest.ask(&Request::Release(self.path.clone())).ok();
    }
}

fn owned<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Vec<String> {
    words
        .into_iter()
        .map(|word| word.as_ref().to_owned())
        .collect()
}

fn unexpected<T>(reply: &Reply) -> Result<T> {
    bail!("the guest answered {reply:?}")
}
