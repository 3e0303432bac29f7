//! Events and their answers.

use std::sync::Arc;
use std::time::Duration;

use chainsaw_nri::api::{PodSandbox, ValidateContainerAdjustmentResponse};
use chainsaw_nri::testing::CallError;
use chainsaw_nri::{Event, Events, STATUS_BYTES};
use prost::Message;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::plugin::{Recorder, Running, container, pod, refused};

/// Trap 6.
#[tokio::test(start_paused = true)]
async fn an_event_reaches_its_method_by_either_way() {
    let (plugin, mut heard) = Recorder::new();
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    let c1 = || Some(container("c1"));
    let own = runtime.event(Event::StartContainer, pod("s1"), c1());
    assert_eq!(own.await, Ok(vec![]));
    let change = runtime.state_change(6, Some(pod("s1")), c1());
    assert_eq!(change.await, Ok(vec![]));
    for _ in 0..2 {
        assert_eq!(heard.recv().await.unwrap(), "start c1 in s1");
        assert_eq!(heard.recv().await.unwrap(), "start c1 in s1: done");
    }
}

/// Trap 6.
#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_unimplemented_but_an_event_is_ignored() {
    let mut running = Running::start(Recorder::new().0);
    let runtime = running.welcomed("v2.1.9").await;
    let none = PodSandbox::default();
    assert_eq!(refused(runtime.call("BlockContainer", &none).await).0, 12);
    let host = "nri.pkg.api.v1alpha1.HostFunctions";
    let log = runtime.call_within(host, "Log", &none, Duration::from_secs(2));
    assert_eq!(refused(log.await).0, 12);
    assert_eq!(runtime.state_change(99, None, None).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_wanted_is_answered_with_a_yes() {
    let (plugin, mut heard) = Recorder::new();
    let mut running = Running::start(plugin.refusing("never"));
    let runtime = running.welcomed("v2.3.0").await;
    for event in Event::ALL {
        let wanted = matches!(event, Event::RunPodSandbox | Event::StartContainer);
        let answer = runtime.event(event, pod("s1"), Some(container("c1"))).await;
        assert_eq!(answer.is_err(), wanted, "{event}");
    }
    running.stop().await.unwrap();
    let mut all = vec![];
    while let Some(one) = heard.recv().await {
        all.push(one);
    }
    assert_eq!(all.len(), 4, "{all:?}");
}

/// Trap 7: the runtime would start the pod as if nothing were wrong.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_is_late_is_answered_for_and_its_work_goes_on() {
    let (mut plugin, mut heard) = Recorder::new();
    plugin.pause = Duration::from_secs(5);
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    let asked = Instant::now();
    let (code, text) = refused(runtime.event(Event::RunPodSandbox, pod("s1"), None).await);
    assert_eq!(asked.elapsed().as_millis(), 1500);
    assert_eq!(code, 10);
    assert_eq!(
        text,
        "the plugin did not answer RunPodSandbox within 1.5s; its work goes on"
    );
    assert_eq!(heard.recv().await.unwrap(), "run s1");
    assert_eq!(heard.recv().await.unwrap(), "run s1: done");
    assert_eq!(asked.elapsed().as_millis(), 5000);
}

/// Trap 7: operators may set it, and only some runtimes tell.
#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_call() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.pause = Duration::from_secs(5);
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    let asked = Instant::now();
    let request = chainsaw_nri::api::EventRequest {
        pod: Some(pod("s1")),
        container: None,
    };
    let service = "nri.pkg.api.v1alpha1.Plugin";
    let patience = Duration::from_millis(400);
    let answer = runtime.call_within(service, "RunPodSandbox", &request, patience);
    assert_eq!(refused(answer.await).0, 10);
    assert_eq!(asked.elapsed().as_millis(), 300);
}

/// Trap 2.
#[tokio::test(start_paused = true)]
async fn a_long_error_text_is_cut() {
    let long = "€".repeat(20_000);
    let mut running = Running::start(Recorder::new().0.refusing(&long));
    let runtime = running.welcomed("v2.1.9").await;
    let (code, text) = refused(runtime.event(Event::RunPodSandbox, pod("s1"), None).await);
    assert_eq!(code, 7);
    assert_eq!(text, "€".repeat(STATUS_BYTES / 3));
}

/// Trap 21.
#[tokio::test(start_paused = true)]
async fn shutdown_is_answered_and_changes_nothing() {
    let mut running = Running::start(Recorder::new().0);
    let runtime = running.welcomed("v2.1.9").await;
    let none = PodSandbox::default();
    assert_eq!(runtime.call("Shutdown", &none).await, Ok(vec![]));
    let answer = runtime.event(Event::RunPodSandbox, pod("s1"), None).await;
    assert_eq!(answer, Ok(vec![]));
    assert!(running.state.borrow().is_running());
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_panics_fails_that_event_and_no_other() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.panics = true;
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    for _ in 0..2 {
        let (code, text) = refused(runtime.event(Event::RunPodSandbox, pod("s1"), None).await);
        assert_eq!((code, &*text), (13, "the plugin panicked"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_calls_are_served_at_once() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.pause = Duration::from_secs(3600);
    let mut running = Running::start(plugin);
    let runtime = Arc::new(running.welcomed("v2.1.9").await);
    let mut calls = JoinSet::new();
    for _ in 0..65 {
        let runtime = Arc::clone(&runtime);
        calls.spawn(async move {
            refused(runtime.event(Event::RunPodSandbox, pod("s1"), None).await).0
        });
    }
    let codes = calls.join_all().await;
    let exhausted = codes.iter().filter(|code| **code == 8).count();
    assert_eq!((codes.len(), exhausted), (65, 1), "{codes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_adjustment_is_a_verdict_and_no_error() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.events = Events::ALL;
    let mut running = Running::start(plugin.refusing("no such mount"));
    let runtime = running.welcomed("v2.2.0").await;
    let event = Event::ValidateContainerAdjustment;
    let answer = runtime.event(event, pod("s1"), Some(container("c1"))).await;
    let answer = ValidateContainerAdjustmentResponse::decode(&*answer.unwrap()).unwrap();
    assert!(answer.reject);
    assert_eq!(answer.reason, "no such mount");
}

#[tokio::test(start_paused = true)]
async fn an_event_before_configure_is_refused() {
    let mut running = Running::start(Recorder::new().0);
    let runtime = running.runtime().await;
    let answer = runtime.event(Event::RunPodSandbox, pod("s1"), None).await;
    assert_eq!(refused(answer).0, 9);
}

/// Trap 7: a plugin that hangs loses neither the connection nor the next event.
#[tokio::test(start_paused = true)]
async fn one_event_that_hangs_does_not_keep_others_from_being_served() {
    let (mut plugin, _heard) = Recorder::new();
    plugin.pause = Duration::from_secs(3600);
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    let slow = runtime.event(Event::RunPodSandbox, pod("s1"), None);
    let other = runtime.state_change(8, Some(pod("s1")), None);
    let (slow, other) = tokio::join!(slow, other);
    assert!(matches!(slow, Err(CallError::Refused(_))));
    assert_eq!(other, Ok(vec![]));
}
