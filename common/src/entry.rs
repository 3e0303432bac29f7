//! Chainsaw's entry in a network configuration: the fields that mean something in it. CNI has everybody ignore the rest,
//! so a misspelt one is told nowhere else.

use crate::nearest::nearest;

/// The `type` of the entry.
pub const TYPE: &str = "chainsaw";

/// The field with commands: the operator's where the node's configuration says so, else judged as the pod's.
pub const COMMANDS: &str = "commands";

/// What the plugin reads, what the original one read, and what CNI has for every plugin.
pub const FIELDS: [&str; 15] = [
    "apply",
    "args",
    "capabilities",
    "cniVersion",
    COMMANDS,
    "dns",
    "ipMasq",
    "ipam",
    "kubeconfig",
    "name",
    "prevResult",
    "runtimeConfig",
    "socket_enabled",
    "socket_path",
    "type",
];

/// Whether a field means something. CNI's own namespace grows.
#[must_use]
pub fn is_known(field: &str) -> bool {
    FIELDS.contains(&field) || field.starts_with("cni.dev/")
}

/// What an unknown field was probably meant to be.
#[must_use]
pub fn meant(field: &str) -> Option<&'static str> {
    nearest(field, FIELDS)
}
