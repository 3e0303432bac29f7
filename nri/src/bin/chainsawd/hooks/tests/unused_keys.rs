//! Keys that nothing used: which are told, when, and how often.

use chainsaw_common::annotations::KEY;
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::{Entry, Event, Work};
use chainsaw_nri::api::{ContainerState, PodSandbox};

use super::bed::*;
use crate::late::work;

const OTHER: &str = "chainsaw.noderesource.dev/container.other";

/// A pod that asks for something at the start of its container `app`, and of `other`, which it has not.
fn with_containers(id: &str, net: &Net) -> PodSandbox {
    let mut pod = and_app(quiet(id, net));
    pod.annotations.insert(OTHER.into(), RULE.into());
    pod
}

#[tokio::test]
async fn a_key_that_ran_is_not_told_as_unused_when_its_record_is_swept_before_the_sandbox_is_removed()
 {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.start(&sandbox, "c1").await.unwrap();
    connected.stop(&sandbox).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
    // Its namespace goes, and a look at all records, as at another pod's end, takes its own.
    drop(net);
    until("the record's end", || {
        daemon.records().sweep();
        daemon.records().sandboxes().is_empty()
    })
    .await;
    connected.stop(&sandbox).await;
    connected.remove(&sandbox).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn without_a_stop_a_sandbox_is_judged_by_the_record_that_is_left_and_else_not_at_all() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let (kept, swept) = (with_containers("s1", &net), with_containers("s2", &net));
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    for sandbox in [&kept, &swept] {
        connected.run(sandbox).await.unwrap();
        connected.start(sandbox, "c1").await.unwrap();
    }
    let record = daemon.records().find("s2").unwrap().unwrap();
    record.remove().unwrap();
    connected.remove(&swept).await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    connected.remove(&kept).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn a_sandbox_from_before_is_judged_when_it_stops_and_a_stopped_one_is_not() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let alive = with_containers("s1", &net);
    let stopped = PodSandbox {
        pid: 0,
        ..with_containers("s2", &net)
    };
    let known = vec![alive.clone(), stopped.clone()];
    let connected = daemon.connect(CLEANS_UP, known, vec![]).await;
    connected.stop(&stopped).await;
    connected.remove(&stopped).await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    connected.start(&alive, "c1").await.unwrap();
    connected.stop(&alive).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}

#[tokio::test]
async fn a_plain_key_is_told_where_no_chain_has_chainsaw_and_nowhere_else() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = |id: &str| PodSandbox {
        annotations: [(KEY.to_owned(), RULE.to_owned())].into(),
        ..quiet(id, &net)
    };
    let mut served = daemon.records().open("s1").unwrap();
    let work = Work {
        entrance: Entrance::Cni,
        ..work(KEY, RULE, None)
    };
    served.add(Entry::new(work, Event::Ok)).unwrap();
    drop(served);
    connected.run(&sandbox("s1")).await.unwrap();
    connected.run(&sandbox("s2")).await.unwrap();
    until("the news", || !daemon.heard.all().is_empty()).await;
    connected.lose().await;
    assert_eq!(daemon.heard.all(), [KEY]);
}

#[tokio::test]
async fn what_is_only_rehearsed_is_not_told_as_unused() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure("mode = \"report\"\n");
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.start(&sandbox, "c1").await.unwrap();
    connected.stop(&sandbox).await;
    assert!(
        !daemon.heard.all().contains(&OTHER.to_owned()),
        "{:?}",
        daemon.heard
    );
}

#[tokio::test]
async fn a_pod_that_is_refused_is_told_of_that_and_of_no_key() {
    let cni = format!("{KEY}.net9");
    for version in [LEAKS, CLEANS_UP] {
        let (daemon, net) = (Daemon::new(), Net::new());
        daemon.configure("");
        let connected = daemon.connect(version, vec![], vec![]).await;
        let mut sandbox = asking(with_containers("s1", &net), RULE);
        sandbox.annotations.insert(cni.clone(), RULE.into());
        // Where a refused sandbox leaks, its containers are refused, each a few times.
        if connected.run(&sandbox).await.is_ok() {
            connected.create(&sandbox, "c1").await.unwrap_err();
            connected.create(&sandbox, "c2").await.unwrap_err();
        }
        connected.stop(&sandbox).await;
        connected.remove(&sandbox).await;
        connected.lose().await;
        let told = daemon.heard.all();
        assert!(!told.is_empty(), "{version}");
        assert!(
            told.iter().all(|one| one == "CommandDenied"),
            "{version}: {told:?}"
        );
    }
}

#[tokio::test]
async fn a_pod_that_was_refused_at_first_is_judged_by_what_came_of_it_later() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure("");
    let connected = daemon.connect(LEAKS, vec![], vec![]).await;
    let sandbox = asking(with_containers("s1", &net), RULE);
    connected.run(&sandbox).await.unwrap();
    connected.create(&sandbox, "c1").await.unwrap_err();
    daemon.configure(GRANT);
    connected.settles();
    connected.create(&sandbox, "c2").await.unwrap();
    connected.start(&sandbox, "c2").await.unwrap();
    connected.stop(&sandbox).await;
    let told = daemon.heard.all();
    assert_eq!(told, ["CommandDenied", "CommandDenied", OTHER]);
}

#[tokio::test]
async fn a_pod_that_failed_before_a_container_started_is_told_of_no_key() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.create(&sandbox, "c1").await.unwrap();
    connected.stop(&sandbox).await;
    connected.remove(&sandbox).await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
}

#[tokio::test]
async fn a_sandbox_from_before_may_have_had_a_container_that_nobody_told_of_unless_it_is_refused() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let unheard = with_containers("s1", &net);
    let refused = asking(with_containers("s2", &net), "ip link del eth0");
    let known = vec![unheard.clone(), refused.clone()];
    let made = vec![container(&unheard, "c1", ContainerState::ContainerCreated)];
    let connected = daemon.connect(LEAKS, known, made).await;
    connected.stop(&refused).await;
    assert_eq!(daemon.heard.all(), ["CommandDenied"]);
    // It may have started between the list that the runtime gave and its first event.
    connected.stop(&unheard).await;
    let told = daemon.heard.all();
    assert_eq!(told, ["CommandDenied", APP, OTHER]);
}

#[tokio::test]
async fn a_container_that_was_made_and_did_not_start_is_a_container_of_that_name() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let sandbox = with_containers("s1", &net);
    connected.run(&sandbox).await.unwrap();
    connected.create(&sandbox, "c1").await.unwrap();
    connected.start_named(&sandbox, "c2", "main").await.unwrap();
    connected.stop(&sandbox).await;
    assert_eq!(daemon.heard.all(), [OTHER]);
}
