//! Who may run what. A plan is approved here and nowhere else.
//!
//! A `deny` of any rule that speaks of the subject is final. Otherwise the last rule that grants something and speaks of
//! the subject, and if it has prefixes of the command, decides: by its profile, or by a pattern of its `allow`. Where no
//! rule does, a pod may look.

use crate::config::{self, Config, Mismatch, Rule};
use crate::ip::Command;
use crate::limits::{Bounds, Limits};
use crate::modules::{Gate, Named};
use crate::plan::Author;
use crate::pod::Subject;
use crate::shared::Switch;

mod denial;
mod explain;
mod keywords;
mod pattern;
mod profile;
mod remedy;
mod stretch;
#[cfg(test)]
mod tests;

pub use denial::{Denial, Grant};
pub use explain::Tried;
pub use pattern::Pattern;
pub use profile::Profile;
pub use stretch::Stretch;

use pattern::Full;

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Policy {
    rules: Vec<Rule>,
    default: Profile,
    limits: Option<Limits>,
    /// Which modules commands may have loaded; none is any.
    modules: Option<Named>,
    file: String,
}

/// A command on its way through the rules.
struct Case<'a> {
    subject: &'a Subject,
    command: &'a Command,
    needs: Profile,
    /// Only where a rule looks at words.
    full: Option<Full>,
}

/// What one rule says of a command.
enum Says<'r> {
    /// It does not speak of the subject.
    Elsewhere(Mismatch),
    /// It speaks of other addresses.
    OtherAddresses,
    /// None of its denials hits, and it grants nothing.
    Nothing,
    /// It refuses for good.
    Denies(&'r Pattern, Vec<String>),
    /// Its profile suffices.
    Profile(Profile),
    /// A pattern covers it.
    Allows(&'r Pattern),
    /// It grants less; what keeps a pattern from covering it, if one is near.
    Short(Option<String>),
}

impl Policy {
    /// The policy of a configuration that was read from `file`.
    #[must_use]
    pub fn of(config: &Config, file: &str) -> Self {
        Self {
            rules: config.rules.clone(),
            default: Profile::Inspect,
            limits: Some(config.limits),
            modules: Some(config.modules.clone()),
            file: file.to_owned(),
        }
    }

    /// The policy of the command line, which acts with its caller's rights.
    #[must_use]
    pub fn of_the_caller() -> Self {
        Self {
            rules: Vec::new(),
            default: Profile::NetAdmin,
            limits: None,
            modules: None,
            file: config::PATH.to_owned(),
        }
    }

    /// What holds for every command of a configuration's operator, however many there are.
    #[must_use]
    pub(crate) fn unbounded(config: &Config) -> Self {
        Self {
            modules: Some(config.modules.clone()),
            ..Self::of_the_caller()
        }
    }

    /// Whether it is no configuration's.
    fn is_the_callers(&self) -> bool {
        self.limits.is_none()
    }

    /// How much commands may leave in a sandbox, whoever wrote them; who acts with rights of its own is not bounded.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        let bounds = |limits| Bounds {
            limits,
            file: self.file.clone(),
        };
        self.limits.map(bounds)
    }

    /// Which modules commands may have loaded, whoever wrote them; who acts with rights of its own is not kept from any.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        let gate = |named: &Named| Gate {
            named: named.clone(),
            file: self.file.clone(),
        };
        self.modules.as_ref().map(gate)
    }

    /// Judges one command. If it may run, whether it may change shared devices; none where that is not to be asked.
    ///
    /// # Errors
    /// It is refused for good, needs more than is granted, or a module that may not be loaded.
    pub fn judge(
        &self,
        subject: &Subject,
        author: Author,
        command: &Command,
    ) -> Result<Option<Switch>, Denial> {
        // What the operator wrote is granted: what nobody may do is no command.
        let grant = match author {
            Author::Pod => Some(self.granted_to(subject, command)?),
            Author::Operator => None,
        };
        // Who acts with rights of its own is kept from no device.
        let Some(gate) = self.gate() else {
            return Ok(None);
        };
        gate.judge(command).map_err(Denial::Module)?;
        let concerns = Switch::concerns(command);
        Ok(concerns.then(|| self.switch(subject, grant)))
    }

    fn granted_to(&self, subject: &Subject, command: &Command) -> Result<Grant, Denial> {
        let case = self.case(subject, command);
        let said: Vec<Says<'_>> = self.rules.iter().map(|rule| case.said(rule)).collect();
        let denied = said.iter().find_map(|says| match says {
            Says::Denies(pattern, hit) => Some((*pattern, hit)),
            _ => None,
        });
        let granted = self.granted(&case, &said);
        match (denied, granted) {
            (Some((pattern, hit)), granted) => Err(Denial::Final {
                pattern: pattern.to_string(),
                line: pattern.line,
                file: self.file.clone(),
                hit: hit.clone(),
                granted: Box::new(granted.unwrap_or_else(|granted| granted)),
            }),
            (None, Ok(granted)) => Ok(granted),
            (None, Err(granted)) => Err(Denial::Short {
                needs: case.needs,
                granted: Box::new(granted),
            }),
        }
    }

    fn case<'a>(&self, subject: &'a Subject, command: &'a Command) -> Case<'a> {
        let worded = |rule: &Rule| !(rule.allow.is_empty() && rule.deny.is_empty());
        let full = self.rules.iter().any(worded);
        Case {
            subject,
            command,
            needs: Profile::needed_by(subject, command),
            full: full.then(|| Full::of(&command.action)).flatten(),
        }
    }

    /// What the deciding rule grants: enough, or too little.
    fn granted(&self, case: &Case<'_>, said: &[Says<'_>]) -> Result<Grant, Grant> {
        let decides = |(_, says): &(&Rule, &Says<'_>)| says.decides();
        let Some((rule, says)) = self.rules.iter().zip(said).rfind(decides) else {
            let granted = self.by_default(case);
            return if case.needs <= granted.profile {
                Ok(granted)
            } else {
                Err(granted)
            };
        };
        let mut granted = Grant {
            profile: rule.profile.unwrap_or(Profile::Inspect),
            line: Some(rule.line),
            by: format!("rule at line {} of {}", rule.line, self.file),
            shared: rule.shared,
            near: None,
        };
        match says {
            Says::Short(near) => {
                granted.near.clone_from(near);
                Err(granted)
            }
            _ => Ok(granted),
        }
    }

    fn by_default(&self, case: &Case<'_>) -> Grant {
        let file = &self.file;
        let namespace = case.subject.pod.as_ref().map(|pod| &pod.namespace);
        let mut rules = self.rules.iter().filter(|rule| rule.grants());
        let by = match namespace {
            None => "no pod is named".to_owned(),
            Some(namespace) if rules.any(|rule| rule.who.names(namespace)) => {
                format!("no rule in {file} that names namespace {namespace} speaks of this")
            }
            Some(namespace) => format!("no rule in {file} names namespace {namespace}"),
        };
        Grant {
            profile: self.default,
            line: None,
            by,
            shared: false,
            near: None,
        }
    }
}

impl Case<'_> {
    fn said<'r>(&self, rule: &'r Rule) -> Says<'r> {
        match rule.who.selects(self.subject) {
            Err(mismatch) if mismatch.is_unknown() => {
                // What is not known must not let through what may be denied.
                self.denied(rule).unwrap_or(Says::Elsewhere(mismatch))
            }
            Err(mismatch) => Says::Elsewhere(mismatch),
            Ok(()) => self.denied(rule).unwrap_or_else(|| self.grant(rule)),
        }
    }

    fn denied<'r>(&self, rule: &'r Rule) -> Option<Says<'r>> {
        if rule.deny.is_empty() {
            return None;
        }
        let looks = self.needs == Profile::Inspect;
        if !rule.prefixes.is_empty() && stretch::outside(self.command, &rule.prefixes, looks) {
            return None;
        }
        // A command that cannot be taken apart is hit by all of them.
        let Some(full) = &self.full else {
            return rule.deny.first().map(|deny| Says::Denies(deny, Vec::new()));
        };
        rule.deny
            .iter()
            .find_map(|deny| Some(Says::Denies(deny, deny.hits(full)?)))
    }

    fn grant<'r>(&self, rule: &'r Rule) -> Says<'r> {
        if !rule.grants() {
            return Says::Nothing;
        }
        let changes = self.needs > Profile::Inspect;
        if changes && !rule.prefixes.is_empty() && !stretch::within(self.command, &rule.prefixes) {
            return Says::OtherAddresses;
        }
        let profile = rule.profile.unwrap_or(Profile::Inspect);
        if self.needs <= profile {
            return Says::Profile(profile);
        }
        let mut near = None;
        for allow in &rule.allow {
            let covered = match &self.full {
                Some(full) => allow.covers(full, self.needs),
                None => Err(None),
            };
            match covered {
                Ok(()) => return Says::Allows(allow),
                Err(Some(why)) => {
                    near = near.or(Some(format!("allow {:?}: {why}", allow.to_string())))
                }
                Err(None) => {}
            }
        }
        Says::Short(near)
    }
}

impl Says<'_> {
    /// Whether the rule is one that decides, if it is the last such.
    fn decides(&self) -> bool {
        matches!(self, Self::Profile(_) | Self::Allows(_) | Self::Short(_))
    }
}
