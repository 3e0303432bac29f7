//! Answers of a server of objects.

use http::{HeaderValue, Response, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::super::body::Pieces;
use super::discovery::AGGREGATED;
use super::event;
use super::request::Asked;
use super::store::{Change, Key, Refused, Store, is_in};

impl Asked {
    /// The object that is meant; a new one's name is in it.
    pub(super) fn key(&self, body: &Value) -> Key {
        let of_body = || {
            body["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let name = self.name.clone().unwrap_or_else(of_body);
        let namespace = self.namespace.clone().unwrap_or_default();
        (self.kind.resource, namespace, name)
    }

    /// An object as who asks wants to see it.
    pub(super) fn seen(&self, object: &Value) -> Value {
        let object = match (self.kind.resource, self.kind.group) {
            ("events", "") => event::core(object),
            _ => object.clone(),
        };
        match self.metadata_only {
            true => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"]}),
            false => object,
        }
    }

    fn takes(&self, object: &Value) -> bool {
        let seen = match (self.kind.resource, self.kind.group) {
            ("events", "") => event::core(object),
            _ => object.clone(),
        };
        let named = self
            .name
            .as_ref()
            .is_none_or(|name| seen["metadata"]["name"] == **name);
        named && is_in(&seen, self.namespace.as_deref()) && self.select.takes(&seen)
    }

    fn all(&self, store: &Store) -> Vec<Value> {
        let all = store.list(self.kind.resource, self.namespace.as_deref());
        all.iter()
            .filter(|object| self.takes(object))
            .map(|object| self.seen(object))
            .collect()
    }

    pub(super) fn list(&self, store: &Store) -> Value {
        let (kind, version) = match self.metadata_only {
            true => ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned()),
            false => (self.kind.kind, self.kind.api_version()),
        };
        json!({"kind": format!("{kind}List"), "apiVersion": version,
            "metadata": {"resourceVersion": store.version().to_string()}, "items": self.all(store)})
    }

    /// What a watch tells at first that wants all that there is.
    pub(super) fn initial(&self, store: &Store) -> Vec<Bytes> {
        let mut lines: Vec<Bytes> = self
            .all(store)
            .iter()
            .map(|object| line("ADDED", object))
            .collect();
        let mark = json!({"kind": self.kind.kind, "apiVersion": self.kind.api_version(), "metadata": {
            "resourceVersion": store.version().to_string(), "creationTimestamp": null,
            "annotations": {"k8s.io/initial-events-end": "true"}}});
        lines.push(line("BOOKMARK", &self.seen(&mark)));
        lines
    }

    /// What a watch tells of a change.
    pub(super) fn told(&self, change: &Change) -> Option<Bytes> {
        let meant = change.resource == self.kind.resource && self.takes(&change.object);
        meant.then(|| line(change.how, &self.seen(&change.object)))
    }
}

fn line(how: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({"type": how, "object": object})).into()
}

pub(super) fn json(status: u16, object: &Value) -> Response<Pieces> {
    of(status, "application/json", object.to_string())
}

pub(super) fn discovered(groups: &Value) -> Response<Pieces> {
    of(200, AGGREGATED, groups.to_string())
}

pub(super) fn text(text: &str) -> Response<Pieces> {
    of(200, "text/plain", text.to_owned())
}

pub(super) fn refused(refused: &Refused) -> Response<Pieces> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": refused.code,
        "reason": refused.reason, "message": refused.message});
    json(refused.code, &status)
}

/// An answer that goes on.
pub(super) fn stream(body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    response
}

fn of(status: u16, media: &'static str, body: String) -> Response<Pieces> {
    let mut response = Response::new(Pieces::whole(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static(media));
    response
}
