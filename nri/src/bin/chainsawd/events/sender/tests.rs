//! The sink and the sender together, with an API of the test's own, in paused time.

use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;

use chainsaw_common::report::Report;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::*;
use crate::events::{AGAIN, EventSink, WAITING};
use crate::metrics::EventCounts;
use crate::news::{Left, News, Sink, Sinks};
use crate::settings::Settings;

/// What was asked of the API.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Create(Box<Event>),
    Repeat(String, i32),
}

/// An API that answers what a test says, in order, and then yes.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Trouble>>>,
    /// Whether it says yes to nothing.
    away: Arc<Mutex<bool>>,
    asked: Arc<Mutex<Vec<(Instant, Asked)>>>,
    /// Whether it fails on everything.
    fails: Arc<Mutex<bool>>,
    /// The pod of which it takes nothing, now or ever.
    bad: Arc<Mutex<Option<String>>>,
}

impl Script {
    fn answer(&self, asked: Asked) -> Result<(), Trouble> {
        self.asked.lock().unwrap().push((Instant::now(), asked));
        if *self.away.lock().unwrap() {
            return Err(Trouble::Away("it is away".into(), None));
        }
        self.answers.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, asked)| asked.clone()).collect()
    }

    fn created(&self) -> Vec<Event> {
        let event = |asked| match asked {
            Asked::Create(event) => Some(*event),
            Asked::Repeat(..) => None,
        };
        self.asked().into_iter().filter_map(event).collect()
    }
}

impl Api for Script {
    async fn create(&self, event: &Event) -> Result<(), Trouble> {
        let bad = self.bad.lock().unwrap().clone();
        let is_bad = bad.is_some() && event.regarding.as_ref().unwrap().name == bad;
        if is_bad || *self.fails.lock().unwrap() {
            self.asked
                .lock()
                .unwrap()
                .push((Instant::now(), Asked::Create(Box::new(event.clone()))));
            return Err(Trouble::Later("500".into(), None));
        }
        self.answer(Asked::Create(Box::new(event.clone())))
    }

    async fn repeat(&self, _: &str, name: &str, series: &EventSeries) -> Result<(), Trouble> {
        self.answer(Asked::Repeat(name.to_owned(), series.count))
    }
}

struct Bed {
    sink: Arc<EventSink>,
    api: Script,
    registry: Registry,
    _folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(
            &file,
            "[[rule]]\nnamespaces = [\"*\"]\nevents = [\"ran\"]\n",
        )
        .unwrap();
        let path = |name: &str| {
            folder
                .path()
                .join(name)
                .to_string_lossy()
                .into_owned()
                .leak()
        };
        let mut registry = Registry::with_prefix("chainsaw");
        let counts = EventCounts::new(&mut registry);
        let settings = Arc::new(Settings::of(path("config.toml"), path("last-good.toml")));
        let (sink, waiting) = EventSink::new(settings, counts);
        let api = Script::default();
        tokio::spawn(run(
            api.clone(),
            "worker-1".into(),
            Arc::clone(&sink.shared),
            waiting,
        ));
        Self {
            sink: Arc::new(sink),
            api,
            registry,
            _folder: folder,
        }
    }

    fn deny(&self, pod: &str, why: &str) {
        let report = serde_json::json!({
            "pod": {"namespace": "shop", "name": pod, "uid": format!("uid of {pod}")},
            "entrance": "cni", "trigger": "ADD", "outcome": "denied", "micros": 7,
            "commands": [{"given": "x", "source": "k", "outcome": "denied", "advice": {"command": 1, "why": why}}],
        });
        let report: Report = serde_json::from_value(report).unwrap();
        self.sink.hear(&News::RefusedThere {
            report: &report,
            reason: "CommandDenied",
            goes_on: false,
        });
    }

    /// How many Events of denials came to this end.
    fn count(&self, result: &str) -> u64 {
        let line =
            format!("chainsaw_events_total{{reason=\"ChainsawDenied\",result=\"{result}\"}} ");
        self.number(&line)
    }

    fn waiting(&self) -> u64 {
        self.number("chainsaw_events_waiting ")
    }

    fn number(&self, start: &str) -> u64 {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).unwrap();
        let value = page.lines().find_map(|line| line.strip_prefix(start));
        value.map_or(0, |value| value.parse().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_told_after_the_answer_and_its_repetitions_are_counted() {
    let bed = Bed::new();
    bed.deny("web", "no");
    // Whoever hears of it does not wait: nothing was asked yet.
    tokio::task::yield_now().await;
    assert_eq!(bed.api.asked(), []);
    assert_eq!(bed.waiting(), 1);
    sleep(Duration::from_secs(1)).await;
    let created = bed.api.created();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].reason.as_deref(), Some("ChainsawDenied"));
    assert_eq!(created[0].reporting_instance.as_deref(), Some("worker-1"));
    assert_eq!(created[0].series, None);
    for _ in 0..40 {
        bed.deny("web", "no");
    }
    sleep(Duration::from_secs(30)).await;
    let name = created[0].metadata.name.clone().unwrap();
    assert_eq!(bed.api.asked()[1..], [Asked::Repeat(name, 41)]);
    // Another text is another Event.
    bed.deny("web", "no, and for another reason");
    sleep(Duration::from_secs(1)).await;
    let created = bed.api.created();
    assert_eq!(created.len(), 2);
    assert_ne!(created[0].metadata.name, created[1].metadata.name);
    assert!(
        created[1]
            .note
            .as_deref()
            .unwrap()
            .contains("another reason")
    );
    assert_eq!((bed.count("created"), bed.count("repeated")), (2, 1));
    assert_eq!((bed.count("dropped"), bed.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_takes_nothing_now_is_asked_again_under_the_same_name() {
    let bed = Bed::new();
    let busy = Trouble::Away("429".into(), Some(Duration::from_secs(20)));
    bed.api
        .answers
        .lock()
        .unwrap()
        .extend([busy, Trouble::Later("503".into(), None)]);
    bed.deny("web", "no");
    sleep(Duration::from_secs(10)).await;
    bed.deny("web", "no");
    assert_eq!(bed.api.created().len(), 1, "it asked to be left alone");
    sleep(Duration::from_secs(60)).await;
    let created = bed.api.created();
    assert_eq!(created.len(), 3);
    assert!(
        created
            .iter()
            .all(|event| event.metadata.name == created[0].metadata.name)
    );
    // What was repeated meanwhile is in it.
    assert_eq!(
        created[2].series.as_ref().map(|series| series.count),
        Some(2)
    );
    assert_eq!((bed.count("created"), bed.count("failed")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_away_costs_a_bounded_memory_and_what_does_not_fit_is_counted() {
    let bed = Bed::new();
    *bed.api.away.lock().unwrap() = true;
    let mut said = 0;
    for minute in 0..60 {
        for pod in 0..60 {
            bed.deny(&format!("web-{minute}-{pod}"), "no");
            said += 1;
        }
        assert!(bed.waiting() <= 1 + u64::try_from(WAITING + AGAIN).unwrap());
        sleep(Duration::from_secs(60)).await;
    }
    let asked = bed.api.asked().len();
    assert!(asked <= 300, "{asked} requests in an hour");
    *bed.api.away.lock().unwrap() = false;
    sleep(Duration::from_secs(600)).await;
    assert_eq!(bed.waiting(), 0);
    let told = bed.count("created");
    assert!(told > 0, "what is not old is told when it is back");
    assert_eq!(told + bed.count("failed") + bed.count("dropped"), said);
    // And it goes on as before.
    bed.deny("late", "no");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bed.count("created"), told + 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_is_given_up_and_holds_up_nobody() {
    let bed = Bed::new();
    bed.api
        .answers
        .lock()
        .unwrap()
        .extend([Trouble::Refused("403".into())]);
    bed.deny("web", "no");
    bed.deny("db", "no");
    sleep(Duration::from_secs(1)).await;
    assert_eq!((bed.count("failed"), bed.count("created")), (1, 1));
    // Said again, it is tried again.
    bed.deny("web", "no");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bed.count("created"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_the_api_never_takes_holds_up_nobody() {
    let bed = Bed::new();
    *bed.api.bad.lock().unwrap() = Some("bad".into());
    bed.deny("bad", "no");
    for pod in 0..20 {
        bed.deny(&pod.to_string(), "no");
    }
    sleep(Duration::from_secs(5)).await;
    assert_eq!((bed.count("created"), bed.waiting()), (20, 1));
    sleep(PATIENCE + LAST_PAUSE).await;
    assert_eq!((bed.count("failed"), bed.waiting()), (1, 0));
    let tries = bed.api.created().len() - 20;
    assert!((5..=15).contains(&tries), "{tries} tries");
}

#[tokio::test(start_paused = true)]
async fn where_the_api_fails_on_all_the_newest_are_told_when_it_is_back_and_the_oldest_given_up() {
    let bed = Bed::new();
    *bed.api.fails.lock().unwrap() = true;
    // More than the node may say at once, and more than may wait.
    let said = 4 * AGAIN;
    for pod in 0..said {
        bed.deny(&pod.to_string(), "no");
        sleep(Duration::from_secs(1)).await;
    }
    let again = u64::try_from(AGAIN).unwrap();
    assert_eq!(bed.waiting(), again);
    assert_eq!(bed.count("dropped"), 3 * again);
    *bed.api.fails.lock().unwrap() = false;
    let before = bed.api.created().len();
    sleep(LAST_PAUSE + Duration::from_secs(1)).await;
    let created = bed.api.created().split_off(before);
    let pod = |event: &Event| event.regarding.as_ref()?.name.as_ref()?.parse().ok();
    let mut told: Vec<usize> = created.iter().filter_map(pod).collect();
    told.sort_unstable();
    assert_eq!(told, (said - AGAIN..said).collect::<Vec<_>>());
    assert_eq!((bed.count("created"), bed.waiting()), (again, 0));
    // One that was given up is new when it is said again.
    bed.deny("0", "no");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bed.count("created"), again + 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_api_keeps_no_longer_is_another_when_it_is_said_again() {
    let bed = Bed::new();
    bed.deny("web", "no");
    sleep(Duration::from_secs(1)).await;
    bed.deny("web", "no");
    bed.api.answers.lock().unwrap().extend([Trouble::Gone]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!((bed.count("created"), bed.count("repeated")), (1, 0));
    bed.deny("web", "no");
    sleep(Duration::from_secs(1)).await;
    let created = bed.api.created();
    assert_eq!(created.len(), 2);
    assert_eq!(created[1].series, None);
}

#[tokio::test(start_paused = true)]
async fn a_storm_from_one_pod_and_from_many_is_bounded() {
    let bed = Bed::new();
    // One pod whose text is another each time, and a hundred pods at once, for ten minutes.
    for second in 0..600 {
        bed.deny("odd", &format!("no {second}"));
        bed.deny(&format!("web-{}", second % 100), "no");
        sleep(Duration::from_secs(1)).await;
    }
    let asked = bed.api.asked();
    let of_the_odd = |asked: &&Asked| match asked {
        Asked::Create(event) => event.regarding.as_ref().unwrap().name.as_deref() == Some("odd"),
        Asked::Repeat(..) => false,
    };
    assert!(asked.iter().filter(of_the_odd).count() <= 8);
    assert!(asked.len() <= 650, "{}", asked.len());
    assert_eq!(
        bed.count("created"),
        u64::try_from(bed.api.created().len()).unwrap()
    );
    assert!(bed.count("dropped") >= 590, "{}", bed.count("dropped"));
}

/// The bed's sink among all who hear.
#[derive(Debug)]
struct Shares(Arc<EventSink>);

impl Sink for Shares {
    fn hear(&self, news: &News<'_>) {
        self.0.hear(news);
    }

    fn hurry(&self) -> Option<Left> {
        self.0.hurry()
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_told_before_the_daemon_ends_and_is_waited_for_no_longer_than_a_moment() {
    let bed = Bed::new();
    let sinks = Sinks::new(vec![Box::new(Shares(Arc::clone(&bed.sink)))]);
    for pod in 0..40 {
        bed.deny(&pod.to_string(), "no");
    }
    sinks.end().await;
    assert_eq!((bed.count("created"), bed.waiting()), (40, 0));
    *bed.api.away.lock().unwrap() = true;
    bed.deny("late", "no");
    let begun = Instant::now();
    sinks.end().await;
    assert!(begun.elapsed() <= Duration::from_secs(3));
    assert_eq!(bed.waiting(), 1);
}
