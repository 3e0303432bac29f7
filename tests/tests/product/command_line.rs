//! `chainsaw` called by a person.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::{Output, Program};
use serde_json::Value;

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

#[test]
fn wrong_use_is_told_from_a_command_that_fails() -> Result<()> {
    for words in [
        &["try"][..],
        &["run", "ip route"],
        &["frob", "x"],
        &["try", "--netns", "/x", "y"],
        &["try", "-o", "xml", "y"],
    ] {
        let output = chainsaw(words)?;
        assert_eq!(output.status, 2, "{words:?}: {output:?}");
        assert!(
            output.stderr.contains("--help") && output.stdout.is_empty(),
            "{output:?}"
        );
    }
    assert_eq!(chainsaw(&["--help"])?.status, 0);
    assert!(chainsaw(&["--version"])?.stdout.starts_with("chainsaw "));
    Ok(())
}

/// What `chainsaw check` says of a file.
fn checked(file: &str, more: &[&str]) -> Result<Output> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let path = folder.path().join("pod.yaml");
    fs::write(&path, file)?;
    let path = path.to_str().context("a path of UTF-8")?.to_owned();
    chainsaw(&[&["check", "-f", &path], more].concat())
}

const DEPLOYMENT: &str = "\
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      annotations:
        k8s.v1.cni.cncf.io/chainsaw: '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\"]'
        k8s.v1.cni.cncf.io/chainsaw.net1: ip route del default
        chainsaw.noderesource.dev/container.app: ip route
    spec: {containers: [{name: app}]}
";

#[test]
fn check_judges_every_value_of_a_workload_and_runs_nothing() -> Result<()> {
    let output = checked(DEPLOYMENT, &[])?;
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(
        output.stdout,
        "shop/Deployment/web: allowed\n\
         k8s.v1.cni.cncf.io/chainsaw:\n\
         Allowed: ip route add 192.0.3.0/24 dev eth0\n\
         k8s.v1.cni.cncf.io/chainsaw.net1:\n\
         Allowed: ip route del default\n\
         chainsaw.noderesource.dev/container.app:\n\
         Allowed: ip route show\n"
    );
    let denied = checked(
        &DEPLOYMENT.replace("ip route del", "ip rotue del"),
        &["-o", "json"],
    )?;
    assert_eq!(denied.status, 1, "{denied:?}");
    assert_eq!(
        report(&denied)?["commands"][1]["advice"]["instead"],
        "route"
    );
    Ok(())
}

#[test]
fn check_applies_a_policy_to_the_workloads_namespace() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(
        &policy,
        "[[rule]]\nnamespaces = [\"shop\"]\nprofile = \"inspect\"\n",
    )?;
    let denied = checked(DEPLOYMENT, &["--policy", path])?;
    assert_eq!(denied.status, 1, "{denied:?}");
    assert!(
        denied.stdout.contains(&format!(
            "change line 3 of {path} to:\n    profile = \"route\""
        )),
        "{denied:?}"
    );
    fs::write(
        &policy,
        "[[rule]]\nnamespaces = [\"shop\"]\nprofile = \"route\"\n",
    )?;
    assert_eq!(checked(DEPLOYMENT, &["--policy", path])?.status, 0);
    Ok(())
}

#[test]
fn check_tells_every_unknown_key_and_judges_the_other_documents() -> Result<()> {
    let unknown = DEPLOYMENT.replace("container.app", "container.ap").replace(
        "k8s.v1.cni.cncf.io/chainsaw.net1",
        "chainsaw.noderesource.dev/sandobx",
    );
    let output = checked(&format!("{unknown}---\n{DEPLOYMENT}"), &[])?;
    assert_eq!(output.status, 1, "{output:?}");
    for said in [
        "container.ap: there is no container ap, there are app",
        "sandobx: the key is not known, known are sandbox and container.NAME",
    ] {
        assert!(output.stderr.contains(said), "{output:?}");
    }
    assert!(!output.stderr.contains("--help"), "{output:?}");
    assert!(
        output.stdout.starts_with("shop/Deployment/web: failed\n")
            && output.stdout.contains("shop/Deployment/web: allowed\n"),
        "{output:?}"
    );
    Ok(())
}

/// A pod with this in its metadata's annotations and in its spec.
fn pod(annotations: &str, spec: &str) -> String {
    format!(
        "kind: Pod\nmetadata:\n  name: web\n  annotations:\n    {annotations}\nspec: {{{spec}containers: [{{name: app}}]}}\n"
    )
}

#[test]
fn check_refuses_commands_on_the_hosts_network_as_the_node_does() -> Result<()> {
    for key in [
        "k8s.v1.cni.cncf.io/chainsaw",
        "chainsaw.noderesource.dev/sandbox",
    ] {
        let output = checked(
            &pod(&format!("{key}: ip route"), "hostNetwork: true, "),
            &[],
        )?;
        assert_eq!(output.status, 1, "{output:?}");
        assert!(
            output.stdout.starts_with("default/Pod/web: denied\n"),
            "{output:?}"
        );
        assert!(
            output.stderr.contains("on the host's network"),
            "{output:?}"
        );
    }
    let asks_for_nothing = checked(&pod("a: b", "hostNetwork: true, "), &[])?;
    assert_eq!(asks_for_nothing.status, 0, "{asks_for_nothing:?}");
    Ok(())
}

#[test]
fn check_tells_that_a_runtime_class_is_for_the_node_to_serve() -> Result<()> {
    let note = "note: runtimeClassName kata: a node serves chainsaw.noderesource.dev/";
    let class = "runtimeClassName: kata, ";
    let at_nri = checked(
        &pod("chainsaw.noderesource.dev/sandbox: ip route", class),
        &[],
    )?;
    assert_eq!(at_nri.status, 0, "{at_nri:?}");
    assert!(at_nri.stdout.contains(note), "{at_nri:?}");
    let at_cni = checked(&pod("k8s.v1.cni.cncf.io/chainsaw: ip route", class), &[])?;
    assert!(!at_cni.stdout.contains("note:"), "{at_cni:?}");
    Ok(())
}

#[test]
fn check_judges_each_value_at_its_own_interface() -> Result<()> {
    let networks = r#"k8s.v1.cni.cncf.io/networks: '[{"name": "a"}, {"name": "b", "cni-args": {"chainsaw": ["ip route add 192.0.4.0/24 dev CURRENT_INTERFACE"]}}, {"name": "c", "interface": "fast", "cni-args": {"chainsaw": "ip rote"}}]'"#;
    let key = "k8s.v1.cni.cncf.io/chainsaw.net7: ip route add 192.0.3.0/24 dev CURRENT_INTERFACE";
    let output = checked(&pod(&format!("{key}\n    {networks}"), ""), &["-o", "json"])?;
    assert_eq!(output.status, 1, "{output:?}");
    let commands = &report(&output)?["commands"];
    assert_eq!(commands[0]["ran"], "ip route add 192.0.3.0/24 dev net7");
    assert_eq!(commands[1]["ran"], "ip route add 192.0.4.0/24 dev net2");
    assert_eq!(
        commands[2]["source"],
        "k8s.v1.cni.cncf.io/networks[2].cni-args.chainsaw"
    );
    assert_eq!(commands[2]["advice"]["instead"], "route");
    let others = checked(
        &pod("k8s.v1.cni.cncf.io/networks: chainsaw-net, b@net5", ""),
        &[],
    )?;
    assert_eq!(others.status, 0, "{others:?}");
    Ok(())
}

#[test]
fn check_refuses_annotations_that_the_api_would_not_take() -> Result<()> {
    for (value, kind) in [
        ("[ip route]", "a list"),
        ("7", "a number"),
        ("{a: b}", "a map"),
    ] {
        let output = checked(
            &pod(&format!("k8s.v1.cni.cncf.io/chainsaw: {value}"), ""),
            &[],
        )?;
        assert_eq!(output.status, 1, "{output:?}");
        let said = format!("chainsaw: its value is {kind}, and the API takes strings alone");
        assert!(output.stderr.contains(&said), "{output:?}");
    }
    Ok(())
}

#[test]
fn check_reads_standard_input() -> Result<()> {
    let output = Program::new(parts::chainsaw()?)
        .args(["check", "-f", "-"])
        .stdin(DEPLOYMENT)
        .run()?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(
        output.stdout.starts_with("shop/Deployment/web: allowed\n"),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn check_says_what_it_assumed_and_takes_the_mtu() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(
        &policy,
        "[[rule]]\nnamespaces = [\"*\"]\nprofile = \"route\"\n",
    )?;
    let check = |more: &[&str]| chainsaw(&[&["check", "--policy", path][..], more].concat());
    let value = "ip link set eth0 mtu 9000";
    let denied = check(&[value])?;
    assert_eq!(denied.status, 1, "{denied:?}");
    let assumed = "note: assumed: namespace default (--namespace), entrance cni (--entrance), interface eth0 (--interface), its MTU 1500 (--mtu)\n";
    assert!(denied.stdout.contains(assumed), "{denied:?}");
    let allowed = check(&["--mtu", "9000", "--namespace", "a", value])?;
    assert_eq!(allowed.status, 0, "{allowed:?}");
    assert!(
        allowed
            .stdout
            .contains("note: assumed: entrance cni (--entrance), interface eth0 (--interface)\n"),
        "{allowed:?}"
    );
    let words = chainsaw(&["check", "--explain", value])?;
    assert!(
        words
            .stdout
            .contains("> no policy was given: only the words are checked"),
        "{words:?}"
    );
    assert_eq!(chainsaw(&["check", "--mtu", "many", value])?.status, 2);
    Ok(())
}

#[test]
fn check_finds_what_is_wrong_in_the_policy_itself() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(
        &policy,
        "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip rote\"]\n",
    )?;
    let output = chainsaw(&["check", "--policy", path, "ip route"])?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (1, ""),
        "{output:?}"
    );
    let said = format!("{path} line 4: command 1 \"ip rote\" at word 1, column 4: ");
    assert!(
        output.stderr.contains(&said) && !output.stderr.contains("--help"),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn tokens_are_checked_with_what_is_given_for_them() -> Result<()> {
    let value = "ip route add 192.0.3.0/24 via CURRENT_GATEWAY dev CURRENT_INTERFACE src CURRENT_ADDRESS_V6";
    let output = chainsaw(&[
        "check",
        "--interface",
        "net1",
        "--gateway",
        "198.51.100.1",
        value,
    ])?;
    assert_eq!(output.status, 1, "{output:?}");
    assert!(
        output
            .stdout
            .contains("inet address is expected rather than \"2001:db8::10\""),
        "{output:?}"
    );
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

#[test]
fn help_is_given_in_our_own_words_where_and_as_ip_gives_its_own() -> Result<()> {
    for object in ["", "link ", "address ", "route ", "rule ", "neigh "] {
        let words = format!("ip {object}help");
        let output = chainsaw(&words.split(' ').collect::<Vec<_>>())?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (255, ""),
            "{output:?}"
        );
        let usage = format!("Usage: ip {object}");
        assert!(output.stderr.starts_with(usage.trim_end()), "{output:?}");
        assert!(output.stderr.lines().count() > 2, "{output:?}");
    }
    Ok(())
}
