//! What a described pod asks for: which value, by which entrance, at which interface; and what no node would take.

use std::collections::BTreeSet;

use chainsaw_common::annotations::{is_ours, meant, meant_at_nri};
use chainsaw_common::engine;
use chainsaw_common::lookalike;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Entrance;
use serde_json::Value;

use super::workload::Described;
use crate::networks::NETWORKS;
use crate::source::{KEY, NRI_PREFIX};

mod misplaced;
mod multus;

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

impl Asked {
    /// Everything that a pod asks for at either entrance; `assumed` is the interface at which a key counts that says none.
    pub fn by(described: &Described, assumed: &str) -> Self {
        let mut asked = Self::default();
        asked.misplaced(described);
        let selections = asked.selections(described);
        for (key, value) in &described.annotations {
            if key == NETWORKS {
                asked.arguments(selections.as_deref().unwrap_or_default());
            } else if let Some(suffix) = key.strip_prefix(NRI_PREFIX) {
                match known(suffix, described) {
                    Ok(()) => asked.annotation(key, value, Entrance::Nri, None),
                    // Nobody runs them, whatever they are.
                    Err(why) => asked.problems.push(format!("annotation {key}: {why}")),
                }
            } else if is_ours(key) {
                let interface = key.strip_prefix(KEY).and_then(|at| at.strip_prefix('.'));
                asked.annotation(key, value, Entrance::Cni, interface.map(str::to_owned));
            } else if let Some(meant) = meant(key) {
                let found = lookalike::all(key).next();
                let why = found.map(|found| format!(" ({})", found.with_more(0)));
                asked.problems.push(format!(
                    "annotation {key} is no key of Chainsaw; did you mean {meant}?{}",
                    why.unwrap_or_default()
                ));
            }
        }
        if let Some(selections) = selections {
            let attached: Vec<String> = selections.into_iter().map(|one| one.interface).collect();
            asked.nowhere(assumed, &attached);
            asked.elsewhere(assumed, &attached);
        } else {
            asked.elsewhere(assumed, &[]);
        }
        asked.on_a_node(described);
        asked
    }

    /// A key of an interface counts only where an attachment makes that.
    fn nowhere(&mut self, assumed: &str, attached: &[String]) {
        let there: Vec<&str> = [assumed]
            .into_iter()
            .chain(attached.iter().map(String::as_str))
            .collect();
        let at = |wanted: &Wanted| wanted.interface.clone();
        let wanted: BTreeSet<String> = self.values.iter().filter_map(at).collect();
        for interface in wanted.iter().filter(|at| !there.contains(&at.as_str())) {
            self.notes.push(format!(
                "no selection of this pod makes {interface}: {} there",
                listed(&there)
            ));
        }
    }

    /// The plain key does not count where an interface has a key or `cni-args` of its own: it is judged where it does.
    fn elsewhere(&mut self, assumed: &str, attached: &[String]) {
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
        let (at, whether) = match attached.iter().find(|name| is_free(name)) {
            Some(at) => (at.clone(), String::new()),
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
                "annotation {key}: its value is {}, and the API takes strings alone: {}",
                kind(other),
                as_a_string(other)
            )),
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

/// `a is`, `a and b are`, `a, b and c are`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("{only} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
    }
}

/// How a value becomes a string.
fn as_a_string(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => {
            "put the array in single quotes, '[\"ip …\", \"ip …\"]', or write | behind the key and one command a line, without dashes"
        }
        Value::Null => "write a value, or take the key away",
        _ => "put quotes around it, or write it behind |",
    }
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
        None => {
            let meant = meant_at_nri(suffix)
                .map(|meant| format!("; did you mean {NRI_PREFIX}{meant}?"))
                .unwrap_or_default();
            Err(format!(
                "the key is not known, known are sandbox and container.NAME{meant}"
            ))
        }
    }
}
