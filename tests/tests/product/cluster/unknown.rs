//! When the daemon, or the cluster, cannot tell.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chainsaw_tests::api::{Answer, ApiServer, Asks, Cluster, Fault};
use chainsaw_tests::process::{Output, Program};
use chainsaw_tests::scratch::Scratch;
use serde_json::{Value, json};

use super::bed::{
    Bed, CONFIGURATION, CONTINUE, GRANT, KEY, KUBECONFIG, PREV_RESULT, ROUTE, TOKEN, UID,
    chainsawd, conf, web,
};
use crate::product::api::bed::{Bed as Plugin, pod};

/// What the plugin waits for a daemon at most, and as much again for a machine that is busy.
const BOUNDED: Duration = Duration::from_millis(1000);

fn refused(output: &Output) -> Result<String> {
    let said: Value =
        serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))?;
    let code = said.get("code").and_then(Value::as_u64);
    assert_eq!((output.status, code), (1, Some(11)), "{output:?}");
    let msg = said.get("msg").and_then(Value::as_str);
    Ok(msg.unwrap_or_default().to_owned())
}

/// Stops a process, or lets it go on.
fn signal(bed: &Bed, signal: &str) -> Result<()> {
    let pid = bed.daemon.pid().to_string();
    Program::new("kill").args([signal, &pid]).stdout().map(drop)
}

#[test]
fn an_api_server_that_is_away_is_told_and_the_pod_is_to_be_tried_again() -> Result<()> {
    let mut bed = Bed::with([])?;
    bed.server.stop();
    bed.wait_for("until it goes on, the API is asked for each new pod")?;
    let msg = refused(&bed.plugin.add(conf(""))?)?;
    assert!(
        msg.contains("cannot reach") && msg.contains(&bed.server.url()),
        "{msg}"
    );
    assert!(msg.contains("service account"), "{msg}");
    Ok(())
}

#[test]
fn a_watch_that_is_refused_is_told_once_and_in_no_word_of_the_servers() -> Result<()> {
    let cluster = Cluster::new(TOKEN);
    cluster.fail(Asks::Watch, Fault::Status(403, None));
    cluster.fail(Asks::Watch, Fault::Event(403));
    cluster.fail(Asks::Watch, Fault::Event(403));
    let bed = Bed::of(GRANT, cluster)?;
    let log = bed.log()?;
    assert_eq!(log.matches("403").count(), 0, "{log}");
    assert_eq!(log.matches("WatchForbidden").count(), 1, "{log}");
    assert!(!log.contains("BODY") && !log.contains(TOKEN), "{log}");
    Ok(())
}

#[test]
fn where_the_operator_says_so_a_pod_of_which_nobody_can_tell_goes_on() -> Result<()> {
    let mut bed = Bed::configured(CONTINUE, [])?;
    bed.server.stop();
    let output = bed.plugin.add(conf(""))?;
    assert_eq!((output.status, output.stdout.as_str()), (0, PREV_RESULT));
    assert!(output.stderr.contains("reason=Unreachable"), "{output:?}");
    Ok(())
}

#[test]
fn a_pod_made_again_under_its_name_is_never_served_what_the_old_one_asked_for() -> Result<()> {
    let bed = Bed::with([chainsaw_tests::api::Pod::new("web", "old").annotation(KEY, ROUTE)])?;
    let msg = refused(&bed.plugin.add(conf(""))?)?;
    assert!(msg.contains("has UID old") && msg.contains(UID), "{msg}");
    assert_eq!(bed.plugin.routes()?, "");
    bed.cluster.put(web("ip route"));
    assert_eq!(bed.plugin.add(conf(""))?.status, 0);
    assert_eq!(bed.plugin.routes()?, "");
    Ok(())
}

#[test]
fn a_daemon_that_hangs_costs_a_pod_whose_annotations_the_runtime_told_nothing() -> Result<()> {
    let bed = Bed::with([web(ROUTE)])?;
    signal(&bed, "-STOP")?;
    for annotations in [json!({}), Value::Null, json!({"other.example/key": "x"})] {
        let told = json!({"io.kubernetes.cri.pod-annotations": annotations});
        let begun = Instant::now();
        let output = bed
            .plugin
            .add(conf(&format!(", \"runtimeConfig\": {told}")))?;
        assert_eq!((output.status, output.stdout.as_str()), (0, PREV_RESULT));
        assert!(
            begun.elapsed() < Duration::from_millis(280),
            "{:?}",
            begun.elapsed()
        );
    }
    // Who can be told by nobody else waits for a bounded time, and is told.
    let begun = Instant::now();
    let msg = refused(&bed.plugin.add(conf(""))?)?;
    assert!(begun.elapsed() < BOUNDED, "{:?}", begun.elapsed());
    assert!(
        msg.contains("chainsawd at /run/chainsaw/agent.sock did not answer in time"),
        "{msg}"
    );
    signal(&bed, "-CONT")
}

#[test]
fn behind_a_daemon_that_cannot_tell_the_api_is_asked_by_the_kubeconfig() -> Result<()> {
    let bed = Bed::with([])?;
    let other = ApiServer::start(&bed.plugin.machine, pod(UID, &json!({KEY: ROUTE})))?;
    other.write_kubeconfig(&bed.plugin.machine, KUBECONFIG)?;
    signal(&bed, "-STOP")?;
    let output = bed
        .plugin
        .add(conf(&format!(", \"kubeconfig\": \"{KUBECONFIG}\"")))?;
    signal(&bed, "-CONT")?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.plugin.routes()?.contains("192.0.3.0/24"), "{output:?}");
    // And not where the daemon can.
    bed.cluster.put(web("ip route"));
    let before = other.asked().len();
    let output = bed
        .plugin
        .add(conf(&format!(", \"kubeconfig\": \"{KUBECONFIG}\"")))?;
    assert_eq!(
        (output.status, other.asked().len()),
        (0, before),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn a_daemon_without_a_cluster_serves_as_before() -> Result<()> {
    let plugin = Plugin::new()?;
    let scratch = Scratch::new()?;
    let log = scratch.path().join("chainsawd.log");
    let _daemon = chainsawd(&plugin)?.start(&log)?;
    wait_for(&log, "listening")?;
    let msg = refused(&plugin.add(conf(""))?)?;
    assert!(
        msg.contains("cannot tell the annotations of pod default/web"),
        "{msg}"
    );
    Ok(())
}

#[test]
fn a_node_without_a_name_is_told_and_the_daemon_serves_all_the_same() -> Result<()> {
    let plugin = Plugin::new()?;
    let server = ApiServer::start(&plugin.machine, Answer::Hang)?;
    server.write_kubeconfig(&plugin.machine, KUBECONFIG)?;
    let cluster = format!("[cluster]\nkubeconfig = \"{KUBECONFIG}\"\n");
    plugin.machine.write(CONFIGURATION, cluster)?;
    let scratch = Scratch::new()?;
    let log = scratch.path().join("chainsawd.log");
    let _daemon = chainsawd(&plugin)?.start(&log)?;
    wait_for(&log, "listening")?;
    let said = std::fs::read_to_string(&log)?;
    assert!(
        said.contains("NodeUnknown") && said.contains("spec.nodeName"),
        "{said}"
    );
    assert_eq!(server.asked(), []);
    Ok(())
}

fn wait_for(log: &std::path::Path, text: &str) -> Result<()> {
    let limit = Duration::from_secs(15);
    chainsaw_tests::process::wait_until(text, limit, || {
        Ok(std::fs::read_to_string(log)?.contains(text))
    })
}
