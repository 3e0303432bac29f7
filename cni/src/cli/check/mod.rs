//! `check`: values are parsed and judged by a policy, and nothing else.

use std::collections::BTreeMap;

use chainsaw_common::config::Mode;
use chainsaw_common::pod::Entrance;
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report};
use chainsaw_common::tokens::Surroundings;

use super::file::{self, Found};
use super::given::Given;
use super::{Failure, subject};

mod configuration;
mod judge;

use configuration::{good, taken};
use judge::{Judge, placeholders};

/// A report, and the file of which it tells where there are several.
#[derive(Debug)]
pub struct Checked {
    /// The file, as people call it.
    pub file: Option<String>,
    /// What is judged, where that is no pod.
    pub title: Option<String>,
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
        title: None,
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
        let name = Some(file::named(file).to_owned()).filter(|_| given.files.len() > 1);
        let judged = |found: &Found| match found {
            Found::Pods(described) => checked(name.clone(), judge.described(described)),
            Found::Network(network) => Checked {
                title: Some(network.title.clone()),
                ..checked(name.clone(), judge.network(network))
            },
        };
        match file::read(file, &file::text(file)?) {
            Ok(all) => reports.extend(all.iter().map(judged)),
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
