//! The command line: `try`, `run`, `ip`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool prints"
)]

use std::ffi::OsString;
use std::process::ExitCode;

use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::kernel::Kernel;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::{Namespace, throw_away};
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report, transcript};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::Surroundings;

mod sample;
mod words;

use words::{Form, Words};

const HELP: &str = "\
chainsaw runs ip commands in a network namespace, over rtnetlink, without an ip binary.

    chainsaw try VALUE…                 in a throw-away namespace that looks like a pod's; no root is needed
    chainsaw run --netns PATH VALUE…    in the namespace at PATH, never the node's own
    chainsaw ip WORD…                   one command in the caller's namespace, as ip itself would run it

A VALUE is what a pod's annotation holds: a JSON array of commands, or one command a line.

    chainsaw try '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\", \"ip route\"]'

    -o, --output json     prints the report as JSON
        --interface NAME  what CURRENT_INTERFACE stands for (run; try has eth0)
    -h, --help            prints this
    -V, --version         prints the version

It ends with 0 if every command ran, 1 if one was refused or failed, 2 for a wrong use of this tool.
With CNI_COMMAND set, or without words, it is a CNI plugin.
";

/// Runs the tool.
pub fn main(given: Vec<OsString>) -> ExitCode {
    let words = match Words::read(given) {
        Ok(words) => words,
        Err(error) => return wrong_use(&error.to_string()),
    };
    let ran = match &words {
        Words::Help => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Words::Version => {
            println!("chainsaw {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Words::Ip(words) => return ip(words),
        Words::Try { values, .. } => in_a_sample(values),
        Words::Run {
            values,
            netns,
            interface,
            ..
        } => in_a_namespace(values, netns, interface.as_deref()),
    };
    match ran {
        Ok(report) => tell(&report, words.form()),
        Err(error) => {
            eprintln!("chainsaw: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One command in the caller's own namespace: iproute2's output, error text and exit status, nothing else.
fn ip(words: &[String]) -> ExitCode {
    let output = match Socket::open() {
        Ok(mut socket) => engine::serve_words(words, &mut socket),
        Err(error) => return wrong_use(&format!("cannot open a NETLINK_ROUTE socket: {error}")),
    };
    print!("{}", output.stdout);
    eprint!("{}", output.stderr);
    ExitCode::from(output.exit)
}

fn wrong_use(why: &str) -> ExitCode {
    eprintln!("chainsaw: {why}\nTry `chainsaw --help`.");
    ExitCode::from(2)
}

fn tell(report: &Report, form: Form) -> ExitCode {
    match form {
        Form::Text => print!("{}", transcript(report)),
        Form::Json => match serde_json::to_string(report) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("chainsaw: cannot write the report as JSON: {error}"),
        },
    }
    if report.outcome == Outcome::Ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

type Failure = Box<dyn std::error::Error>;

fn in_a_sample(values: &[Value]) -> Result<Report, Failure> {
    throw_away()?;
    let mut socket = Socket::open()?;
    let surroundings = sample::furnish(&mut socket)?;
    let subject = subject("try", sample::INTERFACE.to_owned().into(), None);
    Ok(serve(&subject, values, &surroundings, &mut socket))
}

fn in_a_namespace(
    values: &[Value],
    netns: &str,
    interface: Option<&str>,
) -> Result<Report, Failure> {
    Namespace::open(netns.as_ref())?.enter()?;
    let mut socket = Socket::open()?;
    let surroundings = surroundings::of_namespace(interface, &mut socket);
    let subject = subject(
        "run",
        surroundings.interface.clone(),
        Some(netns.to_owned()),
    );
    Ok(serve(&subject, values, &surroundings, &mut socket))
}

fn serve(
    subject: &Subject,
    values: &[Value],
    surroundings: &Surroundings,
    kernel: &mut dyn Kernel,
) -> Report {
    let policy = Policy::of_the_caller();
    let ask = Ask {
        subject,
        values,
        surroundings,
        policy: &policy,
    };
    engine::serve(&ask, kernel, &mut |_| {})
}

fn subject(trigger: &'static str, interface: Option<String>, netns: Option<String>) -> Subject {
    Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger,
        interface,
        netns,
    }
}
