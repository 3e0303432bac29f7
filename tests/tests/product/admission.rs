//! The admission policy as it stands in `deployments/admission`: its CEL expressions, evaluated over pods.

use std::collections::HashMap;

use anyhow::{Context as _, Result, anyhow, ensure};
use cel::{Context, Program};
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const POLICY: &str = include_str!("../../../deployments/admission/policy.yaml");
const BINDING: &str = include_str!("../../../deployments/admission/binding.yaml");
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";
const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";

/// The typed object; what its type does not know would be lost on the way back.
fn strict<T: DeserializeOwned + Serialize>(text: &str) -> Result<T> {
    let written: Value = serde_saphyr::from_str(text)?;
    let typed: T = serde_json::from_value(written.clone())?;
    let back = serde_json::to_value(&typed)?;
    ensure!(back == written, "{written:#}\nbecomes\n{back:#}");
    Ok(typed)
}

/// What an API server is asked to admit.
struct Request {
    namespace: Value,
    object: Value,
    old: Value,
}

/// A pod with these annotations, if any, and this in its spec besides.
fn pod(annotations: &Value, besides: &Value) -> Value {
    let mut spec = json!({
        "containers": [{"name": "app"}, {"name": "side"}],
        "initContainers": [{"name": "init"}],
    });
    if let (Some(besides), Some(spec)) = (besides.as_object(), spec.as_object_mut()) {
        spec.extend(besides.clone());
    }
    let metadata = match annotations {
        Value::Null => json!({"name": "web"}),
        annotations => json!({"name": "web", "annotations": annotations}),
    };
    json!({"metadata": metadata, "spec": spec})
}

/// A namespace with these labels, if any.
fn namespace(labels: &Value) -> Value {
    match labels {
        Value::Null => json!({"metadata": {"name": "team-a"}}),
        labels => json!({"metadata": {"name": "team-a", "labels": labels}}),
    }
}

impl Request {
    /// A new pod in a namespace with the label.
    fn new(annotations: &Value) -> Self {
        Self {
            namespace: namespace(&json!({"chainsaw.noderesource.dev/allowed": "true"})),
            object: pod(annotations, &Value::Null),
            old: Value::Null,
        }
    }

    fn labels(self, labels: &Value) -> Self {
        Self {
            namespace: namespace(labels),
            ..self
        }
    }

    /// What the policy says to it: the messages of all that fails, as an API server evaluates them.
    fn refusals(&self, policy: &ValidatingAdmissionPolicy) -> Result<Vec<String>> {
        let spec = policy.spec.as_ref().context("spec")?;
        let mut variables = Map::new();
        for variable in spec.variables.iter().flatten() {
            let value = self.value(&variable.expression, &variables)?;
            variables.insert(variable.name.clone(), value);
        }
        let validations = spec.validations.iter().flatten();
        let refusal = |validation: &Validation| -> Result<Option<String>> {
            let holds = self.value(&validation.expression, &variables)?;
            if holds.as_bool().context("a validation is true or false")? {
                return Ok(None);
            }
            let message = validation
                .message_expression
                .as_ref()
                .context("a message")?;
            let message = self.value(message, &variables)?;
            Ok(Some(
                message.as_str().context("a message is text")?.to_owned(),
            ))
        };
        validations
            .filter_map(|validation| refusal(validation).transpose())
            .collect()
    }

    fn value(&self, expression: &str, variables: &Map<String, Value>) -> Result<Value> {
        let program =
            Program::compile(expression).map_err(|error| anyhow!("{expression}: {error}"))?;
        let mut context = Context::default();
        let known = HashMap::from([
            ("object", self.object.clone()),
            ("oldObject", self.old.clone()),
            ("namespaceObject", self.namespace.clone()),
            ("variables", Value::Object(variables.clone())),
        ]);
        for (name, value) in known {
            context
                .add_variable(name, value)
                .map_err(|error| anyhow!("{name}: {error}"))?;
        }
        let value = program
            .execute(&context)
            .map_err(|error| anyhow!("{expression}: {error}"))?;
        value
            .json()
            .map_err(|error| anyhow!("{expression}: {error}"))
    }
}

fn policy() -> Result<ValidatingAdmissionPolicy> {
    strict(POLICY)
}

#[test]
fn the_manifests_are_what_their_types_know_and_fit_each_other() -> Result<()> {
    let policy = policy()?;
    let binding: ValidatingAdmissionPolicyBinding = strict(BINDING)?;
    let (spec, bound) = (policy.spec.context("spec")?, binding.spec.context("spec")?);
    ensure!(bound.policy_name == policy.metadata.name);
    ensure!(bound.validation_actions == Some(vec!["Deny".to_owned()]));
    ensure!(spec.failure_policy.as_deref() == Some("Fail"));
    let rules = spec
        .match_constraints
        .context("constraints")?
        .resource_rules;
    let rules = rules.context("rules")?;
    let [rule] = rules.as_slice() else {
        anyhow::bail!("{rules:?}")
    };
    let names = |list: &Option<Vec<String>>| list.clone().unwrap_or_default().join(" ");
    ensure!(names(&rule.resources) == "pods pods/status");
    ensure!(names(&rule.operations) == "CREATE UPDATE");
    // More are none that an API server takes.
    for variable in spec.variables.iter().flatten() {
        Program::compile(&variable.expression).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}

#[test]
fn pods_that_ask_for_nothing_are_admitted_everywhere() -> Result<()> {
    let policy = policy()?;
    for annotations in [
        json!(null),
        json!({}),
        json!({"other.example/key": "x", "k8s.v1.cni.cncf.io/chainsawx": "x", "chainsaw.noderesource.de/x": "y"}),
        json!({"k8s.v1.cni.cncf.io/networks": "storage, other/net@net1"}),
    ] {
        for labels in [json!(null), json!({}), json!({"a": "b"})] {
            let mut request = Request::new(&annotations).labels(&labels);
            ensure!(request.refusals(&policy)?.is_empty(), "{annotations}");
            request.object = pod(&annotations, &json!({"hostNetwork": true}));
            ensure!(request.refusals(&policy)?.is_empty(), "{annotations}");
        }
    }
    Ok(())
}

#[test]
fn keys_are_admitted_where_the_namespace_has_the_label_and_fit_the_pod() -> Result<()> {
    let policy = policy()?;
    for annotations in [
        json!({KEY: "ip route"}),
        json!({"k8s.v1.cni.cncf.io/chainsaw.net1": "ip route", SANDBOX: "ip route"}),
        json!({APP: "ip route", "chainsaw.noderesource.dev/container.init": "ip route"}),
        json!({"k8s.v1.cni.cncf.io/networks": "[{\"name\":\"n\",\"cni-args\":{\"chainsaw\":[\"ip route\"]}}]"}),
    ] {
        let said = Request::new(&annotations).refusals(&policy)?;
        ensure!(said.is_empty(), "{annotations}: {said:?}");
    }
    Ok(())
}

#[test]
fn every_key_is_refused_where_the_namespace_has_no_label() -> Result<()> {
    let policy = policy()?;
    let no = "and namespace team-a may not: take it away, or have an administrator label the namespace chainsaw.noderesource.dev/allowed=true";
    for (key, value) in [
        (KEY, "ip route"),
        ("k8s.v1.cni.cncf.io/chainsaw.net1", "ip route"),
        (SANDBOX, "ip route"),
        (APP, ""),
        (
            "k8s.v1.cni.cncf.io/networks",
            "[{\"name\":\"n\",\"cni-args\":{\"chainsaw\":[]}}]",
        ),
        (
            "k8s.v1.cni.cncf.io/networks",
            "[{\"name\":\"n\",\"cni-args\":{\"chains\\u0061w\":[]}}]",
        ),
        (
            "v1.multus-cni.io/default-network",
            "[{\"name\":\"n\",\"cni-args\":{\"chainsaw\":[]}}]",
        ),
    ] {
        for labels in [
            json!(null),
            json!({}),
            json!({"chainsaw.noderesource.dev/allowed": "false"}),
            json!({"chainsaw.noderesource.dev/allowed": ""}),
        ] {
            let said = Request::new(&json!({key: value}))
                .labels(&labels)
                .refusals(&policy)?;
            ensure!(
                said == [format!("annotation {key} asks for ip commands, {no}")],
                "{key}: {said:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn what_could_never_run_as_asked_is_refused_with_its_key() -> Result<()> {
    let policy = policy()?;
    for (annotations, spec, said) in [
        (
            json!({KEY: "ip route"}),
            json!({"hostNetwork": true}),
            "asks for ip commands in the pod, and hostNetwork: true means the node",
        ),
        (
            json!({SANDBOX: "ip route", "chainsaw.noderesource.dev/sandbx": "ip route"}),
            json!({}),
            "annotation chainsaw.noderesource.dev/sandbx is not known",
        ),
        (
            json!({"chainsaw.noderesource.dev/container": "ip route"}),
            json!({}),
            "annotation chainsaw.noderesource.dev/container is not known",
        ),
        (
            json!({APP: "ip route", "chainsaw.noderesource.dev/container.ap": "ip route"}),
            json!({}),
            "annotation chainsaw.noderesource.dev/container.ap is for a container that the pod does not have",
        ),
        (
            json!({"chainsaw.noderesource.dev/container.init": "ip route"}),
            json!({"initContainers": []}),
            "annotation chainsaw.noderesource.dev/container.init is for a container",
        ),
    ] {
        let mut request = Request::new(&annotations);
        request.object = pod(&annotations, &spec);
        let refusals = request.refusals(&policy)?;
        ensure!(
            refusals.len() == 1 && refusals[0].contains(said),
            "{annotations}: {refusals:?}"
        );
        if annotations.get(APP).is_none() {
            let mut none = request.object.clone();
            none["spec"]
                .as_object_mut()
                .context("spec")?
                .remove("initContainers");
            request.object = none;
            ensure!(request.refusals(&policy)?.len() == 1);
        }
    }
    let mut not_host = Request::new(&json!({KEY: "ip route"}));
    not_host.object["spec"]["hostNetwork"] = json!(false);
    ensure!(not_host.refusals(&policy)?.is_empty());
    Ok(())
}

#[test]
fn an_update_is_judged_by_what_it_changes() -> Result<()> {
    let policy = policy()?;
    let update = |old: Value, new: Value| {
        let mut request = Request::new(&new).labels(&json!({}));
        request.old = pod(&old, &Value::Null);
        request.refusals(&policy)
    };
    // A pod from when the namespace had its label: its status, other annotations, and the key's end are no new wish.
    ensure!(update(json!({KEY: "ip route"}), json!({KEY: "ip route"}))?.is_empty());
    ensure!(update(json!({KEY: "ip route"}), json!({KEY: "ip route", "a": "b"}))?.is_empty());
    ensure!(update(json!({KEY: "ip route"}), json!(null))?.is_empty());
    for old in [json!(null), json!({}), json!({KEY: "ip link"})] {
        ensure!(update(old, json!({KEY: "ip route"}))?.len() == 1);
    }
    Ok(())
}
