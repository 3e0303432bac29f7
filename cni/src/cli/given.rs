//! What was given with a verb: its values, and its options.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::Path;

use chainsaw_common::engine::Value;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Entrance;
use chainsaw_common::words;

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

impl Given {
    /// Takes a value.
    pub fn value(&mut self, text: &str) {
        let source = format!("argument {}", self.values.len() + 1);
        self.values.push(Value {
            source,
            author: Author::Pod,
            text: text.to_owned(),
        });
    }

    /// Takes an option, by its long name.
    ///
    /// # Errors
    /// Its value is none.
    pub fn option(&mut self, name: &str, value: String) -> Result<(), lexopt::Error> {
        let address = |value: &str| {
            value
                .parse()
                .map_err(|_| format!("--{name} takes an address, not {value:?}"))
        };
        match name {
            "output" => self.form = Form::named(&value)?,
            "file" => self.files.push(value),
            "interface" if !is_device(&value) => {
                return Err(format!(
                    "--interface takes a device's name, 1 to {DEVICE_BYTES} bytes without / and white space, not {value:?}"
                )
                .into());
            }
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
            _ if !is_namespace(&value) => {
                return Err(format!(
                    "--namespace takes a namespace of Kubernetes, 1 to {LABEL_BYTES} of a-z, 0-9 and -, not {value:?}"
                )
                .into());
            }
            _ => self.namespace = Some(value),
        }
        Ok(())
    }

    /// Whether it is something to serve.
    ///
    /// # Errors
    /// What is missing, or was meant otherwise.
    pub fn is_enough(&self, verb: &str) -> Result<(), lexopt::Error> {
        match self.values.first() {
            Some(first) if verb == "check" && is_file(&first.text) => Err(format!(
                "a file goes behind -f: check -f {}",
                words::quoted(&first.text)
            )
            .into()),
            None if self.files.is_empty() && self.policy.is_none() => {
                let or = if verb == "check" {
                    "; or -f FILE, or --policy FILE alone"
                } else {
                    ""
                };
                Err(format!(
                    "{verb} needs a value: a JSON array of commands, or one command a line{or}"
                )
                .into())
            }
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

/// The longest name of a device, in bytes (`IFNAMSIZ` has room for a NUL).
const DEVICE_BYTES: usize = 15;
/// The longest label of DNS, in bytes (RFC 1123).
const LABEL_BYTES: usize = 63;

/// Whether the kernel takes it for a device's name (`dev_valid_name`).
fn is_device(name: &str) -> bool {
    let forbidden = |c: char| c == '/' || c == ':' || c.is_whitespace();
    (1..=DEVICE_BYTES).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name.contains(forbidden)
}

/// Whether Kubernetes takes it for a namespace's name.
fn is_namespace(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LABEL_BYTES).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether a value is a file's name and no command.
fn is_file(value: &str) -> bool {
    let ending = || {
        let ending = Path::new(value).extension().and_then(OsStr::to_str);
        matches!(ending, Some("yaml" | "yml" | "json"))
    };
    !value.contains(char::is_whitespace) && (ending() || Path::new(value).is_file())
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
