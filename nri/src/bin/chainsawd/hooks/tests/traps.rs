//! The traps of NRI in containerd, by their numbers: what a runtime may say, and what must come of it.

use chainsaw_common::annotations::KEY;
use chainsaw_nri::api::PodSandbox;

use super::bed::*;

#[tokio::test]
async fn trap_9_a_refused_sandbox_passes_where_it_would_leak_and_its_containers_do_not() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let refused = asking(pod("s1", &net), "ip link set eth0 down");
    let leaks = daemon.connect(LEAKS, vec![], vec![]).await;
    assert_eq!(leaks.run(&refused).await, Ok(()));
    for attempt in ["c1", "c2"] {
        let why = leaks.create(&refused, attempt).await.unwrap_err();
        assert!(why.contains("needs profile net-admin"), "{why}");
    }
    let cleans_up = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let why = cleans_up
        .run(&PodSandbox {
            id: "s2".into(),
            ..refused
        })
        .await
        .unwrap_err();
    assert!(why.contains("needs profile net-admin"), "{why}");
}

#[tokio::test]
async fn trap_11_no_list_of_namespaces_is_not_the_hosts_and_one_without_a_network_is() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let host = PodSandbox {
        linux: namespace("ipc", ""),
        ..pod("s1", &net)
    };
    let why = connected.run(&host).await.unwrap_err();
    assert!(why.contains("on the host's network"), "{why}");
    // This process's own namespace is what its pid leads to, and that is the node's.
    let why = connected
        .run(&PodSandbox {
            linux: None,
            ..pod("s2", &net)
        })
        .await
        .unwrap_err();
    assert!(why.contains("node's own network namespace"), "{why}");
    // Told by its path, the node's is refused as well.
    let disguised = PodSandbox {
        linux: namespace("network", "/proc/self/ns/net"),
        ..pod("s3", &net)
    };
    let why = connected.run(&disguised).await.unwrap_err();
    assert!(why.contains("node's own network namespace"), "{why}");
}

#[tokio::test]
async fn trap_12_a_sandbox_is_removed_by_its_id_alone() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.run(&pod("s1", &net)).await.unwrap();
    assert_eq!(daemon.records().sandboxes(), ["s1"]);
    connected.remove(&bare(&pod("s1", &net))).await;
    daemon.has_no_record().await;
}

#[tokio::test]
async fn trap_13_what_is_done_is_not_done_again_at_each_synchronize() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let running = || vec![pod("s1", &net)];
    for _ in 0..3 {
        daemon.connect(LEAKS, running(), vec![]).await.lose().await;
    }
    assert_eq!(net.rules(), 1);
    // A stopped sandbox is listed like any other; its namespace is gone or about to go.
    let (other, stopped) = (Net::new(), "s2");
    let dead = PodSandbox {
        pid: 0,
        ..pod(stopped, &other)
    };
    daemon.connect(LEAKS, vec![dead], vec![]).await.lose().await;
    assert_eq!(other.rules(), 0);
}

#[tokio::test]
async fn trap_14_records_go_without_an_event() {
    let daemon = Daemon::new();
    let net = Net::new();
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.run(&pod("s1", &net)).await.unwrap();
    connected.lose().await;
    drop(net);
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    daemon.has_no_record().await;
    connected.lose().await;
}

#[tokio::test]
async fn trap_15_a_sandbox_that_is_made_anew_is_another() {
    let (daemon, first, second) = (Daemon::new(), Net::new(), Net::new());
    let connected = daemon.connect(LEAKS, vec![], vec![]).await;
    connected.run(&pod("s1", &first)).await.unwrap();
    connected.run(&pod("s2", &second)).await.unwrap();
    assert_eq!((first.rules(), second.rules()), (1, 1));
}

#[tokio::test]
async fn trap_16_a_pod_that_nobody_told_of_is_served_when_its_container_comes() {
    let (daemon, created, started) = (Daemon::new(), Net::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    connected.create(&pod("s1", &created), "c1").await.unwrap();
    assert_eq!(created.rules(), 1);
    connected.start(&pod("s2", &started), "c1").await.unwrap();
    assert_eq!(started.rules(), 1);
}

#[tokio::test]
async fn trap_20_two_daemons_do_it_once() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let (one, other) = (
        daemon.connect(LEAKS, vec![], vec![]).await,
        daemon.connect(LEAKS, vec![], vec![]).await,
    );
    let sandbox = pod("s1", &net);
    let (first, second) = tokio::join!(one.run(&sandbox), other.run(&sandbox));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn trap_28_a_sandbox_that_says_nothing_of_its_namespace_is_refused_and_never_ok() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let why = connected.run(&bare(&pod("s1", &net))).await.unwrap_err();
    assert!(why.contains("does not say where"), "{why}");
}

#[tokio::test]
async fn a_path_to_the_nodes_own_namespace_is_the_hosts_network_as_no_path_is() {
    let (daemon, net) = (Daemon::new(), Net::new());
    daemon.configure(&format!(
        "{GRANT}[[apply]]\nnamespaces = [\"*\"]\nentrance = \"nri\"\ncommands = [\"{RULE}\"]\n"
    ));
    let connected = daemon.connect(CLEANS_UP, vec![], vec![]).await;
    let told = [
        namespace("ipc", ""),
        namespace("network", "/proc/self/ns/net"),
    ];
    for (number, linux) in told.into_iter().enumerate() {
        let on_host = |id: &str| PodSandbox {
            linux: linux.clone(),
            ..quiet(&format!("{id}{number}"), &net)
        };
        // Nobody asked: it is not selected, and what it asks of the CNI entrance is told.
        let mut pod = on_host("quiet");
        pod.annotations.insert(KEY.into(), RULE.into());
        assert_eq!(connected.run(&pod).await, Ok(()));
        until("the unused key", || {
            daemon.heard.all().len() == 3 * number + 1
        })
        .await;
        // Whoever asks is refused at once, though only a container's start is asked for.
        let why = connected.run(&and_app(on_host("app"))).await.unwrap_err();
        assert!(why.contains("on the host's network"), "{why}");
        let why = connected
            .start(&and_app(on_host("start")), "c1")
            .await
            .unwrap_err();
        assert!(why.contains("on the host's network"), "{why}");
    }
    let each = [KEY, "HostNetwork", "HostNetwork"];
    assert_eq!(daemon.heard.all(), [each, each].concat());
    assert!(daemon.records().sandboxes().is_empty());
}
