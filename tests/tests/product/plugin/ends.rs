//! CHECK, DEL and GC, and what is left when a pod has gone.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use chainsaw_tests::bed::{Bed, KEY, conf, error};
use chainsaw_tests::call::{Call, POD};
use chainsaw_tests::parts;
use chainsaw_tests::process::{Program, wait_until};
use serde_json::json;

use super::GRANT;

#[test]
fn check_looks_for_the_interface_and_runs_nothing() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let stdin = conf(&json!({KEY: "ip route add 192.0.3.0/24 dev eth0"}));
    let output = bed.call("CHECK", POD, stdin.clone())?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, ""),
        "{output:?}"
    );
    assert!(!bed.routes()?.contains("192.0.3.0/24"));
    bed.ip("-n pod link del eth0")?;
    assert_eq!(error(&bed.call("CHECK", POD, stdin)?)?["code"], 104);
    Ok(())
}

#[test]
fn check_goes_by_the_record_and_del_and_gc_forget_it() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    // What makes something is remembered for longer: see `limits.rs`.
    let asking = conf(&json!({KEY: "ip link set eth0 mtu 1400"}));
    assert_eq!(bed.call("ADD", POD, asking.clone())?.status, 0);
    assert_eq!(bed.call("CHECK", POD, asking.clone())?.status, 0);
    // What fails, CHECK knows.
    assert_ne!(bed.add("ip route del 198.51.100.0/24")?.status, 0);
    assert_eq!(
        error(&bed.call("CHECK", POD, asking.clone())?)?["code"],
        102
    );

    let valid = |containers: &str| {
        asking.replacen(
            '{',
            &format!("{{\"cni.dev/valid-attachments\": {containers}, "),
            1,
        )
    };
    let kept = valid("[{\"containerID\": \"c1\", \"ifname\": \"eth0\"}]");
    assert_eq!(bed.call("GC", POD, kept)?.status, 0);
    assert_eq!(bed.records()?, "c1\n");
    assert_eq!(
        bed.call(
            "GC",
            POD,
            valid("[]").replace("\"name\": \"n\"", "\"name\": \"another\"")
        )?
        .status,
        0
    );
    assert_eq!(bed.records()?, "c1\n", "GC of one network forgot another's");
    assert_eq!(bed.call("GC", POD, valid("[]"))?.status, 0);
    assert_eq!(bed.records()?, "");

    assert_eq!(
        bed.call("ADD", POD, conf(&json!({KEY: "ip route"})))?
            .status,
        0
    );
    assert_eq!(bed.records()?, "c1\n");
    assert_eq!(bed.call("DEL", "", "")?.status, 0);
    assert_eq!(bed.records()?, "");
    Ok(())
}

/// How long DEL may take with an input that does not end, or that is none.
const LIMIT: Duration = Duration::from_secs(5);

/// A shell by which DEL is called.
fn del(bed: &Bed, script: &str) -> Program {
    let call = Call {
        verb: "DEL",
        ..Call::default()
    };
    call.of(bed.machine.program("sh").args(["-c", script]))
}

#[test]
fn del_succeeds_without_its_input() -> Result<()> {
    let bed = Bed::new("[[broken")?;
    let plugin = parts::chainsaw()?;
    let plugin = plugin.display();
    for input in ["<&-", "</tmp"] {
        let script = format!("exec {plugin} {input}");
        let output = del(&bed, &script).limit(LIMIT).run()?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (0, ""),
            "{input}: {output:?}"
        );
    }
    // The pipe's other end lives on; what counts is that DEL has ended.
    let script = format!("sleep 60 | ({plugin}; echo ended $? >/run/told)");
    let _shell = del(&bed, &script).start(&bed.machine.path("/run/log"))?;
    wait_until("DEL to end", LIMIT, || {
        let told = bed.machine.read("/run/told");
        Ok(told.is_ok_and(|told| told == "ended 0\n"))
    })
}

/// A namespace that is held open would outlive the pod. What is known of one that something was made in goes with it.
#[test]
fn nothing_is_left_behind() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let left = || -> Result<BTreeSet<String>> {
        let found = bed
            .machine
            .program("find")
            .args(["/proc/1/fd", "/run", "-not", "-path", "/run/.node*"])
            .stdout()?;
        Ok(found.lines().map(str::to_owned).collect())
    };
    bed.machine.write("/run/chainsaw/sandboxes/.folder", "")?;
    let mut before = left()?;
    bed.add("ip route")?;
    bed.call("DEL", POD, conf(&json!({})))?;
    assert_eq!(left()?, before);
    bed.add("ip route add 192.0.3.0/24 dev eth0")?;
    bed.call("DEL", POD, conf(&json!({})))?;
    assert!(Path::new(&bed.machine.path(POD)).exists());
    assert!(before.insert("/run/chainsaw/sandboxes/c1".into()));
    assert_eq!(left()?, before);
    bed.ip("netns del pod")?;
    bed.call("DEL", "", "")?;
    for gone in [POD, "/run/chainsaw/sandboxes/c1"] {
        assert!(before.remove(gone));
    }
    assert_eq!(left()?, before);
    Ok(())
}
