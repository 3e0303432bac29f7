//! `[[apply]]`: what the operator has done in the pods that it selects. `[values]`: what tokens stand for on this node.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::select::{Selector, Written as Selectors};
use super::{Config, Wrong, commands};
use crate::pod::Entrance;
use crate::value::{self, Line};

/// The source of what `[[apply]]` has done. It does not tell the line: records stay good when the file is edited above it.
pub const APPLY: &str = "[[apply]]";

/// The longest of the node's values, in bytes.
const VALUE_BYTES: usize = 256;

/// Commands as they are written: as in an annotation, or the list itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
enum Commands {
    Text(String),
    List(Vec<Item>),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
enum Item {
    Text(String),
    Table(Table),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Table {
    run: String,
    #[serde(default)]
    ignore_failure: bool,
}

/// An `[[apply]]` as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    namespaces: Vec<Spanned<String>>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    entrance: Spanned<String>,
    #[serde(default)]
    interfaces: Vec<Spanned<String>>,
    commands: Spanned<Commands>,
}

/// What is done in the pods that it selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// Which pods, by which entrance.
    pub who: Selector,
    /// The value.
    pub commands: String,
}

impl Apply {
    /// Judged as far as can be without a namespace, by what else the configuration says; `text` is the whole file's, for
    /// finding the line.
    pub(super) fn checked(
        written: Spanned<Written>,
        config: &Config,
        text: &str,
    ) -> Result<Self, Wrong> {
        let at = written.span().start;
        let written = written.into_inner();
        let interfaces = written.interfaces.first().map(|one| one.span().start);
        let who = Selectors {
            namespaces: written.namespaces,
            labels: written.labels,
            entrance: Some(written.entrance),
            interfaces: written.interfaces,
        };
        let who = who.checked(at)?;
        if let (Some(at), Some(Entrance::Nri)) = (interfaces, who.entrance) {
            let why = "interfaces are attachments, which only entrance \"cni\" has: at \"nri\" a command names its device";
            return Err((at, why.to_owned()));
        }
        let span = written.commands.span();
        let at = span.start;
        let commands = match written.commands.into_inner() {
            Commands::Text(text) => text,
            list => serde_json::to_string(&list).map_err(|error| (at, error.to_string()))?,
        };
        let lines = value::lines(&commands).map_err(|wrong| {
            let first = wrong.first().map(ToString::to_string);
            (at, first.unwrap_or_default())
        })?;
        if lines.is_empty() {
            return Err((at, "there is no command in it".to_owned()));
        }
        if let Some((command, why)) = commands::first_wrong(&lines, config) {
            let within = text.get(span.clone()).and_then(|list| list.find(&command));
            return Err((at + within.unwrap_or(0), why));
        }
        if let Some((place, why)) = commands::first_beyond(&lines, config) {
            let within = text.get(span).and_then(|list| within(list, &lines, place));
            return Err((at + within.unwrap_or(0), why));
        }
        Ok(Self { who, commands })
    }
}

/// Where the command at a place is written in a list: others may say the same before it.
fn within(list: &str, lines: &[Line], place: usize) -> Option<usize> {
    let command = lines.get(place)?.text.as_str();
    let before = lines.get(..place)?.iter();
    let before = before.map(|line| line.text.matches(command).count()).sum();
    list.match_indices(command).nth(before).map(|(at, _)| at)
}

/// The node's values, by what follows `NODE_` in a token.
pub(super) fn values(
    written: BTreeMap<String, Spanned<String>>,
) -> Result<BTreeMap<String, String>, Wrong> {
    let in_token = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let one = |(key, value): (String, Spanned<String>)| {
        let at = value.span().start;
        if key.is_empty() || !key.chars().all(in_token) {
            let why = format!(
                "{key} can be in no token: NODE_{} is made of capital letters, digits and _",
                key.to_ascii_uppercase().replace('-', "_")
            );
            return Err((at, why));
        }
        if let Some(rest) = key.strip_prefix("NODE_") {
            let why =
                format!("{key} would be NODE_{key} in a command: write {rest}, without NODE_");
            return Err((at, why));
        }
        let value = value.into_inner();
        if value.is_empty() || value.len() > VALUE_BYTES || value.chars().any(char::is_control) {
            let why = format!(
                "the value of {key} is empty, longer than {VALUE_BYTES} bytes, or has a control character"
            );
            return Err((at, why));
        }
        Ok((key, value))
    };
    written.into_iter().map(one).collect()
}
