//! The CNI protocol (spec 1.1.0, sections 2 and 3): environment and standard input become one verb's answer.

use chainsaw_common::ip::run::device;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;

use crate::add;
use crate::error::Error;
use crate::netconf::{self, NetConf};

/// The versions of the spec that are spoken, oldest first.
pub const VERSIONS: [&str; 5] = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// The longest network configuration, in bytes.
pub const STDIN_BYTES: u64 = 4 << 20;

/// Said to a person who starts the plugin by hand.
pub const USAGE: &str =
    "a container runtime sets it; to try commands by hand see `chainsaw --help`";

/// The variables of the protocol, as they are.
#[derive(Debug, Default)]
pub struct Environment {
    /// `CNI_COMMAND`.
    pub command: Option<String>,
    /// `CNI_CONTAINERID`.
    pub container: Option<String>,
    /// `CNI_NETNS`.
    pub netns: Option<String>,
    /// `CNI_IFNAME`.
    pub ifname: Option<String>,
    /// `CNI_ARGS`.
    pub args: Option<String>,
}

impl Environment {
    /// Reads the variables; an empty one is an absent one.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name| variable(name).filter(|value: &String| !value.is_empty());
        Self {
            command: read("CNI_COMMAND"),
            container: read("CNI_CONTAINERID"),
            netns: read("CNI_NETNS"),
            ifname: read("CNI_IFNAME"),
            args: read("CNI_ARGS"),
        }
    }

    /// `CNI_NETNS`.
    pub fn netns(&self) -> Result<&str, Error> {
        needed("CNI_NETNS", self.netns.as_deref())
    }

    /// `CNI_IFNAME`.
    pub fn ifname(&self) -> Result<&str, Error> {
        needed("CNI_IFNAME", self.ifname.as_deref())
    }
}

fn needed<'a>(variable: &'static str, value: Option<&'a str>) -> Result<&'a str, Error> {
    value.ok_or_else(|| Error::Environment {
        variable,
        why: "is not set".to_owned(),
    })
}

/// What goes back to the runtime.
#[derive(Debug)]
pub struct Answer {
    /// Whether the call succeeded.
    pub ok: bool,
    /// A result or an error object; nothing for verbs without a result.
    pub stdout: Vec<u8>,
    /// For the runtime's log.
    pub stderr: String,
}

/// Answers one call.
pub fn call(environment: &Environment, stdin: &[u8]) -> Answer {
    let mut log = String::new();
    match verb(environment, stdin, &mut log) {
        Ok(stdout) => Answer {
            ok: true,
            stdout,
            stderr: log,
        },
        Err(error) => Answer {
            stderr: log,
            ..failed(stdin, &error)
        },
    }
}

/// The answer to a call that fails.
pub fn failed(stdin: &[u8], error: &Error) -> Answer {
    let version = netconf::version(stdin).filter(|version| VERSIONS.contains(&version.as_str()));
    let [.., newest] = VERSIONS;
    Answer {
        ok: false,
        stdout: error.object(version.as_deref().unwrap_or(newest)),
        stderr: String::new(),
    }
}

fn verb(environment: &Environment, stdin: &[u8], log: &mut String) -> Result<Vec<u8>, Error> {
    match needed("CNI_COMMAND", environment.command.as_deref())? {
        "ADD" => add::add(environment, &NetConf::read(stdin)?, log),
        // Nothing was made that outlives the namespace, so there is nothing to ask, to read or to fail at.
        "DEL" | "GC" => Ok(Vec::new()),
        "CHECK" => check(environment, &NetConf::read(stdin)?),
        // A pod without a value is always served.
        "STATUS" => NetConf::read(stdin).map(|_| Vec::new()),
        "VERSION" => Ok(versions(stdin)),
        other => Err(Error::Environment {
            variable: "CNI_COMMAND",
            why: format!("is {other}, which is no verb"),
        }),
    }
}

/// The namespace opens and the interface is in it. Nothing is run again, no route is asserted.
fn check(environment: &Environment, conf: &NetConf<'_>) -> Result<Vec<u8>, Error> {
    conf.prev_result()?;
    let (netns, ifname) = (environment.netns()?, environment.ifname()?);
    Namespace::open(netns.as_ref())?.enter()?;
    let mut socket = Socket::open().map_err(|source| Error::Socket {
        netns: netns.to_owned(),
        source,
    })?;
    match device(ifname, &mut socket) {
        Some(_) => Ok(Vec::new()),
        None => Err(Error::Gone {
            ifname: ifname.to_owned(),
            netns: netns.to_owned(),
        }),
    }
}

fn versions(stdin: &[u8]) -> Vec<u8> {
    let [.., newest] = VERSIONS;
    let version = netconf::version(stdin).unwrap_or_else(|| newest.to_owned());
    serde_json::json!({"cniVersion": version, "supportedVersions": VERSIONS})
        .to_string()
        .into_bytes()
}
