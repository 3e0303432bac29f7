//! A pod's value in a real pod: containerd calls the chain, the chain calls `chainsaw`.

use anyhow::{Context, Result};
use chainsaw_tests::builder::Builder;
use chainsaw_tests::pod::sandbox_refusal;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#;
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";

fn node(containerd: Containerd) -> Builder {
    Node::builder(containerd).cni_chain([bridge(), chainsaw()])
}

#[test]
fn a_granted_pod_has_its_route_and_the_log_shows_what_ip_prints() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).file(CONFIGURATION, GRANT).start()?;
        let pod = node.pod("web").annotation(KEY, VALUE).run()?;
        let routes = pod.in_netns(["route"])?.stdout;
        assert!(
            routes.contains("192.0.3.0/24 dev eth0 scope link \n"),
            "{containerd:?}: {routes}"
        );

        // The last command listed the routes, and nothing changed since.
        let transcript = format!("Running ip route show ===============\n{routes}");
        let log = node.log()?;
        assert!(
            log.contains("Running ip route add 192.0.3.0/24 dev eth0 ===============\n"),
            "{containerd:?}: {log}"
        );
        assert!(
            log.contains(&transcript),
            "{containerd:?} has no {transcript} in {log}"
        );
    }
    Ok(())
}

#[test]
fn the_sample_configurations_work_as_they_are() -> Result<()> {
    let list: Value =
        serde_json::from_str(include_str!("../../../deployments/cni/10-example.conflist"))?;
    let chain = list["plugins"].as_array().context("plugins")?.clone();
    let node = Node::builder(Containerd::V2)
        .cni_chain(chain)
        .file(
            CONFIGURATION,
            include_str!("../../../deployments/config.toml"),
        )
        .start()?;
    let pod = node.pod("web").annotation(KEY, VALUE).run()?;
    assert!(
        pod.in_netns(["route"])?
            .stdout
            .contains("192.0.3.0/24 dev eth0")
    );
    Ok(())
}

#[test]
fn the_containers_of_a_granted_pod_use_its_route() -> Result<()> {
    let node = node(Containerd::V2).file(CONFIGURATION, GRANT).start()?;
    let pod = node.pod("web").annotation(KEY, VALUE).run()?;
    let app = pod.container("app", ["sleep", "1000"])?;
    let seen = app.exec(["ip", "route"])?.stdout;
    assert!(seen.contains("192.0.3.0/24 dev eth0"), "{seen}");
    Ok(())
}

#[test]
fn a_pod_that_is_not_granted_fails_with_the_profile_and_the_line_to_add() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).start()?;
        let said = sandbox_refusal(node.pod("web").annotation(KEY, VALUE).run())?;
        for part in [
            "profile inspect does not allow this, it needs profile route",
            "no rule in /etc/chainsaw/config.toml (absent, and chainsawd has published none) names namespace default",
            "namespaces = [\"default\"]",
            "profile = \"route\"",
        ] {
            assert!(
                said.contains(part),
                "{containerd:?} does not say {part}: {said}"
            );
        }
        // What it says is what helps.
        node.machine().write(CONFIGURATION, GRANT)?;
        let pod = node.pod("web").annotation(KEY, VALUE).run()?;
        assert!(pod.in_netns(["route"])?.stdout.contains("192.0.3.0/24"));
    }
    Ok(())
}

/// `chainsaw` between two ears: what it was given and what it answered are kept.
fn watched() -> Result<String> {
    let chainsaw = parts::chainsaw()?;
    Ok(format!(
        "#!/bin/sh\nmkdir -p /run/watched\ncd /run/watched\ncat >$CNI_COMMAND.in\n\
         {} <$CNI_COMMAND.in >$CNI_COMMAND.out\nstatus=$?\ncat $CNI_COMMAND.out\nexit $status\n",
        chainsaw.display()
    ))
}

fn prev_result(stdin: &str) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Conf<'a> {
        #[serde(borrow, rename = "prevResult")]
        prev_result: &'a RawValue,
    }
    Ok(serde_json::from_str::<Conf<'_>>(stdin)?
        .prev_result
        .get()
        .to_owned())
}

#[test]
fn a_pod_without_a_value_is_passed_on_byte_for_byte_even_with_a_broken_configuration() -> Result<()>
{
    for containerd in Containerd::ALL {
        let watched_plugin =
            json!({"type": "watched", "capabilities": {"io.kubernetes.cri.pod-annotations": true}});
        let node = Node::builder(containerd)
            .cni_script("watched", &watched()?)
            .cni_chain([bridge(), watched_plugin])
            .file(CONFIGURATION, "this is [no configuration")
            .start()?;
        let pod = node.pod("web").annotation("other.example/key", "x").run()?;
        let given = prev_result(&node.machine().read("/run/watched/ADD.in")?)?;
        assert_eq!(
            node.machine().read("/run/watched/ADD.out")?,
            given,
            "{containerd:?}"
        );
        pod.remove()?;

        let said = sandbox_refusal(node.pod("asks").annotation(KEY, VALUE).run())?;
        assert!(
            said.contains("/etc/chainsaw/config.toml line 1"),
            "{containerd:?}: {said}"
        );
    }
    Ok(())
}

#[test]
fn what_the_commands_changed_is_in_the_result_and_all_else_is_as_it_was() -> Result<()> {
    for containerd in Containerd::ALL {
        let watched_plugin =
            json!({"type": "watched", "capabilities": {"io.kubernetes.cri.pod-annotations": true}});
        let node = Node::builder(containerd)
            .cni_script("watched", &watched()?)
            .cni_chain([bridge(), watched_plugin])
            .file(CONFIGURATION, &GRANT.replace("route", "net-admin"))
            .start()?;
        let value = "ip link set CURRENT_INTERFACE mtu 1400\nip address add 10.88.99.99/16 dev CURRENT_INTERFACE";
        let pod = node.pod("web").annotation(KEY, value).run()?;
        let given = prev_result(&node.machine().read("/run/watched/ADD.in")?)?;
        let (mut before, after): (Value, Value) = (
            serde_json::from_str(&given)?,
            serde_json::from_str(&node.machine().read("/run/watched/ADD.out")?)?,
        );
        let interface = before["ips"][0]["interface"]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .context("an index")?;
        before["interfaces"][interface]["mtu"] = json!(1400);
        before["ips"]
            .as_array_mut()
            .context("ips")?
            .push(json!({"address": "10.88.99.99/16", "interface": interface}));
        assert_eq!(after, before, "{containerd:?}");
        assert!(
            pod.ips().contains(&"10.88.99.99".to_owned()),
            "{containerd:?} reports {:?}",
            pod.ips()
        );
    }
    Ok(())
}

#[test]
fn a_second_attachment_needs_a_key_of_its_own_where_the_plain_one_collides() -> Result<()> {
    let second = json!({"cniVersion": "1.0.0", "name": "more", "plugins": [
        {"type": "bridge", "bridge": "cni1", "ipam": {"type": "host-local", "subnet": "10.99.0.0/16"}},
        chainsaw()
    ]});
    for containerd in Containerd::ALL {
        let node = node(containerd)
            .file("/etc/cni/net.d/20-more.conflist", &second.to_string())
            .file(CONFIGURATION, GRANT)
            .start()?;
        // Whichever is made first, this needs nothing of the other.
        let value = r#"["ip route add blackhole 192.0.3.0/24"]"#;
        let said = sandbox_refusal(node.pod("web").annotation(KEY, value).run())?;
        // containerd makes attachments at the same time: either may be the earlier one.
        let hint = |earlier: &str, later: &str| {
            said.contains(&format!(
                "ran at attachment {earlier} before: give this one its own key, {KEY}.{later};"
            ))
        };
        assert!(
            hint("eth0", "eth1") || hint("eth1", "eth0"),
            "{containerd:?}: {said}"
        );

        let own = |ifname: &str| format!("{KEY}.{ifname}");
        let pod = node
            .pod("web")
            .annotation(&own("eth0"), value)
            .annotation(
                &own("eth1"),
                r#"["ip route add 192.0.4.0/24 dev CURRENT_INTERFACE"]"#,
            )
            .run()?;
        let routes = pod.in_netns(["route"])?.stdout;
        assert!(
            routes.contains("blackhole 192.0.3.0/24") && routes.contains("192.0.4.0/24 dev eth1"),
            "{routes}"
        );
    }
    Ok(())
}

#[test]
fn the_arguments_that_multus_hands_a_delegate_are_the_value() -> Result<()> {
    // What Multus makes of `"cni-args": {"chainsaw": […]}` in a network selection; it hands on no annotations.
    let delegate = json!({"type": "chainsaw", "args": {"cni": {"chainsaw": ["ip route add 192.0.3.0/24 dev CURRENT_INTERFACE"]}}});
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .cni_chain([bridge(), delegate.clone()])
            .file(CONFIGURATION, GRANT)
            .start()?;
        let pod = node.pod("web").run()?;
        assert!(
            pod.in_netns(["route"])?
                .stdout
                .contains("192.0.3.0/24 dev eth0"),
            "{containerd:?}"
        );
    }
    Ok(())
}

#[test]
fn a_failing_command_fails_the_pod_and_leaves_nothing() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd).file(CONFIGURATION, GRANT).start()?;
        let value = r#"["ip route add 192.0.3.0/24 via 203.0.113.1", "ip route add 192.0.4.0/24 dev eth0"]"#;
        let said = sandbox_refusal(node.pod("web").annotation(KEY, value).run())?;
        assert!(
            said.contains("Nexthop has invalid gateway") && said.contains("exit status 2"),
            "{containerd:?}: {said}"
        );
        assert!(
            node.cri()
                .list_pod_sandbox(Default::default())?
                .items
                .iter()
                .all(|pod| pod.state != 0)
        );
    }
    Ok(())
}
