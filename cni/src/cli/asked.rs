//! What a described pod asks for: which value, by which entrance, at which interface; and what no node would take.

use std::collections::BTreeMap;

use chainsaw_common::engine;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Entrance;
use serde::Deserialize;
use serde_json::Value;

use super::workload::Described;
use crate::source::{KEY, NRI_PREFIX};

/// Multus' annotation: the attachments that a pod has beside its first.
const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// What is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// The values, in order.
    pub values: Vec<Wanted>,
    /// What is wrong with the description.
    pub problems: Vec<String>,
    /// Whether the node refuses such a pod whatever it asks for.
    pub refused: bool,
    /// What a node decides and nobody can say here.
    pub notes: Vec<String>,
}

/// A value, and where it is served.
#[derive(Debug)]
pub struct Wanted {
    /// By whom.
    pub entrance: Entrance,
    /// At which interface; none where the key does not say.
    pub interface: Option<String>,
    /// The value.
    pub value: engine::Value,
}

/// Something that wins over the plain key at an interface.
struct Wins {
    at: String,
    source: String,
}

/// One of Multus' network selections, as far as we look at it.
#[derive(Deserialize)]
struct Selection {
    interface: Option<String>,
    #[serde(default, rename = "cni-args")]
    arguments: BTreeMap<String, Value>,
}

impl Asked {
    /// Everything that a pod asks for at either entrance; `assumed` is the interface at which a key counts that says none.
    pub fn by(described: &Described, assumed: &str) -> Self {
        let mut asked = Self::default();
        for (key, value) in &described.annotations {
            if key == NETWORKS {
                asked.networks(value);
            } else if let Some(suffix) = key.strip_prefix(NRI_PREFIX) {
                if let Err(why) = known(suffix, described) {
                    asked.problems.push(format!("annotation {key}: {why}"));
                }
                asked.annotation(key, value, Entrance::Nri, None);
            } else if let Some(rest) = key.strip_prefix(KEY)
                && (rest.is_empty() || rest.starts_with('.'))
            {
                let interface = rest.strip_prefix('.').map(str::to_owned);
                asked.annotation(key, value, Entrance::Cni, interface);
            }
        }
        asked.elsewhere(described, assumed);
        asked.on_a_node(described);
        asked
    }

    /// The plain key does not count where an interface has a key or `cni-args` of its own: it is judged where it does.
    fn elsewhere(&mut self, described: &Described, assumed: &str) {
        let at_cni = |wanted: &&Wanted| wanted.entrance == Entrance::Cni;
        let own: Vec<Wins> = (self.values.iter().filter(at_cni))
            .filter_map(|wanted| {
                let source = wanted.value.source.clone();
                wanted.interface.clone().map(|at| Wins { at, source })
            })
            .collect();
        let Some(wins) = own.iter().find(|wins| wins.at == assumed) else {
            return;
        };
        let is_free = |name: &String| own.iter().all(|wins| wins.at != *name);
        let attached = interfaces(described).into_iter().find(is_free);
        let (at, whether) = match attached {
            Some(at) => (at, String::new()),
            // One more than there are taken is always enough.
            None => {
                let mut others = (1..=own.len() + 1).map(|number| format!("net{number}"));
                let other = others.find(is_free).unwrap_or_default();
                let whether = ", which no selection here makes: it counts only if the pod has one";
                (other, whether.to_owned())
            }
        };
        let plain = |wanted: &&mut Wanted| wanted.value.source == KEY;
        if let Some(plain) = self.values.iter_mut().find(plain) {
            self.notes.push(format!(
                "annotation {KEY}: at {assumed} {} wins; judged at {at}{whether}",
                wins.source
            ));
            plain.interface = Some(at);
        }
    }

    fn annotation(&mut self, key: &str, value: &Value, entrance: Entrance, at: Option<String>) {
        match value {
            Value::String(text) => self.wanted(key, text.clone(), entrance, at),
            other => self.problems.push(format!(
                "annotation {key}: its value is {}, and the API takes strings alone: put quotes around it, or write it behind |",
                kind(other)
            )),
        }
    }

    /// `cni-args` of the selections, which reach us as `args.cni.chainsaw`. Other words of them are Multus' business.
    fn networks(&mut self, value: &Value) {
        let Some(text) = value.as_str().filter(|text| text.contains("chainsaw")) else {
            return;
        };
        if !text.trim_start().starts_with(['[', '{']) {
            return;
        }
        let selections: Vec<Selection> = match serde_json::from_str(text) {
            Ok(selections) => selections,
            Err(error) => {
                let why =
                    format!("annotation {NETWORKS}: it is no list of network selections: {error}");
                return self.problems.push(why);
            }
        };
        for (number, selection) in selections.into_iter().enumerate() {
            let Some(value) = selection.arguments.get("chainsaw") else {
                continue;
            };
            let source = format!("{NETWORKS}[{number}].cni-args.chainsaw");
            // Multus names attachments so unless the selection does.
            let interface = selection
                .interface
                .unwrap_or_else(|| format!("net{}", number + 1));
            match value {
                Value::String(text) => {
                    self.wanted(&source, text.clone(), Entrance::Cni, Some(interface));
                }
                Value::Array(_) => {
                    self.wanted(&source, value.to_string(), Entrance::Cni, Some(interface));
                }
                other => self.problems.push(format!(
                    "{source}: it is {} and neither a string nor an array",
                    kind(other)
                )),
            }
        }
    }

    fn wanted(&mut self, source: &str, text: String, entrance: Entrance, at: Option<String>) {
        self.values.push(Wanted {
            entrance,
            interface: at,
            value: engine::Value {
                source: source.to_owned(),
                author: Author::Pod,
                text,
            },
        });
    }

    /// What becomes of the pod as a whole.
    fn on_a_node(&mut self, described: &Described) {
        if self.values.is_empty() {
            return;
        }
        if described.host_network {
            self.refused = true;
            self.problems.push(
                "the pod is on the host's network: commands would change the node, so there are none for it; take the annotation away, or hostNetwork"
                    .to_owned(),
            );
        }
        let is_nri = |wanted: &Wanted| wanted.entrance == Entrance::Nri;
        if let Some(class) = &described.runtime_class
            && self.values.iter().any(is_nri)
        {
            self.notes.push(format!(
                "runtimeClassName {class}: a node serves {NRI_PREFIX}… only if the class's handler is runc, crun or youki, or is listed in its [hooks.nri] runtime_handlers"
            ));
        }
    }
}

/// The interfaces of a pod's network selections, in either form that Multus reads; what is none is told elsewhere.
fn interfaces(described: &Described) -> Vec<String> {
    let networks = described
        .annotations
        .iter()
        .find(|(key, _)| key == NETWORKS);
    let text = networks.and_then(|(_, value)| value.as_str());
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    let named: Vec<Option<String>> = if text.starts_with(['[', '{']) {
        let selections: Vec<Selection> = serde_json::from_str(text).unwrap_or_default();
        selections.into_iter().map(|one| one.interface).collect()
    } else {
        let interface = |one: &str| one.split_once('@').map(|(_, at)| at.trim().to_owned());
        text.split(',').map(interface).collect()
    };
    (1..)
        .zip(named)
        .map(|(number, named)| named.unwrap_or_else(|| format!("net{number}")))
        .collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
        Value::Number(_) => "a number",
        Value::Bool(_) => "true or false",
        Value::Null => "empty (null)",
        Value::String(_) => "a string",
    }
}

fn known(suffix: &str, described: &Described) -> Result<(), String> {
    match suffix.strip_prefix("container.") {
        Some(name) if described.containers.iter().any(|known| known == name) => Ok(()),
        Some(name) => Err(format!(
            "there is no container {name}, there are {}",
            described.containers.join(", ")
        )),
        None if suffix == "sandbox" => Ok(()),
        None => Err("the key is not known, known are sandbox and container.NAME".to_owned()),
    }
}
