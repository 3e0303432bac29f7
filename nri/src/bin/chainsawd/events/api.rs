//! Events at a cluster's API. It takes `create` and `patch` on `events` of `events.k8s.io`, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::events::v1::{Event, EventSeries};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::Status;
use serde_json::json;
use tokio::time::timeout;

use super::sender::{self, Trouble};
use crate::cluster::Cluster;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The API of the node's cluster.
pub struct ClusterApi {
    cluster: Arc<Cluster>,
}

impl ClusterApi {
    /// Of this cluster.
    pub fn of(cluster: Arc<Cluster>) -> Self {
        Self { cluster }
    }

    async fn events(&self, namespace: &str) -> Result<Api<Event>, Trouble> {
        let api = self.cluster.api().await;
        // Credentials that cannot be read now may be in the middle of being renewed.
        let api = api.map_err(|wrong| Trouble::Later(wrong.to_string(), None))?;
        Ok(Api::namespaced(api.client, namespace))
    }
}

impl sender::Api for ClusterApi {
    async fn create(&self, event: &Event) -> Result<(), Trouble> {
        let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
        let events = self.events(namespace).await?;
        let params = PostParams::default();
        match in_time(events.create(&params, event)).await {
            Err(Answer::Status(status)) if status.is_already_exists() => Ok(()),
            answer => answer.map_err(Trouble::from),
        }
    }

    async fn repeat(
        &self,
        namespace: &str,
        name: &str,
        series: &EventSeries,
    ) -> Result<(), Trouble> {
        let events = self.events(namespace).await?;
        let params = PatchParams::default();
        let patch = Patch::Merge(json!({ "series": series }));
        let answer = in_time(events.patch(name, &params, &patch)).await;
        answer.map_err(Trouble::from)
    }
}

/// What was answered that is no yes.
enum Answer {
    /// The API's own word.
    Status(Box<Status>),
    /// There was none.
    None(String),
}

async fn in_time<T>(request: impl Future<Output = kube::Result<T>>) -> Result<(), Answer> {
    match timeout(LIMIT, request).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) => Err(Answer::Status(status)),
        Ok(Err(error)) => Err(Answer::None(error.to_string())),
        Err(_) => Err(Answer::None(format!(
            "the API did not answer within {LIMIT:?}"
        ))),
    }
}

impl From<Answer> for Trouble {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::None(why) => Self::Later(why, None),
            Answer::Status(status) => refused(&status),
        }
    }
}

fn refused(status: &Status) -> Trouble {
    let why = format!("the API answers {}: {}", status.code, status.message);
    let wait = status.details.as_ref().map(|it| it.retry_after_seconds);
    let wait = wait.filter(|seconds| *seconds > 0);
    match status.code {
        404 => Trouble::Gone,
        // A token that has just expired is renewed.
        401 | 408 | 429 | 500.. => {
            Trouble::Later(why, wait.map(|seconds| Duration::from_secs(seconds.into())))
        }
        _ => Trouble::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, wait: u32) -> Trouble {
        let mut status = Status::failure("no", "Reason").with_code(code);
        status.details = Some(kube::core::response::StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: wait,
        });
        refused(&status)
    }

    #[test]
    fn what_may_be_taken_later_is_tried_again_and_nothing_else_is() {
        let why = |code| format!("the API answers {code}: no");
        for code in [401, 408, 429, 500, 503, 504] {
            assert_eq!(said(code, 0), Trouble::Later(why(code), None));
        }
        let waits = Some(Duration::from_secs(7));
        assert_eq!(said(429, 7), Trouble::Later(why(429), waits));
        for code in [400, 403, 405, 409, 415, 422] {
            assert_eq!(said(code, 0), Trouble::Refused(why(code)));
        }
        assert_eq!(said(404, 0), Trouble::Gone);
    }
}
