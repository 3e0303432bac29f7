//! Before the API is asked: whether it is, by which program, with which kubeconfig.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::Result;
use chainsaw_tests::api::{self, TOKEN};
use chainsaw_tests::parts;
use serde_json::{Value, json};

use super::bed::{Bed, KUBECONFIG, LOOKUP, ORIGINALS, PREV_RESULT, UID, asking, conf, pod, route};

#[test]
fn a_kubeconfig_that_cannot_be_read_to_its_end_is_given_up_in_time() -> Result<()> {
    let bed = Bed::new()?;
    bed.machine.program("mkfifo").arg(KUBECONFIG).stdout()?;
    let output = bed.lookup(&["--timeout-ms=200"])?;
    let error = &serde_json::from_str::<Value>(&output.stdout)?["error"];
    assert_eq!(
        (output.status, &error["reason"]),
        (1, &json!("TimedOut")),
        "{output:?}"
    );
    assert!(error["message"].to_string().contains(KUBECONFIG), "{error}");
    Ok(())
}

#[test]
fn a_kubeconfig_that_is_missing_or_wrong_is_named_and_never_quoted() -> Result<()> {
    let (bed, _server) = Bed::with(pod(UID, &route()))?;
    let good = bed.machine.read(KUBECONFIG)?;
    let without_context = good.replace("current-context: here", "current-context: there");
    let relative = good.replace(&format!("{KUBECONFIG}.ca"), "gone.ca");
    for (text, word, expected) in [
        (
            format!("{TOKEN}: [\n{good}"),
            "no kubeconfig in YAML",
            "KubeconfigInvalid",
        ),
        (
            format!("token: {TOKEN}\n  bad: indent"),
            "no kubeconfig in YAML",
            "KubeconfigInvalid",
        ),
        (String::new(), "context", "KubeconfigInvalid"),
        (without_context, "there", "KubeconfigInvalid"),
        (relative, "/etc/chainsaw/gone.ca", "KubeconfigInvalid"),
        (
            good.replace("https://", "https//"),
            "cluster url",
            "KubeconfigInvalid",
        ),
        (
            good.replace(
                "    token:",
                "    exec: {command: /bin/touch, args: [/run/mark]}\n    token:",
            ),
            "asks for exec",
            "KubeconfigUnsupported",
        ),
    ] {
        bed.machine.write(KUBECONFIG, &text)?;
        let (msg, reason) = bed.refusal()?;
        assert_eq!(reason, expected, "{msg}");
        assert!(msg.contains(KUBECONFIG) && msg.contains(word), "{msg}");
    }
    assert!(!bed.machine.path("/run/mark").exists());
    fs::remove_file(bed.machine.path(KUBECONFIG))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "KubeconfigInvalid");
    assert!(
        msg.contains(KUBECONFIG) && msg.contains("No such file"),
        "{msg}"
    );
    Ok(())
}

#[test]
fn what_a_kubeconfig_points_to_is_named_and_a_proxys_password_is_not() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let good = bed.machine.read(KUBECONFIG)?;
    let token = format!("token: \"{TOKEN}\"");
    for (from, to, word) in [
        (
            token.as_str(),
            "tokenFile: gone.token",
            "/etc/chainsaw/gone.token",
        ),
        (
            &token,
            "client-certificate: gone.crt\n    client-key: gone.key",
            "/etc/chainsaw/gone",
        ),
        (
            "  cluster:\n",
            &format!("  cluster:\n    proxy-url: http://me:{TOKEN}@127.0.0.1:1\n"),
            "proxy-url",
        ),
    ] {
        bed.machine.write(KUBECONFIG, good.replace(from, to))?;
        let (msg, reason) = bed.refusal()?;
        assert_eq!(reason, "KubeconfigInvalid", "{msg}");
        assert!(msg.contains(KUBECONFIG) && msg.contains(word), "{msg}");
    }
    assert_eq!(server.asked(), []);
    Ok(())
}

/// It writes the address in brackets, an IPv4 one too.
#[test]
fn the_original_plugins_kubeconfig_is_honoured_where_it_lies() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let url = server.url().replace("127.0.0.1", "[127.0.0.1]");
    bed.machine.write(
        ORIGINALS,
        api::kubeconfig(&url, &format!("{KUBECONFIG}.ca")),
    )?;
    let output = bed.add(conf(""))?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.routes()?.contains("192.0.3.0/24"), "{output:?}");
    Ok(())
}

/// The marker is first seen to work, where the API has to be asked.
#[test]
fn the_api_is_not_asked_where_anything_else_can_tell() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    bed.machine.write(ORIGINALS, "")?;
    let marker = bed.machine.path("/run/started");
    bed.machine.write(LOOKUP, "#!/bin/sh\n: >/run/started\n")?;
    fs::set_permissions(bed.machine.path(LOOKUP), fs::Permissions::from_mode(0o755))?;
    assert_eq!(bed.add(asking())?.status, 1);
    assert!(marker.exists());
    fs::remove_file(&marker)?;

    let kubeconfig = format!(", \"kubeconfig\": \"{KUBECONFIG}\"");
    for known in [
        ", \"runtimeConfig\": {\"io.kubernetes.cri.pod-annotations\": {}}",
        ", \"runtimeConfig\": {\"io.kubernetes.cri.pod-annotations\": null}",
        ", \"args\": {\"cni\": {\"chainsaw\": []}}",
        ", \"args\": {\"cni\": {\"chainsaw\": \"ip route\"}}",
    ] {
        let output = bed.add(conf(&format!("{kubeconfig}{known}")))?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (0, PREV_RESULT),
            "{output:?}"
        );
        // What is not looked at cannot be wrong.
        let output = bed.add(conf(&format!(", \"kubeconfig\": 7{known}")))?;
        assert_eq!(output.status, 0, "{output:?}");
    }
    assert!(!marker.exists());
    assert_eq!(server.asked(), []);
    Ok(())
}

#[test]
fn the_program_is_found_by_cni_path_and_its_absence_names_every_place() -> Result<()> {
    let (bed, _server) = Bed::with(pod(UID, &route()))?;
    bed.machine.write("/run/apart/chainsaw", "")?;
    fs::copy(parts::chainsaw()?, bed.machine.path("/run/apart/chainsaw"))?;
    fs::set_permissions(
        bed.machine.path("/run/apart/chainsaw"),
        fs::Permissions::from_mode(0o755),
    )?;
    let output = bed.add_by("/run/apart/chainsaw", "/nowhere:/opt/cni/bin", asking())?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.routes()?.contains("192.0.3.0/24"), "{output:?}");

    let output = bed.add_by("/run/apart/chainsaw", "/nowhere", asking())?;
    let said: Value = serde_json::from_str(&output.stdout)?;
    assert_eq!(said["code"], 11);
    let msg = said["msg"].as_str().unwrap_or_default();
    assert!(msg.contains("in none of /run/apart, /nowhere"), "{msg}");
    Ok(())
}
