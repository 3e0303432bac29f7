//! What goes with what: a pod's end is its kubelet's, a namespace goes with the last that was in it, and what is owned with
//! its owner. Kubernetes, "Garbage Collection" and "Namespaces".

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::kind::{KINDS, Kind};
use super::now;
use super::store::{Key, Store};

#[derive(Default)]
pub(super) struct State {
    pub(super) store: Store,
    /// Where what a container has written is, by its pod's namespace and name and its own.
    pub(super) logs: BTreeMap<(String, String, String), PathBuf>,
    pub(super) forbidden: Vec<String>,
}

impl State {
    /// Deletes an object as a client asks for it.
    pub(super) fn delete(&mut self, key: &Key) {
        let Ok(object) = self.store.get(key) else {
            return;
        };
        let object = object.clone();
        match key.0 {
            "pods" => self.mark(key, object),
            "namespaces" => {
                self.mark(key, object);
                for kind in &KINDS {
                    let inside = self.store.list(kind.resource, Some(&key.2));
                    inside
                        .iter()
                        .for_each(|object| self.delete(&key_of(kind.resource, object)));
                }
            }
            _ => {
                self.store.remove(key);
                self.delete_owned(&object["metadata"]["uid"]);
            }
        }
        self.finish_namespaces();
    }

    /// Says since when an object is to go.
    fn mark(&mut self, key: &Key, mut object: Value) {
        if object["metadata"].get("deletionTimestamp").is_none() {
            object["metadata"]["deletionTimestamp"] = json!(now());
            self.store.update(key.clone(), object).ok();
        }
    }

    fn delete_owned(&mut self, owner: &Value) {
        for pod in self.store.list("pods", None) {
            let owners = pod["metadata"]["ownerReferences"].as_array();
            if owners.into_iter().flatten().any(|one| one["uid"] == *owner) {
                self.delete(&key_of("pods", &pod));
            }
        }
    }

    /// A namespace that is to go goes with the last that was in it.
    pub(super) fn finish_namespaces(&mut self) {
        for namespace in self.store.list("namespaces", None) {
            let key = key_of("namespaces", &namespace);
            let inside = |kind: &Kind| {
                kind.namespaced && !self.store.list(kind.resource, Some(&key.2)).is_empty()
            };
            if namespace["metadata"].get("deletionTimestamp").is_some() && !KINDS.iter().any(inside)
            {
                self.store.remove(&key);
            }
        }
    }
}

fn key_of(resource: &'static str, object: &Value) -> Key {
    let text = |field: &str| {
        object["metadata"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (resource, text("namespace"), text("name"))
}
