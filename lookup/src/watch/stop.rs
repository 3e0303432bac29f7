//! Why a watch does not go on, in our words, whoever said it: the server by a status or in an event, or the way there.

use std::time::Duration;

use kube::runtime::watcher;
use tower_http::timeout::TimeoutError;

use super::timing::Timing;
use crate::access::Api;
use crate::broken::{broken, causes};
use crate::error::LookupError;
use crate::metadata::where_it_stopped;

/// The longest answer that is read, in bytes: a list of some hundred pods, with their managed fields. A watch that tells
/// more goes on in a new one.
pub(super) const ANSWER_BYTES: usize = 32 << 20;

/// Why a watch does not go on.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Stop {
    pub(super) error: LookupError,
    /// As an HTTP status; 0 where there is none.
    pub(super) code: u16,
    /// How long the server wants to be left alone.
    pub(super) after: Option<Duration>,
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

impl Stop {
    /// What kube's watcher says, of this API.
    pub(super) fn of(api: &Api, timing: Timing, error: watcher::Error) -> Self {
        let error = match error {
            watcher::Error::WatchError(status) => return Self::status(api, &status),
            watcher::Error::NoResourceVersion => {
                let unread = Self::unread(api, "it has no resourceVersion".to_owned());
                // There is none to go on from either.
                return Self {
                    code: 410,
                    ..unread
                };
            }
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => error,
        };
        match error {
            kube::Error::Api(status) => Self::status(api, &status),
            kube::Error::SerdeError(error) => Self::unread(api, where_it_stopped(&error)),
            kube::Error::Service(error) => match error.downcast::<Self>() {
                Ok(stop) => *stop,
                Err(error) => Self::broken(api, error.as_ref()),
            },
            error if causes(&error).any(|cause| cause.is::<TimeoutError>()) => {
                let (server, limit) = (api.server.clone(), timing.watch + timing.margin);
                LookupError::WatchSilent { server, limit }.into()
            }
            error => Self::broken(api, &error),
        }
    }

    /// The server refuses, and may say for how many seconds it does.
    pub(super) fn refused(api: &Api, code: u16, seconds: Option<u64>) -> Self {
        let (server, credentials) = (api.server.clone(), api.credentials.clone());
        let error = match code {
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
        Self {
            error,
            code,
            after: seconds.map(Duration::from_secs),
        }
    }

    /// Nothing came in time.
    pub(super) fn late(api: &Api, limit: Duration) -> Self {
        let from = api.server.clone();
        LookupError::TimedOut { from, limit }.into()
    }

    /// The exchange was not finished.
    pub(super) fn broken(api: &Api, error: &(dyn std::error::Error + 'static)) -> Self {
        broken(api, error, ANSWER_BYTES).map_or_else(|why| Self::unread(api, why), Self::from)
    }

    fn status(api: &Api, status: &kube::core::Status) -> Self {
        let details = status.details.as_ref();
        let seconds = details.map(|details| u64::from(details.retry_after_seconds));
        Self::refused(api, status.code, seconds)
    }

    /// What it tells is no watch.
    pub(super) fn unread(api: &Api, why: String) -> Self {
        let server = api.server.clone();
        LookupError::WatchAnswer { server, why }.into()
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::json;

    use super::*;

    fn api() -> Api {
        let nobody = tower::service_fn(async |_: Request<Body>| {
            Ok::<_, std::io::Error>(Response::new(Body::empty()))
        });
        Api {
            client: kube::Client::new(nobody, "default"),
            server: "https://192.0.2.1".into(),
            credentials: "kubeconfig /k".into(),
        }
    }

    fn of(error: watcher::Error) -> Stop {
        Stop::of(&api(), Timing::default(), error)
    }

    #[tokio::test]
    async fn an_event_says_how_long_to_stay_away() {
        let busy = json!({"code": 429, "details": {"retryAfterSeconds": 3}});
        let busy = serde_json::from_value(busy).unwrap();
        let stop = of(watcher::Error::WatchError(busy));
        assert_eq!((stop.code, stop.after), (429, Some(Duration::from_secs(3))));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told_by_its_place_and_never_quoted() {
        let error = serde_json::from_str::<u8>("\"BODY\"").unwrap_err();
        let stop = of(watcher::Error::WatchFailed(kube::Error::SerdeError(error)));
        assert_eq!(stop.error.reason(), "WatchAnswerInvalid");
        assert!(!stop.to_string().contains("BODY"), "{stop}");
    }

    #[tokio::test]
    async fn without_a_version_all_is_read_anew() {
        assert_eq!(of(watcher::Error::NoResourceVersion).code, 410);
    }
}
