//! The way of kube's watcher to the API server. Each of its requests, a list, a watch, the next watch, goes by the client of
//! that moment, so that credentials that were rotated count from the next request on; and no answer is waited for without
//! end, nor read without end.

use http::{Request, Response, StatusCode, header};
use http_body_util::Limited;
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tokio::time::timeout;
use tower_http::timeout::TimeoutBody;

use super::stop::{ANSWER_BYTES, Stop};
use super::timing::Timing;
use crate::access::{Access, Api};
use crate::error::LookupError;

/// Who sends, and tells of each answer that begins well by whom it came.
#[derive(Clone)]
struct Sender {
    access: Access,
    timing: Timing,
    answered: watch::Sender<Api>,
}

/// A client for kube's watcher, and what tells of its answers.
pub(super) async fn of(
    access: &Access,
    timing: Timing,
) -> Result<(Client, watch::Receiver<Api>), LookupError> {
    let (answered, answers) = watch::channel(access.api().await?);
    let sender = Sender {
        access: access.clone(),
        timing,
        answered,
    };
    let service = tower::service_fn(move |request| sender.clone().send(request));
    // The namespace matters to who leaves it out; all are asked for.
    Ok((Client::new(service, "default"), answers))
}

impl Sender {
    /// Sends a request, and gives the answer's beginning if it is one.
    async fn send(
        self,
        request: Request<Body>,
    ) -> Result<Response<Limited<TimeoutBody<Body>>>, Stop> {
        let api = self.access.api().await?;
        let sent = timeout(self.timing.answer, api.client.send(request)).await;
        let answer = sent
            .map_err(|_| Stop::late(&api, self.timing.answer))?
            .map_err(|error| Stop::broken(&api, &error))?;
        if answer.status() != StatusCode::OK {
            // A server says it here too where a Status says it.
            let after = answer.headers().get(header::RETRY_AFTER);
            let seconds = after.and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(Stop::refused(&api, answer.status().as_u16(), seconds));
        }
        // Nobody listens any more where the watch is being given up.
        self.answered.send(api).ok();
        let silence = self.timing.watch + self.timing.margin;
        Ok(answer.map(|body| Limited::new(TimeoutBody::new(silence, body), ANSWER_BYTES)))
    }
}
