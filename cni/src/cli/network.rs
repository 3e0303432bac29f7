//! A network configuration of CNI, in a file of its own or in a NetworkAttachmentDefinition: chainsaw's entries in it.

use chainsaw_common::engine;
use chainsaw_common::entry::{COMMANDS, TYPE, is_known, meant};
use chainsaw_common::nearest::nearest;
use chainsaw_common::plan::Author;
use serde_json::{Map, Value};

/// The kind of object that holds a configuration for Multus.
const DEFINITION: &str = "NetworkAttachmentDefinition";

/// A network configuration.
#[derive(Debug)]
pub struct Network {
    /// How it is called.
    pub title: String,
    /// The Kubernetes namespace of its definition, if that says one.
    pub namespace: Option<String>,
    /// What chainsaw's entries ask for.
    pub values: Vec<engine::Value>,
    /// What is wrong with them.
    pub problems: Vec<String>,
    /// What may not be meant.
    pub notes: Vec<String>,
}

impl Network {
    /// The configuration that an object is, or holds.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        match text("/kind") {
            Some(DEFINITION) => {
                let namespace = text("/metadata/namespace").map(|name| format!("{name}/"));
                let name = text("/metadata/name").unwrap_or("?");
                let title = format!("{}{DEFINITION}/{name}", namespace.unwrap_or_default());
                let network = Self::in_a_definition(title, object.pointer("/spec/config"));
                Some(Self {
                    namespace: text("/metadata/namespace").map(str::to_owned),
                    ..network
                })
            }
            Some(_) => None,
            None => {
                let is_one = object.get("plugins").is_some_and(Value::is_array)
                    || text("/type").is_some() && object.get("cniVersion").is_some();
                let name = text("/name").unwrap_or("?");
                is_one.then(|| Self::read(format!("network {name}"), "", object))
            }
        }
    }

    fn titled(title: String) -> Self {
        Self {
            title,
            namespace: None,
            values: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn in_a_definition(title: String, config: Option<&Value>) -> Self {
        let mut network = Self::titled(title.clone());
        match config {
            // Multus then takes the node's configuration of that name.
            None => network
                .notes
                .push("there is no spec.config in it".to_owned()),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(config) => return Self::read(title, "spec.config ", &config),
                Err(error) => network.problems.push(format!(
                    "spec.config is not JSON ({error}), and nobody reads it as anything else"
                )),
            },
            Some(_) => network.problems.push(
                "spec.config is not a string: write the JSON behind |, so that it becomes one"
                    .to_owned(),
            ),
        }
        network
    }

    fn read(title: String, place: &str, config: &Value) -> Self {
        let mut network = Self::titled(title);
        let plugins = config.get("plugins").and_then(Value::as_array);
        let entries: Vec<(String, &Value)> = match plugins {
            Some(plugins) => (0..)
                .zip(plugins)
                .map(|(number, entry)| (format!("{place}plugins[{number}]"), entry))
                .collect(),
            None => vec![(place.trim_end().to_owned(), config)],
        };
        let mut is_there = false;
        for (number, (place, entry)) in entries.iter().enumerate() {
            let plugin = entry
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            match (plugin, entry.as_object()) {
                (TYPE, Some(entry)) => {
                    is_there = true;
                    network.entry(place, entry, number == 0);
                }
                _ => network.other(place, plugin),
            }
        }
        if !is_there {
            network.notes.push("no plugin in it is chainsaw".to_owned());
        }
        network
    }

    /// One of another type, unless it was meant to be ours.
    fn other(&mut self, place: &str, plugin: &str) {
        if nearest(&plugin.to_lowercase(), [TYPE]).is_some() {
            self.notes.push(format!(
                "{place}.type is {plugin:?}; did you mean {TYPE:?}?"
            ));
        }
    }

    /// Ours: its fields, and its commands.
    fn entry(&mut self, place: &str, entry: &Map<String, Value>, is_first: bool) {
        if is_first {
            let place = if place.is_empty() { "it" } else { place };
            self.problems.push(format!(
                "{place} is chainsaw without a plugin before it: name first, in \"plugins\", the one that makes the interface"
            ));
        }
        let field = |name: &str| match place {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        };
        for name in entry.keys().filter(|name| !is_known(name)) {
            let said = format!("{}: chainsaw does not know this field", field(name));
            match meant(name) {
                Some(meant) => self.problems.push(format!("{said}; did you mean {meant}?")),
                None => self.notes.push(format!("{said}, and ignores it")),
            }
        }
        let text = match entry.get(COMMANDS) {
            None => return,
            Some(Value::String(text)) => text.clone(),
            Some(array @ Value::Array(_)) => array.to_string(),
            Some(_) => {
                self.problems.push(format!(
                    "{}: it is neither a string nor an array: write [\"ip …\", \"ip …\"]",
                    field(COMMANDS)
                ));
                return;
            }
        };
        self.values.push(engine::Value {
            source: field(COMMANDS),
            author: Author::Network,
            text,
        });
    }
}
