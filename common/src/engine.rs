//! The order of work: value, commands, policy, approved plan, run in the namespace, report.
//!
//! The entrances only translate: they find the values and the namespace, call [`serve`], and hand the report on.

use std::time::Instant;

use crate::kernel::Kernel;
use crate::plan::{Draft, micros};
use crate::pod::Subject;
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
