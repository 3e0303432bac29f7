//! The doors by which commands reach a node, and what comes of one that is put through.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

use super::bed::{Bed, CONFIGURATION, POD, Right, SECRET, network_configuration, smuggled};
use super::runtime::Sandbox;

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";

/// A value that hangs would keep a pod waiting: nothing here takes longer, on a machine that is busy.
const BOUND: Duration = Duration::from_secs(5);

/// A door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The pod's annotation, at the CNI entrance.
    Annotation,
    /// The `cni-args` of a Multus network selection.
    Arguments,
    /// `commands` in the network configuration.
    Network,
    /// `[[apply]]`, at the CNI entrance.
    ApplyAtCni,
    /// The pod's annotation for its sandbox, at the NRI entrance.
    Sandbox,
    /// The pod's annotation for a container.
    Container,
    /// `[[apply]]`, at the NRI entrance.
    ApplyAtNri,
    /// `chainsaw run --netns`.
    Run,
    /// `chainsaw try`.
    Try,
    /// `chainsaw check`.
    Check,
    /// `chainsaw ip`.
    Ip,
}

impl Door {
    pub const ALL: [Self; 11] = [
        Self::Annotation,
        Self::Arguments,
        Self::Network,
        Self::ApplyAtCni,
        Self::Sandbox,
        Self::Container,
        Self::ApplyAtNri,
        Self::Run,
        Self::Try,
        Self::Check,
        Self::Ip,
    ];

    /// Those by which a pod's author comes: the policy judges there.
    pub const OF_PODS: [Self; 5] = [
        Self::Annotation,
        Self::Arguments,
        Self::Sandbox,
        Self::Container,
        Self::Check,
    ];
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ran,
    Denied,
    Failed,
}

/// What was said.
#[derive(Debug)]
pub struct Told {
    pub outcome: Outcome,
    /// All that was put out, logs too.
    pub text: String,
}

impl Bed {
    /// Puts a form through a door.
    pub fn put(&self, door: Door, number: usize, right: Right) -> Result<Told> {
        let form = self.forms.get(number).context("a form of this bed")?;
        match door {
            Door::ApplyAtCni => self.add(
                &format!("cni-{number}"),
                &annotated(&json!({}), json!({"apply": true})),
            ),
            Door::ApplyAtNri => self.sandbox(&format!("nri-{number}"), SANDBOX, None),
            _ => self.put_value(door, &json!([form]).to_string(), right),
        }
    }

    /// Puts a value through a door that takes any.
    pub fn put_value(&self, door: Door, value: &str, right: Right) -> Result<Told> {
        let begun = Instant::now();
        let told = match door {
            Door::Annotation => self.add(
                right.namespace(),
                &annotated(&json!({KEY: value}), json!({})),
            ),
            Door::Arguments => {
                let args = json!({"args": {"cni": {"chainsaw": items(value)}}});
                self.add(right.namespace(), &annotated(&json!({}), args))
            }
            Door::Network => {
                let own = json!({"commands": items(value)});
                self.add(right.namespace(), &annotated(&json!({}), own))
            }
            Door::Sandbox => self.sandbox(right.namespace(), SANDBOX, Some(value)),
            Door::Container => self.sandbox(right.namespace(), APP, Some(value)),
            Door::Run => self.report(&["run", "-o", "json", "--netns", POD, value]),
            Door::Try => self.report(&["try", "-o", "json", value]),
            Door::Check => {
                let namespace = right.namespace();
                let judged = [
                    "check",
                    "-o",
                    "json",
                    "--policy",
                    CONFIGURATION,
                    "--namespace",
                    namespace,
                ];
                self.report(&[&judged[..], &[value]].concat())
            }
            Door::Ip => self.words(value),
            Door::ApplyAtCni | Door::ApplyAtNri => {
                anyhow::bail!("{door:?} takes what stands in the configuration")
            }
        }
        .with_context(|| format!("{door:?}: {value:.300}"))?;
        ensure!(
            begun.elapsed() < BOUND,
            "{door:?} took {:?}: {value:.300}",
            begun.elapsed()
        );
        ensure!(
            !told.text.contains(SECRET),
            "{door:?} leaks the canary: {value:.300}: {told:?}"
        );
        Ok(told)
    }

    /// Puts a form through the doors by which tokens come, its words hidden in the node's values.
    pub fn smuggle(&self, number: usize) -> Result<Vec<(String, Told)>> {
        let form = self.forms.get(number).context("a form of this bed")?;
        let mut all = Vec::new();
        for line in smuggled(number, form).0 {
            for door in [Door::Annotation, Door::Sandbox] {
                let told = self.put_value(door, &json!([line]).to_string(), Right::All)?;
                all.push((line.clone(), told));
            }
        }
        Ok(all)
    }

    /// ADD, as a runtime calls it for a pod of this namespace.
    fn add(&self, namespace: &str, conf: &Value) -> Result<Told> {
        let output = self.add_at(POD, namespace, conf)?;
        let said: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
        let outcome = match (output.status, said["code"].as_u64()) {
            (0, _) => Outcome::Ran,
            (_, Some(101)) => Outcome::Denied,
            (_, Some(_)) => Outcome::Failed,
            _ => anyhow::bail!("ADD answers no error: {output:?}"),
        };
        Ok(Told {
            outcome,
            text: output.stdout + &output.stderr,
        })
    }

    /// ADD with the namespace at this path.
    pub fn add_at(&self, netns: &str, namespace: &str, conf: &Value) -> Result<Output> {
        self.program(parts::chainsaw()?)
            .env("CNI_COMMAND", "ADD")
            .env("CNI_CONTAINERID", self.fresh("c"))
            .env("CNI_NETNS", netns)
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/opt/cni/bin")
            .env(
                "CNI_ARGS",
                format!("IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME=web"),
            )
            .stdin(network_configuration(conf)?)
            .run()
    }

    /// An event of NRI for a pod of this namespace, and what the daemon says of it.
    fn sandbox(&self, namespace: &str, key: &str, value: Option<&str>) -> Result<Told> {
        let before = self.runtime.log()?.len();
        let annotations: Vec<(&str, &str)> = value.map(|value| (key, value)).into_iter().collect();
        let id = self.fresh("s");
        let sandbox = Sandbox {
            id: &id,
            namespace,
            annotations: &annotations,
            netns: POD.as_ref(),
        };
        let answer = if key == APP {
            self.runtime.container(&sandbox)
        } else {
            self.runtime.sandbox(&sandbox)
        };
        let log = self.runtime.log()?;
        let log = log.get(before..).unwrap_or_default();
        let outcome = match &answer {
            Ok(()) => Outcome::Ran,
            Err(_) if log.contains("reason=\"CommandDenied\"") => Outcome::Denied,
            Err(_) => Outcome::Failed,
        };
        Ok(Told {
            outcome,
            text: answer.err().unwrap_or_default() + log,
        })
    }

    /// A form of the command line that reports.
    fn report(&self, words: &[&str]) -> Result<Told> {
        let output = self.program(parts::chainsaw()?).args(words).run()?;
        let report: Value = serde_json::from_str(&output.stdout)
            .with_context(|| format!("no report: {output:?}"))?;
        let outcome = match (output.status, report["outcome"].as_str()) {
            (0, Some("ok" | "unchanged")) => Outcome::Ran,
            (1, Some("denied")) => Outcome::Denied,
            (1, Some("failed")) => Outcome::Failed,
            _ => anyhow::bail!("status and report are at odds: {output:?}"),
        };
        let told = report["commands"].as_array().into_iter().flatten();
        let outputs = told.filter_map(|command| command["stdout"].as_str());
        Ok(Told {
            outcome,
            text: outputs.collect::<String>() + &output.stdout + &output.stderr,
        })
    }

    /// `chainsaw ip`, called in the pod's namespace: one command after the other.
    fn words(&self, value: &str) -> Result<Told> {
        let items: Vec<String> = serde_json::from_str(value)?;
        let mut told = Told {
            outcome: Outcome::Ran,
            text: String::new(),
        };
        for line in items {
            let words = line.strip_prefix("ip ").unwrap_or(&line).split_whitespace();
            let entered = [format!("--net={POD}"), "--".to_owned()];
            let program = self
                .program("nsenter")
                .args(entered)
                .arg(parts::chainsaw()?);
            let output = program.arg("ip").args(words).run()?;
            if output.status != 0 {
                told.outcome = Outcome::Failed;
            }
            told.text += &(output.stdout + &output.stderr);
        }
        Ok(told)
    }
}

/// The fields of a network configuration for a pod with these annotations, and more.
fn annotated(annotations: &Value, more: Value) -> Value {
    let mut fields = json!({"runtimeConfig": {"io.kubernetes.cri.pod-annotations": annotations}});
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

/// A value as it stands in JSON: a list as it is, else text.
fn items(value: &str) -> Value {
    serde_json::from_str(value)
        .ok()
        .filter(Value::is_array)
        .unwrap_or_else(|| json!(value))
}
