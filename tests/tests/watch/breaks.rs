//! What happens to a watch, and how it goes on.

use std::time::Duration;

use anyhow::Result;
use chainsaw_lookup::watch::Timing;
use chainsaw_tests::api::{Asks, Cluster, Fault};

use super::bed::{Bed, FAST, SLOW, pod, timed};

#[test]
fn a_watch_that_ends_in_its_time_goes_on_from_its_last_bookmark() -> Result<()> {
    let bed = Bed::with(FAST, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    let version = bed.cluster.bookmark();
    let again = format!("resourceVersion={version}");
    bed.wait_for("the next watch", || bed.asked(&["watch=true", &again]) == 1)?;
    bed.cluster.put(pod("api", "u2", "ip route"));
    bed.wait_for("its event", || bed.count() == 2)?;
    // All pods are told of once.
    assert_eq!(bed.asked(&["sendInitialEvents"]), 1);
    Ok(())
}

/// As an event, which is how API servers say it, and as the answer's status, which proxies and older ones do.
#[test]
fn after_an_expired_version_all_pods_are_read_anew() -> Result<()> {
    for by_status in [false, true] {
        let mut bed = Bed::with(SLOW, |cluster| {
            cluster.put(pod("web", "u1", "ip route"));
            cluster.put(pod("gone", "u2", "ip route"));
        })?;
        bed.wait_until_live()?;
        bed.server.stop();
        bed.cluster.delete("gone");
        bed.cluster.put(pod("api", "u3", "ip route"));
        bed.cluster.forget();
        bed.cluster.expire_by_status(by_status);
        bed.server.start_again()?;
        bed.wait_for("the pods anew", || {
            bed.known("api", "u3").is_some() && bed.known("gone", "u2").is_none()
        })?;
        assert!(bed.known("web", "u1").is_some());
        assert_eq!(bed.asked(&["sendInitialEvents"]), 2);
    }
    Ok(())
}

#[test]
fn a_list_is_read_anew_as_well() -> Result<()> {
    let bed = Bed::with(FAST, |cluster| {
        cluster.stream(false);
        cluster.put(pod("web", "u1", "ip route"));
    })?;
    bed.wait_until_live()?;
    bed.cluster.fail(Asks::Watch, Fault::Event(410));
    bed.wait_for("a second list", || bed.lists() == 2)?;
    bed.wait_until_live()?;
    // That it does not tell of pods in the watch is known by then.
    assert_eq!(bed.asked(&["sendInitialEvents"]), 1);
    Ok(())
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() -> Result<()> {
    let (bed, took) = timed(|| {
        let bed = Bed::with(SLOW, |cluster| {
            cluster.fail(Asks::Watch, Fault::Status(429, Some(1)));
        })?;
        bed.wait_until_live()?;
        anyhow::Ok(bed)
    });
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert_eq!(bed?.server.asked().len(), 2);
    Ok(())
}

#[test]
fn a_server_that_fails_is_asked_again_with_pauses_that_grow() -> Result<()> {
    let bed = Bed::with(
        Timing {
            steady: Duration::MAX,
            ..SLOW
        },
        |cluster| {
            for _ in 0..4 {
                cluster.fail(Asks::Watch, Fault::Status(500, None));
            }
            cluster.put(pod("web", "u1", "ip route"));
        },
    )?;
    let (live, took) = timed(|| bed.wait_until_live());
    live?;
    // 5, 10, 20 and 40 ms at least, less what it has taken until here.
    assert!(took >= Duration::from_millis(40), "{took:?}");
    assert_eq!(bed.server.asked().len(), 5);
    Ok(())
}

#[test]
fn a_server_that_ends_each_watch_at_once_is_asked_with_pauses_that_grow() -> Result<()> {
    let timing = Timing {
        steady: Duration::MAX,
        ..SLOW
    };
    let fail = |cluster: &Cluster| (0..12).for_each(|_| cluster.fail(Asks::Watch, Fault::End));

    // While it has not told of all pods yet, two at a time: 5, 10, 20, 40, 80 and 100 ms at least.
    let mut bed = Bed::with(timing, fail)?;
    let (live, took) = timed(|| bed.wait_until_live());
    live?;
    assert!(took >= Duration::from_millis(200), "{took:?}");
    assert_eq!(bed.server.asked().len(), 13);

    // And when it has.
    bed.server.stop();
    bed.wait_for("the watch to notice", || !bed.is_live())?;
    fail(&bed.cluster);
    bed.server.start_again()?;
    let (ended, took) = timed(|| bed.wait_for("the last", || bed.server.asked().len() == 26));
    ended?;
    assert!(took >= Duration::from_millis(800), "{took:?}");
    assert_eq!(bed.asked(&["sendInitialEvents"]), 13);
    Ok(())
}

/// 32 MiB of it are read, and then the next watch is asked for.
#[test]
fn a_line_without_an_end_is_not_read_for_ever() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| {
        cluster.fail(Asks::Watch, Fault::Endless);
        cluster.put(pod("web", "u1", "ip route"));
    })?;
    bed.wait_until_live()?;
    assert!(bed.known("web", "u1").is_some());
    assert_eq!(bed.server.asked().len(), 2);
    Ok(())
}

/// A connection may die without a word. In fast time: 294 s are 1.05 s.
#[test]
fn ten_minutes_of_silence_are_noticed_and_the_watch_goes_on() -> Result<()> {
    let bed = Bed::with(FAST, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    bed.cluster.silence(true);
    bed.cluster.put(pod("api", "u2", "ip route"));
    // Twice: neither the first watch nor the one after it says anything.
    bed.wait_for("two more watches", || bed.asked(&["watch=true"]) >= 3)?;
    assert_eq!(bed.known("api", "u2"), None);
    bed.cluster.silence(false);
    bed.wait_for("what it did not say", || bed.known("api", "u2").is_some())?;
    assert_eq!(bed.asked(&["sendInitialEvents"]), 1);
    Ok(())
}

#[test]
fn a_server_that_takes_a_request_and_never_answers_is_given_up() -> Result<()> {
    let bed = Bed::with(FAST, |cluster| {
        cluster.fail(Asks::Watch, Fault::Hang);
        cluster.put(pod("web", "u1", "ip route"));
    })?;
    bed.wait_until_live()?;
    assert!(bed.known("web", "u1").is_some());
    Ok(())
}

#[test]
fn a_server_that_goes_and_comes_back_is_watched_again_and_pods_stay_known() -> Result<()> {
    let mut bed = Bed::with(SLOW, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    bed.server.stop();
    bed.wait_for("the watch to notice", || !bed.is_live())?;
    assert!(bed.ask("web", Some("u1")).is_ok());
    // Nobody is waited for who tells nothing.
    let (wrong, took) = timed(|| bed.ask("api", Some("u2")).unwrap_err());
    assert_eq!(wrong.reason(), "Unreachable");
    assert!(took < Duration::from_millis(100), "{took:?}");

    bed.cluster.put(pod("api", "u2", "ip route"));
    bed.server.start_again()?;
    bed.wait_for("the event in between", || bed.known("api", "u2").is_some())?;
    assert_eq!(bed.asked(&["sendInitialEvents"]), 1);
    Ok(())
}

#[test]
fn a_storm_of_ten_thousand_events_leaves_what_is_so_at_its_end() -> Result<()> {
    let bed = Bed::with(SLOW, |_| {})?;
    bed.wait_until_live()?;
    for number in 0..10_000 {
        bed.cluster
            .put(pod(&format!("p{}", number % 250), "u", &number.to_string()));
    }
    bed.wait_for("the last event", || {
        bed.value("p249", "u").as_deref() == Some("9999")
    })?;
    assert_eq!(bed.count(), 250);
    assert_eq!(bed.server.asked().len(), 1);
    Ok(())
}
