//! Programs: the only file of the guest that starts any.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};
use chainsaw_guest::{Judged, Output, Program};

use crate::namespaces;

/// What every program finds in its environment.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program to its end.
pub fn run(program: &Program) -> Result<Output> {
    let (name, words) = program.words.split_first().context("no program is named")?;
    let mut command = new(name);
    command.args(words).envs(
        program
            .environment
            .iter()
            .map(|(name, value)| (name, value)),
    );
    let run = || to_the_end(command, &program.stdin).with_context(|| format!("run {name}"));
    match &program.netns {
        Some(netns) => namespaces::inside(netns, run),
        None => run(),
    }
}

/// Runs `chainsaw ip WORDS`.
pub fn ip(chainsaw: &str, asked: &Judged) -> Result<Output> {
    let words = ["ip".to_owned()].into_iter().chain(asked.words.clone());
    named(chainsaw, words.collect(), asked)
}

/// Runs the judge as anybody does.
pub fn judge(judge: &str, asked: &Judged) -> Result<Output> {
    named(judge, asked.words.clone(), asked)
}

fn named(name: &str, words: Vec<String>, asked: &Judged) -> Result<Output> {
    let mut command = new(name);
    command.args(words);
    namespaces::inside(&asked.netns, || {
        to_the_end(command, &asked.stdin).with_context(|| format!("run {name}"))
    })
}

/// Starts the judge as a server of its commands.
pub fn server(judge: &str, library: &str) -> Result<Child> {
    new(judge)
        .env("LD_PRELOAD", library)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("start {judge}"))
}

/// The exit status, or 128 plus the signal's number.
pub fn status_number(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the file that starts processes, for the tests alone"
)]
fn new(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PATH);
    command
}

fn to_the_end(mut command: Command, stdin: &str) -> Result<Output> {
    let mut child = command
        .stdin(if stdin.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let feeder = child.stdin.take().map(|mut pipe| {
        let bytes = stdin.as_bytes().to_vec();
        // A program that closes its standard input early says so with its status.
        thread::spawn(move || pipe.write_all(&bytes))
    });
    let output = child.wait_with_output()?;
    if let Some(feeder) = feeder {
        feeder
            .join()
            .map_err(|_| anyhow!("writing standard input panicked"))?
            .ok();
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Output {
        status: status_number(output.status),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}
