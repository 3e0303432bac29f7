//! The Events that pods get, as an API server receives them from the daemon of a real node.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use chainsaw_tests::Containerd;
use chainsaw_tests::api::{Cluster, NODE, Pod, TOKEN};
use chainsaw_tests::process::wait_until;
use serde_json::json;

use super::bed::{
    APP, CLUSTER, CONFIGURATION, DENIED, Events, GRANT, KEY, LIMIT, SANDBOX, VALUE, daemon, node,
    refusal, text,
};

fn in_a_cluster() -> String {
    format!("{GRANT}{CLUSTER}")
}

#[test]
fn a_refused_pod_has_an_event_that_says_why_and_what_to_change() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)
            .file(CONFIGURATION, &in_a_cluster())
            .start()?;
        let events = Events::taken(&node)?;
        let _daemon = daemon(&node, "chainsawd")?;
        refusal(node.pod("cni").uid("uid-1").annotation(KEY, DENIED).run())?;
        let event = events.wait_for("cni", "denied")?;
        let note = "command 1 'ip link set dev eth0 mtu 9000' denied: profile route does not allow this, it needs profile \
                    net-admin (rule at line 1 of /etc/chainsaw/config.toml)\n\
                    in k8s.v1.cni.cncf.io/chainsaw: ip link set eth0 mtu 9000\n\
                    to allow it, change line 3 of /etc/chainsaw/config.toml to:\nprofile = \"net-admin\"\n\
                    the pod does not start";
        ensure!(text(&event, "note") == note, "{containerd:?}: {event:#}");
        let wanted = json!({"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "cni", "uid": "uid-1"});
        ensure!(event["regarding"] == wanted, "{containerd:?}: {event:#}");
        for (field, wanted) in [
            ("apiVersion", "events.k8s.io/v1"),
            ("kind", "Event"),
            ("type", "Warning"),
            ("reason", "ChainsawDenied"),
            ("action", "Refuse"),
            ("reportingController", "chainsaw.noderesource.dev/chainsawd"),
            ("reportingInstance", "worker-1"),
        ] {
            ensure!(
                text(&event, field) == wanted,
                "{containerd:?} {field}: {event:#}"
            );
        }
        ensure!(event["metadata"]["namespace"] == "default", "{event:#}");

        let pod = node
            .pod("nri")
            .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev nowhere")
            .run();
        let event = events.wait_for("nri", "Cannot find device")?;
        drop(pod);
        ensure!(
            text(&event, "reason") == "ChainsawFailed",
            "{containerd:?}: {event:#}"
        );
        ensure!(
            text(&event, "note").contains("in chainsaw.noderesource.dev/sandbox: "),
            "{event:#}"
        );
        let asked = events.asked();
        for asked in &asked {
            ensure!(
                asked
                    .what
                    .starts_with("POST /apis/events.k8s.io/v1/namespaces/default/events?"),
                "{asked:?}"
            );
            ensure!(
                asked.authorization == format!("Bearer {TOKEN}"),
                "{asked:?}"
            );
        }
        // Who asks for nothing, and who gets what it asks for, has no Event.
        node.pod("silent").run()?;
        node.pod("good").annotation(KEY, VALUE).run()?;
        refusal(node.pod("last").annotation(KEY, DENIED).run())?;
        events.wait_for("last", "denied")?;
        for event in events.created()? {
            let name = event["regarding"]["name"].as_str().unwrap_or_default();
            ensure!(!["silent", "good"].contains(&name), "{event:#}");
        }
    }
    Ok(())
}

#[test]
fn the_same_again_is_counted_and_a_pod_made_anew_under_its_name_is_another() -> Result<()> {
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &in_a_cluster())
        .start()?;
    let events = Events::taken(&node)?;
    let _daemon = daemon(&node, "chainsawd")?;
    let attempt =
        |uid: &str, value: &str| refusal(node.pod("web-0").uid(uid).annotation(KEY, value).run());
    attempt("uid-1", DENIED)?;
    // An Event that is made tells of all that was heard by then: what comes after it is a count.
    let first = events.wait_for("web-0", "mtu 9000")?;
    for _ in 0..2 {
        attempt("uid-1", DENIED)?;
    }
    // The author corrects it to something that is not allowed either; a StatefulSet makes it anew.
    attempt("uid-1", "ip link set eth0 down")?;
    events.wait_for("web-0", "eth0 down")?;
    attempt("uid-2", DENIED)?;
    wait_until("an Event of the pod made anew", LIMIT, || {
        let created = events.created()?;
        Ok(created
            .iter()
            .any(|event| event["regarding"]["uid"] == "uid-2"))
    })?;
    ensure!(events.created()?.len() == 3, "{:#?}", events.created());
    let name = first["metadata"]["name"]
        .as_str()
        .context("it has a name")?;
    let mut counted = Vec::new();
    wait_until("the count", 2 * LIMIT, || {
        counted = events.asked();
        counted.retain(|asked| asked.what.starts_with("PATCH "));
        Ok(!counted.is_empty())
    })?;
    let [counted] = counted.as_slice() else {
        anyhow::bail!("{counted:?}");
    };
    ensure!(
        counted.what.starts_with(&format!(
            "PATCH /apis/events.k8s.io/v1/namespaces/default/events/{name}?"
        )),
        "{counted:?}"
    );
    let series: serde_json::Value = serde_json::from_str(&counted.body)?;
    ensure!(series["series"]["count"] == 3, "{series}");
    ensure!(series["series"]["lastObservedTime"].is_string(), "{series}");
    // Nothing else of an Event may be changed.
    ensure!(
        series.as_object().map(serde_json::Map::len) == Some(1),
        "{series}"
    );
    Ok(())
}

#[test]
fn what_was_missed_and_what_has_no_effect_is_told() -> Result<()> {
    for containerd in Containerd::ALL {
        let node = node(containerd)
            .file(CONFIGURATION, &in_a_cluster())
            .start()?;
        let events = Events::taken(&node)?;
        let begun = node
            .pod("begun")
            .annotation(SANDBOX, "ip route add 192.0.3.0/24 dev eth0")
            .run()?;
        let _app = begun.container("app", ["sleep", "1000"])?;
        let _daemon = daemon(&node, "chainsawd")?;
        let event = events.wait_for(
            "begun",
            "was missed: a container of the pod has started already",
        )?;
        ensure!(
            text(&event, "reason") == "ChainsawMissed" && text(&event, "type") == "Warning",
            "{event:#}"
        );
        ensure!(text(&event, "note").contains("delete the pod"), "{event:#}");

        let named = format!("{KEY}.net7");
        let both = node
            .pod("both")
            .annotation(KEY, VALUE)
            .annotation(&named, "ip route")
            .annotation(APP, "ip route")
            .run()?;
        let event = events.wait_for("both", "ran at no attachment")?;
        ensure!(text(&event, "note").starts_with(&named), "{event:#}");
        let own = format!("{KEY}.eth0");
        let used = node.pod("used").annotation(&own, VALUE).run()?;
        let _main = both.container("main", ["sleep", "1000"])?;
        both.remove()?;
        let event = events.wait_for("both", "ran for no container")?;
        ensure!(text(&event, "note").starts_with(APP), "{event:#}");

        let host = node
            .pod("host")
            .host_network()
            .annotation(KEY, VALUE)
            .run()?;
        events.wait_for("host", "has no effect: the pod is on the host's network")?;
        let refused = node
            .pod("refused")
            .host_network()
            .annotation(SANDBOX, "ip route")
            .run();
        let event = events.wait_for("refused", "on the host's network")?;
        ensure!(text(&event, "reason") == "ChainsawDenied", "{event:#}");
        drop((refused, host, used));
        let told = events.created()?;
        ensure!(
            !told
                .iter()
                .any(|event| event["regarding"]["name"] == "used"),
            "{told:#?}"
        );
    }
    Ok(())
}

#[test]
fn what_ran_is_told_where_a_rule_asks_for_it() -> Result<()> {
    let configuration = format!(
        "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\nevents = [\"ran\"]\n{CLUSTER}"
    );
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &configuration)
        .start()?;
    let events = Events::taken(&node)?;
    let _daemon = daemon(&node, "chainsawd")?;
    let _cni = node.pod("cni").annotation(KEY, VALUE).run()?;
    let event = events.wait_for("cni", "Running ip route add 192.0.3.0/24 dev eth0")?;
    ensure!(
        text(&event, "reason") == "ChainsawRan" && text(&event, "type") == "Normal",
        "{event:#}"
    );
    ensure!(
        text(&event, "note").contains("192.0.3.0/24 dev eth0 scope link"),
        "{event:#}"
    );
    let _nri = node.pod("nri").annotation(SANDBOX, "ip -d link").run()?;
    let event = events.wait_for("nri", "Running ip -details link show")?;
    let note = text(&event, "note");
    ensure!(note.len() <= 1024, "{}: {note}", note.len());
    let _other = node
        .pod("other")
        .namespace("other")
        .annotation(SANDBOX, "ip route")
        .run()?;
    let _last = node.pod("last").annotation(SANDBOX, "ip route").run()?;
    events.wait_for("last", "Running ip route show")?;
    let told = events.created()?;
    ensure!(
        !told
            .iter()
            .any(|event| event["regarding"]["name"] == "other"),
        "{told:#?}"
    );
    Ok(())
}

#[test]
fn how_it_ended_is_kept_in_the_pods_status_annotation_where_that_is_wanted() -> Result<()> {
    let configuration = format!("{}[status]\nannotation = true\n", in_a_cluster());
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &configuration)
        .start()?;
    let events = Events::taken(&node)?;
    let _daemon = daemon(&node, "chainsawd")?;
    let _pod = node
        .pod("web")
        .uid("uid-1")
        .annotation(KEY, VALUE)
        .annotation(SANDBOX, "ip rule add from 192.0.2.7 table 100")
        .run()?;
    let wanted = [
        json!({"entrance": "cni", "interface": "eth0", "source": KEY, "outcome": "ok"}),
        json!({"entrance": "nri", "interface": "eth0", "source": SANDBOX, "outcome": "ok"}),
    ];
    let mut written = serde_json::Value::Null;
    wait_until("both to be written", LIMIT, || {
        let Some(asked) = events.statuses().pop() else {
            return Ok(false);
        };
        ensure!(
            asked
                .what
                .starts_with("PATCH /api/v1/namespaces/default/pods/web/status?"),
            "{asked:?}"
        );
        let patch: serde_json::Value = serde_json::from_str(&asked.body)?;
        ensure!(patch["metadata"]["uid"] == "uid-1", "{patch}");
        let value = &patch["metadata"]["annotations"]["k8s.v1.cni.cncf.io/chainsaw-status"];
        written = serde_json::from_str(value.as_str().context("text")?)?;
        Ok(written.as_array().map(Vec::len) == Some(2))
    })?;
    for (entry, wanted) in written.as_array().context("a list")?.iter().zip(wanted) {
        let mut entry = entry.clone();
        let time = entry.as_object_mut().and_then(|entry| entry.remove("time"));
        ensure!(
            time.is_some_and(|time| time.is_string()) && entry == wanted,
            "{written:#}"
        );
    }
    Ok(())
}

#[test]
fn a_static_pods_status_is_written_under_the_uid_that_its_mirror_has_at_the_api() -> Result<()> {
    let configuration = format!(
        "{}[status]\nannotation = true\n",
        in_a_cluster().replace("worker-1", NODE)
    );
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &configuration)
        .start()?;
    let cluster = Cluster::new(TOKEN);
    let hash = "4a0c6f8b1d2e3f405162738495a6b7c8";
    let mirror = Pod::new("static", "uid-of-the-mirror");
    cluster.put(mirror.annotation("kubernetes.io/config.hash", hash));
    cluster.put(Pod::new("other", "uid-of-the-other"));
    let events = Events::in_a_cluster(&node, &cluster)?;
    let daemon = daemon(&node, "chainsawd")?;
    daemon.wait_for("pods are watched: 2 known")?;
    let mut pods = Vec::new();
    for (name, uid) in [("static", hash), ("other", "uid-of-the-other")] {
        pods.push(node.pod(name).uid(uid).annotation(KEY, VALUE).run()?);
    }
    wait_until("both to be written", LIMIT, || {
        Ok(events.statuses().len() >= 2)
    })?;
    for (name, uid) in [
        ("static", "uid-of-the-mirror"),
        ("other", "uid-of-the-other"),
    ] {
        let path = format!("PATCH /api/v1/namespaces/default/pods/{name}/status?");
        let asked = events.statuses().into_iter();
        let mut asked = asked.filter(|asked| asked.what.starts_with(&path));
        let asked = asked.next().with_context(|| format!("none of {name}"))?;
        let patch: serde_json::Value = serde_json::from_str(&asked.body)?;
        ensure!(patch["metadata"]["uid"] == uid, "{name}: {patch}");
    }
    Ok(())
}

#[test]
fn a_daemon_that_is_stopped_writes_the_status_that_waits() -> Result<()> {
    let configuration = format!("{}[status]\nannotation = true\n", in_a_cluster());
    let node = node(Containerd::V2)
        .file(CONFIGURATION, &configuration)
        .start()?;
    let events = Events::taken(&node)?;
    let daemon = daemon(&node, "chainsawd")?;
    // At its pace it would need three seconds, and more than it has when it stops.
    let names = ["a", "b", "c", "d", "e", "f"];
    let _pods = thread::scope(|scope| {
        let run = |name| node.pod(name).annotation(KEY, VALUE).run();
        let starting = names.map(|name| scope.spawn(move || run(name)));
        let started = starting.map(|pod| pod.join().map_err(|_| anyhow!("it panicked"))?);
        started.into_iter().collect::<Result<Vec<_>>>()
    })?;
    ensure!(events.statuses().len() < names.len(), "nothing waits");
    daemon.stop()?;
    let asked = events.statuses();
    for name in names {
        let path = format!("/pods/{name}/status?");
        let written = asked.iter().any(|asked| asked.what.contains(&path));
        ensure!(written, "{name}: {asked:?}\n{}", daemon.log()?);
    }
    ensure!(!daemon.log()?.contains("are lost"), "{}", daemon.log()?);
    Ok(())
}
