//! A call of a CNI plugin, as a container runtime makes it (CNI spec, section 2).

use serde_json::Value;

use crate::process::Program;

/// Where the pod's namespace is, unless a test says otherwise.
pub const POD: &str = "/run/netns/pod";

/// The protocol's variables. An empty one is an absent one.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// `CNI_COMMAND`.
    pub verb: &'a str,
    /// `CNI_CONTAINERID`.
    pub container: &'a str,
    /// `CNI_NETNS`.
    pub netns: &'a str,
    /// `CNI_IFNAME`.
    pub ifname: &'a str,
    /// `CNI_PATH`.
    pub path: &'a str,
    /// `CNI_ARGS`.
    pub args: &'a str,
}

impl Default for Call<'_> {
    /// ADD of `eth0` for the pod `web` of the namespace `default`.
    fn default() -> Self {
        Self {
            verb: "ADD",
            container: "c1",
            netns: POD,
            ifname: "eth0",
            path: "/opt/cni/bin",
            args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
        }
    }
}

impl Call<'_> {
    /// The call of this program; its standard input is still to be given.
    pub fn of(&self, plugin: Program) -> Program {
        let set = |plugin: Program, (name, value)| plugin.env(name, value);
        self.variables().into_iter().fold(plugin, set)
    }

    /// The variables and their values.
    pub fn variables(&self) -> [(&'static str, &str); 6] {
        [
            ("CNI_COMMAND", self.verb),
            ("CNI_CONTAINERID", self.container),
            ("CNI_NETNS", self.netns),
            ("CNI_IFNAME", self.ifname),
            ("CNI_PATH", self.path),
            ("CNI_ARGS", self.args),
        ]
    }
}

/// The product's network configuration, as a runtime that knows the pod's annotations passes it. `prevResult` stays the
/// text that it is.
pub fn conf(annotations: &Value, prev_result: &str) -> String {
    format!(
        "{{\"cniVersion\": \"1.0.0\", \"name\": \"n\", \"type\": \"chainsaw\", \
         \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {annotations}}}, \"prevResult\": {prev_result}}}"
    )
}
