//! The tool's own words.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::IpAddr;

use chainsaw_common::engine::Value;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Entrance;
use lexopt::prelude::*;

/// What was asked of the tool.
#[derive(Debug)]
pub enum Words {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// `try`.
    Try(Given),
    /// `run`.
    Run {
        /// What to run.
        given: Given,
        /// Where.
        netns: String,
    },
    /// `check`.
    Check(Given),
    /// `ip`: the words behind it are iproute2's, not ours.
    Ip(Vec<String>),
}

/// What was given with a verb.
#[derive(Debug, Default)]
pub struct Given {
    /// The values.
    pub values: Vec<Value>,
    /// `-f`: files with workloads.
    pub files: Vec<String>,
    /// `-o`.
    pub form: Form,
    /// `--interface`.
    pub interface: Option<String>,
    /// `--address`, in order.
    pub addresses: Vec<IpAddr>,
    /// `--gateway`, in order.
    pub gateways: Vec<IpAddr>,
    /// `--policy`: a configuration file.
    pub policy: Option<String>,
    /// `--namespace`: the pod's, in Kubernetes.
    pub namespace: Option<String>,
    /// `--label`: the pod's.
    pub labels: BTreeMap<String, String>,
    /// `--entrance`; without it each key's own, and `cni` for arguments.
    pub entrance: Option<Entrance>,
    /// `--mtu`: of the interface, in bytes.
    pub mtu: Option<u32>,
    /// `--explain`.
    pub explain: bool,
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A transcript.
    #[default]
    Text,
    /// The report as JSON, on one line.
    Json,
}

/// The options that a verb takes, beside `-o`.
const TAKEN: [(&str, &[&str]); 3] = [
    ("try", &[]),
    ("run", &["netns", "interface"]),
    (
        "check",
        &[
            "file",
            "interface",
            "mtu",
            "address",
            "gateway",
            "policy",
            "namespace",
            "label",
            "entrance",
            "explain",
        ],
    ),
];

impl Words {
    /// Reads the words behind the program's name.
    pub fn read(given: Vec<OsString>) -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(given);
        let (verb, taken) = match parser.next()? {
            Some(Short('h') | Long("help")) => return Ok(Self::Help),
            Some(Short('V') | Long("version")) => return Ok(Self::Version),
            Some(lexopt::Arg::Value(word)) if word == "ip" => {
                return parser
                    .raw_args()?
                    .map(ValueExt::string)
                    .collect::<Result<_, _>>()
                    .map(Self::Ip);
            }
            Some(lexopt::Arg::Value(word)) => {
                let row = TAKEN.iter().find(|(verb, _)| word == *verb);
                *row.ok_or_else(|| {
                    format!("there is no command {word:?} here: use try, run, check or ip")
                })?
            }
            other => {
                return Err(other
                    .map_or("a command is needed: try, run, check or ip".into(), |o| {
                        o.unexpected()
                    }));
            }
        };
        let mut given = Given::default();
        let mut netns = None;
        while let Some(argument) = parser.next()? {
            let name = match &argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Short('f') => "file".to_owned(),
                Short('o') | Long("output") => "output".to_owned(),
                Long(name) => (*name).to_owned(),
                lexopt::Arg::Value(word) => {
                    given.value(&word.to_string_lossy());
                    continue;
                }
                Short(_) => return Err(argument.unexpected()),
            };
            if name != "output" && !taken.contains(&name.as_str()) {
                return Err(format!("{verb} does not take --{name}").into());
            }
            if name == "explain" {
                given.explain = true;
                continue;
            }
            let value = parser.value()?.string()?;
            match name.as_str() {
                "netns" => netns = Some(value),
                _ => given.option(&name, value)?,
            }
        }
        given.is_enough(verb)?;
        match (verb, netns) {
            ("try", _) => Ok(Self::Try(given)),
            ("check", _) => Ok(Self::Check(given)),
            (_, Some(netns)) if !netns.contains('/') => {
                Err(format!("--netns takes a path: /run/netns/{netns}?").into())
            }
            (_, Some(netns)) => Ok(Self::Run { given, netns }),
            (_, None) => Err("run needs --netns PATH, the namespace to run in".into()),
        }
    }
}

impl Given {
    fn value(&mut self, text: &str) {
        let source = format!("argument {}", self.values.len() + 1);
        self.values.push(Value {
            source,
            author: Author::Pod,
            text: text.to_owned(),
        });
    }

    fn option(&mut self, name: &str, value: String) -> Result<(), lexopt::Error> {
        let address = |value: &str| {
            value
                .parse()
                .map_err(|_| format!("--{name} takes an address, not {value:?}"))
        };
        match name {
            "output" => self.form = Form::named(&value)?,
            "file" => self.files.push(value),
            "interface" => self.interface = Some(value),
            "address" => self.addresses.push(address(&value)?),
            "gateway" => self.gateways.push(address(&value)?),
            "mtu" => {
                let bytes = value.parse();
                self.mtu = Some(bytes.map_err(|_| format!("--mtu takes a number, not {value:?}"))?);
            }
            "policy" => self.policy = Some(value),
            "label" => {
                let (key, value) = value
                    .split_once('=')
                    .ok_or_else(|| format!("--label takes KEY=VALUE, not {value:?}"))?;
                self.labels.insert(key.to_owned(), value.to_owned());
            }
            "entrance" => self.entrance = Some(entrance(&value)?),
            _ => self.namespace = Some(value),
        }
        Ok(())
    }

    fn is_enough(&self, verb: &str) -> Result<(), lexopt::Error> {
        match self.values.first() {
            None if self.files.is_empty() => Err(format!(
                "{verb} needs a value: a JSON array of commands, or one command a line"
            )
            .into()),
            Some(first)
                if matches!(
                    first.text.as_str(),
                    "ip" | "route" | "addr" | "link" | "rule" | "neigh"
                ) =>
            {
                Err(format!("a command is one word to the shell: {verb} 'ip route show'").into())
            }
            _ => Ok(()),
        }
    }
}

fn entrance(name: &str) -> Result<Entrance, String> {
    [Entrance::Cni, Entrance::Nri]
        .into_iter()
        .find(|entrance| entrance.word() == name)
        .ok_or_else(|| format!("{name} is no entrance: use cni or nri"))
}

impl Form {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(format!("{name} is no form of output: use json or text")),
        }
    }
}
