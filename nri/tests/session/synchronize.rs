//! Synchronize.

use std::time::Duration;

use chainsaw_nri::Event;
use chainsaw_nri::api::SynchronizeRequest;
use chainsaw_nri::testing::{Runtime, containerd};

use crate::plugin::{Recorder, Running, container, pod, refused, session};

fn part(pods: &[&str], containers: &[&str], more: bool) -> SynchronizeRequest {
    SynchronizeRequest {
        pods: pods.iter().map(|id| pod(id)).collect(),
        containers: containers.iter().map(|id| container(id)).collect(),
        more,
    }
}

async fn configured(running: &mut Running) -> Runtime {
    let mut runtime = running.runtime().await;
    runtime.registration().await.unwrap().accept();
    runtime.configure(containerd("v2.1.9")).await.unwrap();
    runtime
}

/// Trap 13.
#[tokio::test(start_paused = true)]
async fn parts_are_answered_with_more_and_told_as_one() {
    let (plugin, mut heard) = Recorder::new();
    let mut running = Running::start(plugin);
    let runtime = configured(&mut running).await;
    for (request, more) in [
        (part(&["s1"], &["c1", "c2"], true), true),
        (part(&[], &["c3"], true), true),
        (part(&["s2"], &[], false), false),
    ] {
        assert_eq!(runtime.synchronize(request).await.unwrap().more, more);
    }
    assert_eq!(
        heard.recv().await.unwrap(),
        r#"["s1", "s2"] ["c1", "c2", "c3"]"#
    );
    running.state("running").await;
}

/// Trap 17: some runtimes keep such a connection, and tell nothing on it.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_never_synchronised_is_replaced() {
    let mut running = Running::start(Recorder::new().0);
    let zombie = configured(&mut running).await;
    zombie.closed().await;
    let closed = running.state("closed").await;
    assert!(
        closed.contains("did not synchronize the plugin"),
        "{closed}"
    );
    running.welcomed("1.7.24").await;
    running.state("running").await;
}

/// Trap 17.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_refuses_what_there_is_gets_a_new_connection() {
    let mut running = Running::start(Recorder::new().0.refusing("too much"));
    let runtime = configured(&mut running).await;
    let (_, text) = refused(runtime.synchronize(part(&["s1"], &[], false)).await);
    assert_eq!(text, "too much");
    runtime.closed().await;
    configured(&mut running).await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_is_slow_to_take_note_is_not_waited_for() {
    let (mut plugin, mut heard) = Recorder::new();
    plugin.pause = Duration::from_secs(60);
    let mut running = Running::start(plugin);
    let runtime = configured(&mut running).await;
    runtime
        .synchronize(part(&["s1"], &[], false))
        .await
        .unwrap();
    running.state("running").await;
    heard.recv().await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), r#"["s1"] []: done"#);
}

/// Traps 17 and 24: containerd 1.7 never synchronises a plugin that it started.
#[tokio::test(start_paused = true)]
async fn a_launched_plugin_runs_without_being_synchronised() {
    let (plugin, _heard) = Recorder::new();
    let session = session(plugin);
    let mut state = session.state();
    let (stream, mut runtime) = Runtime::pair();
    let life = tokio::spawn(async move { session.launched(stream, std::future::pending()).await });
    runtime.registration().await.unwrap().accept();
    runtime.configure(containerd("1.7.24~ds1")).await.unwrap();
    state.wait_for(|state| state.is_running()).await.unwrap();
    drop(runtime);
    assert_eq!(
        life.await.unwrap().to_string(),
        "the peer closed the connection"
    );
}

/// Trap 17: there is no other connection for it.
#[tokio::test(start_paused = true)]
async fn a_launched_plugin_waits_for_a_synchronize_for_ever() {
    let (plugin, mut heard) = Recorder::new();
    let session = session(plugin);
    let mut state = session.state();
    let (stream, mut runtime) = Runtime::pair();
    tokio::spawn(async move { session.launched(stream, std::future::pending()).await });
    runtime.registration().await.unwrap().accept();
    runtime.configure(containerd("v2.1.9")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(state.borrow().to_string(), "configured");
    // An event says that all is well.
    let event = runtime.event(Event::RunPodSandbox, pod("s1"), None);
    assert_eq!(event.await, Ok(vec![]));
    state.wait_for(|state| state.is_running()).await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "run s1");
}
