//! `chainsaw` called by a person.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::{Output, Program};
use serde_json::Value;

mod check;
mod files;
mod help;
mod hints;
mod networks;

const ARTICLE: &str = r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;

fn chainsaw(words: &[&str]) -> Result<Output> {
    Program::new(parts::chainsaw()?).args(words).run()
}

fn report(output: &Output) -> Result<Value> {
    serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))
}

#[test]
fn try_shows_the_articles_example() -> Result<()> {
    let output = chainsaw(&["try", ARTICLE])?;
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(
        output.stdout,
        "Running ip route add 192.0.3.0/24 dev eth0 ===============\n\
         Running ip route show ===============\n\
         default via 192.0.2.1 dev eth0 \n\
         192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10 \n\
         192.0.3.0/24 dev eth0 scope link \n"
    );
    Ok(())
}

#[test]
fn try_needs_no_root() -> Result<()> {
    let machine = Machine::boot()?;
    let copy = machine.path("/run/chainsaw-copy");
    fs::copy(parts::chainsaw()?, &copy)?;
    let nobody = [
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "/run/chainsaw-copy",
        "try",
        ARTICLE,
    ];
    let output = machine.program("setpriv").args(nobody).run()?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(
        output.stdout.contains("192.0.3.0/24 dev eth0 scope link"),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn try_leaves_the_callers_namespace_alone() -> Result<()> {
    let machine = Machine::boot()?;
    let links = || machine.program("ip").args(["-details", "address"]).stdout();
    let before = links()?;
    let output = machine
        .program(parts::chainsaw()?)
        .args(["try", "ip link add b0 type bridge\nip link set lo down"])
        .run()?;
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(links()?, before);
    Ok(())
}

#[test]
fn run_acts_in_the_namespace_it_is_given_and_never_in_the_nodes() -> Result<()> {
    let machine = Machine::boot()?;
    machine
        .program("ip")
        .args(["netns", "add", "pod"])
        .stdout()?;
    let run = |netns: &str, value: &str| {
        machine
            .program(parts::chainsaw()?)
            .args(["run", "--netns", netns, value])
            .run()
    };
    let output = run(
        "/run/netns/pod",
        "ip link add b0 type bridge\nip link set b0 up",
    )?;
    assert_eq!(output.status, 0, "{output:?}");
    let there = machine
        .program("ip")
        .args(["-n", "pod", "-brief", "link"])
        .stdout()?;
    assert!(there.contains("b0"), "{there}");

    let refused = run("/proc/1/ns/net", "ip link add b1 type bridge")?;
    assert_eq!(refused.status, 1);
    assert!(
        refused
            .stderr
            .contains("is the node's own network namespace"),
        "{refused:?}"
    );
    assert!(
        !machine
            .program("ip")
            .args(["-brief", "link"])
            .stdout()?
            .contains("b1")
    );
    Ok(())
}

#[test]
fn the_report_as_json_has_the_fields_of_its_contract() -> Result<()> {
    let output = chainsaw(&[
        "try",
        "-o",
        "json",
        "ip route del 198.51.100.0/24\nip route",
    ])?;
    assert_eq!(output.status, 1);
    let report = report(&output)?;
    assert_eq!(report["entrance"], "cli");
    assert_eq!(report["trigger"], "try");
    assert_eq!(report["interface"], "eth0");
    assert_eq!(report["outcome"], "failed");
    assert!(report["micros"].is_u64());
    assert!(report.get("pod").is_none() && report.get("sandbox").is_none());
    let first = &report["commands"][0];
    assert_eq!(first["given"], "ip route del 198.51.100.0/24");
    assert_eq!(first["ran"], "ip route del 198.51.100.0/24");
    assert_eq!(first["source"], "argument 1");
    assert_eq!(first["outcome"], "failed");
    assert_eq!(first["stderr"], "RTNETLINK answers: No such process\n");
    assert_eq!(first["exit"], 2);
    assert!(first.get("stdout").is_none());
    assert_eq!(report["commands"][1]["outcome"], "not run");
    Ok(())
}

#[test]
fn advice_stands_beside_iproute2s_text_and_points_at_the_word() -> Result<()> {
    let report = report(&chainsaw(&[
        "try",
        "-o",
        "json",
        "ip link set eth0 mut 1400",
    ])?)?;
    let command = &report["commands"][0];
    assert_eq!(
        command["stderr"],
        "Error: either \"dev\" is duplicate, or \"mut\" is garbage.\n"
    );
    assert_eq!(command["exit"], 255);
    assert_eq!(command["advice"]["word"], 4);
    assert_eq!(command["advice"]["column"], 18);
    assert_eq!(command["advice"]["instead"], "mtu");
    Ok(())
}

#[test]
fn a_long_output_is_cut_and_the_cut_is_marked() -> Result<()> {
    let adds: Vec<String> = (0..60)
        .map(|n| format!("ip route add 198.51.{n}.0/24 via 192.0.2.{}", n + 20))
        .collect();
    let output = chainsaw(&["try", "-o", "json", &adds.join("\n"), "ip -d route"])?;
    let report = report(&output)?;
    let listed = report["commands"][60]["stdout"]
        .as_str()
        .context("a listing")?;
    assert!(
        listed.len() < 4096 + 64 && listed.contains("[cut: "),
        "{} bytes",
        listed.len()
    );
    Ok(())
}

#[test]
fn an_output_that_nobody_takes_is_a_failure_and_no_crash() -> Result<()> {
    let chainsaw = parts::chainsaw()?;
    let full = Program::new("sh")
        .args(["-c", &format!("{} ip link >/dev/full", chainsaw.display())])
        .run()?;
    assert_eq!((full.status, full.stderr.as_str()), (1, ""));
    Ok(())
}

/// Rows 36 to 38 of what a pod could do by the words of `ip`: what decides names, and what the environment says.
#[test]
fn no_file_of_the_node_and_no_variable_changes_what_is_printed() -> Result<()> {
    let machine = Machine::boot()?;
    let ip = |words: &str| machine.program("ip").args(words.split(' ')).stdout();
    for words in [
        "netns add secret-of-another-pod",
        "link add eth0 type veth peer name eth1",
        "link add eth2 type veth peer name far netns secret-of-another-pod",
        "route add 192.0.3.0/24 dev lo table 100 proto 77",
    ] {
        ip(words)?;
    }
    let plain = |words: &str| -> Result<Output> {
        let words = words.split(' ');
        machine
            .program(parts::chainsaw()?)
            .arg("ip")
            .args(words)
            .run()
    };
    let forms = ["route show table 100", "link show", "-d addr show", "rule"];
    let before: Vec<Output> = forms
        .iter()
        .map(|form| plain(form))
        .collect::<Result<_>>()?;
    for (file, line) in [
        ("rt_tables", "100 mine"),
        ("rt_protos", "77 evil"),
        ("group", "0 all"),
    ] {
        machine.write(format!("/etc/iproute2/{file}"), format!("{line}\n"))?;
    }
    let hostile = |words: &str| -> Result<Output> {
        let mut program = machine
            .program(parts::chainsaw()?)
            .arg("ip")
            .args(words.split(' '));
        for (name, value) in [
            ("IP_LIB_DIR", "/tmp"),
            ("HZ", "1"),
            ("PROC_ROOT", "/nowhere"),
            ("PROC_NET_PSCHED", "/nowhere"),
            ("NO_COLOR", "1"),
            ("COLORFGBG", ";0"),
        ] {
            program = program.env(name, value);
        }
        program.run()
    };
    for (form, before) in forms.iter().zip(before) {
        let after = hostile(form)?;
        assert_eq!(before.status, 0, "{before:?}");
        assert_eq!(after.stdout, before.stdout, "{form}");
        assert!(!after.stdout.contains("secret-of-another-pod"), "{form}");
    }
    assert_eq!(hostile("route show table mine")?.status, 255);
    Ok(())
}
