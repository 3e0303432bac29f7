//! What the daemon's watch tells the plugin.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::api::Pod;
use chainsaw_tests::process::wait_until;

use super::bed::{Bed, CONFIGURATION, GRANT, PREV_RESULT, ROUTE, UID, conf, web};

#[test]
fn a_pods_value_is_found_without_a_request_for_it() -> Result<()> {
    let bed = Bed::with([web(ROUTE)])?;
    let output = bed.plugin.add(conf(""))?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.plugin.routes()?.contains("192.0.3.0/24"), "{output:?}");
    assert_eq!(bed.gets(), 0);
    bed.wait_for("ok for default/web")
}

#[test]
fn a_pod_that_asks_for_nothing_goes_on_byte_for_byte_and_without_a_request() -> Result<()> {
    let bed = Bed::with([Pod::new("web", UID).annotation("other.example/key", "x")])?;
    bed.plugin.machine.write(CONFIGURATION, "[[broken")?;
    let output = bed.plugin.add(conf(""))?;
    let seen = (
        output.status,
        output.stdout.as_str(),
        output.stderr.as_str(),
    );
    assert_eq!(seen, (0, PREV_RESULT, ""));
    assert_eq!(bed.gets(), 0);
    Ok(())
}

#[test]
fn a_pod_that_is_not_seen_yet_is_asked_for_once() -> Result<()> {
    let bed = Bed::with([])?;
    bed.cluster.silence(true);
    bed.cluster.put(web(ROUTE));
    let output = bed.plugin.add(conf(""))?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.plugin.routes()?.contains("192.0.3.0/24"), "{output:?}");
    assert_eq!(bed.gets(), 1);
    Ok(())
}

#[test]
fn a_static_pod_is_known_by_the_hash_of_its_file() -> Result<()> {
    let mirror = Pod::new("web", "22222222-2222-4222-8222-222222222222");
    let bed = Bed::with([mirror
        .annotation("kubernetes.io/config.hash", UID)
        .annotation("k8s.v1.cni.cncf.io/chainsaw.lo", ROUTE)])?;
    let output = bed.plugin.add(conf(""))?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.plugin.routes()?.contains("192.0.3.0/24"));
    assert_eq!(bed.gets(), 0);
    Ok(())
}

#[test]
fn labels_are_known_and_rules_go_by_them() -> Result<()> {
    let rule = format!("{GRANT}labels = {{ role = \"router\" }}\n");
    for (role, status) in [("router", 0), ("app", 1)] {
        let bed = Bed::configured(&rule, [web(ROUTE).label("role", role)])?;
        let output = bed.plugin.add(conf(""))?;
        assert_eq!(output.status, status, "{output:?}");
    }
    Ok(())
}

#[test]
fn a_storm_of_events_leaves_the_daemon_small() -> Result<()> {
    let bed = Bed::with([])?;
    for number in 0..10_000 {
        let pod = Pod::new(&format!("p{}", number % 250), "u");
        bed.cluster
            .put(pod.annotation("other.example/key", &"x".repeat(1000)));
    }
    // Behind all of it.
    bed.cluster.put(web(ROUTE));
    wait_until("the last event", Duration::from_secs(60), || {
        let output = bed.plugin.add(conf(""))?;
        Ok(output.status == 0 && bed.plugin.routes()?.contains("192.0.3.0/24"))
    })?;
    let status = fs::read_to_string(format!("/proc/{}/status", bed.daemon.pid()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = peak
        .and_then(|peak| peak.trim().strip_suffix("kB"))
        .context("no VmHWM")?
        .trim()
        .parse()?;
    assert!(kib <= 30 << 10, "{kib} KiB");
    Ok(())
}
