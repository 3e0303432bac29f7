//! What a watch tells, a line an event, and what a list is.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::metadata::{Metadata, Object, where_it_stopped};

/// On the bookmark behind the last pod of those that there were.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The pod is so now, at this version.
    Applied(Box<Metadata>, String),
    /// The pod is gone, at this version.
    Deleted(Box<Metadata>, String),
    /// Nothing happened up to this version; `complete` if with it all pods that there were have been told of.
    Bookmark { version: String, complete: bool },
    /// The watch cannot go on.
    Failed(Failure),
}

/// Why a server does not do what it is asked.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// As an HTTP status.
    pub(super) code: u16,
    /// How long it wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Kubernetes' Status.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    retry_after_seconds: u64,
}

#[derive(Deserialize)]
struct Bookmark {
    metadata: BookmarkMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookmarkMetadata {
    resource_version: String,
    annotations: Option<HashMap<String, IgnoredAny>>,
}

impl Event {
    /// Reads a line. None is an event of a kind that is not known.
    pub(super) fn read(line: &[u8]) -> Result<Option<Self>, String> {
        let wrong = |error: serde_json::Error| where_it_stopped(&error);
        let line: Line<'_> = serde_json::from_slice(line).map_err(wrong)?;
        let pod = || -> Result<(Box<Metadata>, String), String> {
            let object: Object = serde_json::from_str(line.object.get()).map_err(wrong)?;
            let version = object.metadata.resource_version.clone();
            Ok((Box::new(object.metadata.into()), version))
        };
        Ok(Some(match line.kind {
            "ADDED" | "MODIFIED" => {
                let (pod, version) = pod()?;
                Self::Applied(pod, version)
            }
            "DELETED" => {
                let (pod, version) = pod()?;
                Self::Deleted(pod, version)
            }
            "BOOKMARK" => {
                let read: Bookmark = serde_json::from_str(line.object.get()).map_err(wrong)?;
                let annotations = read.metadata.annotations.unwrap_or_default();
                Self::Bookmark {
                    version: read.metadata.resource_version,
                    complete: annotations.contains_key(INITIAL_END),
                }
            }
            "ERROR" => Self::Failed(Failure::read(line.object.get().as_bytes())),
            _ => return Ok(None),
        }))
    }
}

impl Failure {
    /// Reads a Status; what is none tells nothing.
    pub(super) fn read(status: &[u8]) -> Self {
        let status: Status = serde_json::from_slice(status).unwrap_or_default();
        let seconds = status.details.map(|details| details.retry_after_seconds);
        Self {
            code: status.code,
            retry_after: seconds
                .filter(|seconds| *seconds != 0)
                .map(Duration::from_secs),
        }
    }
}

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    items: Option<Vec<Object>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    resource_version: String,
}

/// Reads a list, and the version at which it was so.
pub(super) fn list(body: &[u8]) -> Result<(Vec<Metadata>, String), String> {
    let list: List = serde_json::from_slice(body).map_err(|error| where_it_stopped(&error))?;
    let items = list.items.unwrap_or_default().into_iter();
    let pods = items.map(|object| object.metadata.into()).collect();
    Ok((pods, list.metadata.resource_version))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, object: serde_json::Value) -> Result<Option<Event>, String> {
        let line = json!({"type": kind, "object": object}).to_string();
        Event::read(line.as_bytes())
    }

    #[test]
    fn events_are_pods_bookmarks_and_failures() {
        let pod = || json!({"metadata": {"name": "web", "uid": "u", "resourceVersion": "7"}});
        let web = Box::new(Metadata {
            name: "web".into(),
            uid: "u".into(),
            ..Metadata::default()
        });
        for kind in ["ADDED", "MODIFIED"] {
            let applied = Event::Applied(web.clone(), "7".into());
            assert_eq!(read(kind, pod()), Ok(Some(applied)));
        }
        let deleted = Event::Deleted(web, "7".into());
        assert_eq!(read("DELETED", pod()), Ok(Some(deleted)));
        for (annotations, complete) in [
            (json!(null), false),
            (json!({"k8s.io/initial-events-end": "true"}), true),
        ] {
            let object = json!({"metadata": {"resourceVersion": "8", "annotations": annotations}});
            let bookmark = Event::Bookmark {
                version: "8".into(),
                complete,
            };
            assert_eq!(read("BOOKMARK", object), Ok(Some(bookmark)));
        }
        let failure = Failure {
            code: 410,
            retry_after: None,
        };
        let gone = read("ERROR", json!({"code": 410, "message": "too old"}));
        assert_eq!(gone, Ok(Some(Event::Failed(failure))));
        assert_eq!(read("LATER", json!(1)), Ok(None));
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for line in ["", "{}", "7", "{\"type\": \"ADDED\"}"] {
            assert!(Event::read(line.as_bytes()).is_err(), "{line}");
        }
        assert!(read("ADDED", json!({"metadata": 7})).is_err());
        assert!(read("BOOKMARK", json!({"metadata": {}})).is_err());
    }

    #[test]
    fn a_status_says_how_long_to_stay_away() {
        let busy = json!({"code": 429, "details": {"retryAfterSeconds": 3}}).to_string();
        let failure = Failure::read(busy.as_bytes());
        assert_eq!(failure.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(Failure::read(b"<html>"), Failure::default());
    }

    #[test]
    fn a_list_has_pods_and_a_version() {
        let body =
            json!({"metadata": {"resourceVersion": "9"}, "items": [{"metadata": {"name": "a"}}]});
        let (pods, version) = list(body.to_string().as_bytes()).unwrap();
        assert_eq!((pods[0].name.as_str(), version.as_str()), ("a", "9"));
        let none = list(br#"{"metadata": {"resourceVersion": "9"}, "items": null}"#).unwrap();
        assert_eq!(none, (Vec::new(), "9".to_owned()));
        assert!(list(br#"{"items": []}"#).is_err());
    }
}
