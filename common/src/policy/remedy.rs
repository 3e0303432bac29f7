//! What an operator writes so that a subject may do what was denied: no more than that, for its namespace alone, and
//! over no fence (prefixes, labels, an entrance, interfaces) without saying so.

use std::ptr;

use super::pattern::Full;
use super::{Case, Denial, Pattern, Policy, Profile, Stretch, stretch};
use crate::config::{Mismatch, Rule};
use crate::ip::Command;
use crate::pod::Subject;

mod shared;
#[cfg(test)]
mod tests;
mod would;
mod written;

use would::{Fence, Would, would};

/// So many prefixes of a rule are told; of more, only that it has some.
const TOLD_PREFIXES: usize = 3;

impl Policy {
    /// What an operator writes so that the subject may run these commands, which the same rule denies.
    #[must_use]
    pub fn remedy(&self, subject: &Subject, denial: &Denial, commands: &[&Command]) -> String {
        match (denial, &subject.pod) {
            (Denial::Final { line, granted, .. }, _) => format!(
                "no rule can allow it while line {line} of {} denies it; allowed besides is profile {} ({})",
                self.file, granted.profile, granted.by
            ),
            (Denial::Full(excess), _) => excess.remedy(),
            (Denial::Module(module), _) => {
                let all = self.gate().and_then(|gate| gate.remedy(commands));
                all.unwrap_or_else(|| module.remedy())
            }
            (Denial::Short { needs, .. }, None) => {
                format!("it takes profile {needs}, which only a pod's namespace can be granted")
            }
            (Denial::Short { needs, granted }, Some(pod)) => {
                let cases: Vec<Case<'_>> = commands
                    .iter()
                    .map(|command| Case {
                        full: Full::of(&command.action),
                        ..self.case(subject, command)
                    })
                    .collect();
                let names = |rule: &&Rule| rule.grants() && rule.who.names(&pod.namespace);
                let near: Vec<&Rule> = self.rules.iter().filter(names).collect();
                let decides = |rule: &&Rule| cases.iter().any(|case| case.said(rule).decides());
                let decides = granted.line.and(near.iter().copied().rfind(decides));
                let wish = Wish {
                    file: &self.file,
                    subject,
                    namespace: &pod.namespace,
                    needs: cases.iter().map(|case| case.needs).fold(*needs, Ord::max),
                    would: would(&cases, &near, decides),
                    cases,
                    near,
                    decides,
                };
                wish.told()
            }
        }
    }
}

/// What is to be allowed, and the rules that have to do with it.
struct Wish<'a> {
    file: &'a str,
    subject: &'a Subject,
    namespace: &'a str,
    cases: Vec<Case<'a>>,
    needs: Profile,
    /// The rules that grant anything to the namespace, in order.
    near: Vec<&'a Rule>,
    /// The one among them that decides.
    decides: Option<&'a Rule>,
    /// Another that would allow it, or else the last that is fenced off from it.
    would: Option<Would<'a>>,
}

/// What a rule to be written grants.
struct Granted {
    profile: Option<Profile>,
    allow: Vec<String>,
}

impl Case<'_> {
    /// The command as a pattern: itself, in full, if that covers it.
    fn pattern(&self) -> Option<String> {
        let text = self.command.action.to_string();
        let covers = Pattern::read(&text, 0).ok()?;
        covers.covers(self.full.as_ref()?, self.needs).ok()?;
        Some(text)
    }
}

impl Rule {
    fn is_fenced(&self) -> bool {
        !(self.who.labels.is_empty()
            && self.who.entrance.is_none()
            && self.who.interfaces.is_empty()
            && self.prefixes.is_empty())
    }
}

impl Wish<'_> {
    fn told(&self) -> String {
        let Some(granted) = self.granted() else {
            let (needs, namespace) = (self.needs, self.namespace);
            return format!(
                "it takes profile {needs} for namespace {namespace}: no pattern of an allow can say it alone"
            );
        };
        self.lead() + &self.step(&granted)
    }

    /// Why the rules as they are do not allow it, where one might be thought to.
    fn lead(&self) -> String {
        let Some(would) = &self.would else {
            return "to allow it, ".to_owned();
        };
        let line = would.rule.line;
        match (&would.fence, self.decides) {
            (None, decides) => {
                let later = decides.map_or(0, |rule| rule.line);
                format!(
                    "the rule at line {line} would allow it, but the rule at line {later} comes later and decides; to allow it, "
                )
            }
            (Some(Fence::Prefixes), _) => {
                let prefixes = match would.rule.prefixes.as_slice() {
                    few if few.len() <= TOLD_PREFIXES => listed(few, ", "),
                    _ => "its prefixes".to_owned(),
                };
                let beyond = match self.stretches() {
                    Some(_) => "this lies outside",
                    None => "this cannot be seen to lie within",
                };
                format!(
                    "the rule at line {line} keeps {} to {prefixes}, and {beyond}; if that is meant, ",
                    self.namespace
                )
            }
            (Some(Fence::Selector(mismatch)), _) => {
                let but = if would.suffices {
                    "would allow it, but"
                } else {
                    "does not apply:"
                };
                format!("the rule at line {line} {but} {mismatch}; if it is meant all the same, ")
            }
        }
    }

    /// What to change in a rule that is for this namespace alone, or the rule to add.
    fn step(&self, granted: &Granted) -> String {
        let file = self.file;
        if let Some(beyond) = self.beyond_own_prefixes() {
            let (line, _) = beyond;
            let more = quoted(&beyond.1);
            return format!("add to the prefixes of the rule at line {line} of {file}:\n{more}");
        }
        if let Some(own) = self.decides.filter(|_| self.is_own()) {
            let line = own.line;
            let more = granted.allow.iter().skip(own.allow.len());
            let more: Vec<&String> = more.collect();
            return match (granted.profile, own.profile_line) {
                _ if !more.is_empty() && own.allow.is_empty() => format!(
                    "add to the rule at line {line} of {file}:\nallow = [{}]",
                    quoted(&more)
                ),
                _ if !more.is_empty() => format!(
                    "add to the allow of the rule at line {line} of {file}:\n{}",
                    quoted(&more)
                ),
                (profile, Some(at)) => format!(
                    "change line {at} of {file} to:\nprofile = \"{}\"",
                    profile.unwrap_or(self.needs)
                ),
                (profile, None) => format!(
                    "add to the rule at line {line} of {file}:\nprofile = \"{}\"",
                    profile.unwrap_or(self.needs)
                ),
            };
        }
        let rule = self.rule(granted);
        match (self.decides, self.near.first()) {
            (Some(decides), _) => {
                let repeats = if decides.allow.is_empty() {
                    ""
                } else {
                    ", so it repeats that one's allow"
                };
                format!(
                    "add behind the rule at line {} of {file} (the last grant decides{repeats}):\n{rule}",
                    decides.line
                )
            }
            // In front of the others it takes nothing from them.
            (None, Some(first)) => {
                format!(
                    "add before the rule at line {} of {file}:\n{rule}",
                    first.line
                )
            }
            (None, None) => format!("add to {file}:\n{rule}"),
        }
    }

    /// Whether the deciding rule can be changed: it is for this namespace alone, and no other rule has a fence.
    fn is_own(&self) -> bool {
        self.decides
            .is_some_and(|own| own.who.namespaces == [self.namespace])
            && !self.others_are_fenced()
    }

    fn others_are_fenced(&self) -> bool {
        let is_other = |rule: &&&Rule| self.decides.is_none_or(|own| !ptr::eq(own, **rule));
        self.near
            .iter()
            .filter(is_other)
            .any(|rule| rule.is_fenced())
    }

    /// Where the only rule there is would allow it but for its prefixes, and is for this namespace alone: its line, and
    /// what they lack.
    fn beyond_own_prefixes(&self) -> Option<(usize, Vec<Stretch>)> {
        let would = self.would.as_ref().filter(|would| would.suffices)?;
        let rule = would.rule;
        let is_alone = self.near.len() == 1 && rule.who.namespaces == [self.namespace];
        if !is_alone || !matches!(would.fence, Some(Fence::Prefixes)) {
            return None;
        }
        let mut lacks = self.stretches()?;
        lacks.retain(|one| !rule.prefixes.iter().any(|own| own.contains(*one)));
        Some((rule.line, lacks))
    }

    /// All that the commands name, if that is all that they have an effect on.
    fn stretches(&self) -> Option<Vec<Stretch>> {
        let mut all: Vec<Stretch> = Vec::new();
        for case in &self.cases {
            for one in stretch::told(case.command)? {
                if !all.iter().any(|other| other.contains(one)) {
                    all.push(one);
                }
            }
        }
        Some(all)
    }

    /// No more than what decides now, and what is missing: by a profile where one is granted already, or where no fence
    /// is in the way; else by the commands themselves.
    fn granted(&self) -> Option<Granted> {
        let own = self.decides;
        let profile = own.and_then(|rule| rule.profile);
        let allow = own.map_or(&[][..], |rule| &rule.allow);
        let mut allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        if self.by_profile() {
            let profile = profile.max(Some(self.needs));
            return Some(Granted { profile, allow });
        }
        for case in &self.cases {
            let more = case.pattern()?;
            if !allow.contains(&more) {
                allow.push(more);
            }
        }
        Some(Granted { profile, allow })
    }

    fn by_profile(&self) -> bool {
        let holds =
            !self.near.iter().any(|rule| !rule.prefixes.is_empty()) || self.stretches().is_some();
        match &self.would {
            Some(would) if would.suffices => {
                let of_the_pod = match &would.fence {
                    // A rule without the label is for all pods of the namespace.
                    Some(Fence::Selector(mismatch)) => {
                        !matches!(mismatch, Mismatch::Label { .. }) && !mismatch.is_unknown()
                    }
                    _ => true,
                };
                of_the_pod && holds && would.rule.profile >= Some(self.needs)
            }
            _ => {
                let plain = self.decides.is_none_or(|rule| rule.allow.is_empty());
                let small = self.needs <= Profile::Route
                    || self.near.is_empty()
                    || self.decides.is_some_and(|_| self.is_own());
                plain && small && !self.others_are_fenced() && holds
            }
        }
    }
}

fn listed<T: ToString>(all: &[T], between: &str) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(between)
}

/// As strings of TOML, which escapes quotes as Rust does; control characters are in no command.
fn quoted<T: ToString>(all: &[T]) -> String {
    let one = |one: &T| format!("{:?}", one.to_string());
    let all: Vec<String> = all.iter().map(one).collect();
    all.join(", ")
}
