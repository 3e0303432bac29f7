//! The Kubernetes API as a source of annotations: asked by a program of its own, `chainsaw-lookup`, which is started only
//! when nothing else could tell. A Kubernetes client linked in here would cost every pod (docs/costs.md, "Why it is built so").

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chainsaw_common::meeting::KUBECONFIG;
use chainsaw_common::pod::Pod;
use serde::Deserialize;

use crate::environment::Environment;

mod program;

/// When the program gives up by itself, with a reason.
const DEADLINE: Duration = Duration::from_secs(5);

/// When it is ended without one.
const OVERRUN: Duration = Duration::from_secs(6);

/// Where `chainsawd install` and the original plugin's daemon set write a kubeconfig; the second is the original's on OpenShift.
const KUBECONFIGS: [&str; 2] = [
    KUBECONFIG,
    "/etc/kubernetes/cni/net.d/chainsaw.d/chainsaw.kubeconfig",
];

/// Why the API could not tell a pod's annotations.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The network configuration's `kubeconfig` is no path.
    #[error("kubeconfig in the network configuration has to be an absolute path, as a string")]
    Kubeconfig,
    /// The program is not there.
    #[error(
        "a kubeconfig is there and {} is in none of {places}: copy it beside the plugin",
        program::NAME
    )]
    Absent {
        /// Where it was looked for.
        places: String,
    },
    /// The program was not started.
    #[error("cannot start {program}: {source}; copy it beside the plugin again, with mode 0755")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The program was ended.
    #[error("{program} did not answer within {limit:?} and was ended; is the node overloaded?")]
    Overrun {
        /// The program.
        program: String,
        /// How long it had.
        limit: Duration,
    },
    /// The program's answer is none.
    #[error(
        "what {program} answered is not what it should ({why}); copy the plugin and it from one build"
    )]
    Answer {
        /// The program.
        program: String,
        /// Why.
        why: String,
    },
    /// The daemon is there, and says nothing.
    #[error(
        "chainsawd at {socket} did not answer in time ({source}): is it stopped, or the node overloaded?"
    )]
    Silent {
        /// Where it listens.
        socket: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The program, or the daemon, says why not.
    #[error("{message}")]
    Refused {
        /// Its word for it.
        reason: String,
        /// What was tried, on what, why it failed, what to do next.
        message: String,
    },
}

impl ApiError {
    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &str {
        match self {
            Self::Kubeconfig => "KubeconfigInvalid",
            Self::Absent { .. } => "LookupAbsent",
            Self::Start { .. } => "LookupNotStarted",
            Self::Overrun { .. } => "TimedOut",
            Self::Answer { .. } => "LookupAnswerInvalid",
            Self::Silent { .. } => "DaemonSilent",
            Self::Refused { reason, .. } => reason,
        }
    }
}

/// A pod, as the API has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Its annotations that ask for something.
    pub annotations: BTreeMap<String, String>,
    /// Its labels, if whoever was asked tells them.
    pub labels: Option<BTreeMap<String, String>>,
}

/// The kubeconfig to ask with: the network configuration's, else the original plugin's if there is one.
pub fn kubeconfig(given: Option<&str>) -> Result<Option<PathBuf>, ApiError> {
    let given = given.map(serde_json::from_str::<Option<PathBuf>>);
    match given
        .transpose()
        .map_err(|_| ApiError::Kubeconfig)?
        .flatten()
    {
        // As the original has it: an empty one is none, and turns the source off.
        Some(path) if path.as_os_str().is_empty() => Ok(None),
        Some(path) if path.is_absolute() => Ok(Some(path)),
        Some(_) => Err(ApiError::Kubeconfig),
        None => Ok(original()),
    }
}

fn original() -> Option<PathBuf> {
    KUBECONFIGS
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

/// Asks the API for a pod.
pub fn pod(environment: &Environment, kubeconfig: &Path, pod: &Pod) -> Result<Found, ApiError> {
    let program = program::find(environment)?;
    let mut words = vec![
        "--kubeconfig".into(),
        kubeconfig.into(),
        format!("--namespace={}", pod.namespace).into(),
        format!("--name={}", pod.name).into(),
        format!("--timeout-ms={}", DEADLINE.as_millis()).into(),
    ];
    words.extend(pod.uid.as_ref().map(|uid| format!("--uid={uid}").into()));
    let answer = program::ask(&program, &words, OVERRUN)?;
    read(&program.display().to_string(), &answer)
}

/// Takes an answer apart, of whoever it is. What a newer one says besides is passed over.
pub fn read(program: &str, answer: &[u8]) -> Result<Found, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        annotations: Option<BTreeMap<String, String>>,
        labels: Option<BTreeMap<String, String>>,
        error: Option<Wrong>,
    }
    #[derive(Deserialize)]
    struct Wrong {
        reason: String,
        message: String,
    }
    let unread = |why: String| ApiError::Answer {
        program: program.to_owned(),
        why,
    };
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|error| unread(error.to_string()))?;
    match (answer.annotations, answer.error) {
        (Some(annotations), None) => Ok(Found {
            annotations,
            labels: answer.labels,
        }),
        (None, Some(Wrong { reason, message })) => Err(ApiError::Refused { reason, message }),
        _ => Err(unread("it is neither annotations nor an error".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_an_absolute_path_or_none() {
        assert_eq!(kubeconfig(Some("\"/k\"")).unwrap(), Some("/k".into()));
        assert_eq!(kubeconfig(Some("\"\"")).unwrap(), None);
        for none in [None, Some("null")] {
            assert_eq!(kubeconfig(none).unwrap(), original());
        }
        for wrong in ["7", "\"k\"", "[]", "{}"] {
            assert_eq!(
                kubeconfig(Some(wrong)).unwrap_err().reason(),
                "KubeconfigInvalid"
            );
        }
    }

    #[test]
    fn each_error_says_on_what_and_why_and_what_next() {
        let (program, why, limit) = ("/x/lookup", "because", Duration::from_secs(6));
        let table: [(ApiError, &[&str], &str); 7] = [
            (
                ApiError::Silent {
                    socket: "/run/s",
                    source: io::ErrorKind::TimedOut.into(),
                },
                &["/run/s", "timed out", "overloaded"],
                "DaemonSilent",
            ),
            (
                ApiError::Kubeconfig,
                &["kubeconfig", "absolute"],
                "KubeconfigInvalid",
            ),
            (
                ApiError::Absent {
                    places: "/x".into(),
                },
                &["/x", "beside the plugin"],
                "LookupAbsent",
            ),
            (
                ApiError::Start {
                    program: program.into(),
                    source: io::ErrorKind::PermissionDenied.into(),
                },
                &[program, "permission denied", "0755"],
                "LookupNotStarted",
            ),
            (
                ApiError::Overrun {
                    program: program.into(),
                    limit,
                },
                &[program, "6s", "overloaded"],
                "TimedOut",
            ),
            (
                ApiError::Answer {
                    program: program.into(),
                    why: why.into(),
                },
                &[program, why, "one build"],
                "LookupAnswerInvalid",
            ),
            (
                ApiError::Refused {
                    reason: "PodGone".into(),
                    message: why.into(),
                },
                &[why],
                "PodGone",
            ),
        ];
        for (error, parts, reason) in table {
            let said = error.to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
            assert_eq!(error.reason(), reason);
        }
    }

    #[test]
    fn an_answer_is_annotations_or_an_error() {
        let read = |answer: &str| read("/x/lookup", answer.as_bytes());
        let found = read("{\"annotations\": {\"a\": \"b\"}}\n").unwrap();
        let pairs = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        assert_eq!((&found.annotations, found.labels), (&pairs, None));
        let newer =
            read("{\"annotations\": {}, \"labels\": {\"a\": \"b\"}, \"later\": 1}").unwrap();
        assert_eq!((newer.annotations.len(), newer.labels), (0, Some(pairs)));
        let error =
            read(r#"{"error": {"reason": "PodGone", "message": "it is gone"}}"#).unwrap_err();
        assert_eq!(
            (error.reason(), error.to_string().as_str()),
            ("PodGone", "it is gone")
        );
        for wrong in [
            "",
            "{}",
            "[]",
            "{\"annotations\": null}",
            "{\"error\": {}}",
            "{\"annotations\": {}, \"error\": {}}",
        ] {
            let error = read(wrong).unwrap_err();
            assert_eq!(error.reason(), "LookupAnswerInvalid", "{wrong}");
            assert!(error.to_string().contains("/x/lookup"), "{error}");
        }
    }
}
