use k8s_openapi::jiff::ToSpan;

use super::*;
use crate::events::note::{Action, Reason};

fn note(pod: &str, text: &str) -> Note {
    Note {
        about: About {
            namespace: "shop".into(),
            name: pod.into(),
            uid: Some(format!("uid of {pod}")),
        },
        reason: Reason::Failed,
        action: Action::Refuse,
        text: text.into(),
    }
}

/// A book, and a clock of the test's own.
struct Desk {
    book: Book,
    now: Instant,
    time: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            book: Book::new(now),
            now,
            time: Timestamp::UNIX_EPOCH,
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.time += i64::try_from(seconds).unwrap().seconds();
    }

    fn hear(&mut self, note: Note) -> Heard {
        self.book.hear(note, self.now, self.time)
    }

    /// Hears one that is new, and tells it.
    fn tell(&mut self, note: Note, event: &str) -> Arc<Note> {
        let Heard::New(note) = self.hear(note) else {
            panic!("it is known");
        };
        self.book.told(&note, event, 1, self.now);
        note
    }
}

#[test]
fn the_same_is_counted_and_anything_else_is_another_event() {
    let mut desk = Desk::new();
    desk.tell(note("web", "no"), "web.1");
    assert_eq!(desk.hear(note("web", "no")), Heard::Again);
    for other in [
        note("web", "no!"),
        note("db", "no"),
        Note {
            reason: Reason::Denied,
            ..note("web", "no")
        },
        Note {
            action: Action::Pass,
            ..note("web", "no")
        },
        // A pod that was made again under its name is another.
        Note {
            about: About {
                uid: Some("another".into()),
                ..note("web", "no").about
            },
            ..note("web", "no")
        },
    ] {
        assert!(
            matches!(desk.hear(other.clone()), Heard::New(_)),
            "{other:?}"
        );
    }
}

#[test]
fn a_count_is_told_now_and_then_and_ever_more_seldom() {
    let mut desk = Desk::new();
    let told = desk.tell(note("web", "no"), "web.1");
    assert_eq!(desk.book.due(desk.now), []);
    let mut times = Vec::new();
    // Somebody crash-loops every second for an hour.
    for second in 1..=3600_u32 {
        desk.pass(1);
        assert_eq!(desk.hear(note("web", "no")), Heard::Again);
        for due in desk.book.due(desk.now) {
            assert_eq!((due.event.as_str(), due.times.count), ("web.1", second + 1));
            assert_eq!(due.times.last, desk.time);
            desk.book.told(&told, "web.1", due.times.count, desk.now);
            times.push(second);
        }
    }
    assert_eq!(
        times.get(..6),
        Some(&[10, 30, 70, 150, 300 + 10, 600 + 10][..])
    );
    assert!(times.len() <= 20, "{times:?}");
    // All is told: nothing is due however long it takes.
    desk.pass(1);
    let count = desk.book.times(&told).unwrap().count;
    desk.book.told(&told, "web.1", count, desk.now);
    desk.pass(600);
    assert_eq!(desk.book.due(desk.now), []);
}

#[test]
fn nothing_is_repeated_before_there_is_an_event() {
    let mut desk = Desk::new();
    assert!(matches!(desk.hear(note("web", "no")), Heard::New(_)));
    desk.hear(note("web", "no"));
    desk.pass(60);
    assert_eq!(desk.book.due(desk.now), []);
    assert_eq!(desk.book.times(&note("web", "no")).unwrap().count, 2);
}

#[test]
fn what_no_event_tells_is_new_when_it_is_said_again() {
    let mut desk = Desk::new();
    let told = desk.tell(note("web", "no"), "web.1");
    desk.book.forget(&told);
    assert!(matches!(desk.hear(note("web", "no")), Heard::New(_)));
}

#[test]
fn one_pod_takes_no_more_than_its_share_and_has_it_back_later() {
    let mut desk = Desk::new();
    for text in 0..A_POD {
        desk.tell(note("web", &text.to_string()), "e");
    }
    assert_eq!(desk.hear(note("web", "one more")), Heard::TooMany);
    assert_eq!(desk.hear(note("web", "0")), Heard::Again);
    assert!(matches!(desk.hear(note("db", "0")), Heard::New(_)));
    desk.pass(KEPT.as_secs());
    assert!(matches!(desk.hear(note("web", "one more")), Heard::New(_)));
}

#[test]
fn a_storm_of_pods_is_slowed_down_and_what_is_known_of_it_is_bounded() {
    let mut desk = Desk::new();
    let mut told = 0;
    for second in 0..3000 {
        for pod in 0..10 {
            let pod = format!("web-{second}-{pod}");
            told += u32::from(matches!(desk.hear(note(&pod, "no")), Heard::New(_)));
        }
        assert!(desk.book.known.len() <= NOTES);
        // One a second, once the first are through.
        assert!(told <= BURST + second + 1, "{told} after {second} s");
        desk.pass(1);
    }
    assert_eq!(usize::try_from(told).unwrap(), NOTES);
}

/// The counts that are due and may be told, told.
fn repeat(desk: &mut Desk) -> Vec<Arc<Note>> {
    let due = desk.book.due(desk.now).into_iter();
    let mut told = Vec::new();
    for Due { note, event, times } in due {
        if !desk.book.may_repeat(desk.now) {
            break;
        }
        desk.book.told(&note, &event, times.count, desk.now);
        told.push(note);
    }
    told
}

#[test]
fn counts_that_may_not_be_told_now_are_told_later_and_the_oldest_first() {
    let mut desk = Desk::new();
    let mut order = Vec::new();
    for pod in 0..40 {
        order.push(desk.tell(note(&pod.to_string(), "no"), "e"));
        desk.hear(note(&pod.to_string(), "no"));
        desk.pass(1);
    }
    desk.pass(FIRST_WAIT.as_secs());
    assert_eq!(desk.book.due(desk.now).len(), 40);
    let half = usize::try_from(FOR_NEW).unwrap();
    let mut told = repeat(&mut desk);
    assert_eq!(told.len(), half);
    desk.pass(10);
    told.extend(repeat(&mut desk));
    assert_eq!(told.len(), half + 10);
    assert_eq!(told, order[..half + 10]);
}

#[test]
fn notes_that_repeat_without_end_leave_room_for_new_ones() {
    let mut desk = Desk::new();
    for pod in 0..300 {
        desk.tell(note(&pod.to_string(), "no"), "e");
        desk.pass(1);
    }
    let mut counts = 0;
    for round in 0..200 {
        for pod in 0..300 {
            assert_eq!(desk.hear(note(&pod.to_string(), "no")), Heard::Again);
        }
        desk.pass(5);
        counts += repeat(&mut desk).len();
        if round % 10 == 0 {
            let once = desk.hear(note(&format!("once-{round}"), "missed"));
            assert!(matches!(once, Heard::New(_)), "round {round}");
        }
    }
    assert!(counts >= 800, "{counts} counts in 1000 s");
}

#[test]
fn a_count_that_the_api_does_not_take_lets_the_others_pass() {
    let mut desk = Desk::new();
    let bad = desk.tell(note("bad", "no"), "bad.1");
    let good = desk.tell(note("good", "no"), "good.1");
    desk.hear(note("bad", "no"));
    desk.pass(FIRST_WAIT.as_secs());
    desk.hear(note("good", "no"));
    desk.book.put_off(&bad, desk.now);
    let due = desk.book.due(desk.now);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].note, good);
    // And is not forgotten.
    desk.pass(LAST_WAIT.as_secs());
    assert_eq!(desk.book.due(desk.now).len(), 2);
}
