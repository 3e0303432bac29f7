//! Why a pod was refused at this entrance, or was let go on with a warning.

use std::io;

use chainsaw_common::config::ConfigError;
use chainsaw_common::netns::NetnsError;
use chainsaw_common::record::RecordError;
use chainsaw_common::report::{Outcome, Report, cut, line, logged};
use chainsaw_nri::{Code, Refusal};

use crate::keys::UnknownKey;
use crate::target::NoTarget;

/// The longest text of a refusal, in bytes: one line that an event can hold.
const LINE_BYTES: usize = 256;

/// How much of the transcript follows, in bytes.
const REST_BYTES: usize = 700;

/// What keeps a pod's commands from having run as asked.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// A key of ours is not known.
    #[error(transparent)]
    Key(#[from] UnknownKey),
    /// The pod has no namespace to work in.
    #[error(transparent)]
    Target(#[from] NoTarget),
    /// The namespace is not entered.
    #[error(transparent)]
    Netns(NetnsError),
    /// The kernel gives no socket.
    #[error(
        "cannot open a netlink socket in the sandbox's network namespace: {0}; is the limit of open files reached?"
    )]
    Socket(#[source] io::Error),
    /// There is no thread to work on.
    #[error("cannot start a thread to work on: {0}; is the limit of processes reached?")]
    Thread(#[source] io::Error),
    /// What runs cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There was no time left.
    #[error(
        "the sandbox's earlier work took all the time there is for an answer: nothing was begun, try again"
    )]
    Late,
    /// The thread that worked is gone.
    #[error(
        "the thread that ran the commands broke off; what it did is judged by the kernel's state at the next try"
    )]
    BrokeOff,
    /// It failed before, by another daemon or at another event.
    #[error("{0}")]
    Before(String),
    /// Commands were refused or failed.
    #[error("{}", .0.headline().unwrap_or_default())]
    Commands(Box<Report>),
}

impl From<NetnsError> for HookError {
    /// What was swapped for the node's own between two looks is the node's own.
    fn from(wrong: NetnsError) -> Self {
        match wrong {
            NetnsError::Node { .. } => Self::Target(NoTarget::HostNetwork),
            wrong => Self::Netns(wrong),
        }
    }
}

impl HookError {
    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Key(_) => "AnnotationsInvalid",
            Self::Target(NoTarget::HostNetwork) => "HostNetwork",
            Self::Target(NoTarget::Handler(_)) => "RuntimeHandlerUnknown",
            Self::Target(NoTarget::Unknown) => "NamespaceUnknown",
            Self::Netns(_) => "NamespaceRefused",
            Self::Socket(_) => "SocketFailed",
            Self::Thread(_) => "ThreadFailed",
            Self::Record(_) => "RecordFailed",
            Self::Config(wrong) => wrong.reason(),
            Self::Late => "TooLate",
            Self::BrokeOff => "BrokeOff",
            Self::Before(_) => "CommandFailed",
            Self::Commands(report) => match report.outcome {
                _ if report.over_limit().is_some() => "LimitReached",
                Outcome::Denied => "CommandDenied",
                _ => "CommandFailed",
            },
        }
    }

    /// Whether it is not allowed, or did not succeed.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Target(NoTarget::HostNetwork | NoTarget::Handler(_)) => Outcome::Denied,
            Self::Commands(report) => report.outcome,
            _ => Outcome::Failed,
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        cut(&line(&format!("chainsaw: {self}")), LINE_BYTES)
    }

    /// The answer that the runtime hands on to the kubelet.
    pub fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Commands(report) if report.outcome == Outcome::Denied => Code::PermissionDenied,
            Self::Late | Self::BrokeOff | Self::Record(_) | Self::Socket(_) | Self::Thread(_) => {
                Code::Unavailable
            }
            _ => Code::FailedPrecondition,
        };
        // One line that an event can hold, then what else there is to tell the pod's author, who has no other way to it.
        let text = match self {
            Self::Commands(report) => {
                format!("{}\n{}", self.line(), cut(&logged(report), REST_BYTES))
            }
            _ => self.line(),
        };
        Refusal::new(code, text)
    }
}
