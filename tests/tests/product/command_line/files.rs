//! `chainsaw check -f`: what is asked for in files of Kubernetes objects, pod by pod and key by key.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::parts;
use chainsaw_tests::process::{Output, Program};
use serde_json::Value;

use super::{chainsaw, report};

/// What `chainsaw check` says of a file.
pub(super) fn checked(file: &str, more: &[&str]) -> Result<Output> {
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
        assert!(output.stdout.contains(said), "{output:?}");
    }
    assert_eq!(output.stderr, "");
    let (wrong, right) = (output.stdout)
        .split_once("shop/Deployment/web: allowed\n")
        .context("the second document")?;
    assert!(
        wrong.starts_with("shop/Deployment/web: failed\nproblem: ") && !right.contains("problem"),
        "{output:?}"
    );
    // What is asked by no key is not said to be allowed.
    assert_eq!(wrong.matches("Allowed: ").count(), 1, "{wrong}");
    Ok(())
}

/// A pod with this in its metadata's annotations and in its spec.
pub(super) fn pod(annotations: &str, spec: &str) -> String {
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
            output
                .stdout
                .contains("\nproblem: the pod is on the host's network"),
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
        assert!(output.stdout.contains(&said), "{output:?}");
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
fn check_says_that_nothing_came_from_standard_input() -> Result<()> {
    let output = Program::new(parts::chainsaw()?)
        .args(["check", "-f", "-"])
        .stdin("")
        .run()?;
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (1, "chainsaw: standard input is empty\n"),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn check_judges_the_plain_key_at_an_interface_at_which_it_counts() -> Result<()> {
    let key = |suffix: &str| {
        format!(
            "k8s.v1.cni.cncf.io/chainsaw{suffix}: ip route add 192.0.3.0/24 dev CURRENT_INTERFACE"
        )
    };
    let ran = |annotations: &[String], more: &[&str]| -> Result<(Value, String)> {
        let file = pod(&annotations.join("\n    "), "");
        let output = checked(&file, &[&["-o", "json"], more].concat())?;
        assert_eq!(output.status, 0, "{output:?}");
        let report = report(&output)?;
        let commands = report["commands"].as_array().context("commands")?;
        let plain = commands
            .iter()
            .find(|one| one["source"] == "k8s.v1.cni.cncf.io/chainsaw");
        Ok((
            report["notes"].clone(),
            plain.context("the plain key")?["ran"].to_string(),
        ))
    };
    let networks = |text: &str| format!("k8s.v1.cni.cncf.io/networks: '{text}'");
    let (notes, at) = ran(&[key(""), key(".net1")], &[])?;
    assert!(at.contains("dev eth0") && notes.is_null(), "{at} {notes}");
    let (notes, at) = ran(&[key(""), key(".eth0"), key(".net1")], &[])?;
    assert!(at.contains("dev net2"), "{at}");
    assert_eq!(
        notes[0],
        "annotation k8s.v1.cni.cncf.io/chainsaw: at eth0 k8s.v1.cni.cncf.io/chainsaw.eth0 wins; judged at net2, which no selection here makes: it counts only if the pod has one"
    );
    for text in [
        r#"[{"name": "a", "cni-args": {"chainsaw": []}}, {"name": "b", "interface": "fast"}]"#,
        "a@net1, b@fast",
    ] {
        let mut all = vec![key(""), key(".eth0"), networks(text)];
        if text.starts_with('a') {
            all.push(key(".net1"));
        }
        let (notes, at) = ran(&all, &[])?;
        assert!(at.contains("dev fast"), "{at}");
        assert_eq!(
            notes[0],
            "annotation k8s.v1.cni.cncf.io/chainsaw: at eth0 k8s.v1.cni.cncf.io/chainsaw.eth0 wins; judged at fast"
        );
    }
    let (_, at) = ran(&[key(""), key(".net1")], &["--interface", "net1"])?;
    assert!(!at.contains("net1"), "{at}");
    Ok(())
}

#[test]
fn a_key_that_reaches_no_pod_is_wrong_and_says_where_it_belongs() -> Result<()> {
    let template = "metadata: {annotations: {a: b}}, spec: {containers: [{name: app}]}";
    let key = "k8s.v1.cni.cncf.io/chainsaw";
    let own = format!("{{name: web, annotations: {{{key}: ip route}}}}");
    for (kind, spec, place) in [
        ("Deployment", format!("template: {{{template}}}"), ""),
        ("StatefulSet", format!("template: {{{template}}}"), ""),
        ("DaemonSet", format!("template: {{{template}}}"), ""),
        ("ReplicaSet", format!("template: {{{template}}}"), ""),
        ("Job", format!("template: {{{template}}}"), ""),
        (
            "CronJob",
            format!("jobTemplate: {{spec: {{template: {{{template}}}}}}}"),
            "jobTemplate.spec.",
        ),
    ] {
        let file = format!("kind: {kind}\nmetadata: {own}\nspec: {{{spec}}}\n");
        let output = checked(&file, &[])?;
        assert_eq!(
            (output.status, output.stdout),
            (
                1,
                format!(
                    "default/{kind}/web: failed\nproblem: annotation {key} is the {kind}'s own and reaches no pod: move it to spec.{place}template.metadata.annotations\n"
                )
            )
        );
        // What a tool puts everywhere reaches the pod as well.
        let everywhere = file.replace("{a: b}", &format!("{{{key}: ip route}}"));
        assert_eq!(checked(&everywhere, &[])?.status, 0, "{everywhere}");
    }
    let custom = format!("kind: Rollout\nmetadata: {own}\nspec: {{template: {{{template}}}}}\n");
    let custom = checked(&custom, &[])?;
    assert!(
        custom.status == 0
            && custom
                .stdout
                .contains(&format!("note: annotation {key} is the")),
        "{custom:?}"
    );
    let label = pod(
        "a: b\n  labels:\n    chainsaw.noderesource.dev/sandbox: x",
        "",
    );
    let label = checked(&label, &[])?;
    assert_eq!(
        (label.status, label.stdout.as_str()),
        (
            1,
            "default/Pod/web: failed\nproblem: chainsaw.noderesource.dev/sandbox is a label; it has to be an annotation, in metadata.annotations\n"
        )
    );
    Ok(())
}

#[test]
fn a_misspelt_key_is_wrong_and_says_what_was_meant() -> Result<()> {
    for (key, meant) in [
        ("k8s.v1.cni.cncf.io/chainsw", "k8s.v1.cni.cncf.io/chainsaw"),
        (
            "chainsaw.noderesources.dev/sandbox",
            "chainsaw.noderesource.dev/sandbox",
        ),
    ] {
        let output = checked(&pod(&format!("{key}: ip rotue"), ""), &[])?;
        assert_eq!(
            (output.status, output.stdout),
            (
                1,
                format!(
                    "default/Pod/web: failed\nproblem: annotation {key} is no key of Chainsaw; did you mean {meant}?\n"
                )
            )
        );
    }
    let suffix = checked(&pod("chainsaw.noderesource.dev/Sandbox: ip route", ""), &[])?;
    assert_eq!(
        (suffix.status, suffix.stdout.as_str()),
        (
            1,
            "default/Pod/web: failed\nproblem: annotation chainsaw.noderesource.dev/Sandbox: the key is not known, known are sandbox and container.NAME; did you mean chainsaw.noderesource.dev/sandbox?\n"
        )
    );
    let others = checked(&pod("k8s.v1.cni.cncf.io/network-status: x", ""), &[])?;
    assert_eq!(
        (others.status, others.stdout.as_str()),
        (
            0,
            "default/Pod/web: allowed\nnote: there is no command in this\n"
        )
    );
    Ok(())
}

#[test]
fn check_notes_what_the_network_selections_leave_without_effect() -> Result<()> {
    let key = "k8s.v1.cni.cncf.io/chainsaw";
    let said = |annotations: &str| -> Result<String> {
        let output = checked(&pod(annotations, ""), &[])?;
        Ok(format!("{} {}", output.status, output.stdout))
    };
    let networks = |value: &str| format!("k8s.v1.cni.cncf.io/networks: '{value}'");
    let nowhere = said(&format!("{key}.net3: ip route\n    {}", networks("a, b")))?;
    let note = "note: no selection of this pod makes net3: eth0, net1 and net2 are there\n";
    assert!(
        nowhere.starts_with("0 ") && nowhere.contains(note),
        "{nowhere}"
    );
    for there in ["eth0", "net2"] {
        let there = said(&format!(
            "{key}.{there}: ip route\n    {}",
            networks("a, b")
        ))?;
        assert!(!there.contains("note:"), "{there}");
    }
    let case = said(&networks(
        r#"[{"name": "a", "cni-args": {"Chainsaw": ["ip route"], "mtu": 1}}]"#,
    ))?;
    assert_eq!(
        case,
        "0 default/Pod/web: allowed\nnote: k8s.v1.cni.cncf.io/networks[0].cni-args.Chainsaw: Chainsaw does not read it; did you mean chainsaw?\nnote: there is no command in this\n"
    );
    let broken = "annotation k8s.v1.cni.cncf.io/networks: it is no list of network selections";
    let ours = said(&networks(r#"[{"name": "a", "cni-args": {"chainsaw": []}]"#))?;
    assert!(
        ours.starts_with("1 ") && ours.contains(&format!("problem: {broken}")),
        "{ours}"
    );
    let others = said(&networks(r#"[{"name": "a""#))?;
    assert!(
        others.starts_with("0 ") && others.contains(&format!("note: {broken}")),
        "{others}"
    );
    Ok(())
}

#[test]
fn what_is_wrong_stands_below_its_pod_its_file_and_its_key() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let file = |name: &str, text: &str| -> Result<String> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path.to_str().context("a path of UTF-8")?.to_owned())
    };
    let key = "k8s.v1.cni.cncf.io/chainsaw";
    let one = file("one.yaml", &pod(&format!("{key}: ip rotue"), ""))?;
    let two = file(
        "two.yaml",
        &pod(
            &format!(
                "{key}: 7\n    {key}.net1: ip route\n    {key}.net2: |\n      ip route\n      ip rotue"
            ),
            "",
        ),
    )?;
    let output = chainsaw(&["check", "-f", &one, "-f", &two])?;
    let wrong = "Object \"rotue\" is unknown, try \"ip help\".\n    ip rotue\n       ^\n    did you mean route?\n";
    assert_eq!(
        (output.status, output.stderr.as_str(), output.stdout),
        (
            1,
            "",
            format!(
                "default/Pod/web in {one}: failed\n{key}:\nCommand 1 failed: {wrong}\
                 default/Pod/web in {two}: failed\n\
                 problem: annotation {key}: its value is a number, and the API takes strings alone: put quotes around it, or write it behind |\n\
                 {key}.net1:\nAllowed: ip route show\n\
                 {key}.net2:\nAllowed: ip route show\nCommand 2 failed: {wrong}"
            )
        )
    );
    // The number in the report is that of the whole report.
    let json = chainsaw(&["check", "-o", "json", "-f", &two])?;
    assert_eq!(report(&json)?["commands"][2]["advice"]["command"], 3);
    let arguments = chainsaw(&["check", "ip route", "ip rotue"])?;
    assert!(
        (arguments.stdout).contains("argument 2:\nCommand 1 failed: "),
        "{arguments:?}"
    );
    Ok(())
}
