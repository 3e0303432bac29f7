//! The cluster that the node belongs to, as far as the daemon speaks with its API. Without one the daemon serves all the
//! same: nothing of this then runs.

use std::time::Duration;

use chainsaw_common::config;
use chainsaw_lookup::cache::Cache;
use chainsaw_lookup::pod::{Metadata, Wanted};
use chainsaw_lookup::watch::{self, Timing};
use chainsaw_lookup::{Access, Api, Credentials, LookupError, Patience, ask};

/// What the kubelet puts into the environment, where the daemon's pod asks for `fieldRef: spec.nodeName`.
const NODE_NAME: &str = "NODE_NAME";

/// How long a pod may be looked for: the plugin gives up after 300 ms.
const PATIENCE: Patience = Patience {
    // The event of a pod is mostly here before the kubelet has come as far as its sandbox.
    event: Duration::from_millis(100),
    whole: Duration::from_millis(250),
};

/// Why the cluster that there is cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nobody says which of the cluster's nodes this is.
    #[error(
        "{credentials} leads to a cluster, and nobody says which of its nodes this is: set NODE_NAME in the daemon's environment (fieldRef: spec.nodeName), or node under [cluster]; until then the daemon does without the cluster"
    )]
    NodeUnknown {
        /// What would be asked with.
        credentials: Credentials,
    },
}

impl ClusterError {
    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NodeUnknown { .. } => "NodeUnknown",
        }
    }
}

/// A cluster, and this node's place in it.
#[derive(Debug)]
pub struct Cluster {
    node: String,
    access: Access,
    cache: Cache,
}

impl Cluster {
    /// The cluster that the configuration names, else that of the pod in which the daemon runs; none on a node that has
    /// neither. Nothing is asked yet.
    ///
    /// # Errors
    /// It is not known which of its nodes this is.
    pub fn of(config: &config::Cluster) -> Result<Option<Self>, ClusterError> {
        let of_this_pod = Credentials::of_this_pod();
        let node = std::env::var(NODE_NAME).ok();
        Self::found(config, of_this_pod, node)
    }

    fn found(
        config: &config::Cluster,
        of_this_pod: Option<Credentials>,
        of_the_environment: Option<String>,
    ) -> Result<Option<Self>, ClusterError> {
        let credentials = match &config.kubeconfig {
            Some(path) if path.as_os_str().is_empty() => None,
            Some(path) => Some(Credentials::Kubeconfig(path.clone())),
            None => of_this_pod,
        };
        let Some(credentials) = credentials else {
            return Ok(None);
        };
        let node = config.node.clone().or(of_the_environment);
        match node.filter(|node| !node.is_empty()) {
            Some(node) => Ok(Some(Self {
                node,
                access: Access::by(credentials),
                cache: Cache::default(),
            })),
            None => Err(ClusterError::NodeUnknown { credentials }),
        }
    }

    /// The node's name in the cluster.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Follows this node's pods for good.
    pub async fn follow(&self) {
        watch::follow(&self.access, &self.node, &self.cache, Timing::default()).await;
    }

    /// Who a pod is: as it was told of, else by one GET.
    ///
    /// # Errors
    /// Nobody can say in time, or there is no such pod.
    pub async fn find(&self, wanted: &Wanted) -> Result<Metadata, LookupError> {
        ask(wanted, &self.cache, &self.access, PATIENCE).await
    }

    /// The UID of the pod that has a name now, if that is known without asking. It is good for telling about a pod, and for
    /// nothing that is done for one.
    pub fn uid(&self, namespace: &str, name: &str) -> Option<String> {
        self.cache.uid(namespace, name)
    }

    /// The UID that the API has for the pod of a sandbox, if the watch has told of it.
    pub fn uid_at_the_api(&self, wanted: &Wanted) -> Option<String> {
        self.cache.uid_at_the_api(wanted)
    }

    /// The API, with a client for it. Ask for it before each piece of work, and keep it no longer: a token, an authority
    /// or a kubeconfig that was renewed counts from the next call on.
    ///
    /// # Errors
    /// The credentials cannot be read or used now; they may be later.
    pub async fn api(&self) -> Result<Api, LookupError> {
        self.access.api().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kubeconfig: Option<&str>, node: Option<&str>, in_a_pod: bool) -> Option<String> {
        let config = config::Cluster {
            kubeconfig: kubeconfig.map(Into::into),
            node: node.map(str::to_owned),
        };
        let of_this_pod = in_a_pod.then_some(Credentials::ServiceAccount);
        let cluster = Cluster::found(&config, of_this_pod, Some("env".into())).unwrap();
        cluster.map(|cluster| format!("{} {:?}", cluster.node, cluster.access))
    }

    #[test]
    fn what_is_configured_comes_before_what_is_around() {
        assert_eq!(found(None, None, false), None);
        assert_eq!(
            found(None, None, true).unwrap(),
            "env Access(ServiceAccount)"
        );
        assert_eq!(
            found(Some("/k"), Some("n"), true).unwrap(),
            "n Access(Kubeconfig(\"/k\"))"
        );
        assert_eq!(found(Some(""), Some("n"), true), None);
    }

    #[test]
    fn a_node_that_nobody_names_is_told_with_what_to_do() {
        for empty in [None, Some(String::new())] {
            let wrong = Cluster::found(
                &config::Cluster::default(),
                Some(Credentials::ServiceAccount),
                empty,
            );
            let wrong = wrong.unwrap_err();
            assert_eq!(wrong.reason(), "NodeUnknown");
            let said = wrong.to_string();
            assert!(
                said.contains("service account") && said.contains("spec.nodeName"),
                "{said}"
            );
        }
    }
}
