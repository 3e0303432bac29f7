//! What the operator decides at the CNI entrance, and the pod that asks for nothing.

use anyhow::Result;
use chainsaw_tests::bed::{Bed, CONFIGURATION, KEY, PREV_RESULT, conf, error};
use chainsaw_tests::call::POD;
use serde_json::{Value, json};

use super::text;

#[test]
fn the_operators_commands_come_first_and_need_no_grant() -> Result<()> {
    let bed = Bed::new("[hooks.cni]\ncommands = true\n")?;
    let with = |commands: &str, annotations: &Value| {
        conf(annotations).replacen('{', &format!("{{\"commands\": {commands}, "), 1)
    };
    let stdin = with(
        "[\"ip route add 192.0.3.0/24 dev eth0\"]",
        &json!({KEY: "ip route show 192.0.3.0/24"}),
    );
    let output = bed.call("ADD", POD, stdin)?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(
        output
            .stderr
            .ends_with("192.0.3.0/24 dev eth0 scope link \n"),
        "{output:?}"
    );

    let alone = bed.call(
        "ADD",
        POD,
        with("\"ip route add 192.0.4.0/24 dev eth0\"", &json!({})),
    )?;
    assert_eq!(alone.status, 0, "{alone:?}");
    assert!(bed.routes()?.contains("192.0.4.0/24"));

    // Operators cannot do what nobody can, and a pod is not an operator.
    assert_eq!(
        error(&bed.call("ADD", POD, with("[\"ip netns add x\"]", &json!({})))?)?["code"],
        101
    );
    assert_eq!(
        error(&bed.call(
            "ADD",
            POD,
            with("[\"ip route\"]", &json!({KEY: "ip route del default"}))
        )?)?["code"],
        101
    );
    Ok(())
}

#[test]
fn commands_of_a_network_that_is_not_trusted_are_the_pods_and_the_denial_tells_the_line()
-> Result<()> {
    let bed = Bed::new("")?;
    let with = conf(&json!({})).replacen(
        '{',
        r#"{"commands": ["ip route add 192.0.3.0/24 dev eth0"], "#,
        1,
    );
    let refused = error(&bed.call("ADD", POD, with.as_str())?)?;
    assert_eq!(refused["code"], 101);
    let msg = text(&refused["msg"]);
    assert!(
        msg.contains("(from commands in chainsaw's entry of the network configuration) denied"),
        "{refused}"
    );
    let details = text(&refused["details"]);
    for said in [
        "this node does not trust network configurations with commands",
        "the pod's author has nothing to change: write commands = true below [hooks.cni] in /etc/chainsaw/config.toml",
    ] {
        assert!(details.contains(said), "{refused}");
    }
    assert!(!bed.routes()?.contains("192.0.3.0/24"));
    // What the pod's namespace is granted, its network may ask for.
    let granted = Bed::new("[[rule]]\nnamespaces = [\"*\"]\nprofile = \"route\"\n")?;
    let ran = granted.call("ADD", POD, with)?;
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(granted.routes()?.contains("192.0.3.0/24"));
    Ok(())
}

#[test]
fn what_fails_and_is_not_the_pods_own_names_its_source() -> Result<()> {
    let bed = Bed::new("")?;
    for (field, said) in [
        (
            r#""commands": ["ip rote"]"#,
            "command 1 'ip rote' (from commands in chainsaw's entry of the network configuration) failed",
        ),
        (
            r#""args": {"cni": {"chainsaw": "ip rote"}}"#,
            "command 1 'ip rote' (from args.cni.chainsaw) failed",
        ),
    ] {
        let with = conf(&json!({})).replacen('{', &format!("{{{field}, "), 1);
        let error = error(&bed.call("ADD", POD, with)?)?;
        assert!(text(&error["msg"]).contains(said), "{error}");
        assert!(text(&error["details"]).contains("(from "), "{error}");
    }
    Ok(())
}

#[test]
fn a_mistake_in_the_network_configuration_names_the_entry_and_the_field_and_says_what_to_write()
-> Result<()> {
    let bed = Bed::new("")?;
    let entry = "commands in chainsaw's entry of the network configuration";
    let add = |commands: &str| -> Result<Value> {
        let with = format!("{{\"commands\": {commands}, ");
        error(&bed.call("ADD", POD, conf(&json!({})).replacen('{', &with, 1))?)
    };
    let wrong = add(r#"["ip rout ad"]"#)?;
    assert_eq!(
        text(&wrong["msg"]),
        format!(
            "chainsaw: command 1 'ip rout ad' (from {entry}) failed: ip prints its usage and does nothing"
        )
    );
    let details = text(&wrong["details"]);
    assert!(
        details.contains("\n    ip rout ad\n            ^\n    the command needs more words, for example ip route add "),
        "{details}"
    );
    for (commands, said) in [
        (
            "7",
            "it is neither a string nor an array: write [\"ip …\", \"ip …\"]",
        ),
        (
            "[7]",
            "command 1 is not a command (a number): write \"ip …\" or ",
        ),
    ] {
        let wrong = add(commands)?;
        let msg = text(&wrong["msg"]);
        assert!(msg.contains(entry) && msg.contains(said), "{wrong}");
    }
    Ok(())
}

#[test]
fn commands_that_multus_hands_on_to_nobody_are_logged_and_fail_no_pod() -> Result<()> {
    let bed = Bed::new("")?;
    let networks = |field: &str| {
        let selections = json!([{"name": "a", field: {"chainsaw": ["ip route"]}}]).to_string();
        bed.call(
            "ADD",
            POD,
            conf(&json!({"k8s.v1.cni.cncf.io/networks": selections})),
        )
    };
    let wrong = networks("cniArgs")?;
    assert_eq!(
        (wrong.status, wrong.stdout.as_str()),
        (0, PREV_RESULT),
        "{wrong:?}"
    );
    assert!(
        wrong.stderr.starts_with(
            "chainsaw: k8s.v1.cni.cncf.io/networks[0].cniArgs: Multus does not know this field, "
        ),
        "{wrong:?}"
    );
    let right = networks("cni-args")?;
    assert_eq!((right.status, right.stderr.as_str()), (0, ""), "{right:?}");
    Ok(())
}

#[test]
fn an_operator_may_choose_to_continue() -> Result<()> {
    let bed = Bed::new("[failure]\ncni = \"continue\"\nunknown = \"continue\"\n")?;
    let output = bed.add("ip route del default")?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, PREV_RESULT),
        "{output:?}"
    );
    assert!(output.stderr.contains("reason=CommandDenied"), "{output:?}");
    assert!(bed.routes()?.contains("default"));

    let unknown = format!("{{\"cniVersion\": \"1.0.0\", \"prevResult\": {PREV_RESULT}}}");
    let output = bed.call("ADD", POD, unknown.clone())?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, PREV_RESULT),
        "{output:?}"
    );

    bed.machine.write(CONFIGURATION, "")?;
    let said = error(&bed.call("ADD", POD, unknown)?)?;
    assert_eq!(said["code"], 11);
    assert!(
        text(&said["msg"]).contains("default/web") && text(&said["msg"]).contains("capabilities"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_pod_without_a_value_is_served_with_everything_else_broken() -> Result<()> {
    let bed = Bed::new("[[broken")?;
    // The namespace is not even looked at.
    let output = bed.call("ADD", "/nowhere", conf(&json!({"other.example/key": "x"})))?;
    assert_eq!(
        (
            output.status,
            output.stdout.as_str(),
            output.stderr.as_str()
        ),
        (0, PREV_RESULT, "")
    );
    Ok(())
}
