//! The doors by which commands reach a node, and what comes of one that is put through.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::bed::{Bed, CONFIGURATION, POD, Right, SECRET};
use super::operator::smuggled;

/// The keys of pods.
pub const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
pub const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
pub const APP: &str = "chainsaw.noderesource.dev/container.app";

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
        let refused = self.refused.get(number).and_then(Option::as_ref);
        match (door, refused) {
            (Door::ApplyAtCni | Door::ApplyAtNri, Some(said)) => Ok(Told {
                outcome: if said.contains("never allowed") {
                    Outcome::Denied
                } else {
                    Outcome::Failed
                },
                text: said.clone(),
            }),
            (Door::ApplyAtCni, None) => self.add(
                &format!("cni-{number}"),
                &annotated(&json!({}), json!({"apply": true})),
            ),
            (Door::ApplyAtNri, None) => self.sandbox(&format!("nri-{number}"), SANDBOX, None),
            (door, _) => self.put_value(door, &json!([form]).to_string(), right),
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

    /// Asserts that nothing of the canary is in what the product keeps: records, and the daemon's log.
    pub fn keeps_no_secret(&self) -> Result<()> {
        let search = ["-r", "-l", SECRET, "/run/chainsaw"];
        let found = self.program("grep").args(search).run()?.stdout;
        ensure!(found.is_empty(), "the canary is in {found}");
        ensure!(
            !self.runtime.log()?.contains(SECRET),
            "the canary is in the daemon's log"
        );
        Ok(())
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
