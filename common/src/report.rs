//! What happened, for people and for programs. As JSON its fields are a contract; what is absent is left out.

use std::fmt::Write as _;

use serde::Serialize;

use crate::plan::{Done, Drafted, Fault};
use crate::pod::{Entrance, Pod, Subject};
use crate::value::ValueError;

/// The most of one command's output that is kept, in bytes.
pub const OUTPUT_BYTES: usize = 4 * 1024;
/// The most output that one report keeps, in bytes.
pub const REPORT_BYTES: usize = 64 * 1024;

/// One run of what one pod asked for at one entrance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<Pod>,
    /// In which sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// By which entrance.
    pub entrance: Entrance,
    /// What made it happen.
    pub trigger: &'static str,
    /// At which interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// In which network namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netns: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What is wrong with the value as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What became of each command.
    pub commands: Vec<CommandReport>,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// How a command or a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// It ran.
    #[serde(rename = "ok")]
    Ok,
    /// It was asked for wrongly, or the kernel refused it.
    #[serde(rename = "failed")]
    Failed,
    /// It is not allowed.
    #[serde(rename = "denied")]
    Denied,
    /// Something before it failed.
    #[serde(rename = "not run")]
    NotRun,
}

impl Outcome {
    /// The word in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::NotRun => "not run",
        }
    }
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandReport {
    /// The user's words.
    pub given: String,
    /// The full form that ran or would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ran: Option<String>,
    /// Where it came from: a key, `args.cni.chainsaw`, `argument 1`.
    pub source: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What `ip` would print.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// What `ip` would print there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// The exit status `ip` would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
    /// How long it took, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micros: Option<u64>,
    /// What we say of it beside `ip`'s text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
}

/// What we say of a command beside `ip`'s text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The command's number in the report, from 1.
    pub command: usize,
    /// The word it is about, from 1 behind `ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<usize>,
    /// Its column in the given text, in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Why.
    pub why: String,
    /// What to write or to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

impl Report {
    /// A report about a subject, of which nothing has happened yet.
    #[must_use]
    pub fn about(subject: &Subject) -> Self {
        Self {
            pod: subject.pod.clone(),
            sandbox: subject.sandbox.clone(),
            entrance: subject.entrance,
            trigger: subject.trigger,
            interface: subject.interface.clone(),
            netns: subject.netns.clone(),
            outcome: Outcome::Ok,
            problems: Vec::new(),
            commands: Vec::new(),
            micros: 0,
        }
    }

    /// The value could not be taken apart.
    #[must_use]
    pub fn unreadable(self, problems: &[(String, ValueError)]) -> Self {
        let problems = problems
            .iter()
            .map(|(source, problem)| format!("{source}: {problem}"))
            .collect();
        Self {
            outcome: Outcome::Failed,
            problems,
            ..self
        }
    }

    /// The plan was not approved: nothing ran.
    #[must_use]
    pub fn refused(self, commands: Vec<(Drafted, Option<Fault>)>) -> Self {
        let commands: Vec<CommandReport> = (1..)
            .zip(commands)
            .map(|(n, (drafted, fault))| refused(n, drafted, fault))
            .collect();
        let wrong = commands
            .iter()
            .any(|command| command.outcome == Outcome::Failed);
        Self {
            outcome: if wrong {
                Outcome::Failed
            } else {
                Outcome::Denied
            },
            commands,
            ..self
        }
    }

    /// The plan ran.
    #[must_use]
    pub fn ran(self, commands: Vec<Done>) -> Self {
        let failed = commands.iter().any(|done| {
            !done.ignore_failure
                && done
                    .output
                    .as_ref()
                    .is_none_or(|(output, _)| output.exit != 0)
        });
        let mut room = REPORT_BYTES;
        let commands = commands
            .into_iter()
            .map(|done| ran(done, &mut room))
            .collect();
        Self {
            outcome: if failed { Outcome::Failed } else { Outcome::Ok },
            commands,
            ..self
        }
    }

    /// The same, with the time it took.
    #[must_use]
    pub fn taking(self, micros: u64) -> Self {
        Self { micros, ..self }
    }

    /// The first thing that went wrong, in one line of at most 256 bytes; nothing if all went well.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        if self.outcome == Outcome::Ok {
            return None;
        }
        let command = (1..)
            .zip(&self.commands)
            .find(|(_, command)| matches!(command.outcome, Outcome::Failed | Outcome::Denied));
        let line = match (self.problems.first(), command) {
            (Some(problem), _) => problem.clone(),
            (None, Some((number, command))) => command.headline(number),
            (None, None) => self.outcome.word().to_owned(),
        };
        Some(cut(&escaped(&line).replace('\n', " "), 256))
    }
}

impl CommandReport {
    fn headline(&self, number: usize) -> String {
        let shown = self.ran.as_deref().unwrap_or(&self.given);
        let why = match &self.advice {
            Some(advice) => advice.why.clone(),
            None => {
                let first = self.stderr.lines().next().unwrap_or_default();
                format!("{first} (exit {})", self.exit.unwrap_or_default())
            }
        };
        format!(
            "command {number} '{}' {}: {why}",
            cut(shown, 96),
            self.outcome.word()
        )
    }
}

fn refused(command: usize, drafted: Drafted, fault: Option<Fault>) -> CommandReport {
    let column = |word: Option<usize>| word.and_then(|word| drafted.columns.get(word).copied());
    let end = drafted.given.chars().count() + 1;
    let (outcome, output, advice) = match fault {
        None => (Outcome::NotRun, None, None),
        Some(Fault::Word { column, why }) => (
            Outcome::Failed,
            None,
            Some(Advice {
                command,
                column: Some(column),
                why,
                ..Advice::default()
            }),
        ),
        Some(Fault::Mistake(mistake)) => {
            let outcome = if mistake.never.is_some() {
                Outcome::Denied
            } else {
                Outcome::Failed
            };
            let first = mistake.stderr.lines().next().unwrap_or_default().to_owned();
            let why = mistake
                .never
                .map_or(first, |reason| format!("never allowed: {reason}"));
            let advice = Advice {
                command,
                word: mistake.word.map(|word| word + 1),
                column: column(mistake.word).or(mistake.word.map(|_| end)),
                why,
                instead: mistake.hint.clone(),
            };
            (outcome, Some((mistake.stderr, mistake.exit)), Some(advice))
        }
        Some(Fault::Denied(denial)) => {
            let advice = Advice {
                command,
                why: denial.to_string(),
                instead: Some(denial.remedy),
                ..Advice::default()
            };
            (Outcome::Denied, None, Some(advice))
        }
    };
    let (stderr, exit) = output.unzip();
    CommandReport {
        ran: drafted.full(),
        given: drafted.given,
        source: drafted.source,
        outcome,
        stdout: String::new(),
        stderr: stderr.unwrap_or_default(),
        exit,
        micros: None,
        advice,
    }
}

fn ran(done: Done, room: &mut usize) -> CommandReport {
    let outcome = match &done.output {
        None => Outcome::NotRun,
        Some((output, _)) if output.exit == 0 => Outcome::Ok,
        Some(_) => Outcome::Failed,
    };
    let (output, micros) = done.output.unzip();
    let output = output.map(|output| {
        (
            kept(output.stdout, room),
            kept(output.stderr, room),
            output.exit,
        )
    });
    let (stdout, stderr, exit) = output
        .map_or((String::new(), String::new(), None), |(o, e, exit)| {
            (o, e, Some(exit))
        });
    CommandReport {
        given: done.given,
        ran: Some(done.ran),
        source: done.source,
        outcome,
        stdout,
        stderr,
        exit,
        micros,
        advice: None,
    }
}

/// As much of an output as there is room for; a cut is marked.
fn kept(text: String, room: &mut usize) -> String {
    let limit = OUTPUT_BYTES.min(*room);
    let text = if text.len() <= limit {
        text
    } else {
        format!(
            "{}[cut: {} bytes in all]\n",
            cut_at(&text, limit),
            text.len()
        )
    };
    *room = room.saturating_sub(text.len());
    text
}

fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        text.to_owned()
    } else {
        format!("{}…", cut_at(text, limit - '…'.len_utf8()))
    }
}

fn cut_at(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit))
        .unwrap_or_default()
}

/// Text with control characters made visible; newlines and tabs stay.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// The report as people read it, in a log or on a terminal.
#[must_use]
pub fn transcript(report: &Report) -> String {
    let mut out = String::new();
    for problem in &report.problems {
        let _ = writeln!(out, "{problem}");
    }
    for command in &report.commands {
        transcribe(command, &mut out);
    }
    escaped(&out)
}

fn transcribe(command: &CommandReport, out: &mut String) {
    let shown = command.ran.as_deref().unwrap_or(&command.given);
    if command.exit.is_some() && command.advice.is_none() {
        let _ = write!(
            out,
            "Running {shown} ===============\n{}{}",
            command.stdout, command.stderr
        );
    }
    match (command.outcome, &command.advice, command.exit) {
        (Outcome::Ok, ..) => {}
        (Outcome::NotRun, ..) => {
            let _ = writeln!(out, "Not run: {shown}");
        }
        (_, None, exit) => {
            let _ = writeln!(
                out,
                "Command '{shown}' failed with: exit status {}",
                exit.unwrap_or_default()
            );
        }
        (outcome, Some(advice), _) => {
            let _ = writeln!(
                out,
                "Command {} {}: {}",
                advice.command,
                outcome.word(),
                advice.why
            );
            let _ = writeln!(out, "    {}", command.given);
            if let Some(column) = advice.column {
                let _ = writeln!(out, "    {:>column$}", '^');
            }
            if let Some(instead) = &advice.instead {
                let _ = writeln!(out, "    {}", instead.replace('\n', "\n    "));
            }
        }
    }
}
