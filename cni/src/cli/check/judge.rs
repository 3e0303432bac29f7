//! What judges values, and by what.

use std::slice;

use chainsaw_common::config::Mode;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::hints;
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{CommandReport, Outcome, Report};
use chainsaw_common::tokens::Surroundings;

use std::collections::BTreeMap;

use super::super::asked::Asked;
use super::super::given::Given;
use super::super::network::Network;
use super::super::workload::Described;
use super::super::{sample, subject};
use super::configuration::in_effect;

/// What is assumed of a pod's namespace, and of the MTU of its interface, in bytes, unless somebody says otherwise.
const NAMESPACE: &str = "default";
const MTU: u32 = 1500;

/// What judges, and by what.
pub struct Judge<'a> {
    pub given: &'a Given,
    pub policy: Policy,
    pub mode: Mode,
    pub surroundings: Surroundings,
}

impl Judge<'_> {
    pub fn pod(&self, name: &str, namespace: Option<String>, own: BTreeMap<String, String>) -> Pod {
        let mut labels = own;
        labels.extend(self.given.labels.clone());
        Pod {
            namespace: namespace
                .or(self.given.namespace.clone())
                .unwrap_or_else(|| NAMESPACE.to_owned()),
            name: name.to_owned(),
            uid: None,
            labels: Some(labels),
        }
    }

    /// What the node would do for a pod, by both entrances, at every interface.
    pub fn described(&self, described: &Described) -> Report {
        let assumed = self.surroundings.interface.as_deref().unwrap_or_default();
        let asked = Asked::by(described, assumed);
        let pod = self.pod(
            &described.name,
            described.namespace.clone(),
            described.labels.clone(),
        );
        let mut report = self.one(pod.clone(), Entrance::Cni, None, &[]);
        for wanted in &asked.values {
            let interface = wanted.interface.as_deref();
            let value = slice::from_ref(&wanted.value);
            let one = self.one(pod.clone(), wanted.entrance, interface, value);
            report = together(report, one);
        }
        let wrong = !asked.problems.is_empty();
        report.problems.splice(0..0, asked.problems);
        report.notes.splice(0..0, asked.notes);
        if wrong && report.outcome != Outcome::Failed {
            report.outcome = if asked.refused {
                Outcome::Denied
            } else {
                Outcome::Failed
            };
        }
        self.assuming(report, described.namespace.as_deref(), false)
    }

    /// The same, with what was assumed for the policy's sake.
    pub fn assuming(&self, mut report: Report, namespace: Option<&str>, entrance: bool) -> Report {
        let given = self.given;
        let interface = self.surroundings.interface.as_deref().unwrap_or_default();
        let all = [
            (namespace.or(given.namespace.as_deref()).is_none())
                .then(|| format!("namespace {NAMESPACE} (--namespace)")),
            entrance.then(|| format!("entrance {} (--entrance)", Entrance::Cni.word())),
            (given.interface.is_none()).then(|| format!("interface {interface} (--interface)")),
            (given.mtu.is_none()).then(|| format!("its MTU {MTU} (--mtu)")),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        if given.policy.is_some() && !all.is_empty() && !report.commands.is_empty() {
            report.notes.push(format!("assumed: {}", all.join(", ")));
        }
        if !(report.commands.is_empty() && report.problems.is_empty()) {
            report.notes.extend(in_effect(self.mode));
        }
        report
    }

    pub fn one(
        &self,
        mut pod: Pod,
        entrance: Entrance,
        interface: Option<&str>,
        values: &[Value],
    ) -> Report {
        let entrance = self.given.entrance.unwrap_or(entrance);
        // Nobody tells the CNI entrance a pod's labels, unless the caller means to.
        if entrance == Entrance::Cni && self.given.labels.is_empty() {
            pod.labels = None;
        }
        let mut surroundings = self.surroundings.clone();
        if let Some(interface) = interface {
            surroundings.interface = Some(interface.to_owned());
        }
        let subject = Subject {
            pod: Some(pod),
            entrance,
            interface: surroundings.interface.clone(),
            mtu: Some(self.given.mtu.unwrap_or(MTU)),
            ..subject("check", None, None)
        };
        self.judged(&subject, values, &surroundings)
    }

    /// What the node would do in any pod of a network. Where the node does not trust it, that is for the rules of the pod's
    /// namespace: of the definition's, as far as is known.
    pub fn network(&self, network: &Network) -> Report {
        let trusted = self.policy.trusts(Author::Network);
        let pod = self.pod("any", network.namespace.clone(), BTreeMap::new());
        let pod = Some(Pod {
            labels: None,
            ..pod
        })
        .filter(|_| !trusted);
        let subject = Subject {
            pod,
            entrance: Entrance::Cni,
            interface: self.surroundings.interface.clone(),
            mtu: Some(self.given.mtu.unwrap_or(MTU)),
            ..subject("check", None, None)
        };
        let mut report = self.judged(&subject, &network.values, &self.surroundings);
        let judged = report.pod.take();
        if let Some(pod) = judged.filter(|_| !network.values.is_empty()) {
            report.notes.push(format!(
                "judged as commands of a pod in namespace {}: the configuration does not say [hooks.cni] commands = true",
                pod.namespace
            ));
        } else if self.given.policy.is_none()
            && !network.values.is_empty()
            && report.outcome.is_good()
        {
            report.notes.push(
                "a node runs these as its operator's only where its configuration says [hooks.cni] commands = true; else they are judged by the rules of the pod's namespace".to_owned(),
            );
        }
        report
            .problems
            .splice(0..0, network.problems.iter().cloned());
        report.notes.splice(0..0, network.notes.iter().cloned());
        if !network.problems.is_empty() {
            report.outcome = Outcome::Failed;
        }
        report
    }

    fn judged(&self, subject: &Subject, values: &[Value], surroundings: &Surroundings) -> Report {
        let ask = Ask {
            subject,
            values,
            surroundings,
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
            notes: remarks(values, &report),
            ..report
        }
    }
}

/// What may not be meant in values, though nothing is wrong with it.
fn remarks(values: &[Value], report: &Report) -> Vec<String> {
    let of_comments = values.iter().flat_map(|value| {
        let all = hints::remarks(&value.text).into_iter();
        all.map(|remark| format!("{}: {remark}", value.source))
    });
    let same = |one: &CommandReport, other: &CommandReport| one.source == other.source;
    let numbered = report
        .commands
        .chunk_by(same)
        .flat_map(|commands| (1..).zip(commands));
    let is_right = |(_, command): &(usize, &CommandReport)| command.outcome == Outcome::NotRun;
    let of_commands = numbered.filter(is_right).filter_map(|(number, command)| {
        let remark = hints::of_a_right_line(&command.given)?.text;
        Some(format!("{}: command {number}: {remark}", command.source))
    });
    of_comments.chain(of_commands).collect()
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
    one.notes.append(&mut other.notes);
    if one.outcome != Outcome::Failed && !other.outcome.is_good() {
        one.outcome = other.outcome;
    }
    one
}

/// What was given, and where nothing was, what the sample namespace of `try` has.
pub fn placeholders(given: &Given) -> Surroundings {
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
        address_options: true,
        ..Surroundings::default()
    }
}
