//! What happened, for people and for programs. As JSON its fields are a contract; what is absent is left out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::pod::{Entrance, Pod, Subject};
use crate::policy::Tried;

mod outcome;
mod transcript;

pub use transcript::{cut, escaped, line, logged, place, rehearsal, transcript};

/// One run of what one pod asked for at one entrance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub trigger: Cow<'static, str>,
    /// At which interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// In which network namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub netns: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether all of it may run, where it was only checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// What is wrong with the value as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What was assumed, or is for a node to say, where something was only checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What became of each command.
    pub commands: Vec<CommandReport>,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// How a command or a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It ran.
    #[serde(rename = "ok")]
    Ok,
    /// It ran again, and what it wants was already so.
    #[serde(rename = "unchanged")]
    Unchanged,
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
    /// Whether everything is as it was asked for.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Unchanged)
    }

    /// The word in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::NotRun => "not run",
        }
    }
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether it may run, where it was only checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// Whether its failure was to be ignored.
    #[serde(skip)]
    pub ignore_failure: bool,
    /// What `ip` would print.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// What `ip` would print there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
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
    /// What each rule says of it, in order, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Tried>,
}

/// What we say of a command beside `ip`'s text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The key of the limit that it is over, under `[limits]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Whether that is to be written into the configuration.
    #[serde(skip)]
    pub of_configuration: bool,
}

impl Advice {
    /// What to write instead, said as people say it: words of `ip` alone would be taken for a line of its output.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'_, str>> {
        let instead = self.instead.as_deref()?;
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let is_word = |word: &str| !word.is_empty() && word.chars().all(is_letter);
        // At most an object and its verb.
        let is_bare = instead.split(' ').count() <= 2 && instead.split(' ').all(is_word);
        Some(if is_bare {
            Cow::Owned(format!("did you mean {instead}?"))
        } else {
            Cow::Borrowed(instead)
        })
    }
}

impl Report {
    /// A report about a subject, of which nothing has happened yet.
    #[must_use]
    pub fn about(subject: &Subject) -> Self {
        Self {
            pod: subject.pod.clone(),
            sandbox: subject.sandbox.clone(),
            entrance: subject.entrance,
            trigger: Cow::Borrowed(subject.trigger),
            interface: subject.interface.clone(),
            netns: subject.netns.clone(),
            outcome: Outcome::Ok,
            allowed: None,
            problems: Vec::new(),
            notes: Vec::new(),
            commands: Vec::new(),
            micros: 0,
        }
    }

    /// The same, with what each rule says of each command.
    #[must_use]
    pub fn explained(mut self, tried: Vec<Vec<Tried>>) -> Self {
        for (command, rules) in self.commands.iter_mut().zip(tried) {
            command.rules = rules;
        }
        self
    }

    /// The same, as a check tells it: nothing ran, and what has not failed is allowed.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.allowed = Some(self.outcome.is_good());
        for command in &mut self.commands {
            command.allowed = Some(command.outcome == Outcome::NotRun);
        }
        self
    }

    /// The same where the configuration in force is none that anybody may edit: this is to be done first, instead of all
    /// that would be written into it.
    #[must_use]
    pub fn mending(mut self, first: &str) -> Self {
        let advice = self.commands.iter_mut().filter_map(|it| it.advice.as_mut());
        let mut first = Some(first);
        for advice in advice.filter(|advice| advice.of_configuration) {
            advice.instead = first.take().map(str::to_owned);
        }
        self
    }

    /// How it ended, in one word: `allowed`, or its outcome.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.allowed {
            Some(true) => "allowed",
            _ => self.outcome.word(),
        }
    }

    /// Whether none of its commands was begun.
    #[must_use]
    pub fn nothing_ran(&self) -> bool {
        let begun = |command: &CommandReport| command.micros.is_some();
        !self.commands.iter().any(begun)
    }

    /// The key of the limit that kept a command from running, if one did.
    #[must_use]
    pub fn over_limit(&self) -> Option<&str> {
        let decided = |command: &&CommandReport| command.is_fatal();
        let advice = self.commands.iter().find(decided)?.advice.as_ref()?;
        advice.limit.as_deref()
    }

    /// The same, with the time it took.
    #[must_use]
    pub fn taking(self, micros: u64) -> Self {
        Self { micros, ..self }
    }
}
