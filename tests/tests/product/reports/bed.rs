//! A node with both entrances, and an API server that takes Events.

use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::api::{Answer, ApiServer, Asked, Cluster};
use chainsaw_tests::builder::Builder;
use chainsaw_tests::daemon::Daemon;
pub(super) use chainsaw_tests::pod::sandbox_refusal as refusal;
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw};
use serde_json::{Value, json};

pub(super) const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
pub(super) const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
pub(super) const APP: &str = "chainsaw.noderesource.dev/container.app";
pub(super) const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev eth0", "ip route"]"#;
pub(super) const DENIED: &str = "ip link set eth0 mtu 9000";
pub(super) const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
pub(super) const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
pub(super) const CLUSTER: &str =
    "[cluster]\nkubeconfig = \"/etc/chainsaw/kubeconfig\"\nnode = \"worker-1\"\n";
const KUBECONFIG: &str = "/etc/chainsaw/kubeconfig";
/// Where the daemon tells how it is.
pub(super) const PORT: u16 = 10290;
pub(super) const LIMIT: Duration = Duration::from_secs(15);

/// A node with both entrances.
pub(super) fn node(containerd: Containerd) -> Builder {
    Node::builder(containerd)
        .nri()
        .cni_chain([bridge(), chainsaw()])
        .file(CONFIGURATION, GRANT)
}

/// A daemon that serves both entrances, once both are served.
pub(super) fn daemon(node: &Node, name: &str) -> Result<Daemon> {
    let daemon = node.daemon(name, &["--hooks", "cni,nri"])?;
    daemon.wait_for("metrics and health")?;
    Ok(daemon)
}

/// The value of one line of the metrics, 0 if it is not there.
pub(super) fn metric(node: &Node, line: &str) -> Result<f64> {
    let page = node.machine().get(PORT, "/metrics")?;
    let value = page
        .body
        .lines()
        .find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
    Ok(value.unwrap_or("0").parse()?)
}

/// An API server that takes Events, for the daemon of a node.
pub(super) struct Events {
    server: ApiServer,
}

impl Events {
    /// One that takes all of them.
    pub(super) fn taken(node: &Node) -> Result<Self> {
        Self::answered(node, |asked| Answer::Reply(201, asked.body.clone()))
    }

    /// One that answers to those as this says.
    pub(super) fn answered(
        node: &Node,
        scenario: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let none = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                          "reason": "NotFound", "message": "not here", "code": 404});
        Self::beside(node, Answer::Reply(404, none.to_string()), scenario)
    }

    /// One that takes all of them, in a cluster whose pods can be watched.
    pub(super) fn in_a_cluster(node: &Node, cluster: &Cluster) -> Result<Self> {
        let taken = |asked: &Asked| Answer::Reply(201, asked.body.clone());
        Self::beside(node, Answer::Pods(cluster.clone()), taken)
    }

    /// One that answers this to all that is about something else.
    fn beside(
        node: &Node,
        other: Answer,
        scenario: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let server = ApiServer::play(node.machine(), move |asked| {
            if asked.what.contains("/events") || is_of_a_status(asked) {
                scenario(asked)
            } else {
                other.clone()
            }
        })?;
        server.write_kubeconfig(node.machine(), KUBECONFIG)?;
        Ok(Self { server })
    }

    /// What was asked about Events so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let mut asked = self.server.asked();
        asked.retain(|asked| asked.what.contains("/events"));
        asked
    }

    /// What was asked about pods' status so far.
    pub(super) fn statuses(&self) -> Vec<Asked> {
        let mut asked = self.server.asked();
        asked.retain(is_of_a_status);
        asked
    }

    /// The Events that were created so far.
    pub(super) fn created(&self) -> Result<Vec<Value>> {
        let asked = self.asked().into_iter();
        asked
            .filter(|asked| asked.what.starts_with("POST "))
            .map(|asked| Ok(serde_json::from_str(&asked.body)?))
            .collect()
    }

    /// Waits for an Event about a pod whose note has a text.
    pub(super) fn wait_for(&self, pod: &str, text: &str) -> Result<Value> {
        let mut found = None;
        let what = format!("an Event about {pod} that says {text:?}");
        let waited = wait_until(&what, LIMIT, || {
            found = self.created()?.into_iter().find(|event| {
                event
                    .pointer("/regarding/name")
                    .is_some_and(|name| name == pod)
                    && event["note"]
                        .as_str()
                        .is_some_and(|note| note.contains(text))
            });
            Ok(found.is_some())
        });
        waited.with_context(|| format!("there are {:#?}", self.created()))?;
        found.context("it was found")
    }
}

fn is_of_a_status(asked: &Asked) -> bool {
    asked.what.contains("/status?")
}

/// A text of an Event.
pub(super) fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}
