//! The plugin's socket: what the CNI entrance did is in the daemon's log, whatever stands at the other end.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chainsaw_nri::agent::{PingResponse, SERVICE};
use chainsaw_tests::builder::Builder;
use chainsaw_tests::call::{self, Call};
use chainsaw_tests::daemon::Daemon;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::pod::sandbox_refusal;
use chainsaw_tests::process::{Output, Program, wait_until};
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use prost::Message;
use serde_json::{Value, json};

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const NRI_KEY: &str = "chainsaw.noderesource.dev/sandbox";
const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const GRANT: &str =
    "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n[limits]\nonlink = 4096\n";
const SOCKET: &str = "/run/chainsaw/agent.sock";
const LIMIT: Duration = Duration::from_secs(10);
/// What the plugin waits for a daemon at most, and as much again for a machine that is busy.
const BOUNDED: Duration = Duration::from_millis(1000);

fn node(containerd: Containerd) -> Builder {
    Node::builder(containerd)
        .nri()
        .cni_chain([bridge(), chainsaw()])
        .file(CONFIGURATION, GRANT)
}

/// A daemon that serves the CNI entrance alone.
fn cni_daemon(node: &Node, name: &str) -> Result<Daemon> {
    let daemon = node.daemon_alone(name, &["--hooks", "cni"])?;
    daemon.wait_for("listening")?;
    Ok(daemon)
}

/// The plugin as a runtime calls it, for a pod whose namespace is nowhere: what it asks for fails.
fn add(machine: &Machine, plugin: &str, annotations: &Value) -> Program {
    let call = Call {
        netns: "/nowhere",
        ..Call::default()
    };
    call.of(machine.program(plugin))
        .stdin(call::conf(annotations, "{}"))
}

fn timed(program: Program) -> Result<(Output, Duration)> {
    let begun = Instant::now();
    let output = program.run()?;
    Ok((output, begun.elapsed()))
}

fn connected(node: &Node) -> Result<UnixStream> {
    let stream = UnixStream::connect(node.machine().path(SOCKET))?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(stream)
}

/// What a daemon answers to a ping.
fn ping(node: &Node) -> Result<PingResponse> {
    let mut request = vec![0x0a, u8::try_from(SERVICE.len())?];
    request.extend(SERVICE.as_bytes());
    request.extend(b"\x12\x04Ping");
    let length = u8::try_from(request.len())?;
    let mut stream = connected(node)?;
    stream.write_all(&[&[0, 0, 0, length, 0, 0, 0, 1, 1, 0][..], &request].concat())?;
    let mut header = [0; 10];
    stream.read_exact(&mut header)?;
    let mut response = vec![0; usize::from(header[3])];
    stream.read_exact(&mut response)?;
    // Field 2 of the response is the payload; no byte at all is one of defaults.
    let payload = response.get(2..).unwrap_or_default();
    Ok(PingResponse::decode(payload)?)
}

#[test]
fn what_add_did_is_in_the_daemons_log_with_its_transcript() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).start()?;
        let daemon = cni_daemon(&node, "chainsawd")?;
        let pod = node.pod("web").annotation(KEY, VALUE).run()?;
        let log = daemon.log()?;
        for part in [
            "ok for default/web entrance=\"cni\" trigger=\"ADD\"",
            "Running ip route add 192.0.3.0/24 dev eth0 =============== pod=\"default/web\"",
            "Running ip route show =============== pod=\"default/web\"",
            "192.0.3.0/24 dev eth0 scope link  pod=\"default/web\"",
            pod.id(),
        ] {
            ensure!(
                log.contains(part),
                "{containerd:?} has no {part} in:\n{log}"
            );
        }
        // The runtime's log has it as before.
        ensure!(node.log()?.contains("Running ip route show"));

        let denied = node
            .pod("mtu")
            .annotation(KEY, "ip link set eth0 mtu 9000")
            .run();
        sandbox_refusal(denied)?;
        let log = daemon.log()?;
        ensure!(
            log.contains(
                "refused default/mtu: chainsaw: command 1 'ip link set dev eth0 mtu 9000' denied"
            ) && log.contains("reason=\"CommandDenied\" goes_on=false"),
            "{containerd:?}: {log}"
        );
        node.pod("silent").run()?;
        ensure!(!daemon.log()?.contains("default/silent"));
    }
    Ok(())
}

#[test]
fn what_failed_beside_the_commands_is_told_as_well() -> Result<()> {
    let node = node(Containerd::V2).start()?;
    let daemon = cni_daemon(&node, "chainsawd")?;
    let plugin = parts::chainsaw()?.display().to_string();
    let output = add(node.machine(), &plugin, &json!({KEY: VALUE})).run()?;
    ensure!(output.status == 1, "{output:?}");
    let log = daemon.log()?;
    ensure!(
        log.contains("refused default/web: chainsaw: ")
            && log.contains("/nowhere")
            && log.contains("reason=\"NamespaceRefused\""),
        "{log}"
    );
    Ok(())
}

#[test]
fn without_a_daemon_add_is_as_it_was() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).start()?;
        for stale in [false, true] {
            if stale {
                let mut daemon = cni_daemon(&node, "killed")?;
                daemon.kill()?;
                ensure!(node.machine().path(SOCKET).exists());
            }
            let pod = node.pod("web").annotation(KEY, VALUE).run()?;
            ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
            pod.remove()?;
        }
        // A daemon takes the path of a dead one over.
        let daemon = cni_daemon(&node, "next")?;
        let _pod = node.pod("web").annotation(KEY, VALUE).run()?;
        ensure!(daemon.log()?.contains("ok for default/web"));
    }
    Ok(())
}

#[test]
fn the_newer_of_two_daemons_hears_of_it_and_the_older_leaves_it_the_socket() -> Result<()> {
    let node = node(Containerd::V2).start()?;
    let older = cni_daemon(&node, "older")?;
    let newer = cni_daemon(&node, "newer")?;
    older.stop()?;
    let _pod = node.pod("web").annotation(KEY, VALUE).run()?;
    ensure!(newer.log()?.contains("ok for default/web"));
    ensure!(!older.log()?.contains("default/web"));
    newer.stop()?;
    ensure!(!node.machine().path(SOCKET).exists());
    Ok(())
}

#[test]
fn only_root_is_heard() -> Result<()> {
    let node = node(Containerd::V1_7).start()?;
    let daemon = cni_daemon(&node, "chainsawd")?;
    let machine = node.machine();
    let mode = |path: &str| {
        Ok::<_, anyhow::Error>(fs::metadata(machine.path(path))?.permissions().mode() & 0o777)
    };
    ensure!((mode("/run/chainsaw")?, mode(SOCKET)?) == (0o700, 0o600));
    // Somebody opened them.
    for (path, mode) in [("/run/chainsaw", 0o755), (SOCKET, 0o666)] {
        fs::set_permissions(machine.path(path), fs::Permissions::from_mode(mode))?;
    }
    fs::copy(parts::chainsaw()?, machine.path("/run/chainsaw-copy"))?;
    let script = "exec setpriv --reuid 65534 --regid 65534 --clear-groups /run/chainsaw-copy";
    machine.write("/run/nobody", format!("#!/bin/sh\n{script}\n"))?;
    fs::set_permissions(
        machine.path("/run/nobody"),
        fs::Permissions::from_mode(0o755),
    )?;
    let output = add(machine, "/run/nobody", &json!({KEY: VALUE})).run()?;
    ensure!(output.status == 1, "{output:?}");
    daemon.wait_for("a peer of user 65534 was closed")?;
    ensure!(!daemon.log()?.contains("default/web"), "{}", daemon.log()?);
    Ok(())
}

#[test]
fn peers_that_hang_or_talk_nonsense_keep_nobody_out() -> Result<()> {
    let node = node(Containerd::V2).start()?;
    let daemon = cni_daemon(&node, "chainsawd")?;
    let mut hanging = Vec::new();
    for bytes in [
        &b""[..],
        b"\0\0",
        // A request that never comes, one of 4 GiB, and one that is none.
        &[0, 0, 0, 9, 0, 0, 0, 1, 1, 0],
        &[0xff; 10],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0, 0, 0, 2, 0, 0, 0, 1, 1, 0, 0xff, 0xff],
    ] {
        for _ in 0..8 {
            let mut stream = connected(&node)?;
            stream.write_all(bytes)?;
            hanging.push(stream);
        }
    }
    let _pod = node.pod("web").annotation(KEY, VALUE).run()?;
    ensure!(
        daemon.log()?.contains("ok for default/web"),
        "{}",
        daemon.log()?
    );
    // All of them are closed in the end, and were never more than there is room for.
    for mut stream in hanging {
        stream.read_to_end(&mut Vec::new()).ok();
    }
    // A crowd beyond the room is over when its time is.
    let crowd = (0..100)
        .map(|_| connected(&node))
        .collect::<Result<Vec<_>>>()?;
    wait_until("the crowd to be closed", LIMIT, || Ok(ping(&node).is_ok()))?;
    drop(crowd);
    Ok(())
}

#[test]
fn a_daemon_that_hangs_costs_a_bounded_time() -> Result<()> {
    let node = node(Containerd::V2).start()?;
    let machine = node.machine();
    machine.write("/run/chainsaw/sandboxes/none", "")?;
    let _nobody_serves = UnixListener::bind(machine.path(SOCKET))?;
    let plugin = parts::chainsaw()?.display().to_string();
    let (output, took) = timed(add(machine, &plugin, &json!({KEY: VALUE})))?;
    ensure!(
        output.status == 1 && output.stdout.contains("/nowhere"),
        "{output:?}"
    );
    ensure!(took < BOUNDED, "{took:?}");
    let pod = node.pod("web").annotation(KEY, VALUE).run()?;
    ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    Ok(())
}

#[test]
fn a_guarded_pod_with_keys_of_the_nri_entrance_waits_for_a_daemon_that_serves_it() -> Result<()> {
    for containerd in Containerd::ALL {
        let guarded = format!("{GRANT}[hooks.cni]\nguard = true\n");
        let node = node(containerd).file(CONFIGURATION, &guarded).start()?;
        let asking = || {
            node.pod("web")
                .annotation(NRI_KEY, "ip route add 192.0.4.0/24 dev eth0")
        };
        let said = sandbox_refusal(asking().run())?;
        ensure!(
            said.contains("chainsaw.noderesource.dev/") && said.contains("no chainsawd answers"),
            "{containerd:?}: {said}"
        );
        let alone = cni_daemon(&node, "alone")?;
        let said = sandbox_refusal(asking().run())?;
        ensure!(
            said.contains("does not tell it of events"),
            "{containerd:?}: {said}"
        );
        alone.stop()?;
        // Pods that ask at the CNI entrance alone, or not at all, start.
        node.pod("other").annotation(KEY, VALUE).run()?;
        node.pod("silent").run()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let pod = asking().run()?;
        ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.4.0/24"));
    }
    Ok(())
}

#[test]
fn a_guard_answers_in_a_bounded_time_that_it_is_to_be_tried_again() -> Result<()> {
    let machine = Machine::boot()?;
    let asks = json!({NRI_KEY: "ip route"});
    let plugin = parts::chainsaw()?.display().to_string();
    // It is off unless somebody wants it.
    let output = add(&machine, &plugin, &asks).run()?;
    ensure!(
        (output.status, output.stdout.as_str()) == (0, "{}"),
        "{output:?}"
    );

    machine.write(CONFIGURATION, "[hooks.cni]\nguard = true\n")?;
    machine.write("/run/chainsaw/sandboxes/none", "")?;
    let _nobody_serves = UnixListener::bind(machine.path(SOCKET))?;
    let (output, took) = timed(add(&machine, &plugin, &asks))?;
    let said: Value = serde_json::from_str(&output.stdout)?;
    ensure!(said["code"] == 11, "{said}");
    ensure!(output.stderr.contains("reason=NriNotServed"), "{output:?}");
    ensure!(took < BOUNDED, "{took:?}");

    // What failures may be passed over does not open a guard.
    let passed =
        "[failure]\ncni = \"continue\"\nunknown = \"continue\"\n[hooks.cni]\nguard = true\n";
    machine.write(CONFIGURATION, passed)?;
    ensure!(add(&machine, &plugin, &asks).run()?.status == 1);
    Ok(())
}

#[test]
fn a_guard_in_a_broken_configuration_touches_no_pod_without_keys() -> Result<()> {
    let machine = Machine::boot()?;
    machine.write(
        CONFIGURATION,
        "[hooks.cni]\nguard = true\nthis is no configuration",
    )?;
    machine.write("/run/chainsaw/sandboxes/none", "")?;
    let _nobody_serves = UnixListener::bind(machine.path(SOCKET))?;
    let plugin = parts::chainsaw()?.display().to_string();
    for annotations in [
        json!({}),
        json!(null),
        json!({"chainsaw.noderesource.de/x": "y"}),
    ] {
        let output = add(&machine, &plugin, &annotations).run()?;
        ensure!(
            (
                output.status,
                output.stdout.as_str(),
                output.stderr.as_str()
            ) == (0, "{}", ""),
            "{output:?}"
        );
    }
    let output = add(&machine, &plugin, &json!({NRI_KEY: "ip route"})).run()?;
    ensure!(
        output.status == 1 && output.stdout.contains("line 3"),
        "{output:?}"
    );
    Ok(())
}
