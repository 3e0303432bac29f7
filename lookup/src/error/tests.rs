//! All errors, walked.

use super::*;

/// Every variant, what its message must name, and its reason.
fn table() -> Vec<(LookupError, &'static [&'static str], &'static str)> {
    let (pod, server, path) = (
        || "default/web".to_owned(),
        || "https://192.0.2.1:6443".to_owned(),
        || "/etc/kubeconfig".to_owned(),
    );
    let why = || "because".to_owned();
    let credentials = || "kubeconfig /etc/kubeconfig".to_owned();
    vec![
        (
            LookupError::Usage { why: why() },
            &["because", "chainsaw-lookup --kubeconfig"],
            "UsageInvalid",
        ),
        (
            LookupError::Name {
                what: "pod",
                given: "a/b".into(),
            },
            &["\"a/b\"", "CNI_ARGS"],
            "NameInvalid",
        ),
        (
            LookupError::Kubeconfig {
                path: path(),
                why: why(),
            },
            &["/etc/kubeconfig", "because", "write it anew"],
            "KubeconfigInvalid",
        ),
        (
            LookupError::Program {
                path: path(),
                what: "exec",
            },
            &["/etc/kubeconfig", "exec", "token"],
            "KubeconfigUnsupported",
        ),
        (
            LookupError::ServiceAccount { why: why() },
            &["service account", "because", "automountServiceAccountToken"],
            "ServiceAccountInvalid",
        ),
        (
            LookupError::PodGone {
                pod: pod(),
                server: server(),
            },
            &["default/web", "192.0.2.1", "deleted"],
            "PodGone",
        ),
        (
            LookupError::UidDiffers {
                pod: pod(),
                server: server(),
                given: "u1".into(),
                found: "u2".into(),
            },
            &["default/web", "192.0.2.1", "u1", "u2", "replaced"],
            "UidDiffers",
        ),
        (
            LookupError::Forbidden {
                pod: pod(),
                server: server(),
                credentials: credentials(),
            },
            &[
                "default/web",
                "192.0.2.1",
                "/etc/kubeconfig",
                "verb get on pods",
            ],
            "Forbidden",
        ),
        (
            LookupError::Unauthorized {
                server: server(),
                credentials: credentials(),
            },
            &["192.0.2.1", "/etc/kubeconfig", "renew"],
            "Unauthorized",
        ),
        (
            LookupError::Status {
                pod: pod(),
                server: server(),
                status: 503,
            },
            &["default/web", "192.0.2.1", "503", "log"],
            "StatusUnexpected",
        ),
        (
            LookupError::Answer {
                pod: pod(),
                server: server(),
                why: why(),
            },
            &["default/web", "192.0.2.1", "because", "API server"],
            "AnswerInvalid",
        ),
        (
            LookupError::Tls {
                server: server(),
                credentials: credentials(),
                why: why(),
            },
            &[
                "192.0.2.1",
                "because",
                "certificate-authority of kubeconfig",
            ],
            "TlsFailed",
        ),
        (
            LookupError::Unreachable {
                server: server(),
                credentials: credentials(),
                why: why(),
            },
            &["192.0.2.1", "because", "server of kubeconfig", "reachable"],
            "Unreachable",
        ),
        (
            LookupError::TimedOut {
                from: server(),
                limit: Duration::from_secs(5),
            },
            &["192.0.2.1", "5s", "reachable"],
            "TimedOut",
        ),
        (
            LookupError::WatchForbidden {
                server: server(),
                credentials: credentials(),
            },
            &[
                "192.0.2.1",
                "/etc/kubeconfig",
                "verbs list and watch on pods",
            ],
            "WatchForbidden",
        ),
        (
            LookupError::WatchExpired { server: server() },
            &["192.0.2.1", "read anew"],
            "WatchExpired",
        ),
        (
            LookupError::WatchStatus {
                server: server(),
                status: 503,
            },
            &["192.0.2.1", "503", "log"],
            "WatchRefused",
        ),
        (
            LookupError::WatchSilent {
                server: server(),
                limit: Duration::from_secs(305),
            },
            &["192.0.2.1", "305s", "dead"],
            "WatchSilent",
        ),
        (
            LookupError::WatchAnswer {
                server: server(),
                why: why(),
            },
            &["192.0.2.1", "because", "API server"],
            "WatchAnswerInvalid",
        ),
        (
            LookupError::Runtime {
                source: io::ErrorKind::OutOfMemory.into(),
            },
            &["out of memory"],
            "RuntimeFailed",
        ),
    ]
}

#[test]
fn each_error_says_on_what_and_why_and_what_next_in_one_short_line() {
    for (error, parts, reason) in table() {
        let said = error.to_string();
        for part in parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert_eq!(error.reason(), reason);
        assert!(
            said.len() <= 200 && !said.contains('\n') && !said.ends_with('.'),
            "{said}"
        );
    }
}

#[test]
fn each_reason_is_one_errors_own() {
    let mut reasons: Vec<_> = table().iter().map(|(error, ..)| error.reason()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), table().len());
}
