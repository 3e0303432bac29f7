//! A daemon with the service account of a pod, as a DaemonSet's has it, and the cluster's API server.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use chainsaw_tests::api::{Answer, ApiServer, Cluster, NODE, Pod};
use chainsaw_tests::parts;
use chainsaw_tests::process::{Child, Program, wait_until};
use chainsaw_tests::scratch::Scratch;

use super::super::api::bed::Bed as Plugin;
pub(super) use super::super::api::bed::{
    CONFIGURATION, CONTINUE, GRANT, KEY, KUBECONFIG, PREV_RESULT, UID, conf,
};

pub(super) const TOKEN: &str = "first-token";
const LIMIT: Duration = Duration::from_secs(15);
/// `/var/run` is a link to it.
const SERVICE_ACCOUNT: &str = "/run/secrets/kubernetes.io/serviceaccount";

/// A machine with plugin, daemon, and an API server.
pub(super) struct Bed {
    pub(super) plugin: Plugin,
    pub(super) cluster: Cluster,
    pub(super) server: ApiServer,
    pub(super) daemon: Child,
    log: PathBuf,
    _scratch: Scratch,
}

impl Bed {
    /// One whose daemon knows these pods.
    pub(super) fn with(pods: impl IntoIterator<Item = Pod>) -> Result<Self> {
        Self::configured(GRANT, pods)
    }

    /// The same, on a node with this configuration: a change of it counts only after a while.
    pub(super) fn configured(
        configuration: &str,
        pods: impl IntoIterator<Item = Pod>,
    ) -> Result<Self> {
        let cluster = Cluster::new(TOKEN);
        pods.into_iter().for_each(|pod| cluster.put(pod));
        Self::of(configuration, cluster)
    }

    /// One in a cluster that is as it should be or not.
    pub(super) fn of(configuration: &str, cluster: Cluster) -> Result<Self> {
        let plugin = Plugin::new()?;
        plugin.machine.write(CONFIGURATION, configuration)?;
        let server = ApiServer::start(&plugin.machine, Answer::Pods(cluster.clone()))?;
        for (name, text) in [
            ("token", TOKEN),
            ("ca.crt", server.authority()),
            ("namespace", "kube-system"),
        ] {
            plugin
                .machine
                .write(format!("{SERVICE_ACCOUNT}/{name}"), text)?;
        }
        let scratch = Scratch::new()?;
        let log = scratch.path().join("chainsawd.log");
        let url = server.url();
        let (_, port) = url.rsplit_once(':').unwrap_or_default();
        let daemon = chainsawd(&plugin)?
            .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
            .env("KUBERNETES_SERVICE_PORT", port)
            .env("NODE_NAME", NODE)
            .start(&log)?;
        let bed = Self {
            plugin,
            cluster,
            server,
            daemon,
            log,
            _scratch: scratch,
        };
        bed.wait_for("listening for the CNI plugin")?;
        bed.wait_for("node node-1's pods are watched")?;
        Ok(bed)
    }

    pub(super) fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// Waits until the daemon's log has a text.
    pub(super) fn wait_for(&self, text: &str) -> Result<()> {
        wait_until(&format!("chainsawd to say {text:?}"), LIMIT, || {
            Ok(self.log()?.contains(text))
        })
    }

    /// How many requests there were for one pod.
    pub(super) fn gets(&self) -> usize {
        let asked = self.server.asked();
        let gets = asked.iter().filter(|asked| asked.what.contains("/pods/"));
        gets.count()
    }
}

/// The daemon for the CNI entrance alone.
pub(super) fn chainsawd(plugin: &Plugin) -> Result<Program> {
    let program = plugin.machine.program(parts::chainsawd()?);
    Ok(program.args(["--hooks", "cni"]))
}

/// The pod for which the plugin is called.
pub(super) fn web(value: &str) -> Pod {
    Pod::new("web", UID).annotation(KEY, value)
}

pub(super) const ROUTE: &str = "ip route add 192.0.3.0/24 dev lo";
