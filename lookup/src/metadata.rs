//! What is kept of a pod: its metadata, and of its annotations those that ask for something. The rest, which may be long,
//! is passed over while an answer is read; of what a watch tells it is let go at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chainsaw_common::annotations::{CONFIG_HASH, is_ours, is_same_pod};
#[cfg(feature = "watch")]
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A pod's annotations that ask for something.
pub type Annotations = BTreeMap<String, String>;

/// A pod, as far as its metadata is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID at the API.
    pub uid: String,
    /// A static pod's UID on its node.
    pub config_hash: Option<String>,
    /// The annotations that ask for something.
    pub annotations: Annotations,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Metadata {
    /// Of an object, as JSON.
    ///
    /// # Errors
    /// It is none. The parser's own words would quote it, so they are not passed on.
    pub(crate) fn of_object(json: &[u8]) -> Result<Self, String> {
        let read: Result<Object, _> = serde_json::from_slice(json);
        read.map(|object| object.metadata.into())
            .map_err(|error| where_it_stopped(&error))
    }

    /// Whether it is the pod for which a sandbox is made.
    #[must_use]
    pub fn is_of(&self, sandbox_uid: &str) -> bool {
        is_same_pod(sandbox_uid, &self.uid, self.config_hash.as_deref())
    }
}

/// Where JSON is not what it should be, without a word of it.
pub(crate) fn where_it_stopped(error: &serde_json::Error) -> String {
    format!("stopped at line {} column {}", error.line(), error.column())
}

/// An object, of which nothing but the metadata is looked at.
#[derive(Debug, Deserialize)]
struct Object {
    metadata: Written,
}

/// Metadata as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    uid: String,
    annotations: Option<Kept>,
    labels: Option<BTreeMap<String, String>>,
}

/// Annotations, as far as somebody looks at them.
#[derive(Debug, Default)]
struct Kept {
    ours: Annotations,
    config_hash: Option<String>,
}

impl From<Written> for Metadata {
    fn from(written: Written) -> Self {
        let Kept { ours, config_hash } = written.annotations.unwrap_or_default();
        Self {
            namespace: written.namespace,
            name: written.name,
            uid: written.uid,
            config_hash,
            annotations: ours,
            labels: written.labels.unwrap_or_default(),
        }
    }
}

/// As kube's watcher gives it.
#[cfg(feature = "watch")]
impl From<ObjectMeta> for Metadata {
    fn from(seen: ObjectMeta) -> Self {
        let mut annotations = seen.annotations.unwrap_or_default();
        Self {
            namespace: seen.namespace.unwrap_or_default(),
            name: seen.name.unwrap_or_default(),
            uid: seen.uid.unwrap_or_default(),
            config_hash: annotations.remove(CONFIG_HASH),
            annotations: annotations
                .into_iter()
                .filter(|(key, _)| is_ours(key))
                .collect(),
            labels: seen.labels.unwrap_or_default(),
        }
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keeping)
    }
}

struct Keeping;

impl<'de> Visitor<'de> for Keeping {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotations")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Kept, M::Error> {
        let mut kept = Kept::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                CONFIG_HASH => kept.config_hash = Some(map.next_value()?),
                ours if is_ours(ours) => {
                    kept.ours.insert(ours.to_owned(), map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(metadata: &Value) -> Result<Metadata, String> {
        let object = json!({"kind": "x", "metadata": metadata, "spec": {"a": [1]}});
        Metadata::of_object(object.to_string().as_bytes())
    }

    #[test]
    fn only_annotations_that_ask_for_something_are_kept() {
        let metadata = json!({
            "namespace": "n", "name": "p", "uid": "u", "labels": {"a": "b"}, "managedFields": [{"x": 1}],
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(100_000),
                "k8s.v1.cni.cncf.io/chainsaw.net1": "ip route",
                "k8s.v1.cni.cncf.io/chainsaw-status": "x",
                "chainsaw.noderesource.dev/sandbox": "ip rule",
                "kubernetes.io/config.hash": "h",
            },
        });
        let found = read(&metadata).unwrap();
        let keys: Vec<&str> = found.annotations.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "chainsaw.noderesource.dev/sandbox",
                "k8s.v1.cni.cncf.io/chainsaw.net1"
            ]
        );
        assert_eq!(found.config_hash.as_deref(), Some("h"));
        assert!(found.is_of("u") && found.is_of("h") && !found.is_of(""));
        assert_eq!(found.labels.get("a").map(String::as_str), Some("b"));
        let watched: ObjectMeta = serde_json::from_value(metadata).unwrap();
        assert_eq!(Metadata::from(watched), found);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place_and_never_quoted() {
        assert_eq!(read(&json!({"annotations": null})), Ok(Metadata::default()));
        for wrong in [
            json!(null),
            json!({"annotations": {"k8s.v1.cni.cncf.io/chainsaw": 7}}),
        ] {
            let said = read(&wrong).unwrap_err();
            assert!(said.starts_with("stopped at line 1 column"), "{said}");
        }
    }
}
