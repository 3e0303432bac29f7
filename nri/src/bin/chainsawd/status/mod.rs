//! The status annotation, for programs that look after pods: how what a pod asked for ended last, at each place. Off unless
//! configured, and never read back: whoever may write pods' annotations could write it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::{self, Patch, PatchParams};
use kube::core::PartialObjectMeta;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::warn;

use crate::cluster::Cluster;
use crate::metrics::{Fate, StatusCounts};
use crate::news::{Left, News, Sink};
use crate::trouble::{Trouble, in_time};

mod entry;
mod ledger;

use entry::{Entry, Whole, entry};
use ledger::{Ledger, Turn};

/// The annotation.
const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw-status";

/// Before each write: a pod's attachments follow each other, and only the last word counts.
const PACE: Duration = Duration::from_millis(500);

/// After the API took nothing; as long at most as it asks for.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The annotation, as one who hears the news.
#[derive(Debug, Clone)]
pub struct StatusSink {
    ledger: Arc<Mutex<Ledger>>,
    news: Arc<Notify>,
    /// How many pods are to be written, one that is being written included.
    left: watch::Sender<usize>,
    /// Whether the daemon stops: nothing is waited for that might still come.
    stops: watch::Sender<bool>,
    counts: StatusCounts,
}

impl StatusSink {
    /// Writes what it hears into pods by a cluster's API from now on, as long as the runtime lives.
    pub fn start(cluster: Arc<Cluster>, counts: StatusCounts) -> Self {
        let sink = Self::new(counts);
        tokio::spawn(write(sink.clone(), cluster));
        sink
    }

    fn new(counts: StatusCounts) -> Self {
        Self {
            ledger: Arc::default(),
            news: Arc::default(),
            left: watch::Sender::new(0),
            stops: watch::Sender::new(false),
            counts,
        }
    }

    /// Does something with the ledger.
    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut ledger);
        self.left.send_replace(ledger.left());
        done
    }

    /// Waits for what might follow, as long as the daemon goes on.
    async fn pace(&self) {
        let mut stops = self.stops.subscribe();
        tokio::select! {
            () = sleep(PACE) => {}
            _ = stops.wait_for(|stops| *stops) => {}
        }
    }
}

impl Sink for StatusSink {
    fn hear(&self, news: &News<'_>) {
        if let Some((pod, entry)) = entry(news, Timestamp::now()) {
            let dropped = self.with(|ledger| ledger.note(pod, entry));
            self.counts.count(Fate::Dropped, dropped);
            self.news.notify_one();
        }
    }

    fn hurry(&self) -> Option<Left> {
        self.stops.send_replace(true);
        Some(Left {
            many: self.left.subscribe(),
            what: "pods' status annotations",
            reason: "StatusNotWritten",
        })
    }
}

/// An API that the annotation is written at.
trait Api: Send + Sync + 'static {
    /// Writes all that is to be told in a pod.
    fn write(
        &self,
        pod: &Whole,
        entries: &[Entry],
    ) -> impl Future<Output = Result<(), Trouble>> + Send;
}

impl Api for Arc<Cluster> {
    async fn write(&self, pod: &Whole, entries: &[Entry]) -> Result<(), Trouble> {
        patch(self, pod, entries).await
    }
}

/// Writes what is not written yet, one pod after the other.
async fn write(sink: StatusSink, api: impl Api) {
    let mut trouble = String::new();
    loop {
        sink.pace().await;
        let turn = sink.with(|ledger| ledger.next(Instant::now()));
        let (pod, entries) = match turn {
            Turn::Write(pod, entries) => (pod, entries),
            Turn::Wait(until) => {
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = sink.news.notified() => {}
                }
                continue;
            }
            Turn::Rest => {
                sink.news.notified().await;
                continue;
            }
        };
        match api.write(&pod, &entries).await {
            Ok(()) => {
                trouble.clear();
                sink.with(|ledger| ledger.written(&pod));
                sink.counts.count(Fate::Created, 1);
            }
            Err(Trouble::Away(why, rest)) => {
                say(&why, &mut trouble);
                sink.with(|ledger| ledger.again(pod));
                sleep(rest.unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE)).await;
            }
            Err(Trouble::Later(why, rest)) => {
                say(&why, &mut trouble);
                let tries_on = sink.with(|ledger| ledger.put_off(pod, rest, Instant::now()));
                sink.counts.count(Fate::Failed, usize::from(!tries_on));
            }
            Err(wrong) => {
                // The pod is gone, or another has its name: nobody has to know.
                if let Trouble::Refused(why) = wrong {
                    say(&why, &mut trouble);
                }
                sink.with(|ledger| ledger.forget(&pod));
                sink.counts.count(Fate::Failed, 1);
            }
        }
    }
}

/// Logs what goes wrong, once as long as it is the same.
fn say(why: &str, last: &mut String) {
    if last != why {
        warn!(
            reason = "StatusNotWritten",
            "a pod's status annotation was not written: {why}"
        );
        why.clone_into(last);
    }
}

async fn patch(cluster: &Cluster, pod: &Whole, entries: &[Entry]) -> Result<(), Trouble> {
    let api = cluster.api().await;
    let api = api.map_err(|wrong| Trouble::Away(wrong.to_string(), None))?;
    // Of the answer, which is the whole pod, no more is read than that it is one.
    let pods: api::Api<PartialObjectMeta<Pod>> = api::Api::namespaced(api.client, &pod.namespace);
    let params = PatchParams::default();
    // Looked up as late as can be: a static pod may be on its node before it is at the API. Of a pod that the watch has not
    // told of, the API judges by the UID on the node, which is its own but for static pods.
    let known = cluster.uid_at_the_api(&pod.wanted());
    let patch = Patch::Merge(body(known.as_deref().unwrap_or(&pod.uid), entries));
    in_time(pods.patch_status(&pod.name, &params, &patch)).await
}

/// A UID in a patch is a condition: the API refuses it for any other pod.
fn body(uid: &str, entries: &[Entry]) -> serde_json::Value {
    let value = json!(entries).to_string();
    json!({"metadata": {"uid": uid, "annotations": {KEY: value}}})
}

#[cfg(test)]
mod tests;
