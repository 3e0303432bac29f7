//! The rule that is to be added.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Granted, Wish, quoted};
use crate::config::Rule;
use crate::pod::Entrance;

impl Wish<'_> {
    /// A rule for the namespace alone, as narrow at this pod as any rule that is near.
    pub(super) fn rule(&self, granted: &Granted) -> String {
        let any = |has: fn(&Rule) -> bool| self.near.iter().any(|rule| has(rule));
        let mut text = format!("[[rule]]\nnamespaces = [\"{}\"]", self.namespace);
        let mut key = |key: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{key} = {value}");
        };
        let labels = self.labels();
        if !labels.is_empty() {
            let labels = labels
                .iter()
                .map(|(key, value)| format!("{key:?} = {value:?}"));
            let labels: Vec<String> = labels.collect();
            key("labels", format!("{{ {} }}", labels.join(", ")));
        }
        if any(|rule| rule.who.entrance.is_some()) && self.subject.entrance != Entrance::Cli {
            key("entrance", format!("\"{}\"", self.subject.entrance.word()));
        }
        if let Some(interface) = &self.subject.interface
            && any(|rule| !rule.who.interfaces.is_empty())
        {
            key("interfaces", format!("[{interface:?}]"));
        }
        if let Some(stretches) = self.stretches()
            && (any(|rule| !rule.prefixes.is_empty()) || self.is_of_addresses())
        {
            key("prefixes", format!("[{}]", quoted(&stretches)));
        }
        if let Some(profile) = granted.profile {
            key("profile", format!("\"{profile}\""));
        }
        if !granted.allow.is_empty() {
            key("allow", format!("[{}]", quoted(&granted.allow)));
        }
        text
    }

    /// The labels that the pod has and that a rule near wants.
    fn labels(&self) -> BTreeMap<&String, &String> {
        let pod = self.subject.pod.as_ref();
        let own = pod.and_then(|pod| pod.labels.as_ref());
        let wanted = self.near.iter().flat_map(|rule| &rule.who.labels);
        wanted
            .filter(|(key, value)| own.is_some_and(|own| own.get(*key) == Some(*value)))
            .collect()
    }
}
