//! Why a pod's annotations could not be told.

use std::io;
use std::time::Duration;

/// Each variant says what was tried, on what, why it failed, what to do next. Tokens, keys and what a server sent are
/// in none of them.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The words on the command line are not those that are understood.
    #[error("{why}: {}", crate::arguments::USAGE)]
    Usage {
        /// What is wrong.
        why: String,
    },
    /// A name that no object of Kubernetes can have; it would be another path on the server.
    #[error(
        "{what} {given:?} is no name that Kubernetes gives: it is the runtime's CNI_ARGS that say so"
    )]
    Name {
        /// Which.
        what: &'static str,
        /// What was given.
        given: String,
    },
    /// The kubeconfig is missing, unreadable or wrong.
    #[error(
        "cannot use kubeconfig {path}: {why}; write it anew, or remove it to do without the API"
    )]
    Kubeconfig {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The kubeconfig wants a program to be run.
    #[error(
        "kubeconfig {path} asks for {what}: no program is started for it; give a token, tokenFile or client certificate"
    )]
    Program {
        /// The file.
        path: String,
        /// Which field of the user asks.
        what: &'static str,
    },
    /// The service account of the pod in which this runs cannot be used.
    #[error(
        "cannot use the service account of this pod: {why}; does the pod mount it (automountServiceAccountToken)?"
    )]
    ServiceAccount {
        /// Why.
        why: String,
    },
    /// The server has no such pod.
    #[error(
        "pod {pod} is gone from {server}: it was deleted since, or this is another cluster's API"
    )]
    PodGone {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// The server's URL.
        server: String,
    },
    /// The server's pod of that name is another one.
    #[error(
        "pod {pod} has UID {found} at {server}, the sandbox is for {given}: it was replaced since, its own sandbox comes"
    )]
    UidDiffers {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// The server's URL.
        server: String,
        /// The UID that was asked for.
        given: String,
        /// The UID of the server's.
        found: String,
    },
    /// The server knows who asks, and does not let it.
    #[error(
        "{server} does not let {credentials} get pod {pod}: grant its user the verb get on pods"
    )]
    Forbidden {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// The server's URL.
        server: String,
        /// What was asked with.
        credentials: String,
    },
    /// The server does not know who asks.
    #[error("{server} does not accept {credentials}: renew its token or certificate")]
    Unauthorized {
        /// The server's URL.
        server: String,
        /// What was asked with.
        credentials: String,
    },
    /// The server answered with another status.
    #[error("{server} answered HTTP {status} to get pod {pod}: see the API server's log")]
    Status {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// The server's URL.
        server: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server answered with something that is no pod.
    #[error(
        "what {server} answered to get pod {pod} is no pod ({why}): is it a Kubernetes API server?"
    )]
    Answer {
        /// `NAMESPACE/NAME`.
        pod: String,
        /// The server's URL.
        server: String,
        /// Why not.
        why: String,
    },
    /// No TLS connection came about.
    #[error(
        "no TLS with {server}: {why}; compare the certificate-authority of {credentials} with the server's"
    )]
    Tls {
        /// The server's URL.
        server: String,
        /// What was asked with.
        credentials: String,
        /// Why.
        why: String,
    },
    /// No connection came about, or it broke.
    #[error(
        "cannot reach {server}: {why}; is the server of {credentials} right, and reachable from the node?"
    )]
    Unreachable {
        /// The server's URL.
        server: String,
        /// What was asked with.
        credentials: String,
        /// Why.
        why: String,
    },
    /// The deadline came first.
    #[error("no answer from {from} within {limit:?}: is it up, and reachable from the node?")]
    TimedOut {
        /// The server's URL, or the file that was being read.
        from: String,
        /// The deadline.
        limit: Duration,
    },
    /// The server knows who watches, and does not let it.
    #[error(
        "{server} does not let {credentials} watch this node's pods: grant its user the verbs list and watch on pods"
    )]
    WatchForbidden {
        /// The server's URL.
        server: String,
        /// What was asked with.
        credentials: String,
    },
    /// The server has forgotten what changed since.
    #[error(
        "{server} does not know any more what changed since the last watch: this node's pods are read anew"
    )]
    WatchExpired {
        /// The server's URL.
        server: String,
    },
    /// The server answered a watch with another status.
    #[error(
        "{server} answered {status} to the watch of this node's pods: see the API server's log"
    )]
    WatchStatus {
        /// The server's URL.
        server: String,
        /// The HTTP status, as such or in an event.
        status: u16,
    },
    /// The server says nothing, not even that the watch is over.
    #[error(
        "{server} has not ended the watch of this node's pods within {limit:?}, as it was asked to: the connection is taken for dead"
    )]
    WatchSilent {
        /// The server's URL.
        server: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// What the server tells is no watch.
    #[error(
        "what {server} tells of this node's pods cannot be read ({why}): is it a Kubernetes API server?"
    )]
    WatchAnswer {
        /// The server's URL.
        server: String,
        /// Why not.
        why: String,
    },
    /// The program itself could not work.
    #[error("cannot start to ask: {source}; is the node out of memory or processes?")]
    Runtime {
        /// What the system said.
        source: io::Error,
    },
}

impl LookupError {
    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "UsageInvalid",
            Self::Name { .. } => "NameInvalid",
            Self::Kubeconfig { .. } => "KubeconfigInvalid",
            Self::Program { .. } => "KubeconfigUnsupported",
            Self::ServiceAccount { .. } => "ServiceAccountInvalid",
            Self::PodGone { .. } => "PodGone",
            Self::UidDiffers { .. } => "UidDiffers",
            Self::Forbidden { .. } => "Forbidden",
            Self::Unauthorized { .. } => "Unauthorized",
            Self::Status { .. } => "StatusUnexpected",
            Self::Answer { .. } => "AnswerInvalid",
            Self::Tls { .. } => "TlsFailed",
            Self::Unreachable { .. } => "Unreachable",
            Self::TimedOut { .. } => "TimedOut",
            Self::WatchForbidden { .. } => "WatchForbidden",
            Self::WatchExpired { .. } => "WatchExpired",
            Self::WatchStatus { .. } => "WatchRefused",
            Self::WatchSilent { .. } => "WatchSilent",
            Self::WatchAnswer { .. } => "WatchAnswerInvalid",
            Self::Runtime { .. } => "RuntimeFailed",
        }
    }
}

#[cfg(test)]
mod tests;
