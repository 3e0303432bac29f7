//! The order of work: value, commands, policy, approved plan, run in the namespace, report.
//!
//! The entrances only translate: they find the values and the namespace, call [`serve`], and hand the report on.

use std::time::Instant;

use crate::ip::run::{Output, refuse};
use crate::kernel::Kernel;
use crate::plan::{Draft, Drafted, Fault, micros};
use crate::pod::{Entrance, Subject};
use crate::policy::Policy;
use crate::report::Report;
use crate::tokens::Surroundings;
use crate::value::{self, ValueError};

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The key, or the place in a configuration.
    pub source: String,
    /// The text.
    pub text: String,
}

/// Does what `values` ask for, if `policy` allows all of it, and reports.
pub fn serve(
    subject: &Subject,
    values: &[Value],
    surroundings: &Surroundings,
    policy: &Policy,
    kernel: &mut dyn Kernel,
) -> Report {
    let clock = Instant::now();
    let report = Report::about(subject);
    let report = match draft(values, surroundings) {
        Err(problems) => report.unreadable(&problems),
        Ok(draft) => match draft.approve(policy, subject) {
            Err(refused) => report.refused(refused),
            Ok(plan) => report.ran(plan.run(kernel)),
        },
    };
    report.taking(micros(clock))
}

fn draft(
    values: &[Value],
    surroundings: &Surroundings,
) -> Result<Draft, Vec<(String, ValueError)>> {
    let mut draft = Draft::default();
    let mut problems = Vec::new();
    for value in values {
        match value::lines(&value.text) {
            Ok(lines) => draft.extend(&value.source, lines, surroundings),
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
        netns: None,
    };
    match Draft::of_words(words).approve(&Policy::of_the_caller(), &subject) {
        Ok(plan) => plan
            .run(kernel)
            .into_iter()
            .find_map(|done| done.output)
            .map(|(output, _)| output)
            .unwrap_or_default(),
        Err(refused) => refused
            .into_iter()
            .find_map(|(drafted, fault)| answer(&drafted, fault?, kernel))
            .unwrap_or_default(),
    }
}

fn answer(drafted: &Drafted, fault: Fault, kernel: &mut dyn Kernel) -> Option<Output> {
    let stderr = match fault {
        Fault::Mistake(mistake) => return Some(refuse(&mistake, drafted.lookups(), kernel)),
        Fault::Word { why, .. } => why,
        Fault::Denied(denial) => denial.to_string(),
    };
    Some(Output {
        stdout: String::new(),
        stderr: format!("{stderr}\n"),
        exit: 1,
    })
}
