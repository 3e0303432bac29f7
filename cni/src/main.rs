//! `chainsaw`: called by a container runtime it is a chained CNI plugin; called with words it is a command-line tool.

use std::io::{self, Read, Write};
use std::process::ExitCode;

mod add;
mod agent;
mod api;
mod check;
mod cli;
mod effects;
mod environment;
mod error;
mod forgetting;
mod memory;
mod netconf;
mod networks;
mod plugin;
mod result;
mod settle;
mod source;
mod uninstalled;

use environment::Environment;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if std::env::var_os("CNI_COMMAND").is_some() || words.is_empty() {
        plugin()
    } else {
        cli::main(words)
    }
}

/// One call of the CNI protocol: environment and standard input in, standard output and exit status out.
fn plugin() -> ExitCode {
    let environment = Environment::read(|name| std::env::var(name).ok());
    let answer = if environment.needs_input() {
        with_input(&environment)
    } else {
        plugin::call(&environment, &[])
    };
    // Nobody is left to tell if these cannot be written; the exit status still says how it went.
    let _ = io::stderr().write_all(answer.stderr.as_bytes());
    let written = io::stdout()
        .write_all(&answer.stdout)
        .and_then(|()| io::stdout().flush());
    if answer.ok && written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn with_input(environment: &Environment) -> plugin::Answer {
    let mut stdin = Vec::new();
    match io::stdin()
        .lock()
        .take(plugin::STDIN_BYTES + 1)
        .read_to_end(&mut stdin)
    {
        Ok(_) => plugin::call(environment, &stdin),
        Err(source) => plugin::failed(&stdin, &error::Error::Stdin { source }),
    }
}
