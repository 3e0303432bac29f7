//! A machine with both programs, and what an API server sends.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::api::{Answer, ApiServer, TOKEN};
use chainsaw_tests::call::Call;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

pub(in crate::product) const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
pub(in crate::product) const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
pub(in crate::product) const GRANT: &str =
    "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
pub(in crate::product) const CONTINUE: &str = "[failure]\nunknown = \"continue\"\n";
pub(in crate::product) const PLUGIN: &str = "/opt/cni/bin/chainsaw";
pub(in crate::product) const LOOKUP: &str = "/opt/cni/bin/chainsaw-lookup";
pub(in crate::product) const KUBECONFIG: &str = "/etc/chainsaw/kubeconfig";
/// The path that the original plugin reads unless told otherwise.
pub(in crate::product) const ORIGINALS: &str = "/etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig";
pub(in crate::product) const UID: &str = "11111111-1111-4111-8111-111111111111";
/// Odd on purpose: order, spacing, unknown fields.
pub(in crate::product) const PREV_RESULT: &str = "{ \"x\": 1.50, \"interfaces\": [{\"name\": \"lo\", \"sandbox\": \"/run/netns/pod\"}],\n \
     \"cniVersion\": \"1.0.0\"}";

/// A machine with both programs installed, and a pod's namespace.
pub(in crate::product) struct Bed {
    pub(in crate::product) machine: Machine,
}

impl Bed {
    pub(in crate::product) fn new() -> Result<Self> {
        let machine = Machine::boot()?;
        machine.write(CONFIGURATION, GRANT)?;
        machine.write(PLUGIN, "")?;
        fs::copy(parts::chainsaw()?, machine.path(PLUGIN))?;
        fs::copy(parts::lookup()?, machine.path(LOOKUP))?;
        for line in ["netns add pod", "-n pod link set lo up"] {
            machine.program("ip").args(line.split(' ')).stdout()?;
        }
        Ok(Self { machine })
    }

    /// One with a server that answers so, and its kubeconfig.
    pub(in crate::product) fn with(answer: Answer) -> Result<(Self, ApiServer)> {
        let bed = Self::new()?;
        let server = ApiServer::start(&bed.machine, answer)?;
        server.write_kubeconfig(&bed.machine, KUBECONFIG)?;
        Ok((bed, server))
    }

    pub(in crate::product) fn add(&self, conf: String) -> Result<Output> {
        self.add_by(PLUGIN, "", conf)
    }

    pub(in crate::product) fn add_by(
        &self,
        plugin: &str,
        cni_path: &str,
        conf: String,
    ) -> Result<Output> {
        let args = format!("K8S_POD_UID={UID};K8S_POD_NAMESPACE=default;K8S_POD_NAME=web");
        let call = Call {
            ifname: "lo",
            path: cni_path,
            args: &args,
            ..Call::default()
        };
        call.of(self.machine.program(plugin)).stdin(conf).run()
    }

    /// What a plugin that asks is told, and why as the log has it.
    pub(in crate::product) fn refusal(&self) -> Result<(String, String)> {
        self.machine.write(CONFIGURATION, GRANT)?;
        let output = self.add(asking())?;
        let said: Value =
            serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))?;
        let code = said.get("code").and_then(Value::as_u64);
        assert_eq!((output.status, code), (1, Some(11)), "{output:?}");
        let msg = said.get("msg").and_then(Value::as_str);
        let msg = msg.context("no msg")?.to_owned();
        assert!(msg.len() <= 256, "{msg}");

        self.machine.write(CONFIGURATION, CONTINUE)?;
        let output = self.add(asking())?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (0, PREV_RESULT),
            "{output:?}"
        );
        let (_, reason) = output.stderr.split_once("reason=").context("no reason")?;
        let (reason, _) = reason.split_once(',').context("no end of the reason")?;
        for said in [&msg, &output.stderr] {
            assert!(!said.contains(TOKEN) && !said.contains("BODY"), "{said}");
        }
        Ok((msg, reason.to_owned()))
    }

    /// `chainsaw-lookup`, asked as the plugin asks it.
    pub(in crate::product) fn lookup(&self, more: &[&str]) -> Result<Output> {
        self.machine
            .program(LOOKUP)
            .args([
                "--kubeconfig",
                KUBECONFIG,
                "--namespace=default",
                "--name=web",
            ])
            .args(more)
            .run()
    }

    pub(in crate::product) fn routes(&self) -> Result<String> {
        self.machine
            .program("ip")
            .args(["-n", "pod", "route"])
            .stdout()
    }
}

/// A network configuration without `runtimeConfig`.
pub(in crate::product) fn conf(rest: &str) -> String {
    format!(
        "{{\"cniVersion\": \"1.0.0\", \"name\": \"n\", \"type\": \"chainsaw\"{rest}, \"prevResult\": {PREV_RESULT}}}"
    )
}

/// One that names a kubeconfig, as the original plugin's do.
pub(in crate::product) fn asking() -> String {
    conf(&format!(
        ", \"kubeconfig\": \"{KUBECONFIG}\", \"socket_enabled\": true, \"socket_path\": \"/run/nowhere.sock\""
    ))
}

/// The pod's metadata, as an API server sends it.
pub(in crate::product) fn pod(uid: &str, annotations: &Value) -> Answer {
    let object = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {
        "name": "web", "namespace": "default", "uid": uid, "resourceVersion": "7",
        "creationTimestamp": "2025-01-01T00:00:00Z", "annotations": annotations, "labels": {"app": "web"},
    }});
    Answer::Reply(200, object.to_string())
}

pub(in crate::product) fn route() -> Value {
    json!({KEY: "ip route add 192.0.3.0/24 dev lo", "other.example/key": "x"})
}

/// An API server's refusal. No word of it may be passed on.
pub(in crate::product) fn status(code: u16) -> Answer {
    let object = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "BODY", "code": code});
    Answer::Reply(code, object.to_string())
}
