//! One Event in two groups: what `events.k8s.io/v1` calls otherwise than the core group.

use serde_json::Value;

/// The names of fields: in `events.k8s.io/v1`, and in the core group.
const NAMES: [(&str, &str); 7] = [
    ("note", "message"),
    ("regarding", "involvedObject"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

/// An Event of `events.k8s.io/v1`, as the core group has it.
pub(super) fn core(event: &Value) -> Value {
    let mut core = event.clone();
    core["apiVersion"] = "v1".into();
    for (name, core_name) in NAMES {
        let value = core.as_object_mut().and_then(|fields| fields.remove(name));
        if let Some(value) = value {
            core[core_name] = value;
        }
    }
    core
}
