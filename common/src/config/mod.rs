//! The node's configuration, `/etc/chainsaw/config.toml`. Strict: a key that is not known is an error with its line.
//!
//! ```toml
//! [[rule]]
//! namespaces = ["default"]
//! profile = "route"
//!
//! [failure]
//! cni = "fail"
//! unknown = "fail"
//! ```

use std::collections::BTreeMap;
use std::mem;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::limits::Limits;
use crate::modules::Named;
use crate::pod::Subject;

mod apply;
mod commands;
mod keys;
mod limits;
mod metrics;
mod modules;
mod rule;
mod select;
mod shape;
mod status;
#[cfg(test)]
mod tests;

pub use apply::{APPLY, Apply};
pub use metrics::Metrics;
pub use rule::{Rule, Told};
pub use select::{Mismatch, Selector};
pub use status::Status;

/// Where it is unless an operator says otherwise.
pub const PATH: &str = "/etc/chainsaw/config.toml";

/// What the operator of the node decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Whether commands run at all.
    #[serde(default)]
    pub mode: Mode,
    /// Who may do what; the last rule that speaks of a command counts.
    #[serde(skip)]
    pub rules: Vec<Rule>,
    /// What the operator has done in pods, in order.
    #[serde(skip)]
    pub applies: Vec<Apply>,
    /// What `NODE_…` stands for.
    #[serde(skip)]
    pub values: BTreeMap<String, String>,
    /// How much commands may leave in one sandbox.
    #[serde(skip)]
    pub limits: Limits,
    /// Which kernel modules commands may have loaded.
    #[serde(skip)]
    pub modules: Named,
    #[serde(default, rename = "rule")]
    written_rules: Vec<Spanned<rule::Written>>,
    #[serde(default, rename = "apply")]
    written_applies: Vec<Spanned<apply::Written>>,
    #[serde(default, rename = "values")]
    written_values: BTreeMap<String, Spanned<String>>,
    #[serde(default, rename = "limits")]
    written_limits: limits::Written,
    #[serde(default, rename = "modules")]
    written_modules: modules::Written,
    /// What becomes of a pod when something fails.
    #[serde(default)]
    pub failure: Failure,
    /// What each entrance is told besides.
    #[serde(default)]
    pub hooks: Hooks,
    /// How the daemon reaches its cluster.
    #[serde(default)]
    pub cluster: Cluster,
    /// Where the daemon's log goes.
    #[serde(default)]
    pub log: Log,
    /// Where the daemon tells how it is.
    #[serde(default)]
    pub metrics: Metrics,
    /// What the daemon writes into pods.
    #[serde(default)]
    pub status: Status,
}

/// How the daemon reaches its cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// A kubeconfig; an empty path is none, and no cluster. Without it the daemon takes the service account of its own
    /// pod, if it has one.
    pub kubeconfig: Option<std::path::PathBuf>,
    /// The node's name in the cluster. Without it the daemon takes what its environment has as `NODE_NAME`.
    pub node: Option<String>,
}

/// What each entrance is told besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Hooks {
    /// The CNI entrance.
    #[serde(default)]
    pub cni: CniHook,
    /// The NRI entrance.
    #[serde(default)]
    pub nri: NriHook,
}

/// What the CNI entrance is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CniHook {
    /// Whether a pod that has keys of the NRI entrance fails at ADD, to be tried again, while no daemon serves that.
    #[serde(default)]
    pub guard: bool,
    /// Whether `commands` in a network configuration count as the operator's. Users of a namespace may write one (a
    /// NetworkAttachmentDefinition), so without this they are judged as the pod's.
    #[serde(default)]
    pub commands: bool,
}

/// What the NRI entrance is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct NriHook {
    /// The runtime handlers, besides those that are known to, whose sandboxes use the kernel's own network stack in the
    /// namespace that the runtime tells.
    #[serde(default)]
    pub runtime_handlers: Vec<String>,
}

/// Where the daemon's log goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Log {
    /// How it is written.
    #[serde(default)]
    pub format: LogFormat,
    /// A file that it is added to; without one it goes to standard error, which a daemon that containerd started does
    /// not have.
    #[serde(default)]
    pub file: Option<std::path::PathBuf>,
}

/// How the daemon's log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Whether commands run at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They do, as far as they are allowed.
    #[default]
    Enforce,
    /// They are parsed and judged, and it is told what would have run; nothing changes and no pod is refused.
    Report,
}

/// What becomes of a pod when something fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// When its commands fail or are refused at the CNI entrance.
    #[serde(default)]
    pub cni: OnFailure,
    /// When its commands fail or are refused at the NRI entrance.
    #[serde(default)]
    pub nri: OnFailure,
    /// When nobody could say what its annotations are.
    #[serde(default)]
    pub unknown: OnFailure,
}

/// What becomes of a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It does not start, and is told why.
    #[default]
    Fail,
    /// It starts; the report says what happened.
    Continue,
}

/// A configuration that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}; {}", self.what(), self.next())]
pub struct ConfigError {
    /// The file.
    pub path: String,
    /// The line, from 1; none where the file cannot even be read.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub why: String,
}

impl ConfigError {
    /// What is wrong with it, and where.
    #[must_use]
    pub fn what(&self) -> String {
        let Self { path, why, .. } = self;
        match self.line {
            Some(line) => format!("{path} line {line}: {why}"),
            None => format!("cannot read {path}: {why}"),
        }
    }

    fn next(&self) -> &'static str {
        match self.line {
            Some(_) => "correct the line, until then every pod that asks for commands is refused",
            None => "pods that ask for commands are refused until it can be read",
        }
    }

    /// A stable word for logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.line {
            Some(_) => "ConfigurationInvalid",
            None => "ConfigurationUnreadable",
        }
    }
}

impl Config {
    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let wrong = |at: usize, why: String| ConfigError {
            path: path.to_owned(),
            line: Some(line(text, at)),
            why,
        };
        let toml = |error: toml::de::Error| {
            let why = error.message().replace('\n', ", ");
            wrong(error.span().map_or(0, |span| span.start), why)
        };
        let table = DeTable::parse(text).map_err(toml)?;
        let wrong = |(at, why)| wrong(at, why);
        if let Some(unknown) = keys::unknown("", table.get_ref()) {
            return Err(wrong(unknown));
        }
        let parsed = toml::Deserializer::from(table);
        let taken = Self::deserialize(parsed).map_err(toml);
        let checked = taken.and_then(|mut config| {
            config.check(text).map_err(wrong)?;
            Ok(config)
        });
        checked.map_err(|error| {
            // Read once more to be told in the file's own words; a file that is right is read before each pod that asks.
            let table = DeTable::parse(text).ok();
            let other = table.and_then(|table| shape::wrong(text, "", table.get_ref()));
            other.map_or(error, wrong)
        })
    }

    /// Whether the last rule that speaks of a subject and of Events wants one of these.
    #[must_use]
    pub fn tells(&self, told: Told, subject: &Subject) -> bool {
        let mut rules = self.rules.iter().rev();
        let decided = rules.find(|rule| rule.events.is_some() && rule.who.selects(subject).is_ok());
        decided
            .and_then(|rule| rule.events.as_ref())
            .is_some_and(|events| events.contains(&told))
    }

    /// Makes of what is written what is meant.
    fn check(&mut self, text: &str) -> Result<(), Wrong> {
        let rules = mem::take(&mut self.written_rules).into_iter();
        self.rules = rules
            .map(|rule| Rule::checked(rule, text))
            .collect::<Result<_, _>>()?;
        self.values = apply::values(mem::take(&mut self.written_values))?;
        self.limits = limits::checked(mem::take(&mut self.written_limits))?;
        self.modules = modules::checked(mem::take(&mut self.written_modules))?;
        let applies = mem::take(&mut self.written_applies).into_iter();
        self.applies = applies
            .map(|apply| Apply::checked(apply, self, text))
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// A mistake, and where it is: a byte of the text.
type Wrong = (usize, String);

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
