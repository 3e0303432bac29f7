//! `check`: values are parsed and judged by a policy, and nothing else.

use std::collections::BTreeMap;
use std::fs;

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report};
use chainsaw_common::tokens::Surroundings;

use super::words::Given;
use super::{Failure, sample, subject, workload};
use crate::source::KEY;

/// The keys of the NRI entrance begin with this.
const NRI: &str = "chainsaw.noderesource.dev/";

/// What judges, and by what.
struct Judge<'a> {
    given: &'a Given,
    policy: Policy,
    surroundings: Surroundings,
}

/// Checks the values, or those of every pod in the files.
///
/// # Errors
/// A file that cannot be read or taken.
pub fn check(given: &Given) -> Result<Vec<Report>, Failure> {
    let (policy, node) = policy(given.policy.as_deref())?;
    let judge = Judge {
        given,
        policy,
        surroundings: Surroundings {
            values: node,
            ..placeholders(given)
        },
    };
    let mut reports = Vec::new();
    if !given.values.is_empty() {
        let entrance = given.entrance.unwrap_or(Entrance::Cni);
        let pod = judge.pod("argument", None, BTreeMap::new());
        reports.push(judge.one(pod, entrance, &given.values));
    }
    for file in &given.files {
        for described in workload::read(file)? {
            let values = values(&described)?;
            let nri = |value: &Value| value.source.starts_with(NRI);
            let (nri, cni): (Vec<_>, Vec<_>) = values.into_iter().partition(nri);
            let pod = judge.pod(
                &described.name,
                described.namespace.clone(),
                described.labels.clone(),
            );
            let cni = judge.one(pod.clone(), Entrance::Cni, &cni);
            reports.push(together(cni, judge.one(pod, Entrance::Nri, &nri)));
        }
    }
    Ok(reports)
}

impl Judge<'_> {
    fn pod(&self, name: &str, namespace: Option<String>, own: BTreeMap<String, String>) -> Pod {
        let mut labels = own;
        labels.extend(self.given.labels.clone());
        Pod {
            namespace: namespace
                .or(self.given.namespace.clone())
                .unwrap_or_else(|| "default".to_owned()),
            name: name.to_owned(),
            uid: None,
            labels: Some(labels),
        }
    }

    fn one(&self, mut pod: Pod, entrance: Entrance, values: &[Value]) -> Report {
        let entrance = self.given.entrance.unwrap_or(entrance);
        // Nobody tells the CNI entrance a pod's labels, unless the caller means to.
        if entrance == Entrance::Cni && self.given.labels.is_empty() {
            pod.labels = None;
        }
        // How large the interface's MTU is nobody knows here: that it must not grow is judged on the node.
        let subject = Subject {
            pod: Some(pod),
            entrance,
            interface: self.surroundings.interface.clone(),
            mtu: Some(u32::MAX),
            ..subject("check", None, None)
        };
        let ask = Ask {
            subject: &subject,
            values,
            surroundings: &self.surroundings,
            policy: &self.policy,
            run: Run::First,
        };
        let report = if self.given.explain {
            engine::explain(&ask)
        } else {
            engine::check(&ask)
        };
        Report {
            entrance: Entrance::Cli,
            ..report
        }
    }
}

/// What each entrance would do for a pod, as one report.
fn together(mut one: Report, mut other: Report) -> Report {
    for command in &mut other.commands {
        if let Some(advice) = &mut command.advice {
            advice.command += one.commands.len();
        }
    }
    one.commands.append(&mut other.commands);
    one.problems.append(&mut other.problems);
    if one.outcome != Outcome::Failed && !other.outcome.is_good() {
        one.outcome = other.outcome;
    }
    one
}

/// Without a policy a check is one of words alone. With one, `NODE_…` stands for what its `[values]` say.
fn policy(file: Option<&str>) -> Result<(Policy, BTreeMap<String, String>), Failure> {
    let Some(file) = file else {
        return Ok((Policy::of_the_caller(), BTreeMap::new()));
    };
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let config = Config::parse(&text, file)?;
    Ok((Policy::of(&config, file), config.values))
}

/// What was given, and where nothing was, what the sample namespace of `try` has.
fn placeholders(given: &Given) -> Surroundings {
    let or = |given: &Vec<_>, sample: [_; 2]| {
        if given.is_empty() {
            sample.to_vec()
        } else {
            given.clone()
        }
    };
    Surroundings {
        interface: given
            .interface
            .clone()
            .or_else(|| Some(sample::INTERFACE.to_owned())),
        addresses: or(&given.addresses, sample::ADDRESSES),
        gateways: or(&given.gateways, sample::GATEWAYS),
        ..Surroundings::default()
    }
}

/// The values of a pod's annotations, both entrances'.
fn values(described: &workload::Described) -> Result<Vec<Value>, Failure> {
    let mut values = Vec::new();
    for (key, text) in &described.annotations {
        if let Some(suffix) = key.strip_prefix(NRI) {
            known(suffix, described)
                .map_err(|why| format!("{}: annotation {key}: {why}", described.name))?;
        } else if key != KEY
            && !key
                .strip_prefix(KEY)
                .is_some_and(|rest| rest.starts_with('.'))
        {
            continue;
        }
        values.push(Value {
            source: key.clone(),
            author: Author::Pod,
            text: text.clone(),
        });
    }
    Ok(values)
}

fn known(suffix: &str, described: &workload::Described) -> Result<(), String> {
    match suffix.strip_prefix("container.") {
        Some(name) if described.containers.iter().any(|known| known == name) => Ok(()),
        Some(name) => Err(format!(
            "there is no container {name}, there are {}",
            described.containers.join(", ")
        )),
        None if suffix == "sandbox" => Ok(()),
        None => Err("the key is not known, known are sandbox and container.NAME".to_owned()),
    }
}
