//! Calls as a runtime makes them, as far as they need no namespace.

use super::*;

fn environment(command: &str) -> Environment {
    Environment {
        command: Some(command.into()),
        container: Some("c1".into()),
        netns: Some("/nowhere/at/all".into()),
        ifname: Some("eth0".into()),
        args: Some("IgnoreUnknown=1;K8S_POD_NAME=web;K8S_POD_NAMESPACE=default".into()),
        ..Environment::default()
    }
}

fn conf(version: &str, rest: &str) -> Vec<u8> {
    format!("{{\"cniVersion\": \"{version}\", \"name\": \"n\", \"type\": \"chainsaw\"{rest}}}")
        .into_bytes()
}

fn error(answer: &Answer) -> serde_json::Value {
    assert!(!answer.ok);
    serde_json::from_slice(&answer.stdout).unwrap()
}

const NONE: &str =
    r#", "runtimeConfig": {"io.kubernetes.cri.pod-annotations": {"other/key": "x"}}"#;
/// Odd on purpose: order, spacing, an unknown field, an escape, a number that no double holds.
const ODD: &str = "{ \"ips\" :[ ], \"x\\u002fy\": 1e400,\n  \"cniVersion\":\"1.0.0\", \"big\": 123456789012345678901234567890 }";

#[test]
fn a_pod_without_a_value_gets_prev_result_byte_for_byte() {
    for version in VERSIONS {
        let answer = call(
            &environment("ADD"),
            &conf(version, &format!("{NONE}, \"prevResult\": {ODD}")),
        );
        assert!(answer.ok, "{answer:?}");
        assert_eq!(String::from_utf8(answer.stdout).unwrap(), ODD);
        assert_eq!(answer.stderr, "");
    }
}

#[test]
fn an_empty_value_asks_for_nothing() {
    for value in [r#""[]""#, r##""# a comment\n""##, r#""""#] {
        let rest = format!(
            ", \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {{\"{}\": {value}}}}}, \"prevResult\": {ODD}",
            crate::source::KEY
        );
        let answer = call(&environment("ADD"), &conf("1.0.0", &rest));
        assert!(answer.ok, "{answer:?}");
        assert_eq!(String::from_utf8(answer.stdout).unwrap(), ODD);
    }
}

#[test]
fn del_succeeds_whatever_it_is_given() {
    for stdin in [&b""[..], b"{", b"null", b"{\"cniVersion\": \"9.9.9\"}"] {
        let bare = Environment {
            command: Some("DEL".into()),
            ..Environment::default()
        };
        for environment in [environment("DEL"), bare] {
            let answer = call(&environment, stdin);
            assert!(
                answer.ok && answer.stdout.is_empty() && answer.stderr.is_empty(),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn version_names_all_five() {
    let answer = call(&environment("VERSION"), br#"{"cniVersion": "0.4.0"}"#);
    let said: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(said["cniVersion"], "0.4.0");
    assert_eq!(said["supportedVersions"], serde_json::json!(VERSIONS));
    assert!(call(&environment("VERSION"), b"").ok);
}

#[test]
fn status_serves_pods_without_a_value_at_any_time() {
    let nothing_else = Environment {
        command: Some("STATUS".into()),
        ..Environment::default()
    };
    assert!(call(&nothing_else, &conf("1.1.0", "")).ok);
}

#[test]
fn each_wrong_call_has_the_code_that_the_spec_gives_it() {
    let unnamed = Environment {
        command: None,
        ..environment("ADD")
    };
    let nowhere = Environment {
        netns: None,
        ..environment("ADD")
    };
    let asking = format!(
        ", \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {{\"{}\": \"ip route\"}}}}, \"prevResult\": {{}}",
        crate::source::KEY
    );
    for (environment, stdin, code, word) in [
        (environment("ADD"), conf("2.0.0", ""), 1, "2.0.0"),
        (
            environment("ADD"),
            b"{".to_vec(),
            6,
            "not a network configuration",
        ),
        (environment("ADD"), conf("1.0.0", NONE), 7, "prevResult"),
        (
            environment("ADD"),
            conf("1.0.0", ", \"prevResult\": null"),
            7,
            "prevResult",
        ),
        (environment("FROB"), conf("1.0.0", ""), 4, "FROB"),
        (unnamed, conf("1.0.0", ""), 4, "CNI_COMMAND is not set"),
        (nowhere, conf("1.0.0", &asking), 4, "CNI_NETNS is not set"),
        (
            environment("ADD"),
            conf("1.0.0", &asking),
            104,
            "/nowhere/at/all",
        ),
        (
            environment("CHECK"),
            conf("1.0.0", ", \"prevResult\": {}"),
            104,
            "/nowhere/at/all",
        ),
    ] {
        let answer = call(&environment, &stdin);
        let said = error(&answer);
        assert_eq!(said["code"], code, "{said}");
        assert!(said["msg"].as_str().unwrap().contains(word), "{said}");
    }
}

#[test]
fn an_error_speaks_the_version_of_the_configuration() {
    let said = error(&call(&environment("ADD"), &conf("0.3.1", NONE)));
    assert_eq!(said["cniVersion"], "0.3.1");
    assert_eq!(
        error(&call(&environment("ADD"), b"{"))["cniVersion"],
        "1.1.0"
    );
}
