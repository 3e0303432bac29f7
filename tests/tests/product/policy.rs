//! What the operator of a node decides, in real pods: rules at both entrances, what is done without asking, report mode.

use std::time::Duration;

use anyhow::{Result, ensure};
use chainsaw_tests::builder::Builder;
use chainsaw_tests::documents::block;
use chainsaw_tests::pod::{RunningPod, refusal};
use chainsaw_tests::process::{Program, wait_until};
use chainsaw_tests::scratch::Scratch;
use chainsaw_tests::{Containerd, Node, bridge, parts};
use serde_json::{Value, json};

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const ROUTE: &str = "ip route add 192.0.3.0/24 dev CURRENT_INTERFACE";
const LIMIT: Duration = Duration::from_secs(10);

/// The recipe of docs/policy.md, at an entrance: one route more, at this site only.
fn recipe(entrance: &str) -> Result<String> {
    let text = block("docs/policy.md", "toml", "## One route more")?;
    let stands = "entrance = \"cni\"";
    ensure!(text.contains(stands), "{text}");
    Ok(text.replace(stands, &format!("entrance = \"{entrance}\"")))
}

fn chainsaw(more: &Value) -> Value {
    let mut entry = chainsaw_tests::chainsaw();
    if let (Some(entry), Some(more)) = (entry.as_object_mut(), more.as_object()) {
        entry.extend(more.clone());
    }
    entry
}

fn cni(containerd: Containerd, more: &Value) -> Builder {
    Node::builder(containerd).cni_chain([bridge(), chainsaw(more)])
}

fn routes(pod: &RunningPod<'_>) -> Result<String> {
    Ok(pod.in_netns(["route"])?.stdout)
}

#[test]
fn rules_decide_by_namespace_interface_prefix_and_pattern() -> Result<()> {
    let rules = r#"
[[rule]]
namespaces = ["team-*"]
entrance = "cni"
profile = "route"

[[rule]]
namespaces = ["*"]
deny = ["route * default"]

[[rule]]
namespaces = ["team-b"]
interfaces = ["eth?"]
allow = ["link set * mtu"]

[[rule]]
namespaces = ["team-c"]
prefixes = ["192.0.0.0/16"]
profile = "net-admin"
"#;
    let node = cni(Containerd::V2, &json!({}))
        .file(CONFIGURATION, rules)
        .start()?;
    let run = |namespace: &str, value: &str| {
        let pod = node.pod("web").namespace(namespace);
        pod.annotation(KEY, value).run()
    };
    let pod = run("team-a", ROUTE)?;
    ensure!(routes(&pod)?.contains("192.0.3.0/24 dev eth0"));
    pod.remove()?;
    run("team-b", "ip link set CURRENT_INTERFACE mtu 1400")?.remove()?;
    run("team-c", "ip address add 192.0.5.1/24 dev eth0")?.remove()?;

    for (namespace, value, said) in [
        (
            "other",
            ROUTE,
            "no rule in /etc/chainsaw/config.toml names namespace other",
        ),
        (
            "team-a",
            "ip r r default via 10.88.0.1",
            "deny \"route * default\" at line 9 of /etc/chainsaw/config.toml hits \"route replace default\"",
        ),
        (
            "team-b",
            "ip link set eth0 mtu 1400 promisc on",
            "it does not name \"promisc on\"",
        ),
        (
            "team-b",
            ROUTE,
            "(rule at line 11 of /etc/chainsaw/config.toml",
        ),
        (
            "team-c",
            "ip address add 10.88.9.9/16 dev eth0",
            "an identity on all of them; a rule grants it by prefixes and allow = [\"address add\"]), it needs profile net-admin (rule at line 2 of",
        ),
    ] {
        let denied = refusal(run(namespace, value))?;
        ensure!(denied.contains(said), "{namespace}, {value}: {denied}");
    }
    Ok(())
}

#[test]
fn labels_narrow_at_the_nri_entrance() -> Result<()> {
    let rules = "[[rule]]\nnamespaces = [\"*\"]\nlabels = { role = \"router\" }\nentrance = \"nri\"\nprofile = \"route\"\n";
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .file(CONFIGURATION, rules)
            .start()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let pod = node.pod("web").annotation(SANDBOX, ROUTE);
        let pod = pod.label("role", "router").run()?;
        ensure!(routes(&pod)?.contains("192.0.3.0/24"), "{containerd:?}");
        for label in ["db", "router2"] {
            let pod = node.pod("other").annotation(SANDBOX, ROUTE);
            let said = refusal(pod.label("role", label).run())?;
            ensure!(
                said.contains("needs profile route"),
                "{containerd:?}: {said}"
            );
        }
    }
    Ok(())
}

#[test]
fn one_route_more_at_this_site_only_and_no_pod_and_no_attachment_touched_at_cni() -> Result<()> {
    for containerd in Containerd::ALL {
        let recipe = recipe("cni")?;
        let node = cni(containerd, &json!({"apply": true}))
            .file(CONFIGURATION, &recipe)
            .start()?;
        let pod = node.pod("web").namespace("shop-1").run()?;
        ensure!(
            routes(&pod)?.contains("198.51.100.0/24 via 10.88.0.1 dev eth0"),
            "{containerd:?}"
        );
        let other = node.pod("web").namespace("office").run()?;
        ensure!(!routes(&other)?.contains("198.51.100.0"), "{containerd:?}");
        // It comes before the pod's own, which still may only look.
        let asks = node.pod("asks").namespace("shop-2");
        let asks = asks
            .annotation(KEY, "ip route show 198.51.100.0/24")
            .run()?;
        ensure!(routes(&asks)?.contains("198.51.100.0"), "{containerd:?}");
        let denied = node.pod("more").namespace("shop-2").annotation(KEY, ROUTE);
        let said = refusal(denied.run())?;
        ensure!(said.contains("needs profile route"), "{said}");
    }
    Ok(())
}

#[test]
fn a_broken_configuration_harms_no_pod_that_asks_for_nothing_even_with_apply() -> Result<()> {
    let node = cni(Containerd::V2, &json!({"apply": true}))
        .file(
            CONFIGURATION,
            "[[apply]]\nnamespaces = [\"*\"]\nentranc = \"cni\"\n",
        )
        .start()?;
    node.pod("web").run()?;
    let log = node.log()?;
    ensure!(
        log.contains("did you mean entrance?") && log.contains("goes on without [[apply]]"),
        "{log}"
    );
    let said = refusal(node.pod("asks").annotation(KEY, "ip route").run())?;
    ensure!(said.contains("line 3: unknown key entranc"), "{said}");

    // A command that is none anywhere breaks it as a key does that is none.
    let node = cni(Containerd::V2, &json!({"apply": true}))
        .file(
            CONFIGURATION,
            "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip rote\"]\n",
        )
        .start()?;
    node.pod("web").run()?;
    let log = node.log()?;
    ensure!(
        log.contains("line 4: command 1 \"ip rote\"") && log.contains("goes on without [[apply]]"),
        "{log}"
    );

    // No file is no wish, and an entry that does not say so never looks.
    for more in [json!({"apply": true}), json!({}), json!({"apply": "yes"})] {
        let node = cni(Containerd::V2, &more).start()?;
        node.pod("web").run()?;
    }
    Ok(())
}

#[test]
fn one_route_more_at_this_site_only_and_no_pod_touched_at_nri() -> Result<()> {
    for containerd in Containerd::ALL {
        let recipe = recipe("nri")?;
        let node = Node::builder(containerd)
            .nri()
            .file(CONFIGURATION, "")
            .start()?;
        let daemon = node.daemon("chainsawd", &[])?;
        let early = node.pod("early").namespace("shop-1").run()?;
        let _first = early.container("app", ["sleep", "1000"])?;
        node.machine().write(CONFIGURATION, &recipe)?;
        daemon.wait_for("the configuration has changed and is in force")?;

        let pod = node.pod("web").namespace("shop-1").run()?;
        ensure!(
            routes(&pod)?.contains("198.51.100.0/24 via 10.88.0.1 dev eth0"),
            "{containerd:?}"
        );
        let _app = pod.container("app", ["sleep", "1000"])?;
        let other = node.pod("web").namespace("office").run()?;
        ensure!(!routes(&other)?.contains("198.51.100.0"), "{containerd:?}");
        node.pod("host").namespace("shop-1").host_network().run()?;
        // A pod that is older than the wish stays as it is, whatever starts in it.
        let _second = early.container("more", ["sleep", "1000"])?;
        ensure!(!routes(&early)?.contains("198.51.100.0"), "{containerd:?}");
        let log = daemon.log()?;
        ensure!(log.matches("ok for shop-1/web").count() == 1, "{log}");
    }
    Ok(())
}

#[test]
fn a_wish_that_fails_is_told_and_tried_again_with_each_container() -> Result<()> {
    let wish = "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"nri\"\ncommands = \"ip route add 198.51.100.0/24 via 203.0.113.1\"\n";
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .file(CONFIGURATION, wish)
            .start()?;
        let _daemon = node.daemon("chainsawd", &[])?;
        let said = refusal(node.pod("web").run())?;
        ensure!(
            said.contains("Nexthop has invalid gateway")
                && said.contains("(from [[apply]] of the node's configuration)"),
            "{containerd:?}: {said}"
        );
    }
    Ok(())
}

#[test]
fn report_mode_changes_nothing_and_refuses_nobody() -> Result<()> {
    let config = "mode = \"report\"\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
    let both = format!("{ROUTE}\nip route");
    for containerd in Containerd::ALL {
        let node = cni(containerd, &json!({}))
            .nri()
            .file(CONFIGURATION, config)
            .start()?;
        let daemon = node.daemon("chainsawd", &[])?;
        let pod = node.pod("web").annotation(KEY, &both);
        let pod = pod.annotation(SANDBOX, &both).run()?;
        ensure!(!routes(&pod)?.contains("192.0.3.0"), "{containerd:?}");
        let _app = pod.container("app", ["sleep", "1000"])?;
        let would = "would run ip route add 192.0.3.0/24 dev eth0";
        ensure!(node.log()?.contains(would), "{}", node.log()?);
        wait_until("the daemon to tell", LIMIT, || {
            Ok(daemon.log()?.contains(would))
        })?;

        let denied = node.pod("other").namespace("other").annotation(KEY, ROUTE);
        let denied = denied.annotation(SANDBOX, ROUTE).run()?;
        let _app = denied.container("app", ["sleep", "1000"])?;
        ensure!(!routes(&denied)?.contains("192.0.3.0"), "{containerd:?}");
        ensure!(node.log()?.contains("needs profile route"));
        ensure!(daemon.log()?.contains("needs profile route"));
    }
    Ok(())
}

#[test]
fn check_tells_each_rule_that_was_tried() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.path().join("c.toml");
    let rules = "[[rule]]\nnamespaces = [\"a*\"]\nprofile = \"route\"\n[[rule]]\nnamespaces = [\"*\"]\nlabels = { role = \"db\" }\ndeny = [\"route * default\"]\n";
    std::fs::write(&file, rules)?;
    let check = |more: &[&str]| {
        let policy = file.to_string_lossy().into_owned();
        let words = [
            "check",
            "--policy",
            &policy,
            "--explain",
            "--entrance",
            "nri",
        ];
        Program::new(parts::chainsaw()?)
            .args(words)
            .args(more.iter().copied())
            .args(["ip r a default via CURRENT_GATEWAY"])
            .run()
    };
    let allowed = check(&["--namespace", "abc"])?;
    ensure!(allowed.status == 0, "{}", allowed.stdout);
    ensure!(
        allowed.stdout.contains("> rule at line 1: allows it: profile route, it needs route\n    rule at line 4: does not apply: label role has to be db, the pod has none"),
        "{}",
        allowed.stdout
    );
    let denied = check(&["--namespace", "abc", "--label", "role=db", "-o", "json"])?;
    ensure!(denied.status == 1);
    let report: Value = serde_json::from_str(&denied.stdout)?;
    let tried = &report["commands"][0]["rules"][1];
    ensure!(
        tried["line"] == 4
            && tried["decides"] == true
            && tried["says"]
                .as_str()
                .is_some_and(|says| says.starts_with("denies it for good")),
        "{report}"
    );
    let nobody = check(&["--namespace", "b"])?;
    ensure!(
        nobody
            .stdout
            .contains("> without a rule, profile inspect does not allow it"),
        "{}",
        nobody.stdout
    );
    Ok(())
}
