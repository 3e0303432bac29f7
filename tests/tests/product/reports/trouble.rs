//! An API that is away, busy or unwilling, and a storm: pods do not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chainsaw_tests::api::Answer;
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, parts};
use serde_json::json;

use super::bed::{
    CLUSTER, CONFIGURATION, DENIED, Events, GRANT, KEY, LIMIT, SANDBOX, VALUE, daemon, metric,
    node, refusal,
};

/// How long pods take at most that nothing holds up, on a machine that is busy.
const UNHURT: Duration = Duration::from_secs(8);

fn in_a_cluster(containerd: Containerd) -> Result<Node> {
    node(containerd)
        .file(CONFIGURATION, &format!("{GRANT}{CLUSTER}"))
        .start()
}

fn status(code: u16, reason: &str) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
           "message": "not now", "code": code, "details": {"retryAfterSeconds": 1}})
    .to_string()
}

/// One pod that is refused and two that run, and how long they took.
fn pods(node: &Node) -> Result<Duration> {
    let begun = Instant::now();
    refusal(node.pod("denied").annotation(KEY, DENIED).run())?;
    let pod = node.pod("cni").annotation(KEY, VALUE).run()?;
    ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    let pod = node
        .pod("nri")
        .annotation(SANDBOX, "ip rule add from 192.0.2.7 table 100")
        .run()?;
    ensure!(pod.in_netns(["rule"])?.stdout.contains("192.0.2.7"));
    Ok(begun.elapsed())
}

#[test]
fn an_api_that_is_away_or_hangs_touches_no_pod() -> Result<()> {
    for answers in [false, true] {
        let node = in_a_cluster(Containerd::V2)?;
        let server = Events::answered(&node, |_| Answer::Hang)?;
        let server = answers.then_some(server);
        let daemon = daemon(&node, "chainsawd")?;
        let took = pods(&node)?;
        ensure!(took < UNHURT, "{took:?}");
        wait_until("the Event to wait", LIMIT, || {
            Ok(metric(&node, "chainsaw_events_waiting")? == 1.0)
        })?;
        daemon.wait_for("EventNotTold")?;
        ensure!(node.machine().get(super::bed::PORT, "/readyz")?.status == 200);
        drop(server);
    }
    Ok(())
}

#[test]
fn an_api_that_is_busy_is_asked_again_and_one_that_is_unwilling_is_not() -> Result<()> {
    let node = in_a_cluster(Containerd::V2)?;
    let count = Arc::new(AtomicUsize::new(0));
    let events = Events::answered(&node, move |asked| {
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::Reply(429, status(429, "TooManyRequests")),
            1 => Answer::Reply(503, status(503, "ServiceUnavailable")),
            2 => Answer::Reply(201, asked.body.clone()),
            _ => Answer::Reply(403, status(403, "Forbidden")),
        }
    })?;
    let daemon = daemon(&node, "chainsawd")?;
    let told = |result: &str| {
        let line =
            format!("chainsaw_events_total{{reason=\"ChainsawDenied\",result=\"{result}\"}}");
        metric(&node, &line)
    };
    refusal(node.pod("first").annotation(KEY, DENIED).run())?;
    wait_until("the Event to be taken", LIMIT, || {
        Ok(told("created")? == 1.0)
    })?;
    let names: Vec<_> = events
        .created()?
        .iter()
        .map(|event| event["metadata"]["name"].clone())
        .collect();
    ensure!(
        names.len() == 3 && names.iter().all(|name| *name == names[0]),
        "{names:?}"
    );

    refusal(node.pod("second").annotation(KEY, DENIED).run())?;
    wait_until("the Event to be given up", LIMIT, || {
        Ok(told("failed")? == 1.0)
    })?;
    ensure!(events.created()?.len() == 4, "{:?}", events.created());
    daemon.wait_for("the API answers 403: not now")?;
    let took = pods(&node)?;
    ensure!(took < UNHURT, "{took:?}");
    Ok(())
}

#[test]
fn a_storm_of_refusals_is_bounded_and_what_is_dropped_is_counted() -> Result<()> {
    const PODS: usize = 400;
    let node = in_a_cluster(Containerd::V2)?;
    let events = Events::taken(&node)?;
    let daemon = daemon(&node, "chainsawd")?;
    let begun = Instant::now();
    // As a runtime calls the plugin, for pods whose namespaces are nowhere: each is refused.
    for pod in 0..PODS {
        let conf = json!({
            "cniVersion": "1.0.0", "name": "n", "type": "chainsaw", "prevResult": {},
            "runtimeConfig": {"io.kubernetes.cri.pod-annotations": {KEY: VALUE}},
        });
        let output = node
            .machine()
            .program(parts::chainsaw()?)
            .env("CNI_COMMAND", "ADD")
            .env("CNI_CONTAINERID", format!("c{pod}"))
            .env("CNI_NETNS", "/nowhere")
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/opt/cni/bin")
            .env(
                "CNI_ARGS",
                format!("K8S_POD_NAMESPACE=storm;K8S_POD_NAME=web-{pod};K8S_POD_UID=uid-{pod}"),
            )
            .stdin(conf.to_string())
            .run()?;
        ensure!(output.status == 1, "{output:?}");
    }
    let count = |result: &str| {
        metric(
            &node,
            &format!("chainsaw_events_total{{reason=\"ChainsawFailed\",result=\"{result}\"}}"),
        )
    };
    // A plugin that is not heard in time goes its way.
    let heard = daemon.log()?.matches("refused storm/web-").count();
    ensure!(heard > PODS / 2, "{heard}");
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let heard = heard as f64;
    wait_until("every Event to have its end", 2 * LIMIT, || {
        Ok(count("created")? + count("dropped")? == heard)
    })?;
    // Those of a rest, and one a second.
    let allowed = 50.0 + begun.elapsed().as_secs_f64() + 1.0;
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let asked = events.asked().len() as f64;
    ensure!((50.0..=allowed).contains(&asked), "{asked} of {allowed}");
    ensure!(count("dropped")? >= heard - allowed, "{heard}, {allowed}");
    let pod = node.pod("web").annotation(KEY, VALUE).run()?;
    ensure!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    Ok(())
}
