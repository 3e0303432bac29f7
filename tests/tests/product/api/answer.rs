//! What the API answers, and what becomes of it.

use anyhow::Result;
use chainsaw_tests::api::{Answer, ApiServer, TOKEN};
use chainsaw_tests::{Containerd, Node, bridge};
use serde_json::{Value, json};

use super::bed::{
    Bed, CONFIGURATION, GRANT, KEY, KUBECONFIG, PREV_RESULT, UID, asking, pod, route, status,
};

#[test]
fn a_pods_value_is_found_at_the_api_by_one_get_of_its_metadata() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let output = bed.add(asking())?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.routes()?.contains("192.0.3.0/24"), "{output:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].what, "GET /api/v1/namespaces/default/pods/web");
    assert_eq!(asked[0].authorization, format!("Bearer {TOKEN}"));
    assert!(!asked[0].certified);
    assert!(
        asked[0].accept.contains("as=PartialObjectMetadata"),
        "{asked:?}"
    );
    Ok(())
}

#[test]
fn a_pod_without_a_value_at_the_api_goes_on_byte_for_byte() -> Result<()> {
    for annotations in [json!({"other.example/key": "x"}), Value::Null] {
        let (bed, server) = Bed::with(pod(UID, &annotations))?;
        bed.machine.write(CONFIGURATION, "[[broken")?;
        let output = bed.add(asking())?;
        let seen = (
            output.status,
            output.stdout.as_str(),
            output.stderr.as_str(),
        );
        assert_eq!(seen, (0, PREV_RESULT, ""));
        assert_eq!(server.asked().len(), 1);
    }
    Ok(())
}

#[test]
fn a_pod_that_is_gone_is_said_to_be_gone() -> Result<()> {
    let (bed, server) = Bed::with(status(404))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "PodGone");
    assert!(
        msg.contains(&format!("pod default/web is gone from {}", server.url())),
        "{msg}"
    );
    Ok(())
}

#[test]
fn another_pod_of_the_same_name_is_told_by_its_uid_and_its_commands_never_run() -> Result<()> {
    let (bed, _server) = Bed::with(pod("22222222-2222-4222-8222-222222222222", &route()))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "UidDiffers");
    for part in ["default/web", UID, "22222222-2222-4222-8222-222222222222"] {
        assert!(msg.contains(part), "{msg}");
    }
    assert_eq!(bed.routes()?, "");
    Ok(())
}

#[test]
fn a_static_pod_is_known_by_its_config_hash() -> Result<()> {
    let mut annotations = route();
    annotations["kubernetes.io/config.hash"] = json!(UID);
    let (bed, _server) = Bed::with(pod("22222222-2222-4222-8222-222222222222", &annotations))?;
    let output = bed.add(asking())?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.routes()?.contains("192.0.3.0/24"));
    Ok(())
}

#[test]
fn an_api_that_forbids_it_is_answered_with_the_verb_to_grant() -> Result<()> {
    let (bed, _server) = Bed::with(status(403))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "Forbidden");
    assert!(msg.contains("the verb get on pods"), "{msg}");
    Ok(())
}

#[test]
fn credentials_that_are_not_accepted_name_the_kubeconfig() -> Result<()> {
    let (bed, _server) = Bed::with(status(401))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "Unauthorized");
    assert!(msg.contains(KUBECONFIG), "{msg}");
    Ok(())
}

#[test]
fn any_other_answer_is_told_by_its_status_and_asked_for_once() -> Result<()> {
    let (bed, server) = Bed::with(status(503))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "StatusUnexpected");
    assert!(msg.contains("HTTP 503"), "{msg}");
    // Two ADDs.
    assert_eq!(server.asked().len(), 2);
    Ok(())
}

#[test]
fn a_body_that_is_no_pod_is_no_answer_and_not_repeated() -> Result<()> {
    let long = format!("{{\"BODY\": \"{}\"}}", "x".repeat(5 << 20));
    for (body, part) in [
        ("BODY <html>", "line 1"),
        ("{\"BODY\": 1}", "is no pod"),
        (&long, "longer than"),
    ] {
        let (bed, _server) = Bed::with(Answer::Reply(200, body.to_owned()))?;
        let (msg, reason) = bed.refusal()?;
        assert_eq!(reason, "AnswerInvalid");
        assert!(msg.contains(part), "{msg}");
    }
    Ok(())
}

#[test]
fn a_real_pod_without_the_capability_has_its_route_by_the_api() -> Result<()> {
    for containerd in Containerd::ALL {
        let chainsaw = json!({"type": "chainsaw", "kubeconfig": KUBECONFIG});
        let node = Node::builder(containerd)
            .cni_chain([bridge(), chainsaw])
            .file(CONFIGURATION, GRANT)
            .start()?;
        let annotations = json!({KEY: "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE"});
        let server = ApiServer::start(node.machine(), pod(UID, &annotations))?;
        server.write_kubeconfig(node.machine(), KUBECONFIG)?;
        let pod = node.pod("web").uid(UID).run()?;
        let routes = pod.in_netns(["route"])?.stdout;
        assert!(
            routes.contains("192.0.3.0/24 dev eth0 scope link"),
            "{containerd:?}: {routes}"
        );
    }
    Ok(())
}
