//! Events as they pass the daemon on a real containerd, and how long a pod takes to start with and without it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chainsaw_nri::Event;
use chainsaw_tests::child::Child;
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::times::Times;
use chainsaw_tests::{Containerd, Node};

use crate::asked::Asked;
use crate::laps::{CHAINSAWD, Clocks, LEAST, Lap, taken};
use crate::table::{self, EVENTS, Line};

/// How many pods of each kind come and go.
const PODS: usize = 25;

/// What is measured of pods that ask for the same.
#[derive(Default)]
struct Kind {
    starts: Times,
    least: [Times; EVENTS.len()],
    chainsawd: [Times; EVENTS.len()],
}

/// Prints the comparison.
pub fn compare(containerd: Containerd) -> Result<()> {
    let without = Bed::make(containerd, false)?;
    let with = Bed::make(containerd, true)?;
    let (mut bare, mut nothing, mut two) = (Kind::default(), Kind::default(), Kind::default());
    for number in 0..=PODS {
        for (bed, kind, asked) in [
            (&without, &mut bare, Asked::Two),
            (&with, &mut nothing, Asked::Nothing),
            (&with, &mut two, Asked::Two),
        ] {
            let (start, laps) = bed.pod(asked, number)?;
            // The first one finds everything cold.
            if number > 0 {
                kind.take(start, &laps);
            }
        }
    }
    with.ran()?;
    print(containerd, &bare, &nothing, &two);
    without.end();
    with.end();
    Ok(())
}

/// A node with the clocks and the plugin that says yes, and with the daemon or without.
struct Bed {
    // Dropped before the node that they are on.
    clocks: Clocks,
    least: Child,
    daemon: Option<Daemon>,
    node: Node,
}

impl Bed {
    fn make(containerd: Containerd, daemon: bool) -> Result<Self> {
        let node = Node::builder(containerd)
            .nri()
            .file(crate::CONFIGURATION, crate::RULE)
            .start()?;
        let least = node.machine().program(crate::least()?);
        let least = least.args(["/run/nri/nri.sock", LEAST]);
        let least = least.start(&node.scratch().path().join("least.log"))?;
        taken(&node, "20-least")?;
        let words = ["--index", CHAINSAWD];
        let daemon = daemon.then(|| node.daemon("chainsawd", &words));
        Ok(Self {
            daemon: daemon.transpose()?,
            clocks: Clocks::start(&node)?,
            least,
            node,
        })
    }

    /// Starts a pod with a container and removes it: how long the start took, and the events of it.
    fn pod(&self, asked: Asked, number: usize) -> Result<(Duration, Vec<Lap>)> {
        let mut pod = self.node.pod(&format!("web-{number}"));
        for (key, value) in asked.values() {
            pod = pod.annotation(key, value);
        }
        let clock = Instant::now();
        let pod = pod.run()?;
        pod.container("app", ["sleep", "1000"])?;
        let start = clock.elapsed();
        let laps = self.clocks.laps()?;
        ensure!(laps.len() == EVENTS.len(), "{} events", laps.len());
        pod.remove()?;
        Ok((start, laps))
    }

    /// Ends everything, the plugins before their node.
    fn end(self) {
        drop((self.clocks, self.least, self.daemon));
        self.node.end();
    }

    /// What was timed is what it was meant to be.
    fn ran(&self) -> Result<()> {
        let daemon = self.daemon.as_ref().context("there is a daemon")?;
        let ran = daemon.log()?.matches("ok for default/web-").count();
        let events = (PODS + 1) * EVENTS.len();
        ensure!(
            ran == events,
            "commands ran at {ran} events and not at {events}"
        );
        Ok(())
    }
}

impl Kind {
    fn take(&mut self, start: Duration, laps: &[Lap]) {
        self.starts.push(start);
        for lap in laps {
            if let Some(at) = EVENTS.iter().position(|event| *event == lap.event) {
                self.least.get_mut(at).map(|times| times.push(lap.least));
                let own = self.chainsawd.get_mut(at);
                own.map(|times| times.push(lap.chainsawd));
            }
        }
    }
}

fn print(containerd: Containerd, bare: &Kind, nothing: &Kind, two: &Kind) {
    let name = match containerd {
        Containerd::V1_7 => "1.7",
        Containerd::V2 => "2",
    };
    table::heading(&format!(
        "NRI on containerd {name}, from one plugin to the next, {PODS} of each in turn, not judged:"
    ));
    for (at, event) in EVENTS.into_iter().enumerate() {
        side(event, "a plugin that says yes", two.least.get(at), None);
        for (name, kind) in [("chainsawd, no value", nothing), ("chainsawd, two commands", two)] {
            side(event, name, kind.chainsawd.get(at), kind.least.get(at));
        }
    }
    for (side, kind) in [
        ("without chainsawd", bare),
        ("chainsawd, no value", nothing),
        ("chainsawd, two commands at both", two),
    ] {
        table::pod_start(side, &kind.starts);
    }
}

fn side(event: Event, side: &str, times: Option<&Times>, least: Option<&Times>) {
    if let Some(times) = times {
        Line {
            event,
            side,
            times,
            least,
        }
        .print(false);
    }
}
