//! `check`: values are parsed and judged by a policy, and nothing else.

use std::fs;

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::Report;
use chainsaw_common::tokens::Surroundings;

use super::words::Given;
use super::{Failure, sample, subject, workload};
use crate::source::KEY;

/// The keys of the NRI entrance begin with this.
const NRI: &str = "chainsaw.noderesource.dev/";

/// Checks the values, or those of every pod in the files.
///
/// # Errors
/// A file that cannot be read or taken.
pub fn check(given: &Given) -> Result<Vec<Report>, Failure> {
    let policy = policy(given.policy.as_deref())?;
    let mut reports = Vec::new();
    if !given.values.is_empty() {
        let namespace = given
            .namespace
            .clone()
            .unwrap_or_else(|| "default".to_owned());
        reports.push(one(
            &named(namespace, "argument"),
            &given.values,
            given,
            &policy,
        ));
    }
    for file in &given.files {
        for described in workload::read(file)? {
            let namespace = described
                .namespace
                .clone()
                .or(given.namespace.clone())
                .unwrap_or_else(|| "default".to_owned());
            let values = values(&described)?;
            reports.push(one(
                &named(namespace, &described.name),
                &values,
                given,
                &policy,
            ));
        }
    }
    Ok(reports)
}

fn named(namespace: String, name: &str) -> Subject {
    let pod = Pod {
        namespace,
        name: name.to_owned(),
        uid: None,
        labels: None,
    };
    Subject {
        pod: Some(pod),
        ..subject("check", None, None)
    }
}

fn one(subject: &Subject, values: &[Value], given: &Given, policy: &Policy) -> Report {
    let surroundings = placeholders(given);
    // How large the interface's MTU is nobody knows here: that it must not grow is judged on the node.
    let subject = Subject {
        interface: surroundings.interface.clone(),
        mtu: Some(u32::MAX),
        ..subject.clone()
    };
    engine::check(&Ask {
        subject: &subject,
        values,
        surroundings: &surroundings,
        policy,
        run: Run::First,
    })
}

/// Without a policy a check is one of words alone.
fn policy(file: Option<&str>) -> Result<Policy, Failure> {
    let Some(file) = file else {
        return Ok(Policy::of_the_caller());
    };
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    Ok(Policy::of(&Config::parse(&text, file)?, file))
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
