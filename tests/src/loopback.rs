//! A machine's loopback, from outside.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::machine::Machine;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer to a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Machine {
    /// A socket that listens on its 127.0.0.1, at a port that was free. Until somebody accepts, the kernel alone answers
    /// at it.
    pub fn listen(&self) -> Result<TcpListener> {
        self.inside(|| Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?))
    }

    /// A connection to a port of its 127.0.0.1.
    pub fn connect(&self, port: u16) -> Result<TcpStream> {
        let stream = self.inside(move || Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(stream)
    }

    /// One GET by HTTP at its 127.0.0.1.
    pub fn get(&self, port: u16, path: &str) -> Result<Page> {
        let mut stream = self.connect(port)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .with_context(|| format!("no answer to GET {path}: {answer:?}"))?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        Ok(Page {
            status: status.parse().with_context(|| head.to_owned())?,
            body: body.to_owned(),
        })
    }

    /// Does something in its network namespace: on a thread that enters, works and ends, as a socket stays where it was
    /// made.
    fn inside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.netns();
        let entered = thread::spawn(move || -> Result<T> {
            let netns = File::open(&path).with_context(|| format!("open {}", path.display()))?;
            #[expect(
                clippy::disallowed_methods,
                reason = "this thread enters, works and ends"
            )]
            nix::sched::setns(&netns, nix::sched::CloneFlags::CLONE_NEWNET)?;
            work()
        });
        let done = entered.join();
        done.map_err(|_| anyhow!("the thread inside the machine's network panicked"))?
    }
}
