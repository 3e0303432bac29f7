//! What is refused, and how that is said.

use anyhow::Result;
use chainsaw_tests::bed::{Bed, KEY, conf, error};
use chainsaw_tests::parts;
use serde_json::json;

use super::{GRANT, GRANT_ALL, text};

#[test]
fn a_broken_configuration_refuses_who_asks_and_names_the_line() -> Result<()> {
    let bed = Bed::new("[[rule]]\nnamespaces = [\"default\"]\nprofil = \"route\"\n")?;
    let said = error(&bed.add("ip route")?)?;
    assert_eq!(said["code"], 103);
    assert!(
        text(&said["msg"]).contains(
            "/etc/chainsaw/config.toml line 3: unknown key profil, did you mean profile?"
        ),
        "{said}"
    );
    Ok(())
}

#[test]
fn nothing_runs_when_one_command_is_wrong_and_all_mistakes_are_told_at_once() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let before = bed.routes()?;
    let value = "ip route add 192.0.3.0/24 dev eth0\nip rooute show\nip route add 192.0.4.0/24 dev eth0 metrc 5\nip link set eth0 down";
    let said = error(&bed.add(value)?)?;
    assert_eq!(said["code"], 100);
    let details = text(&said["details"]);
    for part in [
        "Not run: ip route add 192.0.3.0/24 dev eth0",
        "Command 2 failed: Object \"rooute\" is unknown",
        "    ip rooute show\n       ^\n    did you mean route?",
        "Command 3 failed: Error: either \"to\" is duplicate, or \"metrc\" is garbage.",
        "    did you mean metric?",
        "Command 4 denied: profile route does not allow this, it needs profile net-admin",
    ] {
        assert!(details.contains(part), "{part} is not in {details}");
    }
    assert!(
        text(&said["msg"]).len() <= 256 + "chainsaw: ".len(),
        "{said}"
    );
    assert_eq!(bed.routes()?, before);
    Ok(())
}

#[test]
fn the_first_failure_stops_the_list_unless_it_is_to_be_ignored() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let value = r#"[{"run": "ip route del 198.51.100.0/24", "ignore_failure": true}, "ip route add 192.0.3.0/24 dev eth0",
                    "ip route add 192.0.3.0/24 dev eth0", "ip route add 192.0.5.0/24 dev eth0"]"#;
    let said = error(&bed.add(value)?)?;
    assert_eq!(said["code"], 102);
    assert!(text(&said["msg"]).contains("command 3 'ip route add 192.0.3.0/24 dev eth0' failed: RTNETLINK answers: File exists (exit 2)"), "{said}");
    let routes = bed.routes()?;
    assert!(
        routes.contains("192.0.3.0/24") && !routes.contains("192.0.5.0/24"),
        "{routes}"
    );
    Ok(())
}

#[test]
fn the_nodes_own_namespace_is_refused_by_whatever_path() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let before = bed.ip("-details address")?;
    bed.machine
        .program("ln")
        .args(["-s", "/proc/1/ns/net", "/run/link"])
        .stdout()?;
    bed.machine.program("touch").args(["/run/bound"]).stdout()?;
    bed.machine
        .program("mount")
        .args(["--bind", "/proc/1/ns/net", "/run/bound"])
        .stdout()?;
    for path in [
        "/proc/1/ns/net",
        "/proc/self/ns/net",
        "/proc/thread-self/ns/net",
        "/run/link",
        "/run/bound",
    ] {
        for verb in ["ADD", "CHECK"] {
            let said = error(&bed.call(verb, path, conf(&json!({KEY: "ip link set lo down"})))?)?;
            assert_eq!(said["code"], 104, "{path}: {said}");
            assert!(
                text(&said["msg"]).contains("is the node's own network namespace"),
                "{path}: {said}"
            );
        }
    }
    assert_eq!(bed.ip("-details address")?, before);
    Ok(())
}

#[test]
fn what_is_no_network_namespace_is_told_apart() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.machine.write("/run/stale", "")?;
    for (path, word) in [
        ("/run/stale", "is not a network namespace"),
        ("/run/gone", "cannot open the network namespace /run/gone"),
        ("/proc/1/ns/mnt", "cannot enter the network namespace"),
    ] {
        let said = error(&bed.call("ADD", path, conf(&json!({KEY: "ip route"})))?)?;
        assert_eq!(said["code"], 104, "{said}");
        assert!(text(&said["msg"]).contains(word), "{path}: {said}");
    }
    Ok(())
}

#[test]
fn what_no_profile_allows_is_refused_and_the_node_is_as_it_was() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    bed.machine
        .write("/run/canary", "route add 192.0.66.0/24 dev eth0\n")?;
    bed.ip("netns add other")?;
    let state = || -> Result<_> {
        Ok((
            bed.ip("netns list")?,
            bed.ip("link")?,
            bed.ip("-n other link")?,
            bed.ip("-n pod link")?,
        ))
    };
    let before = state()?;
    for line in [
        "ip netns exec other touch /run/mark",
        "ip -all netns exec touch /run/mark",
        "ip -all netns delete",
        "ip vrf exec default touch /run/mark",
        "ip -n other link add b0 type bridge",
        "ip --ne ../../proc/1/ns/net link add b0 type bridge",
        "ip -batch /run/canary",
        "ip -force -b /run/canary",
        "ip link set eth0 netns other",
        "ip link add v0 type veth peer name v1 netns other",
        "ip link set eth0 xdp obj /run/canary",
        "ip monitor",
    ] {
        let said = error(&bed.add(line)?)?;
        assert_eq!(said["code"], 101, "{line}: {said}");
        assert!(
            text(&said["msg"]).contains("never allowed"),
            "{line}: {said}"
        );
    }
    assert_eq!(state()?, before);
    assert!(!bed.machine.path("/run/mark").exists());
    assert!(!bed.routes()?.contains("192.0.66.0"));
    Ok(())
}

#[test]
fn a_call_without_the_protocol_gets_a_line_of_usage() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let said = error(&bed.machine.program(parts::chainsaw()?).run()?)?;
    assert_eq!(said["code"], 4);
    assert!(text(&said["msg"]).contains("chainsaw --help"), "{said}");
    Ok(())
}

#[test]
fn nothing_runs_that_cannot_be_recorded() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.machine
        .write("/run/chainsaw", "a file where the folder should be")?;
    let said = error(&bed.add("ip route add 192.0.3.0/24 dev eth0")?)?;
    assert_eq!(said["code"], 5, "{said}");
    assert!(!bed.routes()?.contains("192.0.3.0/24"));
    Ok(())
}
