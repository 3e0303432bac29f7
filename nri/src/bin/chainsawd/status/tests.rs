//! The sink and its writer together, with an API of the test's own, in paused time.

use chainsaw_common::report::Report;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::*;
use crate::news::Sinks;

/// An API that never takes what is of one pod, and all the rest.
#[derive(Clone)]
struct Script {
    bad: Trouble,
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Api for Script {
    async fn write(&self, pod: &Whole, _: &[Entry]) -> Result<(), Trouble> {
        let asked = (Instant::now(), pod.name.clone());
        self.asked.lock().unwrap().push(asked);
        if pod.name == "bad" {
            return Err(self.bad.clone());
        }
        Ok(())
    }
}

struct Bed {
    sink: StatusSink,
    api: Script,
    registry: Registry,
}

impl Bed {
    fn new(bad: Trouble) -> Self {
        let mut registry = Registry::with_prefix("chainsaw");
        let sink = StatusSink::new(StatusCounts::new(&mut registry));
        let asked = Arc::default();
        let api = Script { bad, asked };
        tokio::spawn(write(sink.clone(), api.clone()));
        Self {
            sink,
            api,
            registry,
        }
    }

    fn run(&self, pod: &str) {
        let report = serde_json::json!({
            "pod": {"namespace": "shop", "name": pod, "uid": format!("uid of {pod}")},
            "entrance": "cni", "trigger": "ADD", "outcome": "ok", "micros": 7, "commands": [],
        });
        let report: Report = serde_json::from_value(report).unwrap();
        self.sink.hear(&News::Ran(&report));
    }

    fn asked_of(&self, pod: &str) -> usize {
        let asked = self.api.asked.lock().unwrap();
        asked.iter().filter(|(_, name)| name == pod).count()
    }

    fn counts(&self, result: &str) -> bool {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).unwrap();
        page.contains(&format!("chainsaw_status_total{{result=\"{result}\"}} 1\n"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_the_api_never_takes_blocks_no_other_and_is_given_up() {
    let bed = Bed::new(Trouble::Later("the API answers 500: webhook".into(), None));
    bed.run("bad");
    bed.run("good");
    sleep(4 * PACE).await;
    assert_eq!((bed.asked_of("bad"), bed.asked_of("good")), (1, 1));
    assert!(bed.counts("created") && !bed.counts("failed"));
    sleep(Duration::from_secs(600)).await;
    assert_eq!(bed.asked_of("bad"), 9);
    assert!(bed.counts("failed"));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_away_is_left_alone_as_long_as_it_asks() {
    let rest = Duration::from_secs(60);
    let bed = Bed::new(Trouble::Away("429".into(), Some(rest)));
    bed.run("bad");
    bed.run("good");
    sleep(rest).await;
    assert_eq!((bed.asked_of("bad"), bed.asked_of("good")), (1, 0));
    // The one that it was asked about is behind the other then.
    sleep(2 * PACE + PACE / 2).await;
    assert_eq!((bed.asked_of("bad"), bed.asked_of("good")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_before_the_daemon_ends_and_is_waited_for_no_longer_than_a_moment() {
    let bed = Bed::new(Trouble::Away("it is away".into(), None));
    let sinks = Sinks::new(vec![Box::new(bed.sink.clone())]);
    for pod in 0..40 {
        bed.run(&pod.to_string());
    }
    let begun = Instant::now();
    sinks.end().await;
    // At its pace it would be at the fourth.
    assert!(begun.elapsed() < PACE, "{:?}", begun.elapsed());
    assert_eq!(bed.api.asked.lock().unwrap().len(), 40);
    bed.run("bad");
    let begun = Instant::now();
    sinks.end().await;
    assert_eq!(bed.asked_of("bad"), 1);
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
}
