//! The CNI protocol (spec 1.1.0, sections 2 and 3): environment and standard input become one verb's answer.

use chainsaw_common::record::{self, Records};
use chainsaw_common::report::line;

use crate::add::add;
use crate::check::check;
use crate::environment::{Environment, needed};
use crate::error::Error;
use crate::forgetting::{del, gc};
use crate::netconf::{self, NetConf};

/// The versions of the spec that are spoken, oldest first.
pub const VERSIONS: [&str; 5] = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

/// The longest network configuration, in bytes.
pub const STDIN_BYTES: u64 = 4 << 20;

/// Said to a person who starts the plugin by hand.
pub const USAGE: &str =
    "a container runtime sets it; to try commands by hand see `chainsaw --help`";

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
        Err(error) => {
            let (what, reason) = (line(&error.to_string()), error.reason());
            log.push_str(&format!("chainsaw: {what} (reason={reason})\n"));
            Answer {
                stderr: log,
                ..failed(stdin, &error)
            }
        }
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
        "ADD" => add(environment, &NetConf::read(stdin)?, log),
        "DEL" => {
            del(environment, &Records::at(record::FOLDER));
            Ok(Vec::new())
        }
        "GC" => {
            gc(&NetConf::read(stdin)?, &Records::at(record::FOLDER));
            Ok(Vec::new())
        }
        "CHECK" => check(environment, &NetConf::read(stdin)?).map(|()| Vec::new()),
        // A pod without a value is always served.
        "STATUS" => NetConf::read(stdin).map(|_| Vec::new()),
        "VERSION" => Ok(versions(stdin)),
        other => Err(Error::Environment {
            variable: "CNI_COMMAND",
            why: format!("is {other}, which is no verb"),
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

#[cfg(test)]
mod tests;
