//! What a pod's network selections ask for, and what in them Multus passes over.

use chainsaw_common::nearest::nearest;
use chainsaw_common::pod::Entrance;
use serde_json::Value;

use super::super::workload::Described;
use super::{Asked, kind};
use crate::networks::{ARGUMENT, NETWORKS, Selection, selections};

impl Asked {
    /// The pod's network selections; none where it has no such annotation, or one that nobody can read.
    pub(super) fn selections(&mut self, described: &Described) -> Option<Vec<Selection>> {
        let all = &described.annotations;
        let (_, value) = all.iter().find(|(key, _)| key == NETWORKS)?;
        let text = value.as_str()?;
        match selections(text) {
            Ok(selections) => Some(selections),
            Err(error) => {
                let why =
                    format!("annotation {NETWORKS}: it is no list of network selections: {error}");
                // One that says nothing to us is Multus' business.
                if text.to_lowercase().contains(ARGUMENT) {
                    self.problems.push(why);
                } else {
                    self.notes.push(why);
                }
                None
            }
        }
    }

    /// `cni-args` of the selections, which reach us as `args.cni.chainsaw`. Other words of them are Multus' business.
    pub(super) fn arguments(&mut self, selections: &[Selection]) {
        for (number, selection) in selections.iter().enumerate() {
            self.unknown_fields(number, selection);
            let all = format!("{NETWORKS}[{number}].cni-args");
            for (name, value) in &selection.arguments {
                let source = format!("{all}.{name}");
                let at = Some(selection.interface.clone());
                match value {
                    _ if name != ARGUMENT => self.other_argument(&source, name),
                    Value::String(text) => {
                        self.wanted(&source, text.clone(), Entrance::Cni, at);
                    }
                    Value::Array(_) => {
                        self.wanted(&source, value.to_string(), Entrance::Cni, at);
                    }
                    other => self.problems.push(format!(
                        "{source}: it is {} and neither a string nor an array",
                        kind(other)
                    )),
                }
            }
        }
    }

    /// What Multus passes over without a word, where somebody meant something by it.
    fn unknown_fields(&mut self, number: usize, selection: &Selection) {
        for unknown in &selection.unknown {
            let told = unknown.told(number);
            if unknown.is_ours {
                self.problems.extend(told);
            } else {
                self.notes.extend(told);
            }
        }
    }

    /// One that is for another plugin, unless it was meant for us.
    fn other_argument(&mut self, source: &str, name: &str) {
        if nearest(&name.to_lowercase(), [ARGUMENT]).is_some() {
            self.notes.push(format!(
                "{source}: Chainsaw does not read it; did you mean {ARGUMENT}?"
            ));
        }
    }
}
