//! A note as an Event of the API, `events.k8s.io/v1`, and its repetitions.
//!
//! `kubectl describe pod` shows what is written there: the API keeps these and those of `core/v1` as one. Of the two this is
//! the one whose limits are checked, and whose repetitions are a field of their own.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff;

use super::note::{About, Note};

/// Who tells. A qualified name, as the API wants it.
pub const CONTROLLER: &str = "chainsaw.noderesource.dev/chainsawd";

/// The longest name of an object (a DNS subdomain, RFC 1123), in bytes.
const NAME_BYTES: usize = 253;

/// The longest `reportingInstance` (`ReportingInstanceLengthLimit`), in bytes.
const INSTANCE_BYTES: usize = 128;

/// When a note was said, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The first time.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How often in all.
    pub count: u32,
}

/// The name of a new Event about a pod: the pod's, as far as there is room, and a mark of its own.
pub fn name(pod: &str, mark: u64) -> String {
    let mark = format!(".{mark:016x}");
    let room = pod.floor_char_boundary(NAME_BYTES - mark.len());
    let start = pod.get(..room).unwrap_or_default();
    format!("{}{mark}", start.trim_end_matches(['-', '.']))
}

/// The Event as it is created, by the daemon of this node.
pub fn event(note: &Note, name: &str, times: &Times, node: &str) -> Event {
    let About {
        namespace,
        name: pod,
        uid,
    } = &note.about;
    Event {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.clone()),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(times.first)),
        type_: Some(note.reason.kind().to_owned()),
        reason: Some(note.reason.word().to_owned()),
        action: Some(note.action.word().to_owned()),
        note: Some(note.text.clone()),
        regarding: Some(ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            namespace: Some(namespace.clone()),
            name: Some(pod.clone()),
            uid: uid.clone(),
            ..ObjectReference::default()
        }),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance(node)),
        series: series(times),
        ..Event::default()
    }
}

/// How often it was said, which the API counts from two on.
pub fn series(times: &Times) -> Option<EventSeries> {
    (times.count > 1).then(|| EventSeries {
        count: i32::try_from(times.count).unwrap_or(i32::MAX),
        last_observed_time: MicroTime(times.last),
    })
}

fn instance(node: &str) -> String {
    let end = node.floor_char_boundary(INSTANCE_BYTES);
    node.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::note::{Action, Reason};

    fn note() -> Note {
        Note {
            about: About {
                namespace: "shop".into(),
                name: "web".into(),
                uid: Some("uid-1".into()),
            },
            reason: Reason::Denied,
            action: Action::Refuse,
            text: "no".into(),
        }
    }

    fn times(count: u32) -> Times {
        Times {
            first: Timestamp::from_second(1_000).unwrap(),
            last: Timestamp::from_second(2_000).unwrap(),
            count,
        }
    }

    #[test]
    fn it_is_what_the_api_wants() {
        let made = event(&note(), "web.1", &times(1), "worker-1");
        let json = serde_json::to_value(made).unwrap();
        let wanted = serde_json::json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"name": "web.1", "namespace": "shop"},
            "eventTime": "1970-01-01T00:16:40.000000Z",
            "type": "Warning", "reason": "ChainsawDenied", "action": "Refuse", "note": "no",
            "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "uid": "uid-1"},
            "reportingController": "chainsaw.noderesource.dev/chainsawd",
            "reportingInstance": "worker-1",
        });
        assert_eq!(json, wanted);
    }

    #[test]
    fn a_repetition_is_a_series_from_two_on() {
        assert_eq!(series(&times(1)), None);
        let series = serde_json::to_value(series(&times(7))).unwrap();
        let wanted =
            serde_json::json!({"count": 7, "lastObservedTime": "1970-01-01T00:33:20.000000Z"});
        assert_eq!(series, wanted);
    }

    #[test]
    fn names_keep_the_apis_limits() {
        assert_eq!(name("web", 0xab), "web.00000000000000ab");
        let long = format!("{}-.{}", "a".repeat(234), "b".repeat(17));
        assert_eq!(long.len(), 253);
        let named = name(&long, u64::MAX);
        assert_eq!(named, format!("{}.ffffffffffffffff", "a".repeat(234)));
        assert_eq!(name(&"a".repeat(253), 1).len(), 253);
        assert_eq!(instance(&"é".repeat(100)).len(), 128);
        let odd = format!("a{}", "é".repeat(100));
        assert_eq!(instance(&odd).len(), 127);
    }
}
