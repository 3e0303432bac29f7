//! What an operator writes so that what is granted to a subject goes for shared devices.

use std::fmt::Write;

use super::quoted;
use crate::config::Rule;
use crate::pod::{Pod, Subject};
use crate::policy::{Grant, Policy};
use crate::shared::Switch;

impl Policy {
    /// Whether a command that is granted so, or that the operator wrote, may change shared devices.
    pub(in crate::policy) fn switch(&self, subject: &Subject, grant: Option<Grant>) -> Switch {
        let Some(grant) = grant.filter(|grant| !grant.shared) else {
            return Switch::On;
        };
        let rule = self.rules.iter().find(|rule| Some(rule.line) == grant.line);
        let file = &self.file;
        let remedy = match (rule, &subject.pod) {
            (Some(rule), Some(pod)) if rule.who.namespaces == [pod.namespace.as_str()] => {
                format!(
                    "add to the rule at line {} of {file}:\nshared = true",
                    rule.line
                )
            }
            (Some(rule), Some(pod)) => format!(
                "add behind the rule at line {} of {file} (the last grant decides, so it repeats that one's):\n{}",
                rule.line,
                narrowed(rule, pod)
            ),
            _ => format!("it takes a rule in {file} with shared = true"),
        };
        Switch::Off { remedy }
    }
}

/// The same rule for the pod's namespace alone, and for shared devices.
fn narrowed(rule: &Rule, pod: &Pod) -> String {
    let mut text = format!("[[rule]]\nnamespaces = [{:?}]", pod.namespace);
    let mut key = |key: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{key} = {value}");
    };
    if !rule.who.labels.is_empty() {
        let label = |(key, value): (&String, &String)| format!("{key:?} = {value:?}");
        let labels: Vec<String> = rule.who.labels.iter().map(label).collect();
        key("labels", format!("{{ {} }}", labels.join(", ")));
    }
    if let Some(entrance) = rule.who.entrance {
        key("entrance", format!("\"{}\"", entrance.word()));
    }
    for (name, values) in [
        ("interfaces", quoted(&rule.who.interfaces)),
        ("prefixes", quoted(&rule.prefixes)),
        ("allow", quoted(&rule.allow)),
    ] {
        if !values.is_empty() {
            key(name, format!("[{values}]"));
        }
    }
    if let Some(profile) = rule.profile {
        key("profile", format!("\"{profile}\""));
    }
    key("shared", "true".to_owned());
    text
}
