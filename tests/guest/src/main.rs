//! Runs commands for a test: as a program beside it, on a socket, or as process 1 of another kernel, on a serial line.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use chainsaw_guest::{Compared, Judged, Output, Reply, Request};

mod init;
mod judge;
mod namespaces;
mod program;

use judge::Judge;
use namespaces::Namespaces;

fn main() -> Result<()> {
    if std::process::id() != 1 {
        let socket = env::args_os().nth(1).context("no socket is named")?;
        let line = UnixStream::connect(socket)?;
        return serve(
            &mut BufReader::new(line.try_clone()?),
            &mut &line,
            &init::here()?,
        );
    }
    let ended = init::first().and_then(|()| {
        let line = init::line()?;
        serve(
            &mut BufReader::new(line.try_clone()?),
            &mut &line,
            &init::there(),
        )
    });
    init::last(ended)
}

/// Where the guest finds what it runs.
struct Tools {
    judge: String,
    /// What makes of the judge a server of its commands; without it each command is a start of it.
    server: Option<String>,
    chainsaw: String,
}

/// Answers one request after the other, until there are no more.
fn serve(requests: &mut dyn BufRead, replies: &mut dyn Write, tools: &Tools) -> Result<()> {
    let mut guest = Guest {
        tools,
        judge: None,
        namespaces: Namespaces::default(),
    };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    say(replies, &Reply::Ready(release.trim().to_owned()))?;
    let mut line = String::new();
    while requests.read_line(&mut line)? > 0 {
        let reply = serde_json::from_str(&line)
            .context("read a request")
            .and_then(|request| guest.answer(request))
            .unwrap_or_else(|error| Reply::Failed(format!("{error:#}")));
        say(replies, &reply)?;
        line.clear();
    }
    Ok(())
}

fn say(replies: &mut dyn Write, reply: &Reply) -> Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    replies.write_all(&line)?;
    Ok(replies.flush()?)
}

struct Guest<'t> {
    tools: &'t Tools,
    judge: Option<Judge>,
    namespaces: Namespaces,
}

impl Guest<'_> {
    fn answer(&mut self, request: Request) -> Result<Reply> {
        Ok(match request {
            Request::Namespace => Reply::Namespace(self.namespaces.make()?),
            Request::Release(path) => {
                self.namespaces.release(&path)?;
                Reply::Done
            }
            Request::Judge(judged) => Reply::Ended(self.judge(&judged)?),
            Request::Run(program) => Reply::Ended(program::run(&program)?),
            Request::Compare {
                judges,
                control,
                ours,
                words,
            } => {
                let judges = self.judge(&Judged::of(judges, &words))?;
                let control = self.judge(&Judged::of(control, &words))?;
                let ours = program::ip(&self.tools.chainsaw, &Judged::of(ours, &words))?;
                let alike = judges == control && judges == ours;
                Reply::Compared((!alike).then(|| {
                    Box::new(Compared {
                        judges,
                        control,
                        ours,
                    })
                }))
            }
        })
    }

    fn judge(&mut self, judged: &Judged) -> Result<Output> {
        let Some(library) = &self.tools.server else {
            return program::judge(&self.tools.judge, judged);
        };
        if self.judge.is_none() {
            self.judge = Some(Judge::start(self.tools, library)?);
        }
        self.judge.as_mut().context("no judge")?.run(judged)
    }
}
