//! The watch of this node's pods, by their metadata alone: it keeps a [`Cache`] as the API has it, for as long as the
//! daemon lives, over whatever happens to servers, connections and credentials in between.
//!
//! RBAC: `list` and `watch` on `pods`. That it is this node's pods alone is our wish (a field selector), not something
//! that RBAC could insist on.
//!
//! `kube::runtime::watcher` lists, watches and goes on from where a watch ended. What is here is what it leaves to who uses
//! it: pauses, how long anything may take and how long it may be ([`client`]), credentials that are rotated, when to begin from
//! nothing, and to say once what is wrong.

use std::convert::Infallible;
use std::pin::pin;

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info, warn};

use crate::access::{Access, Api};
use crate::cache::Cache;
use crate::error::LookupError;

mod client;
mod stop;
mod timing;

use stop::Stop;
use timing::Pauses;
pub use timing::Timing;

/// A pod as the watcher gives it: whole metadata, which is let go as soon as it is seen.
type Seen = PartialObjectMeta<Pod>;

/// What kube's watcher tells.
trait Events: Stream<Item = watcher::Result<Event<Seen>>> + Unpin {}
impl<S: Stream<Item = watcher::Result<Event<Seen>>> + Unpin> Events for S {}

/// Follows this node's pods for good.
pub async fn follow(access: &Access, node: &str, cache: &Cache, timing: Timing) {
    let mut watch = Watch {
        access,
        node,
        cache,
        timing,
        pauses: Pauses::new(timing),
        streams: true,
        live: None,
        wrong: None,
        told: false,
    };
    loop {
        let Err(stop) = watch.begin_anew().await;
        if watch.streams && matches!(stop.code, 400 | 422) {
            debug!("pods that there are come by lists alone: {stop}");
            watch.streams = false;
            continue;
        }
        watch.pause(&stop).await;
    }
}

struct Watch<'a> {
    access: &'a Access,
    node: &'a str,
    cache: &'a Cache,
    timing: Timing,
    pauses: Pauses,
    /// Whether the server tells of the pods that there are in the watch itself (Kubernetes 1.32 and newer).
    streams: bool,
    /// Since when the watch that there is tells of every change.
    live: Option<Instant>,
    /// What was told last of what is wrong.
    wrong: Option<String>,
    /// Whether it was told that all is well.
    told: bool,
}

impl Watch<'_> {
    /// Reads all pods that there are and follows them, until they have to be read anew.
    async fn begin_anew(&mut self) -> Result<Infallible, Stop> {
        let (client, mut answers) = client::of(self.access, self.timing).await?;
        let pods = kube::Api::<Seen>::all(client);
        let mut events = pin!(watcher(pods, self.config()));
        let limit = self.timing.answer;
        timeout(limit, self.read_all(&mut events, &answers))
            .await
            .unwrap_or_else(|_| Err(Stop::late(&answers.borrow(), limit)))?;
        answers.mark_unchanged();
        if self.streams {
            self.live();
        }
        loop {
            let Err(stop) = self.go_on(&mut events, &mut answers).await;
            // Where an answer's status says so, the watcher would ask for that version again and again.
            if stop.code == 410 {
                return Err(stop);
            }
            self.pause(&stop).await;
        }
    }

    fn config(&self) -> watcher::Config {
        let config = watcher::Config {
            // A list that comes in pages is read from the store. As a server has it in memory it costs the store nothing,
            // and all nodes of a cluster may ask for it at once.
            page_size: None,
            ..watcher::Config::default().any_semantic()
        };
        let config = config
            .fields(&format!("spec.nodeName={}", self.node))
            .timeout(seconds(self.timing.watch));
        match self.streams {
            true => config.streaming_lists(),
            false => config,
        }
    }

    /// Takes events until all pods that there are were told of.
    async fn read_all(
        &mut self,
        events: &mut impl Events,
        api: &Receiver<Api>,
    ) -> Result<(), Stop> {
        let mut begun = false;
        loop {
            let event = self.next(events, api).await?;
            // The watcher would begin again and again, without a pause.
            if matches!(event, Event::Init) && std::mem::replace(&mut begun, true) {
                let why = "it ended before all pods were told of".to_owned();
                return Err(Stop::unread(&api.borrow(), why));
            }
            if self.take(event) {
                return Ok(());
            }
        }
    }

    /// Takes events until something is wrong. After that, with the same events, it goes on from the last one.
    async fn go_on(
        &mut self,
        events: &mut impl Events,
        answers: &mut Receiver<Api>,
    ) -> Result<Infallible, Stop> {
        loop {
            let api = answers.clone();
            tokio::select! {
                biased;
                Ok(()) = answers.changed() => self.next_watch().await,
                event = self.next(events, &api) => {
                    self.take(event?);
                }
            }
        }
    }

    async fn next(
        &self,
        events: &mut impl Events,
        api: &Receiver<Api>,
    ) -> Result<Event<Seen>, Stop> {
        match events.next().await {
            Some(event) => event.map_err(|error| Stop::of(&api.borrow(), self.timing, error)),
            // It has no end.
            None => std::future::pending().await,
        }
    }

    /// Takes an event, and says whether it is the one after the last pod of those that there are.
    fn take(&self, event: Event<Seen>) -> bool {
        match event {
            Event::Init => self.cache.begin(),
            Event::InitApply(pod) | Event::Apply(pod) => self.cache.apply(pod.metadata.into()),
            Event::Delete(pod) => self.cache.delete(&pod.metadata.into()),
            Event::InitDone => {
                self.cache.end();
                return true;
            }
        }
        false
    }

    /// The next watch has begun. One that ended in its time needs no pause before it; a server that ends each at once
    /// would be asked without end.
    async fn next_watch(&mut self) {
        if self.live.is_some() && !self.was_steady() {
            self.cache.set_live(false);
            sleep(self.pauses.next(None)).await;
        }
        self.live();
    }

    /// Whether the watch that there was has told for long enough. It is none any more.
    fn was_steady(&mut self) -> bool {
        let live = self.live.take();
        let steady = live.is_some_and(|live| live.elapsed() >= self.timing.steady);
        if steady {
            self.pauses.reset();
        }
        steady
    }

    /// The watch tells of every change from here on.
    fn live(&mut self) {
        self.live = Some(Instant::now());
        self.cache.set_live(true);
        let count = self.cache.count();
        match (self.wrong.take(), std::mem::replace(&mut self.told, true)) {
            (None, true) => debug!("the watch goes on: {count} pods known"),
            _ => info!("node {}'s pods are watched: {count} known", self.node),
        }
    }

    /// Tells what is wrong, and waits for as long as it is wise.
    async fn pause(&mut self, stop: &Stop) {
        self.cache.set_live(false);
        self.was_steady();
        self.tell(&stop.error);
        sleep(self.pauses.next(stop.after)).await;
    }

    /// Tells what is wrong, once.
    fn tell(&mut self, error: &LookupError) {
        let said = error.to_string();
        if self.wrong.as_ref() == Some(&said) || matches!(error, LookupError::WatchExpired { .. }) {
            return debug!("{said}");
        }
        warn!(
            reason = error.reason(),
            "{said}; until it goes on, the API is asked for each new pod"
        );
        self.wrong = Some(said);
    }
}

/// In whole seconds, and at least one.
fn seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}
