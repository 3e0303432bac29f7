//! Metrics and health, of the daemon on a real node.

use anyhow::{Result, ensure};
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node};

use super::bed::{
    APP, CONFIGURATION, DENIED, GRANT, KEY, LIMIT, PORT, SANDBOX, VALUE, daemon, metric, node,
};

#[test]
fn both_entrances_are_counted_and_no_pod_is_named() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).start()?;
        let _daemon = daemon(&node, "chainsawd")?;
        let pod = node
            .pod("peculiar-name")
            .annotation(KEY, VALUE)
            .annotation(SANDBOX, "ip rule add from 192.0.2.7 table 100")
            .annotation(APP, "ip route add 192.0.4.0/24 via CURRENT_GATEWAY")
            .run()?;
        pod.container("app", ["sleep", "1000"])?;
        for (key, value) in [
            (KEY, DENIED),
            (KEY, "ip route add 192.0.3.0/24 dev nowhere"),
            (SANDBOX, DENIED),
            (SANDBOX, "ip route add 192.0.3.0/24 dev nowhere"),
        ] {
            let pod = node.pod("peculiar-name").annotation(key, value).run();
            // Where a refused sandbox would leak, its containers are refused.
            if let Ok(pod) = pod {
                ensure!(pod.container("app", ["sleep", "1000"]).is_err(), "{value}");
            }
        }
        let page = node.machine().get(PORT, "/metrics")?;
        let count = |line: &str| {
            let value = page.body.lines().find_map(|one| one.strip_prefix(line));
            value.map_or(0.0, |value| value.trim().parse().unwrap_or(f64::NAN))
        };
        for (entrance, ok) in [("cni", 2.0), ("nri", 2.0)] {
            let commands = |outcome: &str, reason: &str| {
                count(&format!(
                    "chainsaw_commands_total{{entrance=\"{entrance}\",outcome=\"{outcome}\",reason=\"{reason}\"}}"
                ))
            };
            let all = &page.body;
            ensure!(
                commands("ok", "") == ok,
                "{containerd:?} {entrance}:\n{all}"
            );
            // An attempt to make a container tries again what its sandbox asked for.
            for (outcome, reason) in [("denied", "CommandDenied"), ("failed", "CommandFailed")] {
                let counted = commands(outcome, reason);
                ensure!(
                    (1.0..=2.0).contains(&counted),
                    "{containerd:?} {entrance} {outcome}:\n{all}"
                );
                let reports = count(&format!(
                    "chainsaw_reports_total{{entrance=\"{entrance}\",outcome=\"{outcome}\",reason=\"{reason}\"}}"
                ));
                ensure!(
                    reports == counted,
                    "{containerd:?} {entrance} {outcome}:\n{all}"
                );
            }
            let took = count(&format!(
                "chainsaw_report_seconds_count{{entrance=\"{entrance}\"}}"
            ));
            ensure!(took >= 3.0, "{containerd:?} {entrance}:\n{all}");
        }
        ensure!(
            count("chainsaw_nri_session{state=\"running\"}") == 1.0,
            "{}",
            page.body
        );
        ensure!(
            count("chainsaw_configuration_valid") == 1.0,
            "{}",
            page.body
        );
        ensure!(count("chainsaw_records") >= 1.0, "{}", page.body);
        ensure!(page.body.ends_with("# EOF\n"), "{}", page.body);
        ensure!(!page.body.contains("peculiar-name"), "{}", page.body);
    }
    Ok(())
}

#[test]
fn readiness_follows_the_runtime_and_is_taken_back() -> Result<()> {
    for containerd in Containerd::ALL {
        let mut node = node(containerd).start()?;
        let _daemon = daemon(&node, "chainsawd")?;
        let ready = |node: &Node| node.machine().get(PORT, "/readyz");
        let page = ready(&node)?;
        ensure!(page.status == 200, "{page:?}");
        ensure!(
            page.body == "nri: running\nconfiguration: in force\nready\n",
            "{page:?}"
        );
        node.kill_containerd()?;
        wait_until("the daemon to be unready", LIMIT, || {
            Ok(ready(&node)?.status == 503)
        })?;
        ensure!(ready(&node)?.body.ends_with("not ready\n"));
        ensure!(node.machine().get(PORT, "/healthz")?.status == 200);
        ensure!(metric(&node, "chainsaw_nri_session{state=\"running\"}")? == 0.0);
        node.start_containerd()?;
        wait_until("the daemon to be ready again", LIMIT, || {
            Ok(ready(&node)?.status == 200)
        })?;
    }
    Ok(())
}

#[test]
fn readiness_follows_the_configuration() -> Result<()> {
    // Of the NRI entrance alone: the plugin of the other reads the file itself.
    let node = Node::builder(Containerd::V2)
        .nri()
        .file(CONFIGURATION, "frob = 1\n")
        .start()?;
    let _daemon = daemon(&node, "chainsawd")?;
    let machine = node.machine();
    let until = |what: &str, status: u16, text: &str| {
        wait_until(what, LIMIT, || {
            let page = machine.get(PORT, "/readyz")?;
            Ok(page.status == status && page.body.contains(text))
        })
    };
    until(
        "no good configuration to be unready",
        503,
        "line 1: unknown key frob",
    )?;
    ensure!(metric(&node, "chainsaw_configuration_valid")? == 0.0);
    machine.write(CONFIGURATION, GRANT)?;
    until("a good one to be ready", 200, "configuration: in force")?;
    machine.write(CONFIGURATION, format!("{GRANT}frob = 1\n"))?;
    until(
        "the last good one to be ready and told",
        200,
        "the last good one is in force",
    )?;
    ensure!(metric(&node, "chainsaw_configuration_valid")? == 0.0);
    ensure!(metric(&node, "chainsaw_configuration_failures_total")? == 2.0);
    // Pods are served by it.
    let pod = node
        .pod("web")
        .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
        .run()?;
    ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    Ok(())
}

#[test]
fn it_listens_where_it_is_told_to_and_nowhere_if_told_so() -> Result<()> {
    let elsewhere = format!("{GRANT}[metrics]\nlisten = \"127.0.0.1:18080\"\n");
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &elsewhere)
        .start()?;
    let told = daemon(&node, "elsewhere")?;
    ensure!(node.machine().get(18080, "/healthz")?.body == "alive\n");
    ensure!(node.machine().connect(PORT).is_err());
    // Another daemon takes the place over when the first is gone.
    let next = node.daemon("next", &["--hooks", "cni,nri"])?;
    next.wait_for("MetricsNotServed")?;
    told.stop()?;
    next.wait_for("metrics and health at http://127.0.0.1:18080")?;
    next.stop()?;

    node.machine()
        .write(CONFIGURATION, format!("{GRANT}[metrics]\nlisten = \"\"\n"))?;
    // A file that was just written counts at the start only where nothing is published from before.
    std::fs::remove_file(node.machine().path("/run/chainsaw/last-good.toml"))?;
    let _silent = node.daemon("silent", &["--hooks", "cni,nri"])?;
    for port in [PORT, 18080] {
        ensure!(node.machine().connect(port).is_err(), "{port}");
    }
    Ok(())
}

#[test]
fn a_crowd_at_the_metrics_holds_up_no_pod_and_no_probe() -> Result<()> {
    let node = node(Containerd::V2).start()?;
    let _daemon = daemon(&node, "chainsawd")?;
    let mut crowd = Vec::new();
    for request in [
        "",
        "GET /metrics HTTP/1.1\r\nx: ",
        "\0\0\0",
        "GET /metrics HTTP/1.1\r\n\r\n",
    ] {
        for _ in 0..100 {
            let mut stream = node.machine().connect(PORT)?;
            std::io::Write::write_all(&mut stream, request.as_bytes()).ok();
            crowd.push(stream);
        }
    }
    let pod = node
        .pod("web")
        .annotation(KEY, VALUE)
        .annotation(SANDBOX, "ip rule add from 192.0.2.7 table 100")
        .run()?;
    ensure!(pod.in_netns(["rule"])?.stdout.contains("192.0.2.7"));
    ensure!(node.machine().get(PORT, "/healthz")?.body == "alive\n");
    drop(crowd);
    Ok(())
}
