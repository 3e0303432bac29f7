//! Keys of ours where no pod has them: on what makes the pods, or under labels.

use chainsaw_common::annotations::is_ours;

use super::super::workload::Described;
use super::Asked;

/// The kinds of Kubernetes that make pods of a template alone: annotations of their own reach none.
const MAKERS: [&str; 7] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

impl Asked {
    /// What was meant for the pod and does not reach it.
    pub(super) fn misplaced(&mut self, described: &Described) {
        let reaches = |key: &String| described.annotations.iter().any(|(own, _)| own == key);
        for holder in &described.holders {
            let own = holder.annotations.iter().filter(|key| is_ours(key));
            for key in own.filter(|key| !reaches(key)) {
                let (kind, place) = (&holder.kind, &described.place);
                if MAKERS.contains(&kind.as_str()) {
                    self.problems.push(format!(
                        "annotation {key} is the {kind}'s own and reaches no pod: move it to {place}"
                    ));
                } else {
                    self.notes.push(format!(
                        "annotation {key} is the {kind}'s own, and a pod has those of {place}"
                    ));
                }
            }
        }
        let strays = described.strays.iter().cloned();
        let kind = described.name.split('/').next().unwrap_or_default();
        if kind == "Pod" || MAKERS.contains(&kind) {
            self.problems.extend(strays);
        } else {
            // What another kind makes of its own fields is its maker's to say.
            self.notes.extend(strays);
        }
        for key in described.labelled.iter().filter(|key| is_ours(key)) {
            let why = format!(
                "{key} is a label; it has to be an annotation, in {}",
                described.place
            );
            self.problems.push(why);
        }
    }
}
