//! A server of objects, as `kubectl` and our own programs need one: discovery, validation of fields, versions and watches,
//! RBAC, finalization of namespaces, what is owned going with its owner, and the logs of containers.
//!
//! What a server's controllers and kubelets do is done by whoever holds [`Objects`]: see [`crate::control`].

#![expect(
    clippy::indexing_slicing,
    reason = "a field that an object does not have is null"
)]

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use k8s_openapi::jiff::Timestamp;
use k8s_openapi::{Metadata, NamespaceResourceScope, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

mod access;
mod answer;
mod discovery;
mod event;
pub(crate) mod kind;
mod request;
mod respond;
mod sent;
mod state;
mod store;

use super::shared::Shared;

use kind::Kind;
use state::State;
use store::{GOING, Key, Refused};

/// What the token of a service account begins with; `NAMESPACE:NAME` follows.
pub(crate) const ACCOUNT: &str = "account:";

/// The objects of a cluster. Clones are the same objects.
#[derive(Clone)]
pub struct Objects(Shared<State>);

impl Objects {
    /// Those of a new cluster: a namespace `default`.
    pub fn new() -> Result<Self> {
        let objects = Self(Shared::new(State::default()));
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}});
        let kind = kind::of::<k8s_openapi::api::core::v1::Namespace>()?;
        let created = objects.create_value(kind, "", namespace)?;
        created.map_err(|refused| anyhow!(refused.message))?;
        Ok(objects)
    }

    /// All objects of a kind.
    pub fn all<K: Resource + DeserializeOwned>(&self) -> Result<Vec<K>> {
        let kind = kind::of::<K>()?;
        let all = self.0.state().store.list(kind.resource, None);
        all.into_iter()
            .map(|object| {
                serde_json::from_value(object).with_context(|| format!("read a {}", K::KIND))
            })
            .collect()
    }

    /// Makes an object in a namespace, and says whether it is there: where the namespace or the object's owner is going,
    /// nothing new is made.
    pub fn create<K>(&self, namespace: &str, object: &K) -> Result<bool>
    where
        K: Resource<Scope = NamespaceResourceScope> + Metadata + Serialize,
    {
        let kind = kind::of::<K>()?;
        let mut object = serde_json::to_value(object)?;
        object["apiVersion"] = json!(K::API_VERSION);
        object["kind"] = json!(K::KIND);
        match self.create_value(kind, namespace, object)? {
            Err(refused) if refused.reason == GOING => Ok(false),
            created => created
                .map(|_| true)
                .map_err(|refused| anyhow!(refused.message)),
        }
    }

    fn create_value(
        &self,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
    ) -> Result<Result<Value, Refused>> {
        let name = object["metadata"]["name"].as_str().context("no name")?;
        let key = (kind.resource, namespace.to_owned(), name.to_owned());
        Ok(self.0.change(|state| state.store.create(kind, key, object)))
    }

    /// Merges a patch into an object that may be gone.
    pub fn merge<K: Resource>(&self, namespace: &str, name: &str, patch: &Value) -> Result<()> {
        let key = key::<K>(namespace, name)?;
        self.0.change(|state| {
            let Ok(object) = state.store.get(&key) else {
                return Ok(());
            };
            let merged = store::merged(object, patch, false)?;
            if merged != *object {
                state
                    .store
                    .update(key, merged)
                    .map_err(|refused| anyhow!(refused.message))?;
            }
            Ok(())
        })
    }

    /// Deletes an object as a controller does: a pod goes when its kubelet has ended it.
    pub fn delete<K: Resource>(&self, namespace: &str, name: &str) -> Result<()> {
        let key = key::<K>(namespace, name)?;
        self.0.change(|state| state.delete(&key));
        Ok(())
    }

    /// Takes a pod away that its kubelet has ended.
    pub fn ended(&self, namespace: &str, pod: &str) {
        self.0.change(|state| {
            state
                .store
                .remove(&("pods", namespace.to_owned(), pod.to_owned()));
            state.finish_namespaces();
        });
    }

    /// Tells where what a container writes is.
    pub fn has_log(&self, namespace: &str, pod: &str, container: &str, path: PathBuf) {
        let container = [namespace, pod, container].map(str::to_owned);
        self.0.state().logs.insert(container.into(), path);
    }

    /// What was asked by those who are not allowed it.
    pub fn forbidden(&self) -> Vec<String> {
        self.0.state().forbidden.clone()
    }
}

fn key<K: Resource>(namespace: &str, name: &str) -> Result<Key> {
    let resource = kind::of::<K>()?.resource;
    Ok((resource, namespace.to_owned(), name.to_owned()))
}

/// What a container has written, without the runtime's marks: time, stream, tag.
pub(crate) fn written(log: &str) -> String {
    let said = |line: &str| line.splitn(4, ' ').nth(3).unwrap_or_default().to_owned();
    log.lines().map(|line| said(line) + "\n").collect()
}

/// The present, as objects say it.
fn now() -> String {
    let now = Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
