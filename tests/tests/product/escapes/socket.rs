//! The daemon's socket where somebody else could come near it, or put another in its place.

use std::fs;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};
use chainsaw_tests::call::Call;
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use chainsaw_tests::scratch::Scratch;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use rustix::thread::{Uid, set_thread_uid};
use serde_json::{Value, json};

use super::bed::network_configuration;
use super::doors::{KEY, SANDBOX};

/// Another user.
const NOBODY: u32 = 65534;

#[test]
fn a_daemon_listens_in_no_folder_of_somebody_elses() -> Result<()> {
    for (script, word) in [
        (
            "mkdir -m 0755 /run/elsewhere; ln -s /run/elsewhere /run/chainsaw",
            "is no folder",
        ),
        (
            "mkdir -m 0755 /run/chainsaw; chown 65534 /run/chainsaw",
            "belongs to user 65534",
        ),
        (
            "mkdir -m 0777 /run/chainsaw",
            "can be written by others (mode 777)",
        ),
    ] {
        let machine = Machine::boot()?;
        machine.program("sh").args(["-ec", script]).stdout()?;
        let looked = || {
            machine
                .program("stat")
                .args(["-c", "%F %a %u", "/run/chainsaw/.", "/run/chainsaw"])
                .stdout()
        };
        let before = looked()?;
        let output = machine
            .program(parts::chainsawd()?)
            .args(["--hooks", "cni"])
            .run()?;
        ensure!(
            output.status == 1 && output.stderr.contains(word),
            "{script}: {output:?}"
        );
        ensure!(looked()? == before, "{script}");
    }
    Ok(())
}

#[test]
fn a_socket_in_the_daemons_place_is_replaced_and_what_it_led_to_stays() -> Result<()> {
    let (scratch, machine) = (Scratch::new()?, Machine::boot()?);
    machine.write("/run/canary/secret", "canary")?;
    machine
        .program("sh")
        .args([
            "-ec",
            "mkdir -m 0700 /run/chainsaw; ln -s /run/canary/secret /run/chainsaw/agent.sock",
        ])
        .stdout()?;
    let program = machine
        .program(parts::chainsawd()?)
        .args(["--hooks", "cni"]);
    let daemon = Daemon::start(program, scratch.path().join("chainsawd.log"))?;
    daemon.wait_for("listening")?;
    ensure!(machine.read("/run/canary/secret")? == "canary");
    let is = fs::symlink_metadata(machine.path("/run/chainsaw/agent.sock"))?;
    ensure!(is.file_type().is_socket());
    Ok(())
}

/// Listens at a path as another user, whom the kernel names to whoever connects.
fn listening_as_nobody(path: &Path) -> Result<UnixListener> {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    thread::spawn(move || {
        // Of this thread alone.
        set_thread_uid(Uid::from_raw(NOBODY))?;
        listen(&socket, 8)?;
        Ok(UnixListener::from(socket))
    })
    .join()
    .map_err(|_| anyhow::anyhow!("the thread panicked"))?
}

/// All that was said to a listener so far, by a connection each.
fn heard(listener: &UnixListener) -> Result<Vec<Vec<u8>>> {
    listener.set_nonblocking(true)?;
    let mut all = Vec::new();
    while let Ok((mut stream, _)) = listener.accept() {
        let mut said = Vec::new();
        stream.set_nonblocking(false)?;
        stream.read_to_end(&mut said)?;
        all.push(said);
    }
    Ok(all)
}

#[test]
fn nobody_but_root_is_told_of_a_pod_or_believed_by_the_guard() -> Result<()> {
    let machine = Machine::boot()?;
    let guarded = "[hooks.cni]\nguard = true\n";
    machine.write("/etc/chainsaw/config.toml", guarded)?;
    let lay = "mkdir -m 0755 /run/chainsaw /run/nobodys; ln -s /run/nobodys/agent.sock /run/chainsaw/agent.sock";
    machine.program("sh").args(["-ec", lay]).stdout()?;
    for place in ["/run/nobodys/agent.sock", "/run/chainsaw/agent.sock"] {
        fs::remove_file(machine.path(place)).ok();
        let listener = listening_as_nobody(&machine.path(place))?;
        // The guard asks, and what a pod was refused is told.
        for (key, word) in [
            (SANDBOX, "it is user 65534's"),
            (KEY, "cannot open the network namespace"),
        ] {
            let output = add(&machine, &json!({key: "ip route"}))?;
            ensure!(
                output.status == 1 && output.stdout.contains(word),
                "{output:?}"
            );
            let heard = heard(&listener)?;
            let silent = !heard.is_empty() && heard.iter().all(Vec::is_empty);
            ensure!(silent, "at {place} nobody heard {heard:?}");
        }
    }
    Ok(())
}

/// ADD for a pod whose namespace is nowhere.
fn add(machine: &Machine, annotations: &Value) -> Result<Output> {
    let conf = json!({"runtimeConfig": {"io.kubernetes.cri.pod-annotations": annotations}});
    let call = Call {
        netns: "/nowhere",
        args: "",
        ..Call::default()
    };
    let plugin = call.of(machine.program(parts::chainsaw()?));
    plugin.stdin(network_configuration(&conf)?).run()
}
