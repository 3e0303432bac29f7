//! What keeps the cluster's API from taking something, and whether it may take it later.

use std::time::Duration;

use kube::core::Status;
use tokio::time::timeout;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Why something was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is taken now, from nobody; and not before that time, if one is told.
    Away(String, Option<Duration>),
    /// This may be taken later, and not before that time, if one is told. Something else may be taken now.
    Later(String, Option<Duration>),
    /// What was to be changed is gone.
    Gone,
    /// What was to be made is there.
    Exists,
    /// It is not taken.
    Refused(String),
}

/// A request to the API that has an end.
pub async fn in_time<T>(request: impl Future<Output = kube::Result<T>>) -> Result<(), Trouble> {
    match timeout(LIMIT, request).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(kube::Error::Api(status))) => Err(answered(&status)),
        Ok(Err(error)) => Err(Trouble::Away(error.to_string(), None)),
        Err(_) => {
            let why = format!("the API did not answer within {LIMIT:?}");
            Err(Trouble::Away(why, None))
        }
    }
}

fn answered(status: &Status) -> Trouble {
    let why = format!("the API answers {}: {}", status.code, status.message);
    let wait = status.details.as_ref().map(|it| it.retry_after_seconds);
    let wait = wait.filter(|seconds| *seconds > 0);
    let wait = wait.map(|seconds| Duration::from_secs(seconds.into()));
    match status.code {
        404 => Trouble::Gone,
        409 if status.reason == "AlreadyExists" => Trouble::Exists,
        // A token that has just expired is renewed.
        401 | 429 => Trouble::Away(why, wait),
        // It may be a webhook that fails on this object alone.
        408 | 500.. => Trouble::Later(why, wait),
        _ => Trouble::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, reason: &str, wait: u32) -> Trouble {
        let mut status = Status::failure("no", reason).with_code(code);
        status.details = Some(kube::core::response::StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: wait,
        });
        answered(&status)
    }

    #[test]
    fn what_may_be_taken_later_is_told_from_what_never_is() {
        let why = |code| format!("the API answers {code}: no");
        let waits = Some(Duration::from_secs(7));
        for code in [401, 429] {
            assert_eq!(said(code, "", 0), Trouble::Away(why(code), None));
            assert_eq!(said(code, "", 7), Trouble::Away(why(code), waits));
        }
        for code in [408, 500, 503, 504] {
            assert_eq!(said(code, "", 0), Trouble::Later(why(code), None));
            assert_eq!(said(code, "", 7), Trouble::Later(why(code), waits));
        }
        for code in [400, 403, 405, 409, 415, 422] {
            assert_eq!(said(code, "", 0), Trouble::Refused(why(code)));
        }
        assert_eq!(said(409, "AlreadyExists", 0), Trouble::Exists);
        assert_eq!(said(404, "NotFound", 0), Trouble::Gone);
    }
}
