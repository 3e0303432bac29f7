//! A pod's values at the NRI entrance: containerd tells `chainsawd`, and `chainsawd` runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::container::Container;
use chainsaw_tests::cri::v1;
use chainsaw_tests::pod::{RunningPod, refusal};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, parts};

const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const GRANT: &str =
    "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n[limits]\nonlink = 4096\n";
const LIMIT: Duration = Duration::from_secs(10);

/// What a container's process sees at its first instruction; then it waits.
const LOOK: [&str; 3] = ["sh", "-c", "ip route; ip rule; echo seen; sleep 1000"];

fn node(containerd: Containerd) -> Result<Node> {
    Node::builder(containerd)
        .nri()
        .file(CONFIGURATION, GRANT)
        .start()
}

fn seen(container: &Container<'_>) -> Result<String> {
    wait_until("the container to look", LIMIT, || {
        Ok(container.logs()?.contains("seen"))
    })?;
    container.logs()
}

/// The sandboxes that have a record.
fn records(node: &Node) -> Result<String> {
    node.machine()
        .program("ls")
        .arg("/run/chainsaw/sandboxes")
        .stdout()
}

#[test]
fn values_run_when_the_sandbox_is_there_and_before_a_containers_process() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)?;
        let daemon = node.daemon("chainsawd", &[])?;
        let pod = node
            .pod("web")
            .annotation(
                SANDBOX,
                r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#,
            )
            .annotation(APP, "ip route add 192.0.4.0/24 via CURRENT_GATEWAY")
            .annotation(
                "chainsaw.noderesource.dev/container.init",
                "ip rule add from 192.0.2.7 table 100 pref 77",
            )
            .run()?;
        let routes = pod.in_netns(["route"])?.stdout;
        ensure!(
            routes.contains("192.0.3.0/24 dev eth0 scope link"),
            "{containerd:?}: {routes}"
        );
        ensure!(!routes.contains("192.0.4.0/24"), "{containerd:?}: {routes}");

        let init = seen(&pod.container("init", LOOK)?)?;
        ensure!(
            init.contains("from 192.0.2.7 lookup 100") && !init.contains("192.0.4.0"),
            "{init}"
        );
        let sidecar = seen(&pod.container("sidecar", LOOK)?)?;
        ensure!(
            sidecar.contains("192.0.3.0/24") && !sidecar.contains("192.0.4.0"),
            "{sidecar}"
        );
        let app = seen(&pod.container("app", LOOK)?)?;
        ensure!(app.contains("192.0.4.0/24 via 10.88.0.1 dev eth0"), "{app}");

        let log = daemon.log()?;
        ensure!(
            log.contains("Running ip route show =============== pod=\"default/web\""),
            "{log}"
        );
        ensure!(log.contains("ok for default/web"), "{log}");
        pod.remove()?;
        wait_until("the record to go", LIMIT, || {
            Ok(records(&node)?.trim().is_empty())
        })
        .with_context(|| format!("{containerd:?}"))?;
    }
    Ok(())
}

#[test]
fn a_container_that_starts_again_and_again_leaves_one_rule_and_one_route() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)?;
        let daemon = node.daemon("chainsawd", &[])?;
        let value =
            r#"["ip rule add from 192.0.2.7 table 100", "ip route add 192.0.4.0/24 dev eth0"]"#;
        let pod = node.pod("web").annotation(APP, value).run()?;
        for start in 0..5 {
            let app = pod.container("app", LOOK)?;
            let saw = seen(&app)?;
            ensure!(
                saw.matches("from 192.0.2.7").count() == 1,
                "start {start}: {saw}"
            );
            ensure!(
                saw.matches("192.0.4.0/24").count() == 1,
                "start {start}: {saw}"
            );
            app.stop()?;
        }
        let log = daemon.log()?;
        ensure!(log.matches("ok for default/web").count() == 1, "{log}");
        ensure!(
            log.matches("unchanged for default/web").count() == 4,
            "{log}"
        );
    }
    Ok(())
}

#[test]
fn a_refused_pod_says_why_and_can_be_made_again_after_containerd_restarts() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = node(containerd)?;
        let daemon = node.daemon("chainsawd", &[])?;
        for (key, value, why) in [
            (
                SANDBOX,
                "ip link set eth0 mtu 9000",
                "profile route does not allow this",
            ),
            (
                SANDBOX,
                "ip route add 192.0.3.0/24 dev nowhere",
                "Cannot find device \"nowhere\"",
            ),
            (SANDBOX, "ip frob", "Object \"frob\" is unknown"),
            (
                "chainsaw.noderesource.dev/containers.app",
                "ip route",
                "is not known",
            ),
            (
                APP,
                "ip link set eth0 mtu 9000",
                "command 1 'ip link set dev eth0 mtu 9000' denied",
            ),
        ] {
            let said = {
                // The same pod each time, as a kubelet tries it again.
                let pod = node.pod("web").uid("uid-1").annotation(key, value).run();
                refusal(pod)?
            };
            ensure!(said.contains(why), "{containerd:?} {value}: {said}");
        }
        node.kill_containerd()?;
        node.start_containerd()?;
        wait_until("chainsawd to be back", LIMIT, || {
            Ok(daemon.log()?.matches("running").count() >= 2)
        })?;
        let pod = node
            .pod("web")
            .uid("uid-1")
            .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
            .run()?;
        let saw = seen(&pod.container("app", LOOK)?)?;
        ensure!(
            saw.contains("192.0.3.0/24 dev eth0"),
            "{containerd:?}: {saw}"
        );
    }
    Ok(())
}

#[test]
fn a_pod_on_the_hosts_network_is_refused_and_the_node_stays_as_it_is() -> Result<()> {
    for containerd in Containerd::ALL {
        let all = GRANT.replace("\"route\"", "\"net-admin\"");
        let node = Node::builder(containerd)
            .nri()
            .file(CONFIGURATION, &all)
            .start()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let routes = || {
            node.machine()
                .program("ip")
                .args(["route", "show", "table", "all"])
                .stdout()
        };
        let before = routes()?;
        let value = "ip route add 198.51.100.0/24 dev lo";
        let pod = node
            .pod("web")
            .host_network()
            .annotation(SANDBOX, value)
            .run();
        let said = refusal(pod)?;
        ensure!(said.contains("host's network"), "{containerd:?}: {said}");
        let pod = node.pod("web2").host_network().annotation(APP, value).run();
        let said = refusal(pod)?;
        ensure!(said.contains("host's network"), "{containerd:?}: {said}");
        ensure!(!routes()?.contains("198.51.100.0"), "{before}");
        // One that asks for nothing is no business of ours.
        node.pod("other")
            .host_network()
            .run()?
            .container("app", LOOK)?;
    }
    Ok(())
}

#[test]
fn a_failure_that_is_to_be_passed_over_is_only_told() -> Result<()> {
    let passed = format!("{GRANT}[failure]\nnri = \"continue\"\n");
    let node = Node::builder(Containerd::V1_7)
        .nri()
        .file(CONFIGURATION, &passed)
        .start()?;
    let daemon = node.daemon("chainsawd", &[])?;
    let pod = node
        .pod("web")
        .annotation(SANDBOX, "ip link set eth0 down")
        .run()?;
    pod.container("app", LOOK)?;
    let log = daemon.log()?;
    ensure!(
        log.contains("reason=\"CommandDenied\"") && log.contains("goes_on=true"),
        "{log}"
    );
    Ok(())
}

#[test]
fn two_daemons_do_a_piece_of_work_once() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)?;
        let one = node.daemon("one", &[])?;
        let other = node.daemon("other", &["--index", "91"])?;
        let value =
            r#"["ip rule add from 192.0.2.7 table 100", "ip route append 192.0.4.0/24 dev eth0"]"#;
        let pod = node
            .pod("web")
            .annotation(SANDBOX, value)
            .annotation(APP, &value.replace("192.0.4.0", "192.0.5.0"))
            .run()?;
        let saw = seen(&pod.container("app", LOOK)?)?;
        // The container's value wants the same rule: it is another source, and runs for the first time as well.
        ensure!(
            saw.matches("from 192.0.2.7").count() == 2,
            "{containerd:?}: {saw}"
        );
        let told = one.log()?.matches("for default/web").count()
            + other.log()?.matches("for default/web").count();
        ensure!(told == 2, "{containerd:?}: {} {}", one.log()?, other.log()?);
    }
    Ok(())
}

#[test]
fn what_was_missed_is_told_and_never_run_late() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)?;
        let asking = |name| {
            node.pod(name)
                .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
                .annotation(APP, "ip route add 192.0.4.0/24 dev eth0")
        };
        let begun = asking("begun").run()?;
        let app = begun.container("app", LOOK)?;
        let waiting = asking("waiting").run()?;
        let daemon = node.daemon("chainsawd", &[])?;
        daemon.wait_for("for default/waiting")?;
        let routes = |pod: &RunningPod<'_>| Ok::<_, anyhow::Error>(pod.in_netns(["route"])?.stdout);
        let late = routes(&begun)?;
        ensure!(
            !late.contains("192.0.3.0") && !late.contains("192.0.4.0"),
            "{containerd:?}: {late}"
        );
        ensure!(
            routes(&waiting)?.contains("192.0.3.0/24"),
            "{containerd:?}: it was not caught up"
        );
        let log = daemon.log()?;
        for key in [SANDBOX, APP] {
            ensure!(
                log.contains(&format!("missed {key} of default/begun")),
                "{containerd:?}: {log}"
            );
        }
        // The next start of the container is in time; the sandbox's value is not.
        app.stop()?;
        let saw = seen(&begun.container("app", LOOK)?)?;
        ensure!(
            saw.contains("192.0.4.0/24") && !saw.contains("192.0.3.0"),
            "{containerd:?}: {saw}"
        );
    }
    Ok(())
}

#[test]
fn a_full_disk_is_a_refusal_before_the_first_command() -> Result<()> {
    let node = node(Containerd::V1_7)?;
    let machine = node.machine();
    machine
        .program("mkdir")
        .args(["-p", "/run/chainsaw"])
        .stdout()?;
    machine
        .program("mount")
        .args(["-t", "tmpfs", "-o", "size=4k", "full", "/run/chainsaw"])
        .stdout()?;
    machine
        .program("mkdir")
        .args(["-p", "/run/chainsaw/sandboxes"])
        .stdout()?;
    machine
        .program("dd")
        .args([
            "if=/dev/zero",
            "of=/run/chainsaw/full",
            "bs=4096",
            "count=1",
        ])
        .run()?;
    let _daemon = node.daemon("chainsawd", &[])?;
    let value = "ip route add 192.0.3.0/24 dev eth0";
    let said = refusal(node.pod("web").annotation(SANDBOX, value).run())?;
    ensure!(said.contains("No space left on device"), "{said}");
    // A pod that asks for nothing does not notice.
    let pod = node.pod("other").run()?;
    ensure!(!pod.in_netns(["route"])?.stdout.contains("192.0.3.0"));
    Ok(())
}

#[test]
fn a_record_goes_with_its_sandbox_though_nobody_tells() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = node(containerd)?;
        let daemon = node.daemon("chainsawd", &[])?;
        let pod = node
            .pod("web")
            .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
            .run()?;
        let id = pod.leave();
        node.kill_containerd()?;
        node.start_containerd()?;
        wait_until("chainsawd to be back", LIMIT, || {
            Ok(daemon.log()?.matches("running").count() >= 2)
        })?;
        // A sandbox older than the runtime's process goes without an event.
        let pod_sandbox_id = || id.clone();
        node.cri().stop_pod_sandbox(v1::StopPodSandboxRequest {
            pod_sandbox_id: pod_sandbox_id(),
        })?;
        node.cri().remove_pod_sandbox(v1::RemovePodSandboxRequest {
            pod_sandbox_id: pod_sandbox_id(),
        })?;
        ensure!(
            records(&node)?.contains(&id),
            "{containerd:?}: {}",
            records(&node)?
        );
        node.kill_containerd()?;
        node.start_containerd()?;
        wait_until("the record to go", LIMIT, || {
            Ok(!records(&node)?.contains(&id))
        })
        .with_context(|| format!("{containerd:?}"))?;
    }
    Ok(())
}

#[test]
fn a_runtime_that_comes_back_finds_everything_done_already() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = node(containerd)?;
        let daemon = node.daemon("chainsawd", &[])?;
        let value = "ip rule add from 192.0.2.7 table 100";
        let mut places = Vec::new();
        for name in ["one", "two"] {
            let pod = node.pod(name).annotation(SANDBOX, value).run()?;
            places.push(pod.place()?);
            pod.leave();
        }
        for restart in 2..5 {
            node.kill_containerd()?;
            node.start_containerd()?;
            wait_until("chainsawd to be back", LIMIT, || {
                Ok(daemon.log()?.matches("running").count() >= restart)
            })?;
        }
        for place in places {
            let rules = node.judge().run(&place, ["rule"])?.stdout;
            ensure!(
                rules.matches("from 192.0.2.7").count() == 1,
                "{containerd:?}: {rules}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_daemon_that_containerd_starts_serves_as_well() -> Result<()> {
    for containerd in Containerd::ALL {
        let log = "/run/chainsawd.log";
        let config = format!("{GRANT}[log]\nfile = \"{log}\"\n");
        let mut node = Node::builder(containerd)
            .nri()
            .file(CONFIGURATION, &config)
            .start()?;
        node.kill_containerd()?;
        let plugin = "/opt/nri/plugins/90-chainsaw";
        node.machine()
            .write(plugin, fs::read(parts::chainsawd()?)?)?;
        fs::set_permissions(
            node.machine().path(plugin),
            fs::Permissions::from_mode(0o755),
        )?;
        node.start_containerd()?;
        let pod = node
            .pod("web")
            .annotation(APP, "ip route add 192.0.4.0/24 dev eth0")
            .run()?;
        let saw = seen(&pod.container("app", LOOK)?)?;
        ensure!(
            saw.contains("192.0.4.0/24 dev eth0"),
            "{containerd:?}: {saw}"
        );
        let log = node.machine().read(log)?;
        ensure!(log.contains("ok for default/web"), "{containerd:?}: {log}");
    }
    Ok(())
}

#[test]
fn a_daemon_outside_of_the_nodes_network_does_not_serve() -> Result<()> {
    let node = node(Containerd::V2)?;
    let alone = node.machine().program("unshare").arg("--net");
    let output = alone.arg(parts::chainsawd()?).run()?;
    ensure!(output.status == 1, "{output:?}");
    ensure!(output.stderr.contains("hostNetwork: true"), "{output:?}");
    Ok(())
}

#[test]
fn a_handler_that_may_keep_its_own_stack_is_refused_until_it_is_listed() -> Result<()> {
    // A second name for runc is all that this test's node can have of another handler.
    for (listed, refused) in [
        ("", true),
        ("[hooks.nri]\nruntime_handlers = [\"other\"]\n", false),
    ] {
        let config = format!("{GRANT}{listed}");
        let node = Node::builder(Containerd::V1_7)
            .nri()
            .runtime_handler("other")
            .file(CONFIGURATION, &config)
            .start()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let pod = node
            .pod("web")
            .runtime_handler("other")
            .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
            .run();
        if refused {
            let said = refusal(pod)?;
            ensure!(
                said.contains("runtime handler \"other\"") && said.contains("runtime_handlers"),
                "{said}"
            );
        } else {
            ensure!(pod?.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
        }
    }
    Ok(())
}
