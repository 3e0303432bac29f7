//! From the connection to Configure.

use std::time::Duration;

use chainsaw_nri::api::{ConfigureRequest, SynchronizeRequest};
use chainsaw_nri::testing::containerd;
use chainsaw_nri::{Event, Events, State};

use crate::plugin::{Recorder, Running, refused};

/// Trap 4.
#[tokio::test(start_paused = true)]
async fn configure_may_come_before_the_answer_to_the_registration() {
    let mut running = Running::start(Recorder::new().0);
    let mut runtime = running.runtime().await;
    let registration = runtime.registration().await.unwrap();
    assert_eq!(
        (&*registration.name, &*registration.index),
        ("watcher", "90")
    );
    let configured = runtime.configure(containerd("v2.1.9")).await.unwrap();
    assert_eq!(configured.events, 0x21);
    registration.accept();
    running.state("configured").await;
    let nothing = SynchronizeRequest::default();
    assert!(!runtime.synchronize(nothing).await.unwrap().more);
    running.state("running").await;
}

/// Trap 5.
#[tokio::test(start_paused = true)]
async fn the_mask_holds_no_event_that_the_runtime_does_not_know() {
    let nri = |version: &str| ConfigureRequest {
        nri_version: version.into(),
        ..containerd("unknown")
    };
    for (introduction, mask) in [
        (containerd("1.7.24~ds1"), 0x7ff),
        (containerd("v2.1.9"), 0x7ff),
        (containerd("v2.2.0"), 0x3fff),
        (nri("v0.12.0"), 0x3fff),
    ] {
        let (mut plugin, _heard) = Recorder::new();
        plugin.events = Events::ALL;
        let mut running = Running::start(plugin);
        let mut runtime = running.runtime().await;
        runtime.registration().await.unwrap().accept();
        let configured = runtime.configure(introduction).await.unwrap();
        assert_eq!(configured.events, mask);
    }
}

/// Trap 5: to answer 0 would be to ask for everything.
#[tokio::test(start_paused = true)]
async fn a_runtime_that_knows_none_of_the_events_is_told_so_and_left() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.events = Event::UpdatePodSandbox.into();
    let mut running = Running::start(plugin);
    let mut runtime = running.runtime().await;
    runtime.registration().await.unwrap().accept();
    let (code, text) = refused(runtime.configure(containerd("v2.1.9")).await);
    assert_eq!(code, 9);
    assert!(
        text.contains("containerd v2.1.9") && text.contains("UpdatePodSandbox"),
        "{text}"
    );
    runtime.closed().await;
    running
        .state("closed: the runtime, containerd v2.1.9")
        .await;
}

/// The runtime would leave the connection open for ever.
#[tokio::test(start_paused = true)]
async fn a_plugin_whose_registration_is_refused_closes_the_connection() {
    let mut running = Running::start(Recorder::new().0);
    let mut runtime = running.runtime().await;
    runtime.registration().await.unwrap().refuse("not you");
    runtime.closed().await;
    let closed = running.state("closed").await;
    assert!(closed.contains("not you (code 2)"), "{closed}");
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_says_nothing_is_left_after_a_while_and_dialled_again() {
    let mut running = Running::start(Recorder::new().0);
    let silent = running.runtime().await;
    silent.closed().await;
    let closed = running.state("closed").await;
    assert!(
        closed.contains("did not register and configure"),
        "{closed}"
    );
    running.runtime().await;
}

#[tokio::test(start_paused = true)]
async fn the_state_tells_each_step() {
    let mut running = Running::start(Recorder::new().0);
    running.state("registering").await;
    let runtime = running.welcomed("v2.1.9").await;
    running.state("running").await;
    assert!(running.state.borrow().is_running());
    drop(runtime);
    running
        .state("closed: the peer closed the connection")
        .await;
    running.state("registering").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_stopped_while_nobody_listens_ends_at_once() {
    let mut running = Running::start(Recorder::new().0);
    drop(running.runtime().await);
    running.state("closed").await;
    let state = running.state.clone();
    let session = running.stop();
    tokio::time::timeout(Duration::from_millis(1), session)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        &*state.borrow(),
        State::Closed(chainsaw_nri::Cause::Stopped)
    ));
}
