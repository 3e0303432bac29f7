//! Who asks, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A Kubernetes pod, as far as the entrance was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Its labels, where the entrance was told of them. Its author writes them.
    #[serde(skip)]
    pub labels: Option<BTreeMap<String, String>>,
}

/// The way by which a value reached the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entrance {
    /// The chained CNI plugin.
    Cni,
    /// The NRI plugin daemon.
    Nri,
    /// The command line.
    Cli,
}

impl Entrance {
    /// Its word in configurations and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cni => "cni",
            Self::Nri => "nri",
            Self::Cli => "cli",
        }
    }
}

/// What the commands are run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The pod; none on the command line.
    pub pod: Option<Pod>,
    /// The sandbox's id.
    pub sandbox: Option<String>,
    /// Which entrance.
    pub entrance: Entrance,
    /// What made it happen: `ADD`, `try`, `run`.
    pub trigger: &'static str,
    /// The attachment's interface.
    pub interface: Option<String>,
    /// Its MTU before anything ran, in bytes, where that is known.
    pub mtu: Option<u32>,
    /// The network namespace, by the path that was opened.
    pub netns: Option<String>,
}
