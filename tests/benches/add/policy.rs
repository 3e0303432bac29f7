//! What of an ADD are the policy's decisions: the same value, of the pod, which is judged by twenty rules, and of the
//! operator, which nobody judges, in turn; and the decisions alone, in this process.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use chainsaw_common::config::Config;
use chainsaw_common::plan::{Author, Draft};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::value;
use chainsaw_tests::times::{Times, micros, verdict};

use crate::{CONFIGURATION, RULE, Side, TWO, once};

/// How often each is run.
const ROUNDS: usize = 1000;
/// Rounds that warm the caches and are not counted.
const WARM_UP: usize = 20;
/// The most that decisions may cost, in percent of an ADD.
const GATE: f64 = 5.0;

const TWENTY: &str = include_str!("policy.toml");

const PODS: Side = Side {
    name: "the pod's value",
    binary: "chainsaw",
    verb: "ADD",
    conf: "two",
    gate: None,
};
const OPERATORS: Side = Side {
    name: "the operator's value",
    conf: "operators",
    ..PODS
};

/// What each of the three takes, and by how much one takes longer than another, run by run, in microseconds.
#[derive(Default)]
struct Taken {
    one_rule: Times,
    judged: Times,
    unjudged: Times,
    decisions: Vec<f64>,
    reading: Vec<f64>,
}

/// Prints the comparison; whether the gate is held.
pub fn compare() -> Result<bool> {
    let mut taken = Taken::default();
    for round in 0..WARM_UP + ROUNDS {
        let one_rule = timed(&PODS, RULE, &format!("one{round}"))?;
        let judged = timed(&PODS, TWENTY, &format!("judged{round}"))?;
        let unjudged = timed(&OPERATORS, TWENTY, &format!("unjudged{round}"))?;
        if round >= WARM_UP {
            taken.one_rule.push(one_rule);
            taken.judged.push(judged);
            taken.unjudged.push(unjudged);
            taken.decisions.push(micros(judged) - micros(unjudged));
            taken.reading.push(micros(judged) - micros(one_rule));
        }
    }
    fs::write(CONFIGURATION, RULE)?;
    Ok(taken.told(micros(decisions()?.median())))
}

impl Taken {
    /// Prints it, and what `alone` the decisions took in this process.
    fn told(self, alone: f64) -> bool {
        println!("ADD with two commands, medians of {ROUNDS} runs in turn:");
        for (what, times) in [
            ("20 rules, the pod's value: judged", &self.judged),
            ("20 rules, the operator's value: not judged", &self.unjudged),
            ("1 rule, the pod's value: judged", &self.one_rule),
        ] {
            println!("  {what:<52} {:>6.0} us", micros(times.median()));
        }
        let base = micros(self.unjudged.median());
        let share = |what: &str, cost: f64, gate: Option<f64>| {
            let percent = cost / base * 100.0;
            let held = gate.is_none_or(|gate| percent < gate);
            let gate = gate.map(|gate| format!("gate {gate:.0} % {}", verdict(held)));
            let gate = gate.unwrap_or_default();
            println!("  {what:<52} {cost:>6.0} us {percent:>6.1} %  {gate}");
            held
        };
        let between = middle(self.decisions);
        // Not short-circuited: each prints its line.
        let held = [
            share(
                "decisions: judged, less not judged, run by run",
                between,
                Some(GATE),
            ),
            share(
                "decisions alone, in a process that is warm",
                alone,
                Some(GATE),
            ),
            share(
                "20 rules in the file and not 1, run by run",
                middle(self.reading),
                None,
            ),
        ];
        held.iter().all(|held| *held)
    }
}

fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// One ADD of a new sandbox under a configuration.
fn timed(side: &Side, configuration: &str, sandbox: &str) -> Result<Duration> {
    fs::write(CONFIGURATION, configuration)?;
    once(side, sandbox)
}

/// The policy made of its rules, and a plan approved by it: what an ADD does of that.
fn decisions() -> Result<Times> {
    let config = Config::parse(TWENTY, CONFIGURATION)?;
    ensure!(config.rules.len() == 20, "{} rules", config.rules.len());
    let subject = Subject {
        pod: Some(Pod {
            namespace: "default".to_owned(),
            name: "bench".to_owned(),
            uid: None,
            labels: None,
        }),
        sandbox: Some("bench".to_owned()),
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some("eth0".to_owned()),
        mtu: Some(1500),
        netns: None,
    };
    (0..ROUNDS).map(|_| decided(&config, &subject)).collect()
}

fn decided(config: &Config, subject: &Subject) -> Result<Duration> {
    let surroundings = Surroundings {
        interface: subject.interface.clone(),
        ..Surroundings::default()
    };
    let lines = value::lines(TWO).map_err(|wrong| anyhow!("{wrong:?}"))?;
    let mut draft = Draft::default();
    draft.extend("bench", Author::Pod, lines, &surroundings);
    let clock = Instant::now();
    let approved = draft.approve(&Policy::of(config, CONFIGURATION), subject);
    let time = clock.elapsed();
    match approved {
        Ok(_) => Ok(time),
        Err(refused) => Err(anyhow!("the policy has to allow it: {refused:?}")),
    }
}
