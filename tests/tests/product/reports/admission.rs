//! `deployments/admission/status.yaml`: what the daemon's service account may change, by its CEL expressions over pods.

use anyhow::{Context as _, Result, anyhow, ensure};
use cel::{Context, Program};
use chainsaw_tests::manifest::Manifest;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::core::v1::ServiceAccount;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const MANIFEST: &str = include_str!("../../../../deployments/admission/status.yaml");
const STATUS: &str = "k8s.v1.cni.cncf.io/chainsaw-status";

/// The typed object; what its type does not know would be lost on the way back.
fn strict<T: DeserializeOwned + Serialize>(text: &str) -> Result<T> {
    let written: Value = serde_saphyr::from_str(text)?;
    let typed: T = serde_json::from_value(written.clone())?;
    let back = serde_json::to_value(&typed)?;
    ensure!(back == written, "{written:#}\nbecomes\n{back:#}");
    Ok(typed)
}

fn manifest() -> Result<(ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding)> {
    let (policy, binding) = MANIFEST.split_once("\n---\n").context("two objects")?;
    Ok((strict(policy)?, strict(binding)?))
}

/// Who the daemon of an overlay is to the API server.
fn daemon(overlay: &str) -> Result<String> {
    let account: ServiceAccount = Manifest::build(overlay)?.one()?;
    let name = account.metadata.name.context("a name")?;
    let namespace = account.metadata.namespace.context("a namespace")?;
    Ok(format!("system:serviceaccount:{namespace}:{name}"))
}

/// What somebody makes of a pod.
type Change = fn(&mut Value);

/// A pod of worker-1.
fn pod() -> Value {
    json!({
        "metadata": {"name": "web", "labels": {"app": "web"}, "finalizers": ["a/b"], "annotations": {"x": "1"}},
        "spec": {"nodeName": "worker-1", "containers": [{"name": "app"}]},
        "status": {"phase": "Running"},
    })
}

/// An update by the daemon of worker-1 that makes another pod of it.
struct Update {
    now: Value,
    before: Value,
    user: Value,
}

impl Update {
    fn to(change: impl FnOnce(&mut Value)) -> Result<Self> {
        Self::by(&daemon("overlays/both")?, change)
    }

    fn by(username: &str, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let mut now = pod();
        change(&mut now);
        let extra = json!({"authentication.kubernetes.io/node-name": ["worker-1"]});
        Ok(Self {
            now,
            before: pod(),
            user: json!({"username": username, "extra": extra}),
        })
    }

    fn value(&self, expression: &str, variables: &Map<String, Value>) -> Result<Value> {
        let wrong = |error: &dyn std::fmt::Display| anyhow!("{expression}: {error}");
        let program = Program::compile(expression).map_err(|error| wrong(&error))?;
        let mut context = Context::default();
        for (name, value) in [
            ("object", self.now.clone()),
            ("oldObject", self.before.clone()),
            ("request", json!({"userInfo": self.user})),
            ("variables", Value::Object(variables.clone())),
        ] {
            context
                .add_variable(name, value)
                .map_err(|error| wrong(&error))?;
        }
        let value = program.execute(&context).map_err(|error| wrong(&error))?;
        value.json().map_err(|error| wrong(&error))
    }

    /// What an API server answers: nothing if it is admitted. An expression that fails refuses, as the policy says.
    fn refusals(&self) -> Result<Vec<String>> {
        let spec = manifest()?.0.spec.context("spec")?;
        let mut variables = Map::new();
        for condition in spec.match_conditions.iter().flatten() {
            if self.value(&condition.expression, &variables)? != json!(true) {
                return Ok(Vec::new());
            }
        }
        for variable in spec.variables.iter().flatten() {
            let value = self.value(&variable.expression, &variables)?;
            variables.insert(variable.name.clone(), value);
        }
        let mut refusals = Vec::new();
        for validation in spec.validations.iter().flatten() {
            if self.value(&validation.expression, &variables)? != json!(true) {
                refusals.push(validation.message.clone().context("a message")?);
            }
        }
        Ok(refusals)
    }
}

#[test]
fn the_policy_and_its_binding_fit_each_other() -> Result<()> {
    let (policy, binding) = manifest()?;
    let bound = binding.spec.context("spec")?;
    ensure!(bound.policy_name == policy.metadata.name);
    ensure!(bound.validation_actions == Some(vec!["Deny".to_owned()]));
    let spec = policy.spec.context("spec")?;
    ensure!(spec.failure_policy.as_deref() == Some("Fail"));
    let rules = spec
        .match_constraints
        .context("constraints")?
        .resource_rules;
    let resources = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.resources);
    ensure!(
        resources
            .flatten()
            .any(|resource| resource == "pods/status")
    );
    Ok(())
}

#[test]
fn the_policy_holds_for_the_daemon_of_every_overlay_that_installs_one() -> Result<()> {
    for overlay in ["cni", "nri", "both", "k3s", "openshift"] {
        let daemon = daemon(&format!("overlays/{overlay}"))?;
        let update = Update::by(&daemon, |pod| pod["status"]["phase"] = "Failed".into())?;
        ensure!(!update.refusals()?.is_empty(), "{overlay}: {daemon}");
    }
    Ok(())
}

#[test]
fn the_daemon_writes_its_annotation_into_pods_of_its_node() -> Result<()> {
    let write = |pod: &mut Value| pod["metadata"]["annotations"][STATUS] = "[]".into();
    ensure!(Update::to(write)?.refusals()?.is_empty());
    // The first annotation of a pod, and one that is written again.
    let mut first = Update::to(write)?;
    first.before["metadata"] =
        json!({"name": "web", "labels": {"app": "web"}, "finalizers": ["a/b"]});
    first.now["metadata"]["annotations"] = json!({STATUS: "[]"});
    ensure!(first.refusals()?.is_empty(), "{:?}", first.refusals());
    let mut again = Update::to(write)?;
    again.before["metadata"]["annotations"][STATUS] = "[1]".into();
    ensure!(again.refusals()?.is_empty());
    // Nobody else is kept from anything.
    let mut other = Update::to(|pod| pod["status"]["phase"] = "Failed".into())?;
    other.user["username"] = "system:node:worker-1".into();
    ensure!(other.refusals()?.is_empty());
    Ok(())
}

#[test]
fn the_daemon_writes_nothing_else_and_into_no_other_pod() -> Result<()> {
    let changes: [(Change, &str); 8] = [
        (
            |pod| pod["metadata"]["annotations"]["x"] = "2".into(),
            "no annotation but",
        ),
        (
            |pod| pod["metadata"]["annotations"]["y"] = "1".into(),
            "no annotation but",
        ),
        (
            |pod| pod["metadata"]["annotations"] = json!({}),
            "no annotation but",
        ),
        (
            |pod| pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/chainsaw"] = "ip a".into(),
            "no annotation but",
        ),
        (
            |pod| pod["metadata"]["labels"]["app"] = "db".into(),
            "nothing into a pod but",
        ),
        (
            |pod| pod["metadata"]["finalizers"] = json!([]),
            "nothing into a pod but",
        ),
        (
            |pod| pod["status"]["phase"] = "Failed".into(),
            "nothing into a pod but",
        ),
        (
            |pod| pod["status"]["podIP"] = "192.0.2.1".into(),
            "nothing into a pod but",
        ),
    ];
    for (change, why) in changes {
        let refusals = Update::to(change)?.refusals()?;
        ensure!(
            refusals.len() == 1 && refusals.iter().all(|said| said.contains(why)),
            "{refusals:?}"
        );
    }
    let elsewhere = |change: fn(&mut Update)| {
        let mut update = Update::to(|pod| pod["metadata"]["annotations"][STATUS] = "[]".into())?;
        change(&mut update);
        update.refusals()
    };
    let others: [fn(&mut Update); 4] = [
        |update| update.before["spec"]["nodeName"] = "worker-2".into(),
        |update| {
            update.user["extra"] = json!({"authentication.kubernetes.io/node-name": ["worker-2"]})
        },
        |update| update.user["extra"] = json!({}),
        |update| {
            update.user.as_object_mut().map(|user| user.remove("extra"));
        },
    ];
    for other in others {
        let refusals = elsewhere(other)?;
        ensure!(
            refusals.iter().any(|said| said.contains("its own node")),
            "{refusals:?}"
        );
    }
    Ok(())
}
