//! The pods of a cluster, as an API server serves them: by lists, by watches and one by one, with versions that go on,
//! and with whatever a test lets go wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::body::{Pieces, follow};
use super::question::{Asks, Question};
use super::shared::Shared;

/// A pod of a cluster.
#[derive(Clone, Debug)]
pub struct Pod {
    name: String,
    uid: String,
    annotations: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
}

impl Pod {
    /// A pod of namespace `default`.
    pub fn new(name: &str, uid: &str) -> Self {
        Self {
            name: name.to_owned(),
            uid: uid.to_owned(),
            annotations: BTreeMap::new(),
            labels: BTreeMap::new(),
        }
    }

    /// With an annotation.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    fn object(&self, version: u64) -> Value {
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {
            "name": self.name, "namespace": "default", "uid": self.uid, "resourceVersion": version.to_string(),
            "creationTimestamp": "2025-01-01T00:00:00Z", "annotations": self.annotations, "labels": self.labels,
            "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:metadata": {}}}],
        }})
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is refused with this status; the seconds are a header `Retry-After`.
    Status(u16, Option<u64>),
    /// It begins well, and then an event says that it failed, with this status.
    Event(u16),
    /// It begins well and ends at once.
    End,
    /// It begins well, and its first line has no end.
    Endless,
    /// Nothing is ever answered.
    Hang,
}

/// A cluster. Clones are the same cluster.
#[derive(Clone)]
pub struct Cluster(Shared<State>);

struct State {
    version: u64,
    /// Before this one nobody knows what has changed.
    oldest: u64,
    pods: BTreeMap<String, (Pod, u64)>,
    /// Events by their version, as lines.
    log: Vec<(u64, Bytes)>,
    faults: Vec<(Asks, Fault)>,
    tokens: Vec<String>,
    streams: bool,
    silent: bool,
    /// Whether an expired watch is refused by the answer's status.
    refuses: bool,
}

impl Cluster {
    /// One without pods, that accepts this token and tells of what there is in watches.
    pub fn new(token: &str) -> Self {
        let state = State {
            version: 100,
            oldest: 0,
            pods: BTreeMap::new(),
            log: Vec::new(),
            faults: Vec::new(),
            tokens: vec![token.to_owned()],
            streams: true,
            silent: false,
            refuses: false,
        };
        Self(Shared::new(state))
    }

    /// Makes a pod, or changes it.
    pub fn put(&self, pod: Pod) {
        self.0.change(|state| {
            let known = state.pods.contains_key(&pod.name);
            let kind = if known { "MODIFIED" } else { "ADDED" };
            state.happen(kind, pod.object(state.version + 1));
            let version = state.version;
            state.pods.insert(pod.name.clone(), (pod, version));
        });
    }

    /// Takes a pod away.
    pub fn delete(&self, name: &str) {
        self.0.change(|state| {
            if let Some((pod, _)) = state.pods.remove(name) {
                state.happen("DELETED", pod.object(state.version + 1));
            }
        });
    }

    /// Tells watches up to where they are.
    pub fn bookmark(&self) -> u64 {
        self.0.change(|state| {
            let version = state.version + 1;
            state.happen("BOOKMARK", bookmark(version, false));
            version
        })
    }

    /// Forgets what has changed up to now, so that a watch from before has expired.
    pub fn forget(&self) {
        self.0.change(|state| {
            state.version += 1;
            state.oldest = state.version;
            state.log.clear();
        });
    }

    /// Whether it says that a watch has expired by the answer's status, as some proxies do, and not in an event.
    pub fn expire_by_status(&self, by_status: bool) {
        self.0.change(|state| state.refuses = by_status);
    }

    /// Lets the next request of this kind go wrong; several, one after the other.
    pub fn fail(&self, asks: Asks, fault: Fault) {
        self.0.change(|state| state.faults.push((asks, fault)));
    }

    /// Accepts these tokens from now on, and no other.
    pub fn accept(&self, tokens: &[&str]) {
        let tokens = tokens.iter().map(|&token| token.to_owned()).collect();
        self.0.change(|state| state.tokens = tokens);
    }

    /// Whether watches tell of pods that there are, as servers do from Kubernetes 1.32 on.
    pub fn stream(&self, streams: bool) {
        self.0.change(|state| state.streams = streams);
    }

    /// While it is silent no watch tells anything, nor ends.
    pub fn silence(&self, silent: bool) {
        self.0.change(|state| state.silent = silent);
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: &Request<()>) -> Response<Pieces> {
        let question = Question::of(request);
        if !self.0.state().accepts(&question.token) {
            return refused(401, None);
        }
        let fault = self.0.state().fault(question.asks);
        match fault {
            Some(Fault::Status(code, after)) => return refused(code, after),
            Some(Fault::Event(code)) => {
                return ok(line("ERROR", &status(code)));
            }
            Some(Fault::End) => return ok(Bytes::new()),
            Some(Fault::Endless) => return endless(),
            Some(Fault::Hang) => return std::future::pending().await,
            None => {}
        }
        match question.asks {
            Asks::Get => self.0.state().one(&question.name),
            Asks::List => self.0.state().all(),
            Asks::Watch => self.watch(question),
            Asks::Else => refused(404, None),
        }
    }

    fn watch(&self, question: Question) -> Response<Pieces> {
        let (send, body) = Pieces::new();
        let (first, from) = match self.0.state().begin(&question) {
            Ok(begun) => begun,
            Err(response) => return *response,
        };
        let cluster = self.clone();
        tokio::spawn(async move {
            let until = Instant::now() + question.limit;
            // A client that is gone is told nothing more.
            cluster.tell(first, from, until, send).await;
        });
        let mut response = Response::new(body);
        json_type(&mut response);
        response
    }

    /// Tells what happened since a version, until it is time to end.
    async fn tell(
        &self,
        first: Vec<Bytes>,
        mut from: u64,
        until: Instant,
        send: mpsc::Sender<Bytes>,
    ) -> Option<()> {
        for line in first {
            send.send(line).await.ok()?;
        }
        let news = || {
            let state = self.0.state();
            if state.silent {
                return (Vec::new(), far_off());
            }
            let new = state.log.iter().filter(|(version, _)| *version > from);
            let lines = new.map(|(_, line)| line.clone()).collect();
            from = state
                .log
                .last()
                .map_or(from, |(version, _)| from.max(*version));
            (lines, until)
        };
        follow(&send, self.0.changes(), news).await
    }
}

/// Later than any test.
fn far_off() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

impl State {
    fn happen(&mut self, kind: &str, object: Value) {
        self.version += 1;
        self.log.push((self.version, line(kind, &object)));
    }

    fn accepts(&self, token: &str) -> bool {
        self.tokens.iter().any(|accepted| accepted == token)
    }

    fn fault(&mut self, asks: Asks) -> Option<Fault> {
        let at = self.faults.iter().position(|(other, _)| *other == asks)?;
        Some(self.faults.remove(at).1)
    }

    fn one(&self, name: &str) -> Response<Pieces> {
        match self.pods.get(name) {
            Some((pod, version)) => ok(pod.object(*version).to_string().into()),
            None => refused(404, None),
        }
    }

    fn all(&self) -> Response<Pieces> {
        let items = self
            .pods
            .values()
            .map(|(pod, version)| pod.object(*version));
        let items: Vec<Value> = items.collect();
        let list = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": self.version.to_string()}, "items": items});
        ok(list.to_string().into())
    }

    /// How a watch begins: what it tells at once, and from which version on it goes on.
    fn begin(&self, question: &Question) -> Result<(Vec<Bytes>, u64), Box<Response<Pieces>>> {
        if question.initial {
            if !self.streams {
                return Err(Box::new(refused(422, None)));
            }
            let pods = self.pods.values();
            let mut first: Vec<Bytes> = pods
                .map(|(pod, version)| line("ADDED", &pod.object(*version)))
                .collect();
            first.push(line("BOOKMARK", &bookmark(self.version, true)));
            return Ok((first, self.version));
        }
        if question.version < self.oldest {
            return Err(Box::new(match self.refuses {
                true => refused(410, None),
                false => ok(line("ERROR", &status(410))),
            }));
        }
        Ok((Vec::new(), question.version))
    }
}

fn bookmark(version: u64, complete: bool) -> Value {
    let version = version.to_string();
    let metadata = match complete {
        true => json!({"resourceVersion": version, "creationTimestamp": null,
            "annotations": {"k8s.io/initial-events-end": "true"}}),
        // Annotations that there are not, a server leaves out.
        false => json!({"resourceVersion": version, "creationTimestamp": null}),
    };
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
}

fn line(kind: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({"type": kind, "object": object})).into()
}

/// An API server's refusal. No word of it may be passed on.
fn status(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "BODY", "code": code})
}

fn ok(body: Bytes) -> Response<Pieces> {
    let mut response = Response::new(Pieces::whole(body));
    json_type(&mut response);
    response
}

/// For as long as somebody reads.
fn endless() -> Response<Pieces> {
    let (send, body) = Pieces::new();
    tokio::spawn(async move {
        let piece = Bytes::from(vec![b'x'; 1 << 16]);
        while send.send(piece.clone()).await.is_ok() {}
    });
    let mut response = Response::new(body);
    json_type(&mut response);
    response
}

fn refused(code: u16, after: Option<u64>) -> Response<Pieces> {
    let mut response = ok(status(code).to_string().into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or_default();
    if let Some(seconds) = after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

fn json_type(response: &mut Response<Pieces>) {
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
}
