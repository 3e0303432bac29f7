//! The command line: `try`, `run`, `check`, `ip`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool prints"
)]

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::hints;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::{Namespace, throw_away};
use chainsaw_common::plan::Run;
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::Surroundings;

mod asked;
mod check;
mod file;
mod given;
mod help;
mod network;
mod sample;
mod transcript;
mod words;
mod workload;
mod yaml;

use check::Checked;
use given::{Form, Given};
use words::{Misuse, Words};

/// Runs the tool.
pub fn main(given: Vec<OsString>) -> ExitCode {
    let words = match Words::read(given) {
        Ok(words) => words,
        Err(Misuse { verb, why }) => return wrong_use(verb, &why),
    };
    let (form, ran) = match words {
        Words::Help(text) => return say(text, ExitCode::SUCCESS),
        Words::Version => {
            return say(
                concat!("chainsaw ", env!("CARGO_PKG_VERSION"), "\n"),
                ExitCode::SUCCESS,
            );
        }
        Words::Ip(words) => return ip(&words),
        Words::Try(given) => (given.form, in_a_sample(&given).map(alone)),
        Words::Run { given, netns } => (given.form, in_a_namespace(&given, &netns).map(alone)),
        Words::Check(given) => match check::check(&given) {
            Ok(reports) => (given.form, Ok(reports)),
            Err(error) => return wrong_use(Some("check"), &error.to_string()),
        },
    };
    tell(ran, form)
}

/// One command in the caller's own namespace: iproute2's output, error text and exit status, nothing else.
fn ip(words: &[String]) -> ExitCode {
    let output = match Socket::open() {
        Ok(socket) => engine::serve_words(words, &mut socket.to_the_end()),
        Err(error) => {
            let why = format!("cannot open a NETLINK_ROUTE socket: {error}");
            return wrong_use(Some("ip"), &why);
        }
    };
    warn(&output.stderr);
    say(&output.stdout, ExitCode::from(output.exit))
}

/// Writes to standard output and ends with `status`, or with failure if nobody takes the words.
fn say(text: &str, status: ExitCode) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => status,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes to standard error; the status says it too if nobody reads it.
fn warn(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn wrong_use(verb: Option<&str>, why: &str) -> ExitCode {
    let verb = verb.map(|verb| format!("{verb} ")).unwrap_or_default();
    warn(&format!("chainsaw: {why}\nTry `chainsaw {verb}--help`.\n"));
    ExitCode::from(2)
}

/// What was not said in a file.
fn alone(report: Report) -> Vec<Checked> {
    vec![Checked {
        file: None,
        title: None,
        report,
    }]
}

/// Prints the reports, or why there is none: as a report too, where JSON is asked for.
fn tell(ran: Result<Vec<Checked>, Failure>, form: Form) -> ExitCode {
    let reports = ran.unwrap_or_else(|error| {
        let nothing = Report::about(&subject("start", None, None));
        alone(Report {
            outcome: Outcome::Failed,
            problems: vec![error.to_string()],
            ..nothing
        })
    });
    let good = reports.iter().all(|one| one.report.outcome.is_good());
    let status = if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    let shown = |one: &Checked| match form {
        Form::Json => serde_json::to_string(&one.report)
            .map(|json| json + "\n")
            .unwrap_or_default(),
        Form::Text => transcript::for_people(one),
    };
    say(&reports.iter().map(shown).collect::<String>(), status)
}

type Failure = Box<dyn std::error::Error>;

fn in_a_sample(given: &Given) -> Result<Report, Failure> {
    throw_away()?;
    let mut socket = Socket::open()?;
    let surroundings = sample::furnish(&mut socket)?;
    let subject = subject("try", sample::INTERFACE.to_owned().into(), None);
    Ok(serve(&subject, &given.values, &surroundings, &mut socket))
}

fn in_a_namespace(given: &Given, netns: &str) -> Result<Report, Failure> {
    Namespace::open(netns.as_ref())?.enter()?;
    let mut socket = Socket::open()?;
    let surroundings = Surroundings {
        interface_option: Some("--interface NAME"),
        ..surroundings::of_namespace(given.interface.as_deref(), &mut socket)
    };
    let subject = subject(
        "run",
        surroundings.interface.clone(),
        Some(netns.to_owned()),
    );
    Ok(serve(&subject, &given.values, &surroundings, &mut socket))
}

fn serve(
    subject: &Subject,
    values: &[Value],
    surroundings: &Surroundings,
    kernel: &mut dyn Kernel,
) -> Report {
    for value in values {
        for remark in hints::remarks(&value.text) {
            warn(&format!("chainsaw: {}: {remark}\n", value.source));
        }
    }
    let policy = Policy::of_the_caller();
    let ask = Ask {
        subject,
        values,
        surroundings,
        policy: &policy,
        run: Run::First,
    };
    engine::serve(&ask, &mut (), kernel)
}

fn subject(trigger: &'static str, interface: Option<String>, netns: Option<String>) -> Subject {
    Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger,
        interface,
        mtu: None,
        netns,
    }
}
