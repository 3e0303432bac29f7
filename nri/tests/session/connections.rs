//! Connections that end, and those that follow.

use std::path::Path;
use std::time::Duration;

use chainsaw_nri::testing::Runtime;
use chainsaw_nri::{Event, Session, trunk};
use tokio::net::UnixListener;
use tokio::time::{Instant, timeout};

use crate::plugin::{Recorder, Running, pod, quick, refused, session};

/// Trap 19: each new connection makes some runtimes stop every pod for a moment, and can block them for good.
#[tokio::test(start_paused = true)]
async fn a_runtime_that_closes_at_once_is_dialled_more_and_more_rarely() {
    let mut running = Running::start(Recorder::new().0);
    let mut dialled = vec![];
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(300) {
        drop(running.runtime().await);
        dialled.push(begun.elapsed());
    }
    assert!(
        dialled[1] - dialled[0] < Duration::from_secs(1),
        "{dialled:?}"
    );
    assert!(dialled.len() < 30, "{dialled:?}");
}

/// Trap 19: the same if it goes well each time, for a moment.
#[tokio::test(start_paused = true)]
async fn a_runtime_that_closes_after_synchronising_is_dialled_more_and_more_rarely() {
    let mut running = Running::start(Recorder::new().0);
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < Duration::from_secs(300) {
        running.welcomed("v2.1.9").await;
        count += 1;
    }
    assert!(count < 30, "{count}");
}

#[tokio::test(start_paused = true)]
async fn after_a_long_life_the_next_connection_comes_within_a_second() {
    let mut running = Running::start(Recorder::new().0);
    for _ in 0..10 {
        drop(running.runtime().await);
    }
    let runtime = running.welcomed("v2.1.9").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop(runtime);
    let next = timeout(Duration::from_secs(1), running.runtime()).await;
    next.unwrap();
}

/// Trap 22.
#[tokio::test]
async fn a_socket_that_was_replaced_is_found_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nri.sock");
    let session = session(Recorder::new().0).timing(quick());
    let state = session.state();
    let dialled = path.clone();
    tokio::spawn(async move { session.dial(&dialled, std::future::pending()).await });
    let closed = state
        .clone()
        .wait_for(|state| state.to_string().contains("cannot connect"))
        .await
        .is_ok();
    assert!(closed, "there is no socket yet");
    for _ in 0..2 {
        let mut runtime = accept(&path).await;
        runtime.welcome("v2.1.9", vec![], vec![]).await.unwrap();
        state
            .clone()
            .wait_for(|state| state.is_running())
            .await
            .unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

async fn accept(path: &Path) -> Runtime {
    let listener = UnixListener::bind(path).unwrap();
    Runtime::start(listener.accept().await.unwrap().0)
}

/// Trap 24: there is nobody else to talk to.
#[tokio::test(start_paused = true)]
async fn a_launched_session_ends_with_its_connection() {
    let session = session(Recorder::new().0);
    let (stream, runtime) = Runtime::pair();
    drop(runtime);
    let cause = session.launched(stream, std::future::pending()).await;
    assert_eq!(cause.to_string(), "the peer closed the connection");
}

/// Trap 26.
#[tokio::test(start_paused = true)]
async fn a_session_that_stops_answers_what_is_in_flight_and_flushes() {
    let (mut plugin, mut heard) = Recorder::new();
    plugin.pause = Duration::from_millis(700);
    let mut running = Running::start(plugin.refusing("not this one"));
    let runtime = running.welcomed("v2.1.9").await;
    let asked = tokio::spawn(async move {
        let answer = runtime.event(Event::RunPodSandbox, pod("s1"), None).await;
        runtime.closed().await;
        answer
    });
    assert_eq!(heard.recv().await.unwrap(), "run s1");
    let stopped = running.stop();
    assert_eq!(refused(asked.await.unwrap()).1, "not this one");
    stopped.await.unwrap();
}

/// Trap 26: what outlived its answer is not cut in half by the end of the process.
#[tokio::test(start_paused = true)]
async fn a_session_that_stops_waits_for_work_that_was_answered_for() {
    let (mut plugin, mut heard) = Recorder::new();
    plugin.pause = Duration::from_secs(5);
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    refused(runtime.event(Event::RunPodSandbox, pod("s1"), None).await);
    running.stop().await.unwrap();
    assert_eq!(heard.try_recv().unwrap(), "run s1");
    assert_eq!(heard.try_recv().unwrap(), "run s1: done");
}

/// Trap 31.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_is_told_at_once_and_cuts_no_work() {
    let (mut plugin, mut heard) = Recorder::new();
    plugin.pause = Duration::from_secs(1);
    let mut running = Running::start(plugin);
    let runtime = running.welcomed("v2.1.9").await;
    tokio::select! {
        _ = runtime.event(Event::RunPodSandbox, pod("s1"), None) => panic!("answered too early"),
        heard = heard.recv() => assert_eq!(heard.unwrap(), "run s1"),
    }
    let ended = Instant::now();
    drop(runtime);
    running
        .state("closed: the peer closed the connection")
        .await;
    assert_eq!(ended.elapsed(), Duration::ZERO);
    assert_eq!(heard.recv().await.unwrap(), "run s1: done");
}

/// Trap 18: a connection that says nothing holds up all other plugins.
#[tokio::test(start_paused = true)]
async fn a_session_connects_only_to_register() {
    let mut running = Running::start(Recorder::new().0);
    let connected = Instant::now();
    let mut runtime = running.runtime().await;
    assert!(runtime.registration().await.is_some());
    assert_eq!(connected.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_listens_to_keeps_trying_at_short_intervals() {
    let session: Session<Recorder> = session(Recorder::new().0);
    let mut tries = 0;
    let dial = || {
        tries += 1;
        trunk::dial(Path::new("/nowhere/nri.sock"))
    };
    let stop = tokio::time::sleep(Duration::from_secs(60));
    session.dial_with(dial, stop).await;
    assert!((100..=300).contains(&tries), "{tries}");
}
