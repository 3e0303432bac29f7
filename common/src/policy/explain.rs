//! How a judgement came about: every rule, in order, and what it says of a command.

use serde::{Deserialize, Serialize};

use super::{Policy, Says};
use crate::config::Rule;
use crate::ip::Command;
use crate::plan::Author;
use crate::pod::Subject;
use crate::shared::Switch;

/// What one rule says of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Its line, from 1; none for what holds without a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What it says, and why.
    pub says: String,
    /// Whether it decides.
    pub decides: bool,
}

impl Policy {
    /// Every rule, in order, and which of them decides about a command.
    #[must_use]
    pub fn tried(&self, subject: &Subject, author: Author, command: &Command) -> Vec<Tried> {
        if author == Author::Operator {
            return vec![Tried::without(
                "allows it: the operator wrote it".to_owned(),
            )];
        }
        if self.is_the_callers() {
            return vec![Tried::without(
                "no policy was given: only the words are checked".to_owned(),
            )];
        }
        let case = self.case(subject, command);
        let said: Vec<Says<'_>> = self.rules.iter().map(|rule| case.said(rule)).collect();
        let denied = said
            .iter()
            .position(|says| matches!(says, Says::Denies(..)));
        let decides = denied.or(said.iter().rposition(Says::decides));
        let mut tried: Vec<Tried> = self
            .rules
            .iter()
            .zip(&said)
            .enumerate()
            .map(|(place, (rule, says))| Tried {
                line: Some(rule.line),
                says: says.told(case.needs) + says.of_shared(rule, command),
                decides: decides == Some(place),
            })
            .collect();
        if decides.is_none() {
            let profile = self.default;
            let word = if case.needs <= profile {
                "allows it"
            } else {
                "does not allow it"
            };
            tried.push(Tried::without(format!(
                "without a rule, profile {profile} {word}, it needs profile {}",
                case.needs
            )));
        }
        tried
    }
}

impl Tried {
    fn without(says: String) -> Self {
        Self {
            line: None,
            says,
            decides: true,
        }
    }
}

impl Says<'_> {
    /// Whether what a rule allows goes for shared devices, where that matters.
    fn of_shared(&self, rule: &Rule, command: &Command) -> &'static str {
        let allows = matches!(self, Self::Profile(_) | Self::Allows(_));
        if allows && rule.shared && Switch::concerns(command) {
            ", on shared devices too"
        } else {
            ""
        }
    }

    fn told(&self, needs: super::Profile) -> String {
        match self {
            Self::Elsewhere(mismatch) => format!("does not apply: {mismatch}"),
            Self::OtherAddresses => {
                "does not apply: not all that the command changes lies within its prefixes"
                    .to_owned()
            }
            Self::Nothing => "grants nothing, and no pattern of its deny hits".to_owned(),
            Self::Denies(pattern, hit) => {
                format!(
                    "denies it for good: {:?} hits {:?}",
                    pattern.to_string(),
                    hit.join(" ")
                )
            }
            Self::Profile(profile) => format!("allows it: profile {profile}, it needs {needs}"),
            Self::Allows(pattern) => format!("allows it: {:?} covers it", pattern.to_string()),
            Self::Short(None) => format!("does not allow it: it needs profile {needs}"),
            Self::Short(Some(near)) => {
                format!("does not allow it: it needs profile {needs}; {near}")
            }
        }
    }
}
