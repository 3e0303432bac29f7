//! How a watch begins, and what it tells.

use std::time::Duration;

use anyhow::Result;
use chainsaw_lookup::LookupError;
use chainsaw_tests::api::{Asks, Cluster, Fault, Pod};

use super::bed::{Bed, KEY, SLOW, TOKEN, pod, timed};

#[test]
fn pods_that_are_there_come_with_the_watch_itself() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    assert_eq!(bed.value("web", "u1").as_deref(), Some("ip route"));
    bed.cluster.put(pod("web", "u1", "ip addr"));
    bed.wait_for("the change", || {
        bed.value("web", "u1").as_deref() == Some("ip addr")
    })?;
    bed.cluster.delete("web");
    bed.wait_for("the end", || bed.count() == 0)?;
    let asked = bed.server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    for part in [
        "watch=true",
        "sendInitialEvents=true",
        "allowWatchBookmarks=true",
        "spec.nodeName%3Dnode-1",
        "timeoutSeconds=290",
    ] {
        assert!(asked[0].what.contains(part), "{asked:?}");
    }
    assert!(
        asked[0].accept.contains("as=PartialObjectMetadata;"),
        "{asked:?}"
    );
    Ok(())
}

#[test]
fn a_server_that_does_not_tell_of_them_so_is_asked_for_a_list() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| {
        cluster.stream(false);
        cluster.put(pod("web", "u1", "ip route"));
    })?;
    bed.wait_until_live()?;
    assert_eq!(bed.value("web", "u1").as_deref(), Some("ip route"));
    bed.cluster.put(pod("api", "u2", "ip addr"));
    bed.wait_for("the event", || bed.value("api", "u2").is_some())?;
    let asked = bed.server.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(
        asked[1].accept.contains("as=PartialObjectMetadataList"),
        "{asked:?}"
    );
    // As the server has them in its memory, and from there on.
    assert!(asked[1].what.contains("resourceVersion=0"), "{asked:?}");
    assert!(asked[2].what.contains("resourceVersion=101"), "{asked:?}");
    Ok(())
}

#[test]
fn a_pod_that_is_known_costs_no_request() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| {
        cluster.put(
            pod("web", "u1", "ip route")
                .label("app", "web")
                .annotation("other.example/key", "x"),
        );
        cluster.put(Pod::new("static-node-1", "u2").annotation("kubernetes.io/config.hash", "h1"));
    })?;
    bed.wait_until_live()?;
    let web = bed.ask("web", Some("u1"))?;
    assert_eq!(web.labels.get("app").map(String::as_str), Some("web"));
    assert_eq!(web.annotations.keys().collect::<Vec<_>>(), [KEY]);
    // The runtime has a static pod's UID from its file.
    assert!(bed.ask("static-node-1", Some("h1"))?.annotations.is_empty());
    assert_eq!(bed.server.asked().len(), 1);
    Ok(())
}

#[test]
fn a_pod_whose_event_is_about_to_come_is_waited_for_and_not_asked_for() -> Result<()> {
    let bed = Bed::with(SLOW, |_| {})?;
    bed.wait_until_live()?;
    let found = std::thread::scope(|scope| {
        let found = scope.spawn(|| bed.ask("web", Some("u1")));
        bed.cluster.put(pod("web", "u1", "ip route"));
        found.join().expect("the thread that asks")
    });
    assert!(found.is_ok(), "{found:?}");
    assert_eq!(bed.asked(&["/pods/web"]), 0);
    Ok(())
}

#[test]
fn a_pod_that_no_event_tells_of_is_asked_for_once() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| cluster.silence(true))?;
    bed.wait_until_live()?;
    bed.cluster.put(pod("web", "u1", "ip route"));
    let (found, took) = timed(|| bed.ask("web", Some("u1")));
    assert_eq!(
        found?.annotations.get(KEY).map(String::as_str),
        Some("ip route")
    );
    // The event is waited for first.
    assert!(took >= Duration::from_millis(100), "{took:?}");
    assert_eq!(bed.asked(&["/pods/web"]), 1);
    Ok(())
}

#[test]
fn without_a_watch_a_pod_is_asked_for_at_once() -> Result<()> {
    let cluster = Cluster::new(TOKEN);
    cluster.put(pod("web", "u1", "ip route"));
    let bed = Bed::idle(cluster)?;
    assert!(bed.ask("web", Some("u1")).is_ok());
    let gone = bed.ask("api", Some("u1")).unwrap_err();
    assert!(matches!(gone, LookupError::PodGone { .. }), "{gone}");
    bed.cluster.fail(Asks::Get, Fault::Status(503, None));
    let wrong = bed.ask("web", Some("u1")).unwrap_err();
    assert_eq!(wrong.reason(), "StatusUnexpected");
    assert_eq!(bed.server.asked().len(), 3);
    Ok(())
}

#[test]
fn a_pod_of_which_the_runtime_tells_no_uid_is_never_taken_from_memory() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| cluster.put(pod("web", "u1", "old")))?;
    bed.wait_until_live()?;
    bed.cluster.silence(true);
    bed.cluster.put(pod("web", "u2", "new"));
    let found = bed.ask("web", None)?;
    assert_eq!(
        (found.uid.as_str(), found.annotations[KEY].as_str()),
        ("u2", "new")
    );
    Ok(())
}

#[test]
fn a_pod_of_a_statefulset_made_again_under_its_name_is_never_served_what_the_old_one_asked_for()
-> Result<()> {
    let bed = Bed::with(SLOW, |cluster| cluster.put(pod("db-0", "u1", "old")))?;
    bed.wait_until_live()?;
    assert_eq!(bed.ask("db-0", Some("u1"))?.annotations[KEY], "old");

    // Nothing is told of it yet: the API is asked, and says who it is.
    bed.cluster.silence(true);
    bed.cluster.delete("db-0");
    bed.cluster.put(pod("db-0", "u2", "new"));
    assert_eq!(bed.ask("db-0", Some("u2"))?.annotations[KEY], "new");
    assert_eq!(bed.asked(&["/pods/db-0"]), 1);

    // And once it is told.
    bed.cluster.silence(false);
    bed.wait_for("the new pod", || bed.known("db-0", "u2").is_some())?;
    assert_eq!(bed.known("db-0", "u1"), None);
    let wrong = bed.ask("db-0", Some("u1")).unwrap_err();
    assert_eq!(wrong.reason(), "UidDiffers");
    Ok(())
}
