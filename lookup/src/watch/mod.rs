//! The watch of this node's pods, by their metadata alone: it keeps a [`Cache`] as the API has it, for as long as the
//! daemon lives, over whatever happens to servers, connections and credentials in between.
//!
//! RBAC: `list` and `watch` on `pods`. That it is this node's pods alone is our wish (a field selector), not something
//! that RBAC could insist on.
//!
//! Written here, and not taken from `kube::runtime`: its watcher keeps one client for good, waits for a list without a
//! limit, reads lines of any length and whole objects, and asks again and again for a version to which a server answers
//! 410 by its HTTP status.

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::core::Request as Resource;
use kube::core::params::{ListParams, WatchParams};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{debug, info, warn};

use crate::access::{Access, Api};
use crate::broken::broken;
use crate::cache::Cache;
use crate::error::LookupError;

mod event;
mod lines;
mod timing;

use event::{Event, Failure};
use lines::{Broken, LINE_BYTES, Lines};
use timing::Pauses;
pub use timing::Timing;

/// Where pods are, of all namespaces.
const PODS: &str = "/api/v1/pods";

/// The longest list that is read, in bytes: some hundred pods, with their managed fields.
const LIST_BYTES: usize = 32 << 20;

/// The longest Status that is read, in bytes.
const STATUS_BYTES: usize = 64 << 10;

/// The version of a list or a watch that may be whatever the server has in memory: it costs the store nothing, and all
/// nodes of a cluster may ask for it at once.
const ANY: &str = "0";

/// Follows this node's pods for good.
pub async fn follow(access: &Access, node: &str, cache: &Cache, timing: Timing) {
    let mut watch = Watch {
        access,
        node,
        cache,
        timing,
        since: None,
        streams: true,
        wrong: None,
        told: false,
    };
    let mut pauses = Pauses::new(timing);
    loop {
        let begun = Instant::now();
        let ended = watch.once().await;
        cache.set_live(false);
        let steady = begun.elapsed() >= timing.steady;
        if steady {
            pauses.reset();
        }
        let pause = match ended {
            // In its time, as every watch does.
            Ok(()) if steady => continue,
            Ok(()) => pauses.next(None),
            Err(stop) => {
                watch.tell(&stop.error);
                pauses.next(stop.after)
            }
        };
        sleep(pause).await;
    }
}

/// Why a watch does not go on.
struct Stop {
    error: LookupError,
    /// As an HTTP status; 0 where there is none.
    code: u16,
    /// How long the server wants to be left alone.
    after: Option<std::time::Duration>,
}

impl From<LookupError> for Stop {
    fn from(error: LookupError) -> Self {
        Self {
            error,
            code: 0,
            after: None,
        }
    }
}

struct Watch<'a> {
    access: &'a Access,
    node: &'a str,
    cache: &'a Cache,
    timing: Timing,
    /// The version up to which everything was told; none before all pods have been.
    since: Option<String>,
    /// Whether the server tells of the pods that there are in the watch itself (Kubernetes 1.32 and newer).
    streams: bool,
    /// What was told last of what is wrong.
    wrong: Option<String>,
    /// Whether it was told that all is well.
    told: bool,
}

impl Watch<'_> {
    /// One watch, from its beginning to its end.
    async fn once(&mut self) -> Result<(), Stop> {
        let api = self.access.api().await?;
        let watched = self.watch(&api).await;
        match &watched {
            Err(stop) if stop.code == StatusCode::GONE.as_u16() => {
                debug!("{}", stop.error);
                self.since = None;
            }
            Err(Stop {
                code: 400 | 422, ..
            }) if self.since.is_none() && self.streams => {
                debug!("{} tells of pods that there are by lists alone", api.server);
                self.streams = false;
                return self.watch(&api).await;
            }
            _ => {}
        }
        watched
    }

    async fn watch(&mut self, api: &Api) -> Result<(), Stop> {
        if self.since.is_none() && !self.streams {
            self.list(api).await?;
        }
        let begun = Instant::now();
        let limit = self.timing.watch + self.timing.margin;
        let params = WatchParams {
            send_initial_events: self.since.is_none(),
            ..WatchParams::default()
                .fields(&self.selector())
                .timeout(seconds(self.timing.watch))
        };
        let from = self.since.as_deref().unwrap_or(ANY);
        let request = Resource::new(PODS).watch_metadata(&params, from);
        let mut lines = Lines::of(self.ask(api, request).await?.into_body());
        if self.since.is_some() {
            self.live();
        } else {
            self.cache.begin();
        }
        loop {
            // All that there are come at once, or something is wrong.
            let limit = match self.since {
                Some(_) => limit,
                None => self.timing.answer,
            };
            let server = || api.server.clone();
            let line = match timeout_at(begun + limit, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(Broken::TooLong)) => {
                    let why = format!("a line is longer than {LINE_BYTES} bytes");
                    return Err(self.unread(api, why));
                }
                Ok(Err(Broken::Connection(error))) => {
                    let unread = |why| self.unread(api, why);
                    return Err(
                        broken(api, error.as_ref(), LINE_BYTES).map_or_else(unread, Stop::from)
                    );
                }
                Err(_) => {
                    let server = server();
                    return Err(LookupError::WatchSilent { server, limit }.into());
                }
            };
            let event = Event::read(&line).map_err(|why| self.unread(api, why))?;
            event.map_or(Ok(()), |event| self.take(api, event))?;
        }
    }

    /// Takes an event.
    fn take(&mut self, api: &Api, event: Event) -> Result<(), Stop> {
        let version = match event {
            Event::Applied(pod, version) => {
                self.cache.apply(*pod);
                version
            }
            Event::Deleted(pod, version) => {
                self.cache.delete(&pod);
                version
            }
            Event::Bookmark { version, complete } => {
                if complete && self.since.is_none() {
                    self.cache.end();
                    self.since = Some(version.clone());
                    self.live();
                }
                version
            }
            Event::Failed(failure) => return Err(self.refused(api, &failure)),
        };
        if let Some(since) = &mut self.since {
            *since = version;
        }
        Ok(())
    }

    /// Reads all pods that there are.
    async fn list(&mut self, api: &Api) -> Result<(), Stop> {
        let params = ListParams::default().fields(&self.selector()).at(ANY);
        let request = Resource::new(PODS).list_metadata(&params);
        let body = Limited::new(self.ask(api, request).await?.into_body(), LIST_BYTES);
        let body = timeout(self.timing.answer, body.collect())
            .await
            .map_err(|_| self.late(api))?;
        let body = body.map_err(|error| {
            let unread = |why| self.unread(api, why);
            broken(api, error.as_ref(), LIST_BYTES).map_or_else(unread, Stop::from)
        })?;
        let read = event::list(&body.to_bytes());
        let (pods, version) = read.map_err(|why| self.unread(api, why))?;
        self.cache.begin();
        pods.into_iter().for_each(|pod| self.cache.apply(pod));
        self.cache.end();
        self.since = Some(version);
        Ok(())
    }

    /// Sends a request, and gives the answer's beginning if it is one.
    async fn ask(
        &self,
        api: &Api,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Response<Body>, Stop> {
        let request = request.map_err(|error| self.unread(api, error.to_string()))?;
        let sent = api.client.send(request.map(Body::from));
        let answer = timeout(self.timing.answer, sent)
            .await
            .map_err(|_| self.late(api))?;
        let answer = answer.map_err(|error| {
            let unread = |why| self.unread(api, why);
            broken(api, &error, STATUS_BYTES).map_or_else(unread, Stop::from)
        })?;
        if answer.status() == StatusCode::OK {
            return Ok(answer);
        }
        let code = answer.status().as_u16();
        let header = answer.headers().get(header::RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(answer.into_body(), STATUS_BYTES).collect();
        let status = match timeout(self.timing.answer, body).await {
            Ok(Ok(body)) => Failure::read(&body.to_bytes()),
            _ => Failure::default(),
        };
        let after = seconds.map(std::time::Duration::from_secs);
        Err(self.refused(
            api,
            &Failure {
                code,
                retry_after: after.or(status.retry_after),
            },
        ))
    }

    fn selector(&self) -> String {
        format!("spec.nodeName={}", self.node)
    }

    /// The watch tells of every change from here on.
    fn live(&mut self) {
        self.cache.set_live(true);
        let count = self.cache.count();
        match (self.wrong.take(), std::mem::replace(&mut self.told, true)) {
            (None, true) => debug!("the watch goes on: {count} pods known"),
            _ => info!("node {}'s pods are watched: {count} known", self.node),
        }
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

    fn refused(&self, api: &Api, failure: &Failure) -> Stop {
        let (server, credentials) = (api.server.clone(), api.credentials.clone());
        let error = match failure.code {
            401 => LookupError::Unauthorized {
                server,
                credentials,
            },
            403 => LookupError::WatchForbidden {
                server,
                credentials,
            },
            410 => LookupError::WatchExpired { server },
            status => LookupError::WatchStatus { server, status },
        };
        Stop {
            error,
            code: failure.code,
            after: failure.retry_after,
        }
    }

    fn unread(&self, api: &Api, why: String) -> Stop {
        let server = api.server.clone();
        LookupError::WatchAnswer { server, why }.into()
    }

    fn late(&self, api: &Api) -> Stop {
        let (from, limit) = (api.server.clone(), self.timing.answer);
        LookupError::TimedOut { from, limit }.into()
    }
}

/// In whole seconds, and at least one.
fn seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}
