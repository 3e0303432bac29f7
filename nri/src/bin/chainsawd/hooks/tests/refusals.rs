//! Who is refused, and who is passed.

use chainsaw_nri::api::PodSandbox;

use super::bed::*;

#[tokio::test]
async fn a_pod_that_asks_for_nothing_is_passed_whatever_else_is_wrong_with_it() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    daemon.configure("broken");
    connected.settles();
    let quiet = PodSandbox {
        runtime_handler: "kata".into(),
        ..bare(&quiet("s1", &net))
    };
    connected.run(&quiet).await.unwrap();
    connected.create(&quiet, "c1").await.unwrap();
    connected.start(&quiet, "c1").await.unwrap();
    assert!(daemon.records().sandboxes().is_empty());
}

/// The library's own answer, when the time is up, is an error.
#[tokio::test]
async fn a_sandbox_that_takes_too_long_passes_where_a_refusal_leaks() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(LEAKS, vec![], vec![]).await;
    let held = daemon.records().open("s1").unwrap();
    assert_eq!(connected.run(&pod("s1", &net)).await, Ok(()));
    drop(held);
    connected.create(&pod("s1", &net), "c1").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_taken_refuses_who_asks_and_nobody_else() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure("[[rule]]\nnamespace = []\n");
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let why = connected.run(&pod("s1", &net)).await.unwrap_err();
    assert!(why.contains("did you mean namespaces?"), "{why}");
    let quiet = quiet("s2", &net);
    connected.run(&quiet).await.unwrap();
    daemon.configure(GRANT);
    connected.settles();
    connected.run(&pod("s3", &net)).await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn where_failures_are_passed_over_a_containers_value_runs_all_the_same() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure(&format!("{GRANT}[failure]\nnri = \"continue\"\n"));
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let asking = asking(pod("s1", &net), "ip route add 192.0.2.0/24 dev nowhere");
    let both = and_app(asking);
    connected.run(&both).await.unwrap();
    connected.start(&both, "c1").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_sandbox_from_before_that_asks_for_nothing_is_not_reproached_with_the_configuration() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure("broken");
    let quiet = quiet("s1", &net);
    let quiet = daemon.connect(CLEANS_UP, vec![quiet], vec![]).await;
    quiet.lose().await;
    assert!(daemon.heard.all().is_empty(), "{:?}", daemon.heard);
    let asks = vec![pod("s2", &net)];
    daemon.connect(CLEANS_UP, asks, vec![]).await.lose().await;
    assert_eq!(daemon.heard.all(), ["ConfigurationInvalid"]);
}
