//! The CNI protocol (spec 1.1.0, sections 2 and 3): environment and standard input become one verb's answer.

use chainsaw_common::ip::device;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::{self, Event, Records};

use chainsaw_common::report::escaped;

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
    /// `CNI_PATH`.
    pub path: Option<String>,
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
            path: read("CNI_PATH"),
        }
    }

    /// Whether the verb reads the network configuration. DEL reads nothing, so that nothing can keep it.
    pub fn needs_input(&self) -> bool {
        self.command.as_deref() != Some("DEL")
    }

    /// A value of `CNI_ARGS`. One that is given twice, and not the same, is none: it decides who is asked for and what
    /// the policy grants, so it is not for order to choose.
    pub fn argument(&self, name: &str) -> Option<String> {
        let pairs = self
            .args
            .as_deref()?
            .split(';')
            .filter_map(|pair| pair.split_once('='));
        let mut values = pairs
            .filter(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value);
        let first = values.next()?;
        values.all(|other| other == first).then(|| first.to_owned())
    }

    /// `CNI_CONTAINERID`.
    pub fn container(&self) -> Result<&str, Error> {
        needed("CNI_CONTAINERID", self.container.as_deref())
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
        Err(error) => {
            log.push_str(&format!(
                "chainsaw: {} (reason={})
",
                escaped(&error.to_string()),
                error.reason()
            ));
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
        "ADD" => add::add(environment, &NetConf::read(stdin)?, log),
        "DEL" => Ok(del(environment, &Records::at(record::FOLDER))),
        "GC" => NetConf::read(stdin).map(|conf| gc(&conf, &Records::at(record::FOLDER))),
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

/// Nothing was made that outlives the namespace. The record is forgotten if it can be; what cannot is GC's.
fn del(environment: &Environment, records: &Records) -> Vec<u8> {
    if let (Some(container), Some(ifname)) = (&environment.container, &environment.ifname) {
        // Who leaves a record behind takes away some that were left before, and whose namespaces have gone since: they do
        // not add up, and every other DEL looks at its own alone.
        if forget(records, container, ifname) {
            records.sweep_behind(container);
        }
    }
    Vec::new()
}

/// Forgets an attachment; whether the record is left behind all of them.
fn forget(records: &Records, container: &str, ifname: &str) -> bool {
    // A record that stays does no harm: ids of sandboxes do not come again.
    let found = records.find(container).ok().flatten();
    found.is_some_and(|record| record.forget(ifname).unwrap_or_default())
}

/// Forgets the attachments of this network that are not valid, and what was left behind by others that have gone.
/// Without a list of valid ones nothing is forgotten.
fn gc(conf: &NetConf<'_>, records: &Records) -> Vec<u8> {
    let Some(valid) = &conf.valid_attachments else {
        return Vec::new();
    };
    for sandbox in records.sandboxes() {
        let Ok(Some(record)) = records.find(&sandbox) else {
            continue;
        };
        let of_this_network = record
            .entries()
            .iter()
            .map(|entry| &entry.work)
            .filter(|work| {
                work.entrance == Entrance::Cni && work.network.as_deref() == conf.name.as_deref()
            });
        let mut stale: Vec<String> = of_this_network.map(|work| work.interface.clone()).collect();
        stale.sort();
        stale.dedup();
        stale.retain(|ifname| {
            !valid
                .iter()
                .any(|one| one.container == sandbox && one.ifname == *ifname)
        });
        drop(record);
        for ifname in &stale {
            forget(records, &sandbox, ifname);
        }
    }
    records.sweep();
    Vec::new()
}

/// The record, if there is one, says ok, the namespace opens and the interface is in it. Nothing is run again, no route is asserted.
fn check(environment: &Environment, conf: &NetConf<'_>) -> Result<Vec<u8>, Error> {
    conf.prev_result()?;
    let (netns, ifname) = (environment.netns()?, environment.ifname()?);
    let record = Records::at(record::FOLDER).find(environment.container()?)?;
    let last = record.as_ref().and_then(|record| record.last(ifname));
    if last.is_some_and(|entry| matches!(entry.event, Event::Begun { .. } | Event::Failed { .. })) {
        return Err(Error::NotOk {
            ifname: ifname.to_owned(),
        });
    }
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

#[cfg(test)]
mod tests {
    use chainsaw_common::record::{Entry, Work};

    use super::*;

    fn environment(command: &str) -> Environment {
        Environment {
            command: Some(command.into()),
            container: Some("c1".into()),
            netns: Some("/nowhere/at/all".into()),
            ifname: Some("eth0".into()),
            args: Some("IgnoreUnknown=1;K8S_POD_NAME=web;K8S_POD_NAMESPACE=default".into()),
            ..Environment::default()
        }
    }

    fn conf(version: &str, rest: &str) -> Vec<u8> {
        format!("{{\"cniVersion\": \"{version}\", \"name\": \"n\", \"type\": \"chainsaw\"{rest}}}")
            .into_bytes()
    }

    fn error(answer: &Answer) -> serde_json::Value {
        assert!(!answer.ok);
        serde_json::from_slice(&answer.stdout).unwrap()
    }

    const NONE: &str =
        r#", "runtimeConfig": {"io.kubernetes.cri.pod-annotations": {"other/key": "x"}}"#;
    /// Odd on purpose: order, spacing, an unknown field, an escape, a number that no double holds.
    const ODD: &str = "{ \"ips\" :[ ], \"x\\u002fy\": 1e400,\n  \"cniVersion\":\"1.0.0\", \"big\": 123456789012345678901234567890 }";

    #[test]
    fn a_pod_without_a_value_gets_prev_result_byte_for_byte() {
        for version in VERSIONS {
            let answer = call(
                &environment("ADD"),
                &conf(version, &format!("{NONE}, \"prevResult\": {ODD}")),
            );
            assert!(answer.ok, "{answer:?}");
            assert_eq!(String::from_utf8(answer.stdout).unwrap(), ODD);
            assert_eq!(answer.stderr, "");
        }
    }

    #[test]
    fn an_empty_value_asks_for_nothing() {
        for value in [r#""[]""#, r##""# a comment\n""##, r#""""#] {
            let rest = format!(
                ", \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {{\"{}\": {value}}}}}, \"prevResult\": {ODD}",
                crate::source::KEY
            );
            let answer = call(&environment("ADD"), &conf("1.0.0", &rest));
            assert!(answer.ok, "{answer:?}");
            assert_eq!(String::from_utf8(answer.stdout).unwrap(), ODD);
        }
    }

    #[test]
    fn an_argument_that_is_given_twice_and_differs_is_none() {
        let argument = |args: &str| {
            let environment = Environment {
                args: Some(args.into()),
                ..Environment::default()
            };
            environment.argument("K8S_POD_NAMESPACE")
        };
        assert_eq!(argument("a=b;K8S_POD_NAMESPACE=x").as_deref(), Some("x"));
        assert_eq!(
            argument("K8S_POD_NAMESPACE=x;K8S_POD_NAMESPACE=x").as_deref(),
            Some("x")
        );
        assert_eq!(
            argument("K8S_POD_NAMESPACE=x;K8S_POD_NAMESPACE=kube-system"),
            None
        );
        assert_eq!(argument("K8S_POD_NAMESPACE="), None);
    }

    #[test]
    fn a_del_takes_away_what_was_left_behind_only_if_it_leaves_a_record_itself() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::at(folder.path().join("sandboxes"));
        let made = |sandbox: &str| {
            let netns = folder.path().join(sandbox);
            std::fs::write(&netns, "").unwrap();
            let mut record = records.open(sandbox).unwrap();
            record.is_of(&netns, None);
            let work = Work {
                entrance: Entrance::Cni,
                network: None,
                interface: "eth0".into(),
                container: None,
                source: "k".into(),
                value: record::hash("v"),
            };
            let makes = vec![serde_json::from_str("\"r2.a\"").unwrap()];
            let entry = Entry::new(work, Event::Ok);
            record.add(Entry { makes, ..entry }).unwrap();
            netns
        };
        let del = |sandbox: &str| {
            let environment = Environment {
                container: Some(sandbox.into()),
                ifname: Some("eth0".into()),
                ..Environment::default()
            };
            super::del(&environment, &records);
        };
        let gone = made("gone");
        del("gone");
        std::fs::remove_file(gone).unwrap();
        del("quiet");
        assert_eq!(records.sandboxes(), ["gone"]);
        made("next");
        del("next");
        assert_eq!(records.sandboxes(), ["next"]);
    }

    #[test]
    fn del_succeeds_whatever_it_is_given() {
        for stdin in [&b""[..], b"{", b"null", b"{\"cniVersion\": \"9.9.9\"}"] {
            let bare = Environment {
                command: Some("DEL".into()),
                ..Environment::default()
            };
            for environment in [environment("DEL"), bare] {
                let answer = call(&environment, stdin);
                assert!(
                    answer.ok && answer.stdout.is_empty() && answer.stderr.is_empty(),
                    "{answer:?}"
                );
            }
        }
    }

    #[test]
    fn version_names_all_five() {
        let answer = call(&environment("VERSION"), br#"{"cniVersion": "0.4.0"}"#);
        let said: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
        assert_eq!(said["cniVersion"], "0.4.0");
        assert_eq!(said["supportedVersions"], serde_json::json!(VERSIONS));
        assert!(call(&environment("VERSION"), b"").ok);
    }

    #[test]
    fn status_serves_pods_without_a_value_at_any_time() {
        let nothing_else = Environment {
            command: Some("STATUS".into()),
            ..Environment::default()
        };
        assert!(call(&nothing_else, &conf("1.1.0", "")).ok);
    }

    #[test]
    fn each_wrong_call_has_the_code_that_the_spec_gives_it() {
        let unnamed = Environment {
            command: None,
            ..environment("ADD")
        };
        let nowhere = Environment {
            netns: None,
            ..environment("ADD")
        };
        let asking = format!(
            ", \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {{\"{}\": \"ip route\"}}}}, \"prevResult\": {{}}",
            crate::source::KEY
        );
        for (environment, stdin, code, word) in [
            (environment("ADD"), conf("2.0.0", ""), 1, "2.0.0"),
            (
                environment("ADD"),
                b"{".to_vec(),
                6,
                "not a network configuration",
            ),
            (environment("ADD"), conf("1.0.0", NONE), 7, "prevResult"),
            (
                environment("ADD"),
                conf("1.0.0", ", \"prevResult\": null"),
                7,
                "prevResult",
            ),
            (environment("FROB"), conf("1.0.0", ""), 4, "FROB"),
            (unnamed, conf("1.0.0", ""), 4, "CNI_COMMAND is not set"),
            (nowhere, conf("1.0.0", &asking), 4, "CNI_NETNS is not set"),
            (
                environment("ADD"),
                conf("1.0.0", &asking),
                104,
                "/nowhere/at/all",
            ),
            (
                environment("CHECK"),
                conf("1.0.0", ", \"prevResult\": {}"),
                104,
                "/nowhere/at/all",
            ),
        ] {
            let answer = call(&environment, &stdin);
            let said = error(&answer);
            assert_eq!(said["code"], code, "{said}");
            assert!(said["msg"].as_str().unwrap().contains(word), "{said}");
        }
    }

    #[test]
    fn an_error_speaks_the_version_of_the_configuration() {
        let said = error(&call(&environment("ADD"), &conf("0.3.1", NONE)));
        assert_eq!(said["cniVersion"], "0.3.1");
        assert_eq!(
            error(&call(&environment("ADD"), b"{"))["cniVersion"],
            "1.1.0"
        );
    }
}
