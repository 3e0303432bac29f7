//! The line to a guest: a program that connects to a socket of the test's, requests and replies, and what is left of the
//! program when it no longer answers.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chainsaw_guest::{Reply, Request};

use crate::process::{Child, Program, wait_until};
use crate::scratch::Scratch;

/// How long a guest may take to be there, and for one request. A kernel under emulation beside another one is slow.
const LIMIT: Duration = Duration::from_secs(90);

/// The file that a kernel's console is written to, in the folder of the socket.
pub(crate) const CONSOLE: &str = "console";
const LOG: &str = "log";

/// How many of the last lines a failure shows at least.
const LINES: usize = 25;

/// What makes of a silence more than a silence, in the kernel's own words.
const VERDICTS: [(&str, &str); 4] = [
    ("Out of memory", "the kernel ran out of memory"),
    ("Kernel panic", "the kernel panicked"),
    ("BUG:", "the kernel found a fault of its own"),
    ("guest: ", "process 1 gave up"),
];

/// The program ends when this is dropped, or when the test ends, however.
pub struct Line {
    stream: BufReader<UnixStream>,
    child: Child,
    scratch: Scratch,
    limit: Duration,
    gone: Option<Gone>,
}

/// Why a guest answers no more, and its last lines. What was asked for last may yet be answered, so it is asked nothing more.
#[derive(Debug, Clone)]
pub struct Gone(String);

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Gone {}

impl Line {
    /// Starts the program that connects to this socket, and waits until it is ready. Gives the kernel's release.
    pub fn start(
        scratch: Scratch,
        program: impl FnOnce(&Path) -> Program,
    ) -> Result<(Self, String)> {
        let socket = scratch.path().join("line");
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let mut child = program(&socket).start(&scratch.path().join(LOG))?;
        let mut stream = None;
        wait_until("the guest's program to connect", LIMIT, || {
            stream = listener.accept().ok();
            let ended = stream.is_none() && child.ended()?.is_some();
            ensure!(!ended, "{}", last_words(scratch.path(), "it ended"));
            Ok(stream.is_some())
        })?;
        let (stream, _) = stream.context("nobody connected")?;
        stream.set_nonblocking(false)?;
        let mut line = Self {
            stream: BufReader::new(stream),
            child,
            scratch,
            limit: LIMIT,
            gone: None,
        };
        line.limit(LIMIT)?;
        match line.reply()? {
            Reply::Ready(release) => Ok((line, release)),
            other => bail!("the guest began with {other:?}"),
        }
    }

    /// How long a reply is waited for.
    pub fn limit(&mut self, limit: Duration) -> Result<()> {
        self.stream.get_ref().set_read_timeout(Some(limit))?;
        self.limit = limit;
        Ok(())
    }

    /// Sends a request and waits for its reply.
    pub fn ask(&mut self, request: &Request) -> Result<Reply> {
        if let Some(gone) = &self.gone {
            return Err(gone.clone().into());
        }
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        if let Err(error) = self.stream.get_mut().write_all(&line) {
            return Err(self.gone(&error.to_string()).into());
        }
        match self.reply()? {
            Reply::Failed(why) => bail!("the guest failed: {why}"),
            reply => Ok(reply),
        }
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = Vec::new();
        let gone = match self.stream.read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => {
                return serde_json::from_slice(&line).context("read a guest's reply");
            }
            Ok(_) => "it ended".to_owned(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                format!("it said nothing for {:?}", self.limit)
            }
            Err(error) => error.to_string(),
        };
        Err(self.gone(&gone).into())
    }

    fn gone(&mut self, why: &str) -> Gone {
        let gone = Gone(self.last_words(why));
        self.gone = Some(gone.clone());
        gone
    }

    fn last_words(&mut self, otherwise: &str) -> String {
        // What it says last comes a little later than its end.
        wait_until("the guest to end", Duration::from_secs(2), || {
            Ok(self.child.ended()?.is_some())
        })
        .ok();
        last_words(self.scratch.path(), otherwise)
    }
}

/// Why a guest no longer answers, and what it wrote from there on, or last.
fn last_words(folder: &Path, otherwise: &str) -> String {
    let bytes = [LOG, CONSOLE].map(|name| fs::read(folder.join(name)).unwrap_or_default());
    let text = String::from_utf8_lossy(&bytes.concat()).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let verdict = VERDICTS.iter().find_map(|(mark, verdict)| {
        let place = lines.iter().position(|line| line.contains(mark))?;
        Some((place, *verdict))
    });
    let (place, verdict) = verdict.unwrap_or((lines.len(), otherwise));
    let last = lines
        .iter()
        .skip(place.min(lines.len().saturating_sub(LINES)));
    let last: Vec<&str> = last.copied().collect();
    format!("the guest is gone: {verdict}\n{}", last.join("\n"))
}
