//! Programs: the only file that starts any.
//!
//! A program either runs to its end within a limit ([`Program::run`]) or lives as long as a guard ([`Program::start`]).
//! Either way it cannot outlive the test, not even one that is killed: see [`Child`].

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use crate::child::Child;

/// How long a program may run unless [`Program::limit`] says otherwise.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// How long to pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(5);

/// A program about to be run, with a clean environment: `PATH` only, unless given more.
pub struct Program {
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    limit: Duration,
    behind: bool,
}

/// What a program that ran to its end left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 plus the signal's number if a signal ended it, as shells say it.
    pub status: i32,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Program {
    /// The program `name`, looked up in `PATH` unless it is a path.
    pub fn new(name: impl AsRef<OsStr>) -> Self {
        Self {
            words: vec![name.as_ref().to_owned()],
            environment: Vec::new(),
            stdin: Vec::new(),
            limit: LIMIT,
            behind: false,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words
            .extend(words.into_iter().map(|w| w.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives what cargo needs to find what it has built.
    pub fn with_home(mut self) -> Self {
        for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                self = self.env(name, value);
            }
        }
        self
    }

    /// Gives the bytes of standard input, empty otherwise.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets how long [`Program::run`] waits before it kills the program and fails.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end and captures everything. A status other than 0 is no error here: see [`Output::success`].
    pub fn run(self) -> Result<Output> {
        let what = self.to_string();
        let mut child = self.spawn(Stdio::piped(), Stdio::piped())?;
        let pid = child.id();
        let (limit, bytes) = (self.limit, self.stdin);
        let feeder = child.stdin.take();
        let (done, end) = mpsc::channel();
        thread::spawn(move || {
            // Who closes its standard input early says so with its status, not with our error.
            feeder.map(|mut pipe| pipe.write_all(&bytes));
        });
        thread::spawn(move || done.send(child.wait_with_output()));
        match end.recv_timeout(limit) {
            Ok(output) => Ok(output.with_context(|| format!("run {what}"))?.into()),
            Err(_) => {
                kill_pid(pid)?;
                bail!("{what} did not end within {limit:?} and was killed");
            }
        }
    }

    /// Runs to the end; a status other than 0 is an error that carries standard error. Gives standard output.
    pub fn stdout(self) -> Result<String> {
        let what = self.to_string();
        Ok(self.run()?.success(&what)?.stdout)
    }

    /// Starts a long-lived program whose output goes to the end of the file `log`.
    pub fn start(self, log: &Path) -> Result<Child> {
        let (what, behind) = (self.to_string(), self.behind);
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("open {}", log.display()))?;
        let inner = self.mortal().spawn(log.try_clone()?.into(), log.into())?;
        Ok(Child {
            inner,
            what,
            behind,
        })
    }

    /// Starts a holder: a program that says one line when it is ready and lives until its standard input ends, which is
    /// when the guard is dropped or this process dies, however. Gives that line.
    pub(crate) fn hold(self) -> Result<(Child, String)> {
        let what = self.to_string();
        let inner = self.spawn(Stdio::piped(), Stdio::piped())?;
        let mut child = Child {
            inner,
            what,
            behind: false,
        };
        let mut line = String::new();
        if let Some(stdout) = child.inner.stdout.as_mut() {
            io::BufRead::read_line(&mut io::BufReader::new(stdout), &mut line)?;
        }
        if line.ends_with('\n') {
            return Ok((child, line.trim().to_owned()));
        }
        let mut stderr = String::new();
        if let Some(pipe) = child.inner.stderr.as_mut() {
            pipe.read_to_string(&mut stderr)?;
        }
        bail!(
            "{} failed (is this root with CAP_SYS_ADMIN?): {}",
            child.what,
            stderr.trim()
        )
    }

    /// The same program, killed by the kernel when the thread that starts it ends.
    pub(crate) fn mortal(mut self) -> Self {
        let prefix = ["setpriv", "--pdeathsig", "KILL", "--"].map(OsString::from);
        self.words.splice(0..0, prefix);
        self
    }

    /// The same program, run by `prefix`, the words of a program that becomes it.
    pub(crate) fn through(mut self, prefix: impl IntoIterator<Item = OsString>) -> Self {
        self.words.splice(0..0, prefix);
        self
    }

    /// The same program, run by `prefix`, the words of a program that starts it and waits for it.
    pub(crate) fn behind(mut self, prefix: impl IntoIterator<Item = OsString>) -> Self {
        self.behind = true;
        self.through(prefix)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that starts processes, for the tests alone"
    )]
    fn spawn(&self, stdout: Stdio, stderr: Stdio) -> Result<std::process::Child> {
        let (name, arguments) = self
            .words
            .split_first()
            .ok_or_else(|| anyhow!("no program given"))?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        Command::new(name)
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("start {self}"))
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A script's text would hide what it is about.
        let shown = |word: &OsString| match word.to_string_lossy() {
            script if script.contains('\n') => "SCRIPT".to_owned(),
            word => word.into_owned(),
        };
        let words: Vec<_> = self.words.iter().map(shown).collect();
        write!(f, "`{}`", words.join(" "))
    }
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            status: status_number(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl From<chainsaw_guest::Output> for Output {
    fn from(output: chainsaw_guest::Output) -> Self {
        Self {
            status: output.status,
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }
}

impl Output {
    /// The same output, or an error with standard error if the status is not 0. `what` names the program.
    pub fn success(self, what: &str) -> Result<Self> {
        ensure!(
            self.status == 0,
            "{what} ended with {}: {}",
            self.status,
            self.stderr.trim()
        );
        Ok(self)
    }
}

/// Kills one process by its id; one that is gone is no error.
pub(crate) fn kill_pid(pid: u32) -> Result<()> {
    match kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL) {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno).with_context(|| format!("kill process {pid}")),
    }
}

/// Waits until `condition` holds, or fails when `limit` is over, naming `what` was waited for.
pub fn wait_until(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let start = Instant::now();
    while !condition().with_context(|| format!("waiting for {what}"))? {
        ensure!(
            start.elapsed() < limit,
            "waited {limit:?} in vain for {what}"
        );
        thread::sleep(PAUSE);
    }
    Ok(())
}

pub(crate) fn status_number(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
