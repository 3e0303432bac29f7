//! Values whose time had passed when the daemon came.

use chainsaw_common::record::Event;
use chainsaw_nri::api::ContainerState;

use super::bed::*;

#[tokio::test]
async fn what_was_missed_stays_missed_and_the_next_start_is_in_time() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let sandbox = and_app(quiet("s1", &net));
    let running = container(&sandbox, "c1", ContainerState::ContainerRunning);
    let connected = daemon
        .connect(LEAKS, vec![sandbox.clone()], vec![running])
        .await;
    assert_eq!(net.rules(), 0);
    connected.start(&sandbox, "c1").await.unwrap();
    assert_eq!(net.rules(), 0, "it ran late");
    connected.start(&sandbox, "c2").await.unwrap();
    assert_eq!(net.rules(), 1);
}

#[tokio::test]
async fn a_container_that_ran_and_ended_unheard_is_told_as_missed() {
    let (daemon, net) = (Daemon::new(), Net::new());
    let sandbox = and_app(pod("s1", &net));
    let ended = container(&sandbox, "c1", ContainerState::ContainerStopped);
    let connected = daemon
        .connect(LEAKS, vec![sandbox.clone()], vec![ended])
        .await;
    let record = daemon.records().open("s1").unwrap();
    let missed = record
        .entries()
        .iter()
        .filter(|entry| entry.event == Event::Missed);
    assert_eq!(missed.count(), 2, "{:?}", record.entries());
    drop(record);
    connected.create(&sandbox, "c2").await.unwrap();
    assert_eq!(net.rules(), 0, "it ran late");
}
