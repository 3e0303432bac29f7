//! The status annotation, for programs that look after pods: how what a pod asked for ended last, at each place. Off unless
//! configured, and never read back: whoever may write pods' annotations could write it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::core::PartialObjectMeta;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::metrics::{Fate, StatusCounts};
use crate::news::{News, Sink};
use crate::trouble::{Trouble, in_time};

mod entry;
mod ledger;

use entry::{Entry, Whole, entry};
use ledger::Ledger;

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
    counts: StatusCounts,
}

impl StatusSink {
    /// Writes what it hears into pods by a cluster's API from now on, as long as the runtime lives.
    pub fn start(cluster: Arc<Cluster>, counts: StatusCounts) -> Self {
        let sink = Self {
            ledger: Arc::default(),
            news: Arc::default(),
            counts,
        };
        tokio::spawn(write(sink.clone(), cluster));
        sink
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for StatusSink {
    fn hear(&self, news: &News<'_>) {
        if let Some((pod, entry)) = entry(news, Timestamp::now()) {
            let dropped = self.ledger().note(pod, entry);
            self.counts.count(Fate::Dropped, dropped);
            self.news.notify_one();
        }
    }
}

/// Writes what is not written yet, one pod after the other.
async fn write(sink: StatusSink, cluster: Arc<Cluster>) {
    loop {
        sleep(PACE).await;
        let next = sink.ledger().next();
        let Some((pod, entries)) = next else {
            sink.news.notified().await;
            continue;
        };
        match patch(&cluster, &pod, &entries).await {
            Ok(()) => sink.counts.count(Fate::Created, 1),
            Err(Trouble::Later(_, rest) | Trouble::Away(_, rest)) => {
                sink.ledger().again(pod);
                sleep(rest.unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE)).await;
            }
            // The pod is gone, another has its name, or it is not ours to write.
            Err(Trouble::Gone | Trouble::Exists | Trouble::Refused(_)) => {
                sink.ledger().forget(&pod);
                sink.counts.count(Fate::Failed, 1);
            }
        }
    }
}

async fn patch(cluster: &Cluster, pod: &Whole, entries: &[Entry]) -> Result<(), Trouble> {
    let api = cluster.api().await;
    let api = api.map_err(|wrong| Trouble::Later(wrong.to_string(), None))?;
    // Of the answer, which is the whole pod, no more is read than that it is one.
    let pods: Api<PartialObjectMeta<Pod>> = Api::namespaced(api.client, &pod.namespace);
    let params = PatchParams::default();
    let patch = Patch::Merge(body(pod, entries));
    in_time(pods.patch_status(&pod.name, &params, &patch)).await
}

/// A UID in a patch is a condition: the API refuses it for any other pod.
fn body(pod: &Whole, entries: &[Entry]) -> serde_json::Value {
    let value = json!(entries).to_string();
    json!({"metadata": {"uid": pod.uid, "annotations": {KEY: value}}})
}
