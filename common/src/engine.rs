//! The order of work: value, commands, policy, approved plan, run in the namespace, report.
//!
//! The entrances only translate: they find the values and the namespace, call [`serve`], and hand the report on.

use std::time::Instant;

use crate::config::{APPLY, Apply, Config};
use crate::ip::run::{Output, refuse};
use crate::kernel::Kernel;
use crate::plan::{Author, Draft, Ended, Fault, Journal, Judged, Run, micros};
use crate::pod::{Entrance, Subject};
use crate::policy::Policy;
use crate::report::Report;
use crate::tokens::Surroundings;
use crate::value::{self, ValueError};

/// A value, where it came from, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The key, or the place in a configuration.
    pub source: String,
    /// Who wrote it.
    pub author: Author,
    /// The text.
    pub text: String,
}

impl Value {
    /// What the operator of the node has done for a subject, in order.
    #[must_use]
    pub fn applied(config: &Config, subject: &Subject) -> Vec<Self> {
        let selected = config
            .applies
            .iter()
            .filter(|apply| apply.who.selects(subject).is_ok());
        let value = |apply: &Apply| Self {
            source: APPLY.to_owned(),
            author: Author::Operator,
            text: apply.commands.clone(),
        };
        selected.map(value).collect()
    }
}

/// What is asked of the engine.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// For whom.
    pub subject: &'a Subject,
    /// What, in order.
    pub values: &'a [Value],
    /// What tokens stand for.
    pub surroundings: &'a Surroundings,
    /// Who may do what.
    pub policy: &'a Policy,
    /// Whether, and how far, this ran in the same sandbox before.
    pub run: Run,
}

/// Does what is asked, if the policy allows all of it, and reports. The journal is told before each change.
pub fn serve(ask: &Ask<'_>, journal: &mut dyn Journal, kernel: &mut dyn Kernel) -> Report {
    let clock = Instant::now();
    let report = Report::about(ask.subject);
    let report = match draft(ask) {
        Err(problems) => report.unreadable(&problems),
        Ok(draft) => match draft.approve(ask.policy, ask.subject) {
            Err(refused) => report.refused(refused),
            Ok(plan) => report.ran(plan.run(ask.run, journal, kernel)),
        },
    };
    report.taking(micros(clock))
}

/// Judges what is asked without a kernel, and runs nothing.
#[must_use]
pub fn check(ask: &Ask<'_>) -> Report {
    let report = Report::about(ask.subject);
    match draft(ask) {
        Err(problems) => report.unreadable(&problems),
        Ok(draft) => judged(draft, ask, report),
    }
}

/// Judges what is asked, runs nothing, and tells what each rule says of each command.
#[must_use]
pub fn explain(ask: &Ask<'_>) -> Report {
    let report = Report::about(ask.subject);
    match draft(ask) {
        Err(problems) => report.unreadable(&problems),
        Ok(draft) => {
            let tried = draft.tried(ask.policy, ask.subject);
            judged(draft, ask, report).explained(tried)
        }
    }
}

/// Judges what is asked with the kernel that it would run on, and runs nothing.
pub fn rehearse(ask: &Ask<'_>, kernel: &mut dyn Kernel) -> Report {
    let report = Report::about(ask.subject);
    match draft(ask) {
        Err(problems) => report.unreadable(&problems),
        Ok(draft) => match draft.approve(ask.policy, ask.subject) {
            Err(refused) => report.refused(refused),
            Ok(plan) => {
                let admitted = plan.admitted(ask.run, &(), kernel);
                match admitted.and_then(|plan| plan.rehearsed(kernel)) {
                    Ok(plan) => report.allowed(plan),
                    Err(barred) => report.ran(barred),
                }
            }
        },
    }
}

fn judged(draft: Draft, ask: &Ask<'_>, report: Report) -> Report {
    match draft.approve(ask.policy, ask.subject) {
        Err(refused) => report.refused(refused),
        Ok(plan) => report.allowed_unasked(plan),
    }
}

fn draft(ask: &Ask<'_>) -> Result<Draft, Vec<(String, ValueError)>> {
    let mut draft = Draft::default();
    let mut problems = Vec::new();
    for value in ask.values {
        match value::lines(&value.text) {
            Ok(lines) => draft.extend(&value.source, value.author, lines, ask.surroundings),
            Err(wrong) => problems.extend(
                wrong
                    .into_iter()
                    .map(|problem| (value.source.clone(), problem)),
            ),
        }
    }
    if problems.is_empty() {
        Ok(draft)
    } else {
        Err(problems)
    }
}

/// Runs one command from words that a shell has split, with the caller's rights, and answers as `ip` would.
pub fn serve_words(words: &[String], kernel: &mut dyn Kernel) -> Output {
    let subject = Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "ip",
        interface: None,
        mtu: None,
        netns: None,
    };
    match Draft::of_words(words).approve(&Policy::of_the_caller(), &subject) {
        Ok(plan) => plan
            .run(Run::First, &mut (), kernel)
            .into_iter()
            .find_map(|done| match done.ended {
                Ended::Ran(output, _) => Some(output),
                _ => None,
            })
            .unwrap_or_default(),
        Err(refused) => refused
            .into_iter()
            .find_map(|judged| answer(judged, kernel))
            .unwrap_or_default(),
    }
}

fn answer(judged: Judged, kernel: &mut dyn Kernel) -> Option<Output> {
    let stderr = match judged {
        Judged::Right(_) => return None,
        Judged::Wrong(drafted, Fault::Mistake(mistake)) => {
            return Some(refuse(&mistake, drafted.lookups(), kernel));
        }
        Judged::Wrong(_, Fault::Word { why, .. }) => why,
        Judged::Wrong(_, Fault::Denied { denial, .. }) => denial.to_string(),
    };
    Some(Output {
        stdout: String::new(),
        stderr: format!("{stderr}\n"),
        exit: 1,
    })
}
