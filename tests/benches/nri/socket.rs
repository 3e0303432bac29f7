//! An event's round trip as a runtime sees it: this program is the runtime, and a plugin in a machine has dialled its
//! socket.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chainsaw_nri::Event;
use chainsaw_nri::api::{Container, LinuxNamespace, LinuxPodSandbox, PodSandbox};
use chainsaw_nri::testing::Runtime;
use chainsaw_tests::child::Child;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::times::Times;
use tokio::net::UnixListener;
use tokio::time::timeout;

use crate::asked::Asked;
use crate::shield::Shield;
use crate::table::{EVENTS, Line, heading};

/// How many pods of each side come and go.
const ROUNDS: usize = 1000;
/// Rounds that warm the caches and are not counted.
const WARM_UP: usize = 50;
/// How long a plugin may take to dial.
const LIMIT: Duration = Duration::from_secs(15);
/// The runtime that this program says it is. It must be one that can refuse sandboxes.
const VERSION: &str = "v2.3.3";

/// The namespace of all pods, with a default route.
const POD: [&str; 6] = [
    "netns add pod",
    "-n pod link add eth0 type veth peer name node0",
    "-n pod link set node0 up",
    "-n pod link set eth0 up",
    "-n pod address add 192.0.2.10/24 dev eth0",
    "-n pod route add default via 192.0.2.1",
];

/// Prints the comparison; whether the goal is held.
pub fn compare() -> Result<bool> {
    let shield = Shield::raise()?;
    let machine = Machine::boot()?;
    let scratch = Scratch::new()?;
    machine.write(crate::CONFIGURATION, crate::RULE)?;
    fs::create_dir_all(machine.path("/run/nri"))?;
    for line in POD {
        machine.program("ip").args(line.split(' ')).stdout()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let taken = runtime.block_on(measured(&machine, &scratch))?;
    ran(&scratch)?;
    Ok(print(&taken, shield.words()))
}

/// A plugin that has dialled.
struct Plugin {
    runtime: Runtime,
    _child: Child,
}

/// How long each event took with the plugin that says yes, with the daemon for pods that ask for nothing, and for those
/// that ask for two commands.
type Taken = [[Times; EVENTS.len()]; 3];

/// A plugin and what its pods ask for, with the times of the events.
struct Side<'p> {
    plugin: &'p Plugin,
    asked: Asked,
    times: [Times; EVENTS.len()],
}

async fn measured(machine: &Machine, scratch: &Scratch) -> Result<Taken> {
    let least = machine.program(crate::least()?);
    let least = Plugin::dials(machine, scratch, "least", least, &[]).await?;
    let chainsawd = machine.program(parts::chainsawd()?);
    let words = ["--hooks", "nri", "--socket"];
    let chainsawd = Plugin::dials(machine, scratch, "chainsawd", chainsawd, &words).await?;
    let side = |plugin, asked| Side {
        plugin,
        asked,
        times: Default::default(),
    };
    let mut sides = [
        side(&least, Asked::Two),
        side(&chainsawd, Asked::Nothing),
        side(&chainsawd, Asked::Two),
    ];
    for round in 0..WARM_UP + ROUNDS {
        for side in &mut sides {
            side.pod(round, round >= WARM_UP).await?;
        }
    }
    Ok(sides.map(|side| side.times))
}

impl Plugin {
    /// Starts a program in the machine with the path of a socket behind its words, and welcomes it there.
    async fn dials(
        machine: &Machine,
        scratch: &Scratch,
        name: &str,
        program: Program,
        words: &[&str],
    ) -> Result<Self> {
        let path = format!("/run/nri/{name}.sock");
        let listener = UnixListener::bind(machine.path(&path))?;
        let log = scratch.path().join(log(name));
        let child = program.args(words).arg(&path).start(&log)?;
        let (stream, _) = timeout(LIMIT, listener.accept())
            .await
            .with_context(|| format!("wait for {name} to dial"))??;
        let mut runtime = Runtime::start(stream);
        runtime.welcome(VERSION, vec![], vec![]).await?;
        Ok(Self {
            runtime,
            _child: child,
        })
    }
}

impl Side<'_> {
    /// A pod's life, as a runtime tells it.
    async fn pod(&mut self, round: usize, counts: bool) -> Result<()> {
        let pod = pod(self.asked, round);
        for (event, times) in EVENTS.iter().zip(&mut self.times) {
            let container = (*event == Event::StartContainer).then(|| app(&pod));
            let clock = Instant::now();
            self.plugin
                .runtime
                .event(*event, pod.clone(), container)
                .await?;
            let time = clock.elapsed();
            if counts {
                times.push(time);
            }
        }
        let gone = Event::RemovePodSandbox;
        self.plugin.runtime.event(gone, pod, None).await?;
        Ok(())
    }
}

/// A pod with a sandbox id of its own: work is done once in a sandbox.
fn pod(asked: Asked, round: usize) -> PodSandbox {
    let network = LinuxNamespace {
        r#type: "network".to_owned(),
        path: "/run/netns/pod".to_owned(),
    };
    let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    let others = [
        ("io.kubernetes.cri.container-type", "sandbox"),
        ("kubernetes.io/config.source", "api"),
    ];
    PodSandbox {
        id: format!("{round:064x}"),
        name: format!("web-{round}"),
        uid: format!("00000000-0000-4000-8000-{round:012x}"),
        namespace: "default".to_owned(),
        labels: [("app", "web")].iter().map(owned).collect(),
        annotations: others.iter().chain(asked.values()).map(owned).collect(),
        linux: Some(LinuxPodSandbox {
            namespaces: vec![network],
        }),
        pid: 1,
        ..PodSandbox::default()
    }
}

fn app(pod: &PodSandbox) -> Container {
    Container {
        id: format!("a{}", pod.id.get(1..).unwrap_or_default()),
        pod_sandbox_id: pod.id.clone(),
        name: "app".to_owned(),
        ..Container::default()
    }
}

fn log(name: &str) -> String {
    format!("{name}.log")
}

/// What was timed is what it was meant to be: the commands of each event of each pod ran.
fn ran(scratch: &Scratch) -> Result<()> {
    let log = fs::read_to_string(scratch.path().join(log("chainsawd")))?;
    let events = (WARM_UP + ROUNDS) * EVENTS.len();
    let ran = log.matches("ok for default/web-").count();
    ensure!(
        ran == events,
        "commands ran at {ran} events and not at {events}"
    );
    Ok(())
}

fn print(taken: &Taken, how: &str) -> bool {
    heading(&format!(
        "NRI, an event's round trip over a socket {how}, {ROUNDS} of each in turn:"
    ));
    let [least, nothing, two] = taken;
    let mut held = true;
    for (((event, least), nothing), two) in EVENTS.into_iter().zip(least).zip(nothing).zip(two) {
        Line::of_least(event, least).print(false);
        held &= Line::above(event, "chainsawd, no value", nothing, least).print(true);
        held &= Line::above(event, "chainsawd, two commands", two, least).print(true);
    }
    held
}
