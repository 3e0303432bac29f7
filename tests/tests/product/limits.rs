//! How much commands may leave in one sandbox: both entrances, restarts, attachments; and how much of a listing is read.

use anyhow::{Context, Result, ensure};
use chainsaw_tests::bed::{Bed, CONFIGURATION, KEY, conf, error};
use chainsaw_tests::call::POD;
use chainsaw_tests::process::Output;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use serde_json::json;

const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const APP: &str = "chainsaw.noderesource.dev/container.app";
const LAST: &str = "chainsaw.noderesource.dev/container.last";
const GRANT: &str =
    "[limits]\nonlink = 65536\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";

fn routes(numbers: std::ops::Range<usize>) -> String {
    let route = |number| format!("ip route add 10.200.{number}.0/24 dev eth0\n");
    numbers.map(route).collect()
}

#[test]
fn both_entrances_count_together_and_a_restart_at_the_limit_is_fine() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .cni_chain([bridge(), chainsaw()])
            .file(CONFIGURATION, GRANT)
            .start()?;
        let daemon = node.daemon("chainsawd", &[])?;
        let pod = node
            .pod("web")
            .annotation(KEY, &routes(0..40))
            .annotation(SANDBOX, &routes(40..60))
            .annotation(APP, &routes(60..64))
            .annotation(LAST, &routes(64..65))
            .run()?;
        let made = || -> Result<usize> {
            let listed = pod.in_netns(["route"])?.stdout;
            Ok(listed.matches("10.200.").count())
        };
        ensure!(made()? == 60, "{containerd:?}");
        for _ in 0..2 {
            pod.container("app", ["sleep", "1000"])?.stop()?;
            ensure!(made()? == 64, "{containerd:?}");
        }
        let refused = pod.container("last", ["sleep", "1000"]);
        let said = format!("{:#}", refused.err().context("it started")?);
        for word in [
            "over the limit of 64 routes: commands made 64 that are in this sandbox",
            "limits.routes",
            CONFIGURATION,
        ] {
            ensure!(said.contains(word), "{containerd:?}: {said}");
        }
        ensure!(daemon.log()?.contains("LimitReached"), "{}", daemon.log()?);
        // What is taken away, here by somebody else, gives room.
        pod.in_netns(["route", "del", "10.200.7.0/24"])?;
        pod.container("last", ["sleep", "1000"])?;
        ensure!(made()? == 64, "{containerd:?}");
    }
    Ok(())
}

#[test]
fn a_plan_that_makes_too_much_is_refused_with_all_that_is_wrong_before_it_begins() -> Result<()> {
    let bed = Bed::new(&GRANT.replace("[limits]\n", "[limits]\nroutes = 3\n"))?;
    let said = error(&bed.add(&format!("{}ip link set eth0 down", routes(0..5)))?)?;
    let details = said["details"].as_str().unwrap_or_default();
    for word in [
        "over the limit of 3 routes: with this command the values make more (limits.routes)",
        "    [limits]\n    routes = NUMBER\n",
        "profile route does not allow this",
    ] {
        assert!(details.contains(word), "{said}");
    }
    assert_eq!(said["code"], 101);
    assert!(!bed.routes()?.contains("10.200."));
    Ok(())
}

#[test]
fn attachments_that_come_and_go_add_nothing_up_and_leave_nothing_behind() -> Result<()> {
    let bed = Bed::new(&GRANT.replace("[limits]\n", "[limits]\nroutes = 4\n"))?;
    let attach = |ifname: &str, numbers| -> Result<Output> {
        let annotations = json!({format!("{KEY}.{ifname}"): routes(numbers)});
        bed.call_at(ifname, "ADD", POD, conf(&annotations))
    };
    let detach = |ifname: &str| bed.call_at(ifname, "DEL", POD, "");
    assert_eq!(attach("net1", 0..3)?.status, 0);
    assert_eq!(detach("net1")?.status, 0);
    let said = error(&attach("net2", 3..6)?)?;
    assert_eq!(said["code"], 101, "{said}");
    assert!(
        said["msg"].to_string().contains("limit of 4 routes"),
        "{said}"
    );
    assert_eq!(detach("net2")?.status, 0);
    assert_eq!(bed.routes()?.matches("10.200.").count(), 4);
    // What is there needs no room: it is ip that says so.
    let said = error(&attach("net1", 0..3)?)?;
    assert!(said["msg"].to_string().contains("File exists"), "{said}");
    assert_eq!(detach("net1")?.status, 0);
    assert_eq!(bed.records()?, "c1\n");
    // With the namespace goes what is known of it, when the runtime has the leftovers looked for.
    bed.ip("netns del pod")?;
    let other = bed.machine.program(parts::chainsaw()?);
    let all = json!({"cniVersion": "1.1.0", "name": "other", "type": "chainsaw", "cni.dev/valid-attachments": []});
    let other = other.env("CNI_COMMAND", "GC").stdin(all.to_string());
    assert_eq!(other.run()?.status, 0);
    assert_eq!(bed.records()?, "");
    Ok(())
}

#[test]
fn a_listing_without_end_is_read_to_its_bound_for_a_pod_and_to_the_end_for_a_caller() -> Result<()>
{
    let bed = Bed::new(GRANT)?;
    let route = |number: usize| {
        let [_, a, b, c] = u32::try_from(number).unwrap_or_default().to_be_bytes();
        format!("route add 10.{a}.{b}.{c}/32 dev lo table 100\n")
    };
    let batch: String = (0..120_000).map(route).collect();
    let filled = bed
        .machine
        .program("ip")
        .args(["-n", "pod", "-batch", "-"])
        .stdin(batch)
        .run()?;
    assert_eq!(filled.status, 0, "{filled:?}");
    let said = error(&bed.add("ip route add 192.0.3.0/24 dev eth0\nip route show table 100")?)?;
    let told = "longer than the 4 MiB that are read of it";
    assert!(said["details"].to_string().contains(told), "{said}");
    let said = error(&bed.add("ip route flush table 100")?)?;
    assert!(said["details"].to_string().contains(told), "{said}");
    // What asks for less is served.
    assert_eq!(bed.add("ip route\nip route get 192.0.2.1")?.status, 0);
    let whole = bed
        .machine
        .program("ip")
        .args(["netns", "exec", "pod"])
        .arg(parts::chainsaw()?)
        .args(["ip", "route", "show", "table", "100"])
        .stdout()?;
    assert_eq!(whole, bed.ip("-n pod route show table 100")?);
    Ok(())
}
