//! The keys that are known; another is an error that names the nearest.

use toml::de::{DeTable, DeValue};

use crate::nearest::nearest;

/// The keys of each table, by the table's path.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "mode", "rule", "apply", "values", "limits", "modules", "failure", "hooks", "cluster",
            "log", "metrics", "status",
        ],
    ),
    (
        "rule",
        &[
            "namespaces",
            "labels",
            "entrance",
            "interfaces",
            "prefixes",
            "profile",
            "allow",
            "deny",
            "events",
            "shared",
        ],
    ),
    (
        "apply",
        &["namespaces", "labels", "entrance", "interfaces", "commands"],
    ),
    (
        "limits",
        &["routes", "rules", "neighbours", "addresses", "links"],
    ),
    ("modules", &["load"]),
    ("failure", &["cni", "nri", "unknown"]),
    ("hooks", &["cni", "nri"]),
    ("hooks.cni", &["guard"]),
    ("hooks.nri", &["runtime_handlers"]),
    ("cluster", &["kubeconfig", "node"]),
    ("log", &["format", "file"]),
    ("metrics", &["listen"]),
    ("status", &["annotation"]),
];

/// The first key that is not known, and where it is.
pub(super) fn unknown(path: &str, table: &DeTable<'_>) -> Option<(usize, String)> {
    let (_, known) = KNOWN.iter().find(|(known, _)| *known == path)?;
    table.iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        if !known.contains(&name) {
            let near = nearest(name, known.iter().copied()).unwrap_or_default();
            let meant = if near.is_empty() {
                format!("known are {}", known.join(", "))
            } else {
                format!("did you mean {near}?")
            };
            return Some((key.span().start, format!("unknown key {name}, {meant}")));
        }
        let below = match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        match value.get_ref() {
            DeValue::Table(inner) => unknown(&below, inner),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(inner) => unknown(&below, inner),
                _ => None,
            }),
            _ => None,
        }
    })
}
