//! What is answered to whom asks how the daemon is.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::task::spawn_blocking;

use super::Standing;

/// What `text::encode` writes: OpenMetrics, which Prometheus has read since 2.5.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Who answers.
#[derive(Debug)]
pub struct Page {
    registry: Registry,
    standing: Arc<Standing>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What its body is.
    pub kind: &'static str,
    /// Its body.
    pub body: String,
}

impl Page {
    /// Shows a registry, and how the daemon stands.
    pub fn new(mut registry: Registry, standing: Arc<Standing>) -> Self {
        registry.register_collector(Box::new(Arc::clone(&standing)));
        Self { registry, standing }
    }

    /// The answer to a request. That of which much is read from the disk is made on a thread of its own: the one that asks
    /// serves the runtime.
    pub async fn answer(self: Arc<Self>, method: &Method, path: &str) -> Answer {
        let plain = |status, body: &str| Answer {
            status,
            kind: PLAIN,
            body: body.to_owned(),
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        }
        match path {
            "/metrics" => match spawn_blocking(move || self.metrics()).await {
                Ok(answer) => answer,
                Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "it cannot be told\n"),
            },
            // Whoever is answered at all is answered by the loop that serves the runtime.
            "/healthz" => plain(StatusCode::OK, "alive\n"),
            "/readyz" => match self.standing.ready() {
                (true, why) => plain(StatusCode::OK, &why),
                (false, why) => plain(StatusCode::SERVICE_UNAVAILABLE, &why),
            },
            _ => plain(
                StatusCode::NOT_FOUND,
                "there are /metrics, /healthz and /readyz\n",
            ),
        }
    }

    fn metrics(&self) -> Answer {
        let mut body = String::new();
        let (status, kind) = match text::encode(&mut body, &self.registry) {
            Ok(()) => (StatusCode::OK, OPEN_METRICS),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, PLAIN),
        };
        Answer { status, kind, body }
    }
}
