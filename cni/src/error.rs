//! What can go wrong at the CNI entrance, and the code of the CNI error object that says so.

use std::io;
use std::net::IpAddr;

use chainsaw_common::config::ConfigError;
use chainsaw_common::netns::NetnsError;
use chainsaw_common::record::RecordError;
use chainsaw_common::report::{CommandReport, Outcome, Report, cut, line, logged};
use serde::Serialize;

use crate::api::ApiError;

/// Why a call fails. Each variant says what was tried, on what, why it failed, what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration's version is none of ours.
    #[error("cniVersion {given:?} is not one of {}: write one of them into the network configuration", super::plugin::VERSIONS.join(", "))]
    Version {
        /// What the configuration says.
        given: String,
    },
    /// A variable of the CNI protocol is missing or wrong.
    #[error("{variable} {why}: {}", super::plugin::USAGE)]
    Environment {
        /// Which.
        variable: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Standard input cannot be read.
    #[error("cannot read the network configuration on standard input: {source}")]
    Stdin {
        /// What the system said.
        source: io::Error,
    },
    /// Standard input is no network configuration.
    #[error(
        "standard input is not a network configuration: {0}; it is the runtime's to send one (CNI spec, section 2)"
    )]
    Decode(String),
    /// There is nothing to chain to.
    #[error(
        "the network configuration has no prevResult: put chainsaw behind the main plugin in \"plugins\", it cannot come first"
    )]
    NoPrevResult,
    /// Nobody could say what the pod's annotations are.
    #[error(
        "cannot tell the annotations of pod {pod}: the network configuration carries none; add \"capabilities\": {{\"{}\": true}} to chainsaw's entry, or a kubeconfig, or run chainsawd in the cluster",
        chainsaw_common::annotations::CAPABILITY
    )]
    Unknown {
        /// `NAMESPACE/NAME`.
        pod: String,
    },
    /// The API was asked, by whichever way, and could not say either.
    #[error("cannot tell the pod's annotations: {0}")]
    Api(#[from] ApiError),
    /// Nobody would run what the pod asks for at the other entrance.
    #[error(
        "the pod has annotations {}…, and {why}: start chainsawd with --hooks nri on this node, or set guard = false under [hooks.cni]",
        super::source::NRI_PREFIX
    )]
    Guard {
        /// How that is known.
        why: String,
    },
    /// The operator took Chainsaw from this node, and left the plugin to let pods pass.
    #[error(
        "the pod asks for commands, and chainsaw is uninstalled on this node: take its annotation away, or take chainsaw out of the network configuration, or install it again (there is {marker})"
    )]
    Uninstalled {
        /// The file that says so.
        marker: String,
    },
    /// The annotations are there and are none.
    #[error("{place} is not what it should be: {why}")]
    Annotations {
        /// Where.
        place: &'static str,
        /// Why.
        why: String,
    },
    /// The node's configuration cannot be read, or is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The network namespace was not entered.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// No socket could be opened inside it.
    #[error(
        "cannot open a NETLINK_ROUTE socket in {netns}: {source}; is the kernel out of memory or descriptors?"
    )]
    Socket {
        /// The namespace.
        netns: String,
        /// What the system said.
        source: io::Error,
    },
    /// CHECK found the interface gone.
    #[error("interface {ifname} is not in {netns}: something took it away since ADD")]
    Gone {
        /// CNI_IFNAME.
        ifname: String,
        /// CNI_NETNS.
        netns: String,
    },
    /// CHECK found that the commands did not all run.
    #[error(
        "the commands of {ifname} did not all run at ADD: delete the pod, its next sandbox runs them again"
    )]
    NotOk {
        /// CNI_IFNAME.
        ifname: String,
    },
    /// The commands took the interface away, or renamed it.
    #[error(
        "interface {ifname} is gone after the commands: the runtime has to find it, leave its name alone"
    )]
    InterfaceTaken {
        /// CNI_IFNAME.
        ifname: String,
    },
    /// The commands took away every address that was reported.
    #[error(
        "no reported address of {ifname} is left after the commands: add the new one before taking the old away"
    )]
    LastAddress {
        /// CNI_IFNAME.
        ifname: String,
    },
    /// Somebody else has an address that the commands added.
    #[error(
        "{address} is in use by somebody else on the link (duplicate address detection): choose another"
    )]
    Duplicate {
        /// The address.
        address: IpAddr,
    },
    /// The record cannot be kept.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What was asked for was refused or failed.
    #[error("{}", first_line(report, hint.as_deref()))]
    Commands {
        /// What happened.
        report: Box<Report>,
        /// What may be behind it.
        hint: Option<String>,
    },
}

/// What went wrong first, and what may be behind it, together one line.
fn first_line(report: &Report, hint: Option<&str>) -> String {
    let headline = report.headline().unwrap_or_default();
    match hint {
        // What may be behind it is worth more than the end of what happened.
        Some(hint) => format!(
            "{}; {hint}",
            cut(&headline, MSG_BYTES.saturating_sub(hint.len() + 16))
        ),
        None => headline,
    }
}

/// The longest `msg`, in bytes: one line that a log or an event can hold.
const MSG_BYTES: usize = 256;

/// The object that the CNI spec asks for, section 5.
#[derive(Serialize)]
struct Object<'a> {
    #[serde(rename = "cniVersion")]
    version: &'a str,
    code: u32,
    msg: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    details: String,
}

impl Error {
    /// The spec's codes below 100, ours from there.
    pub fn code(&self) -> u32 {
        match self {
            Self::Version { .. } => 1,
            Self::Environment { .. } => 4,
            Self::Stdin { .. } | Self::Socket { .. } | Self::Record(_) => 5,
            Self::Decode(_) => 6,
            Self::NoPrevResult => 7,
            Self::Unknown { .. } | Self::Api(_) | Self::Guard { .. } => 11,
            Self::Commands { report, .. } => match report.outcome {
                Outcome::Denied => 101,
                _ if report.commands.iter().any(CommandReport::has_run) => 102,
                _ => 100,
            },
            Self::Annotations { .. } => 100,
            Self::InterfaceTaken { .. }
            | Self::LastAddress { .. }
            | Self::Duplicate { .. }
            | Self::NotOk { .. } => 102,
            Self::Config(_) | Self::Uninstalled { .. } => 103,
            Self::Netns(_) | Self::Gone { .. } => 104,
        }
    }

    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &str {
        match self {
            Self::Version { .. } => "VersionNotSupported",
            Self::Environment { .. } => "EnvironmentInvalid",
            Self::Stdin { .. } => "StdinUnreadable",
            Self::Decode(_) => "NetworkConfigurationInvalid",
            Self::NoPrevResult => "PrevResultMissing",
            Self::Unknown { .. } => "AnnotationsUnknown",
            Self::Api(error) => error.reason(),
            Self::Guard { .. } => "NriNotServed",
            Self::Uninstalled { .. } => "Uninstalled",
            Self::Annotations { .. } => "AnnotationsInvalid",
            Self::Config(wrong) => wrong.reason(),
            Self::Netns(_) => "NamespaceRefused",
            Self::Socket { .. } => "SocketFailed",
            Self::Gone { .. } => "InterfaceGone",
            Self::NotOk { .. } => "CommandsNotOk",
            Self::InterfaceTaken { .. } => "InterfaceTaken",
            Self::LastAddress { .. } => "LastAddressTaken",
            Self::Duplicate { .. } => "AddressDuplicate",
            Self::Record(_) => "RecordFailed",
            Self::Commands { report, .. } => match report.outcome {
                _ if report.over_limit().is_some() => "LimitReached",
                Outcome::Denied => "CommandDenied",
                _ => "CommandFailed",
            },
        }
    }

    /// The error object, in the version that the runtime speaks.
    pub fn object(&self, version: &str) -> Vec<u8> {
        let said = line(&format!("chainsaw: {self}"));
        let msg = cut(&said, MSG_BYTES);
        let details = match self {
            Self::Commands { report, .. } => logged(report),
            _ if msg != said => said,
            _ => String::new(),
        };
        let object = Object {
            version,
            code: self.code(),
            msg,
            details,
        };
        // Strings and a number: this cannot fail.
        serde_json::to_vec(&object).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_said_is_one_short_line_to_be_tried_again_with_all_of_it_in_the_details() {
        let message = format!("first\nsecond {}", "é".repeat(300));
        let error = Error::from(ApiError::Refused {
            reason: "PodGone".to_owned(),
            message,
        });
        let object: serde_json::Value = serde_json::from_slice(&error.object("1.0.0")).unwrap();
        let text = |field: &str| object[field].as_str().unwrap().to_owned();
        assert!(text("msg").len() <= MSG_BYTES, "{object}");
        assert!(
            !text("msg").contains('\n') && text("msg").contains("second é"),
            "{object}"
        );
        assert!(text("details").ends_with(&"é".repeat(300)), "{object}");
        assert_eq!((&object["code"], error.reason()), (&11.into(), "PodGone"));
    }
}
