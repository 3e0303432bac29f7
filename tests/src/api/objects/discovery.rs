//! What a server tells of itself: its groups and resources, and that it judges fields it does not know.
//! Kubernetes API concepts, "Aggregated discovery" and "Field validation".

use serde_json::{Map, Value, json};

use super::kind::{KINDS, Kind};

/// The media type of [`groups`].
pub(super) const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The groups and their resources, below `/api` or `/apis`.
pub(super) fn groups(core: bool) -> Value {
    let mut roots: Vec<(&str, &str)> = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.group.is_empty() == core) {
        if !roots.contains(&(kind.group, kind.version)) {
            roots.push((kind.group, kind.version));
        }
    }
    let group = |(group, version): (&str, &str)| {
        let resources: Vec<Value> = KINDS
            .iter()
            .filter(|kind| (kind.group, kind.version) == (group, version))
            .map(resource)
            .collect();
        json!({"metadata": {"name": group}, "versions": [
            {"version": version, "freshness": "Current", "resources": resources},
        ]})
    };
    let items: Vec<Value> = roots.into_iter().map(group).collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn resource(kind: &Kind) -> Value {
    json!({
        "resource": kind.resource,
        "singularResource": kind.kind.to_lowercase(),
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "verbs": ["create", "delete", "get", "list", "patch", "watch"],
    })
}

/// Where the descriptions of the groups are.
pub(super) fn descriptions() -> Value {
    let mut paths = Map::new();
    for kind in &KINDS {
        let root = kind.root();
        let url = json!({"serverRelativeURL": format!("/openapi/v3{root}")});
        paths.insert(root.trim_start_matches('/').to_owned(), url);
    }
    json!({"paths": paths})
}

/// The description of a group: as much of it as says that fields are validated by the server.
pub(super) fn description(root: &str) -> Value {
    let mut paths = Map::new();
    for kind in KINDS.iter().filter(|kind| kind.root() == root) {
        let path = match kind.namespaced {
            true => format!("{root}/namespaces/{{namespace}}/{}/{{name}}", kind.resource),
            false => format!("{root}/{}/{{name}}", kind.resource),
        };
        let patch = json!({
            "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
            "responses": {},
            "x-kubernetes-group-version-kind":
                {"group": kind.group, "version": kind.version, "kind": kind.kind},
        });
        paths.insert(path, json!({"patch": patch}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.32.0"}, "paths": paths})
}
