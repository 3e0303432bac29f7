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

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::nearest::nearest;
use crate::policy::Profile;

/// Where it is unless an operator says otherwise.
pub const PATH: &str = "/etc/chainsaw/config.toml";

/// What the operator of the node decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Who may do what; the last rule that names a namespace counts.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// What becomes of a pod when something fails.
    #[serde(default)]
    pub failure: Failure,
    /// What each entrance is told besides.
    #[serde(default)]
    pub hooks: Hooks,
    /// Where the daemon's log goes.
    #[serde(default)]
    pub log: Log,
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

/// A profile for some Kubernetes namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// The namespaces, by name.
    pub namespaces: Vec<String>,
    /// What their pods may do.
    pub profile: Spanned<Profile>,
    /// The line of the profile in the file, from 1.
    #[serde(skip)]
    pub line: usize,
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
#[error(
    "{path} line {line}: {why}; correct the line, until then every pod that asks for commands is refused"
)]
pub struct ConfigError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// The keys of each table, by the table's path.
const KNOWN: &[(&str, &[&str])] = &[
    ("", &["rule", "failure", "hooks", "log"]),
    ("rule", &["namespaces", "profile"]),
    ("failure", &["cni", "nri", "unknown"]),
    ("hooks", &["cni", "nri"]),
    ("hooks.cni", &["guard"]),
    ("hooks.nri", &["runtime_handlers"]),
    ("log", &["format", "file"]),
];

impl Config {
    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let wrong = |at: usize, why: String| ConfigError {
            path: path.to_owned(),
            line: line(text, at),
            why,
        };
        let toml = |error: toml::de::Error| {
            let why = error.message().replace('\n', ", ");
            wrong(error.span().map_or(0, |span| span.start), why)
        };
        let table = DeTable::parse(text).map_err(toml)?;
        if let Some((at, why)) = unknown_key("", table.get_ref()) {
            return Err(wrong(at, why));
        }
        let parsed = toml::Deserializer::from(table);
        let mut config = Self::deserialize(parsed).map_err(toml)?;
        for rule in &mut config.rules {
            let at = rule.profile.span().start;
            rule.line = line(text, at);
            if let Some(why) = not_namespaces(&rule.namespaces) {
                return Err(wrong(at, why));
            }
        }
        Ok(config)
    }
}

/// Kubernetes namespaces are DNS labels (RFC 1123); a pattern would match none.
fn not_namespaces(names: &[String]) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let wrong = names
        .iter()
        .find(|name| name.is_empty() || name.len() > 63 || !name.chars().all(plain));
    match wrong {
        Some(name) => Some(format!(
            "the rule's {name:?} is no name of a namespace: there are no patterns, name each"
        )),
        None if names.is_empty() => {
            Some("the rule names no namespace: name each that it is for".to_owned())
        }
        None => None,
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The first key that is not known, and where it is.
fn unknown_key(path: &str, table: &DeTable<'_>) -> Option<(usize, String)> {
    let (_, known) = KNOWN.iter().find(|(known, _)| *known == path)?;
    table.iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        if !known.contains(&name) {
            let near = nearest(name, known.iter().copied()).unwrap_or_default();
            let meant = if near.is_empty() {
                format!("known are {}", known.join(", "))
            } else {
                format!("did you mean {near}?")
            };
            return Some((key.span().start, format!("unknown key {name}, {meant}")));
        }
        let below = match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        match value.get_ref() {
            DeValue::Table(inner) => unknown_key(&below, inner),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(inner) => unknown_key(&below, inner),
                _ => None,
            }),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, "c.toml").unwrap_err().to_string()
    }

    #[test]
    fn reads_rules_with_their_lines() {
        let config = Config::parse(
            "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n",
            "c.toml",
        )
        .unwrap();
        assert_eq!(config.rules[0].line, 3);
        assert_eq!(*config.rules[0].profile.get_ref(), Profile::Route);
        assert_eq!(config.failure.unknown, OnFailure::Fail);
        assert_eq!(Config::parse("", "c.toml").unwrap(), Config::default());
    }

    #[test]
    fn the_sample_is_what_a_node_may_have() {
        let sample = include_str!("../../deployments/config.toml");
        let config = Config::parse(sample, "config.toml").unwrap();
        assert_eq!(config.rules.len(), 1);
        assert_eq!(config.failure, Failure::default());
        assert_eq!(config.hooks, Hooks::default());
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        let said = error("[[rule]]\nnamespace = [\"default\"]\nprofile = \"route\"\n");
        assert!(
            said.starts_with("c.toml line 2: unknown key namespace, did you mean namespaces?"),
            "{said}"
        );
        assert!(error("[failure]\ncnii = \"fail\"\n").contains("did you mean cni?"));
        let said = error("[hooks.cni]\nguards = true\n");
        assert!(
            said.contains("line 2: unknown key guards, did you mean guard?"),
            "{said}"
        );
        let said = error("[hooks.nri]\nruntime_handler = []\n");
        assert!(
            said.contains("line 2: unknown key runtime_handler, did you mean runtime_handlers?"),
            "{said}"
        );
        assert!(
            error("\nfrob = 1\n")
                .contains("line 2: unknown key frob, known are rule, failure, hooks, log")
        );
    }

    #[test]
    fn a_wrong_value_names_its_line() {
        assert!(error("[[rule]]\nnamespaces = [\"a\"]\nprofile = \"root\"\n").contains("line 3"));
        assert!(error("[hooks.cni]\nguard = \"yes\"\n").contains("line 2"));
        assert!(error("[[rule]\n").contains("line 1"));
        for names in ["[]", "[\"*\"]", "[\"\"]"] {
            assert!(
                error(&format!(
                    "[[rule]]\nnamespaces = {names}\nprofile = \"route\"\n"
                ))
                .contains("name each")
            );
        }
        assert!(error("[[rule]]\nnamespaces = [\"a\"]\n").contains("profile"));
    }
}
