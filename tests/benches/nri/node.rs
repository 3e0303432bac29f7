//! Events as they pass the daemon on a real containerd, and how long a pod takes to start with and without it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
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
    /// What the daemon took at each event.
    events: [Times; EVENTS.len()],
}

/// All that is measured.
#[derive(Default)]
struct Taken {
    /// What the plugin that says yes took at each event, whatever the pod asks for.
    least: [Times; EVENTS.len()],
    without: Kind,
    nothing: Kind,
    two: Kind,
}

/// Prints the comparison.
pub fn compare(containerd: Containerd) -> Result<()> {
    let (without, with) = (Bed::make(containerd, false)?, Bed::make(containerd, true)?);
    let mut taken = Taken::default();
    for number in 0..=PODS {
        for (bed, kind, asked) in [
            (&without, &mut taken.without, Asked::Two),
            (&with, &mut taken.nothing, Asked::Nothing),
            (&with, &mut taken.two, Asked::Two),
        ] {
            let (start, laps) = bed.pod(asked, number)?;
            // The first one finds everything cold.
            if number > 0 {
                kind.take(start, &laps, &mut taken.least);
            }
        }
    }
    with.ran()?;
    taken.print(containerd);
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
    fn take(&mut self, start: Duration, laps: &[Lap], least: &mut [Times; EVENTS.len()]) {
        self.starts.push(start);
        let events = EVENTS.into_iter().zip(&mut self.events).zip(least);
        for ((event, own), least) in events {
            for lap in laps.iter().filter(|lap| lap.event == event) {
                own.push(lap.chainsawd);
                least.push(lap.least);
            }
        }
    }
}

impl Taken {
    fn print(&self, containerd: Containerd) {
        let version = match containerd {
            Containerd::V1_7 => "1.7",
            Containerd::V2 => "2",
        };
        table::heading(&format!(
            "NRI on containerd {version}, from one plugin to the next, {PODS} pods of each in turn, not judged:"
        ));
        let least = EVENTS.into_iter().zip(&self.least);
        let own = self.nothing.events.iter().zip(&self.two.events);
        for ((event, least), (nothing, two)) in least.zip(own) {
            Line::of_least(event, least).print(false);
            Line::above(event, "chainsawd, no value", nothing, least).print(false);
            Line::above(event, "chainsawd, two commands", two, least).print(false);
        }
        table::pod_start("without chainsawd", &self.without.starts);
        table::pod_start("chainsawd, no value", &self.nothing.starts);
        table::pod_start("chainsawd, two commands at both", &self.two.starts);
    }
}
