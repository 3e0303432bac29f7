//! `check`: values are parsed and judged by a policy, and nothing else.

use std::collections::BTreeMap;
use std::{fs, slice};

use chainsaw_common::config::{Config, Mode};
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::plan::Run;
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report};
use chainsaw_common::tokens::Surroundings;

use super::asked::Asked;
use super::given::Given;
use super::workload::{self, Described};
use super::{Failure, sample, subject};

/// What is assumed of a pod's namespace, and of the MTU of its interface, in bytes, unless somebody says otherwise.
const NAMESPACE: &str = "default";
const MTU: u32 = 1500;

/// What judges, and by what.
struct Judge<'a> {
    given: &'a Given,
    policy: Policy,
    mode: Mode,
    surroundings: Surroundings,
}

/// A report, and the file of which it tells where there are several.
#[derive(Debug)]
pub struct Checked {
    /// The file, as people call it.
    pub file: Option<String>,
    /// The report.
    pub report: Report,
}

/// Checks the values, or those of every pod in the files; without any, the configuration itself.
///
/// # Errors
/// A file that cannot be read: what is wrong in one is reported.
pub fn check(given: &Given) -> Result<Vec<Checked>, Failure> {
    let checked = |file, report: Report| Checked {
        file,
        // Not before all is known that is wrong.
        report: report.checked(),
    };
    let taken = match taken(given.policy.as_deref())? {
        Ok(taken) => taken,
        Err(wrong) => return Ok(vec![checked(None, mistaken(wrong))]),
    };
    if given.values.is_empty() && given.files.is_empty() {
        let good = taken.iter().map(|(config, file)| good(config, file));
        return Ok(good.map(|good| checked(None, good)).collect());
    }
    let judge = Judge {
        given,
        policy: taken
            .as_ref()
            .map_or_else(Policy::of_the_caller, |(config, file)| {
                Policy::of(config, file)
            }),
        mode: taken
            .as_ref()
            .map_or(Mode::Enforce, |(config, _)| config.mode),
        surroundings: Surroundings {
            values: taken.map_or_else(BTreeMap::new, |(config, _)| config.values),
            ..placeholders(given)
        },
    };
    let mut reports = Vec::new();
    if !given.values.is_empty() {
        let pod = judge.pod("argument", None, BTreeMap::new());
        let report = judge.one(pod, Entrance::Cni, None, &given.values);
        let report = judge.assuming(report, None, given.entrance.is_none());
        reports.push(checked(None, report));
    }
    for file in &given.files {
        let name = Some(workload::named(file).to_owned()).filter(|_| given.files.len() > 1);
        match workload::read(file, &workload::text(file)?) {
            Ok(all) => reports.extend(
                all.iter()
                    .map(|described| checked(name.clone(), judge.described(described))),
            ),
            // It names the file itself.
            Err(wrong) => reports.push(checked(None, mistaken(wrong))),
        }
    }
    Ok(reports)
}

/// What is wrong with a file as a whole.
fn mistaken(why: String) -> Report {
    Report {
        outcome: Outcome::Failed,
        problems: vec![why],
        ..Report::about(&subject("check", None, None))
    }
}

/// What there is in a configuration that can be taken. Of such a report the first note is the verdict.
fn good(config: &Config, file: &str) -> Report {
    let counted = |count: usize, one: &str, more: &str| {
        let word = if count == 1 { one } else { more };
        format!("{count} {word}")
    };
    let mode = match config.mode {
        Mode::Enforce => "enforce",
        Mode::Report => "report",
    };
    let verdict = format!(
        "{file}: good: {}, {}, mode {mode}",
        counted(config.rules.len(), "rule", "rules"),
        counted(config.applies.len(), "apply", "applies"),
    );
    let mut notes = vec![verdict];
    notes.extend(in_effect(config.mode));
    Report {
        outcome: Outcome::Ok,
        notes,
        ..Report::about(&subject("check", None, None))
    }
}

/// What a mode makes of a judgement, where that is not what it says.
fn in_effect(mode: Mode) -> Option<String> {
    let note = "mode = \"report\": the pod starts, and nothing runs";
    (mode == Mode::Report).then(|| note.to_owned())
}

impl Judge<'_> {
    fn pod(&self, name: &str, namespace: Option<String>, own: BTreeMap<String, String>) -> Pod {
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
    fn described(&self, described: &Described) -> Report {
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
        report.notes = asked.notes;
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
    fn assuming(&self, mut report: Report, namespace: Option<&str>, entrance: bool) -> Report {
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

    fn one(
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
        let ask = Ask {
            subject: &subject,
            values,
            surroundings: &surroundings,
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

/// A configuration and its file, if one is given; or what is wrong with it.
type Taken<'a> = Result<Option<(Config, &'a str)>, String>;

/// Without a policy a check is one of words alone. With one, `NODE_…` stands for what its `[values]` say. Nothing is
/// refused by a file that no node has: what is wrong is told, and no more.
fn taken(file: Option<&str>) -> Result<Taken<'_>, Failure> {
    let Some(file) = file else {
        return Ok(Ok(None));
    };
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let taken = Config::parse(&text, file).map_err(|wrong| wrong.what());
    Ok(taken.map(|config| Some((config, file))))
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
        address_options: true,
        ..Surroundings::default()
    }
}
