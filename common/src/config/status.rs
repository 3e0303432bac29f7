//! `[status]`: what the daemon writes into pods.

use serde::Deserialize;

/// What the daemon writes into pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// Whether how each attachment's commands ended is kept in the pod's annotation `k8s.v1.cni.cncf.io/chainsaw-status`. Read
    /// when the daemon starts.
    #[serde(default)]
    pub annotation: bool,
}
