//! What kind of value each key takes. One that is none is said in the file's own words, not in those of a library.

use toml::de::{DeTable, DeValue};

use super::Wrong;

/// A kind of value.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Tables that each begin with the key in two brackets.
    Tables,
    /// One table, with the key in brackets.
    Table,
    /// A list of strings.
    List,
    /// A string.
    Text,
    /// One of these strings.
    Word(&'static [&'static str]),
    /// True or false.
    Switch,
    /// A whole number.
    Number,
}

const ENTRANCES: Shape = Shape::Word(&["cni", "nri"]);
const ON_FAILURE: Shape = Shape::Word(&["fail", "continue"]);

/// What each key takes, by its path; `*` is any key of a table whose keys are the operator's own. What is not here says
/// itself what it takes (an apply's `commands`).
const SHAPES: &[(&str, Shape)] = &[
    ("mode", Shape::Word(&["enforce", "report"])),
    ("rule", Shape::Tables),
    ("rule.namespaces", Shape::List),
    ("rule.labels", Shape::Table),
    ("rule.labels.*", Shape::Text),
    ("rule.entrance", ENTRANCES),
    ("rule.interfaces", Shape::List),
    ("rule.prefixes", Shape::List),
    (
        "rule.profile",
        Shape::Word(&["inspect", "route", "net-admin"]),
    ),
    ("rule.allow", Shape::List),
    ("rule.deny", Shape::List),
    ("rule.events", Shape::List),
    ("rule.shared", Shape::Switch),
    ("apply", Shape::Tables),
    ("apply.namespaces", Shape::List),
    ("apply.labels", Shape::Table),
    ("apply.labels.*", Shape::Text),
    ("apply.entrance", ENTRANCES),
    ("apply.interfaces", Shape::List),
    ("values", Shape::Table),
    ("values.*", Shape::Text),
    ("limits", Shape::Table),
    ("limits.*", Shape::Number),
    ("modules", Shape::Table),
    ("modules.load", Shape::List),
    ("failure", Shape::Table),
    ("failure.*", ON_FAILURE),
    ("hooks", Shape::Table),
    ("hooks.cni", Shape::Table),
    ("hooks.cni.guard", Shape::Switch),
    ("hooks.nri", Shape::Table),
    ("hooks.nri.runtime_handlers", Shape::List),
    ("cluster", Shape::Table),
    ("cluster.*", Shape::Text),
    ("log", Shape::Table),
    ("log.format", Shape::Word(&["text", "json"])),
    ("log.file", Shape::Text),
    ("metrics", Shape::Table),
    ("metrics.listen", Shape::Text),
    ("status", Shape::Table),
    ("status.annotation", Shape::Switch),
];

/// The first value that is not of its key's kind, and where it is in the text.
pub(super) fn wrong(text: &str, path: &str, table: &DeTable<'_>) -> Option<Wrong> {
    table.iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        let below = match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        let at = value.span();
        if let Some(shape) = of(path, &below)
            && !shape.is(value.get_ref())
        {
            let given = text.get(at.clone()).unwrap_or_default();
            return Some((at.start, shape.wanted(name, &below, value.get_ref(), given)));
        }
        match value.get_ref() {
            DeValue::Table(inner) => wrong(text, &below, inner),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(inner) => wrong(text, &below, inner),
                _ => None,
            }),
            _ => None,
        }
    })
}

fn of(path: &str, below: &str) -> Option<Shape> {
    let any = format!("{path}.*");
    let row = SHAPES
        .iter()
        .find(|(known, _)| *known == below || *known == any);
    row.map(|(_, shape)| *shape)
}

impl Shape {
    fn is(self, value: &DeValue<'_>) -> bool {
        match (self, value) {
            (Self::Tables, DeValue::Array(items)) => {
                items.iter().all(|item| item.get_ref().is_table())
            }
            (Self::List, DeValue::Array(items)) => items.iter().all(|item| item.get_ref().is_str()),
            (Self::Word(words), DeValue::String(word)) => words.contains(&word.as_ref()),
            (Self::Table, DeValue::Table(_))
            | (Self::Text, DeValue::String(_))
            | (Self::Switch, DeValue::Boolean(_))
            | (Self::Number, DeValue::Integer(_)) => true,
            _ => false,
        }
    }

    /// What to write instead of what is given.
    fn wanted(self, key: &str, path: &str, value: &DeValue<'_>, given: &str) -> String {
        match (self, value) {
            (Self::Tables, _) => format!("write [[{path}]], with two brackets, for each {path}"),
            (Self::Table, _) if path.ends_with(".labels") => {
                format!("{key} is a table: write {key} = {{ KEY = \"VALUE\" }}")
            }
            (Self::Table, _) => format!("{key} is a table: write [{path}], and its keys below"),
            (Self::List, DeValue::String(_)) => {
                format!("{key} is a list: write {key} = [{given}]")
            }
            (Self::List, _) => format!("{key} is a list of strings: write {key} = [\"…\"]"),
            (Self::Text, DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
                format!("{key} is a string: write {key} = \"{given}\"")
            }
            (Self::Text, _) => format!("{key} is a string: write {key} = \"…\""),
            (Self::Word(words), _) => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                let words = match words.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("{} or {last}", rest.join(", "))
                    }
                    _ => words.concat(),
                };
                format!("{key} is {words}, not {given}")
            }
            (Self::Switch, _) => format!("{key} is true or false, without quotes"),
            (Self::Number, _) => format!("{key} is a number, without quotes"),
        }
    }
}
