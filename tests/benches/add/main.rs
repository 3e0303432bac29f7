//! What one ADD costs: `chainsaw` with no command and with two, an empty static binary, and the Go plugin `tuning`, in
//! turn, in one run, copied the same way and given the same standard input; and what of it are the policy's decisions.
//! `make bench` runs it.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod policy;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chainsaw_tests::times::{Times, micros, verdict};
use chainsaw_tests::{machine::Machine, parts, scratch::Scratch};
use serde_json::{Value, json};

/// How often each is run.
const ROUNDS: usize = 300;
/// Rounds that warm the caches and are not counted.
const WARM_UP: usize = 20;
/// Tells the inner program where everything lies.
const FOLDER: &str = "CHAINSAW_BENCH";

/// One side of the comparison.
struct Side {
    name: &'static str,
    binary: &'static str,
    verb: &'static str,
    conf: &'static str,
    /// The most it may cost, as a ratio to the empty binary.
    gate: Option<f64>,
}

const SIDES: [Side; 5] = [
    Side {
        name: "empty static binary",
        binary: "empty",
        verb: "ADD",
        conf: "none",
        gate: None,
    },
    Side {
        name: "chainsaw, no value",
        binary: "chainsaw",
        verb: "ADD",
        conf: "none",
        gate: Some(1.25),
    },
    Side {
        name: "chainsaw, two commands",
        binary: "chainsaw",
        verb: "ADD",
        conf: "two",
        gate: Some(1.5),
    },
    Side {
        name: "chainsaw, DEL",
        binary: "chainsaw",
        verb: "DEL",
        conf: "none",
        gate: None,
    },
    Side {
        name: "tuning (Go)",
        binary: "tuning",
        verb: "ADD",
        conf: "none",
        gate: None,
    },
];

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().collect();
    if words.iter().any(|word| word == "inside") {
        inside()
    } else {
        outside()
    }
}

/// Makes a machine with a pod's namespace in it, and runs this program again inside.
fn outside() -> Result<ExitCode> {
    let machine = Machine::boot()?;
    // On the disk, as a node's plugins are: how much of a file one page fault brings is the file system's.
    let scratch = Scratch::new()?;
    let folder = scratch.path();
    let empty =
        std::env::var("CHAINSAW_EMPTY").context("CHAINSAW_EMPTY is not set: run `make bench`")?;
    for (from, name) in [
        (empty.into(), "empty"),
        (parts::chainsaw()?, "chainsaw"),
        (parts::cni()?.join("tuning"), "tuning"),
        (std::env::current_exe()?, "bench"),
    ] {
        fs::copy(&from, folder.join(name)).with_context(|| format!("copy {}", from.display()))?;
    }
    machine.write(CONFIGURATION, RULE)?;
    let annotated = json!({"k8s.v1.cni.cncf.io/chainsaw": TWO});
    for (name, annotations, commands) in [
        ("none", json!({}), None),
        ("two", annotated, None),
        ("operators", json!({}), Some(TWO)),
    ] {
        let commands = commands.map(serde_json::from_str).transpose()?;
        let conf = conf(&annotations, commands);
        fs::write(folder.join(name).with_extension("json"), conf)?;
    }
    for line in POD {
        machine.program("ip").args(line.split(' ')).stdout()?;
    }
    let output = machine
        .program(folder.join("bench"))
        .env(FOLDER, folder)
        .arg("inside")
        .limit(Duration::from_secs(300))
        .run()?;
    print!("{}{}", output.stdout, output.stderr);
    Ok(if output.status == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const RULE: &str =
    "[hooks.cni]\ncommands = true\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const TWO: &str = r#"["ip route replace 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;

const POD: [&str; 5] = [
    "netns add pod",
    "-n pod link add eth0 type veth peer name node0",
    "-n pod link set node0 up",
    "-n pod link set eth0 up",
    "-n pod address add 192.0.2.10/24 dev eth0",
];

fn conf(annotations: &Value, commands: Option<Value>) -> String {
    let prev_result = json!({
        "cniVersion": "1.0.0",
        "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/pod"}],
        "ips": [{"address": "192.0.2.10/24", "gateway": "192.0.2.1", "interface": 0}],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dns": {}
    });
    let runtime_config = json!({"io.kubernetes.cri.pod-annotations": annotations});
    let mut conf = json!({"cniVersion": "1.0.0", "name": "bench", "type": "chainsaw", "runtimeConfig": runtime_config, "prevResult": prev_result});
    if let (Some(commands), Some(conf)) = (commands, conf.as_object_mut()) {
        conf.insert("commands".to_owned(), commands);
    }
    conf.to_string()
}

/// Runs every side in turn, prints medians and ratios, and then what the policy has of it.
fn inside() -> Result<ExitCode> {
    let mut times = SIDES.map(|_| Times::default());
    for round in 0..WARM_UP + ROUNDS {
        for (side, times) in SIDES.iter().zip(&mut times) {
            // A sandbox is added to a network once; what it did before is read again at a second time.
            let time = once(side, &format!("sandbox{round}"))?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    let held = print(&times);
    Ok(if policy::compare()? && held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints medians and ratios; whether the gates are held.
fn print(times: &[Times]) -> bool {
    let base = times.first().map(Times::median).unwrap_or_default();
    println!("ADD, medians of {ROUNDS} runs in turn:");
    let mut held = true;
    for (side, times) in SIDES.iter().zip(times) {
        let median = times.median();
        let ratio = micros(median) / micros(base);
        let gate = side.gate.map_or(String::new(), |gate| {
            held &= ratio <= gate;
            format!("  gate {gate:.2}x {}", verdict(ratio <= gate))
        });
        println!(
            "  {:<24} {:>8.0} us {ratio:>7.2}x{gate}",
            side.name,
            micros(median)
        );
    }
    held
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is timed is the start of a process and nothing around it"
)]
fn once(side: &Side, sandbox: &str) -> Result<Duration> {
    let folder = PathBuf::from(std::env::var_os(FOLDER).context("start me by `make bench`")?);
    let stdin = File::open(folder.join(format!("{}.json", side.conf)))?;
    let mut command = std::process::Command::new(folder.join(side.binary));
    command
        .env_clear()
        .env("CNI_COMMAND", side.verb)
        .env("CNI_CONTAINERID", sandbox)
        .env("CNI_NETNS", "/run/netns/pod")
        .env("CNI_IFNAME", "eth0")
        .env("CNI_PATH", &folder)
        .env(
            "CNI_ARGS",
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=bench",
        )
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let clock = Instant::now();
    let status = command.status()?;
    let time = clock.elapsed();
    ensure!(status.success(), "{} ended with {status}", side.name);
    Ok(time)
}
