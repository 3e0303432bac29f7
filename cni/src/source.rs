//! Where the CNI entrance finds a pod's value: the first source that can answer ends the search, also with "none".

use std::collections::BTreeMap;

pub use chainsaw_common::annotations::{KEY, NRI_PREFIX};
use chainsaw_common::engine::Value;
use chainsaw_common::entry::COMMANDS;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Pod;
use chainsaw_common::report::place;
use chainsaw_common::value;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::environment::Environment;
use crate::error::Error;
use crate::netconf::{NetConf, present};

mod annotations;

use annotations::{Annotations, looked_up, sent};

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// At this attachment, in order: the network configuration's, then the pod's.
    pub values: Vec<Value>,
    /// Whether the pod asks for something at the NRI entrance as well.
    pub nri: bool,
    /// The pod's labels, if whoever told its annotations tells them.
    pub labels: Option<BTreeMap<String, String>>,
    /// What was meant for us, and Multus hands on to nobody.
    pub unreached: Vec<String>,
}

impl Asked {
    /// Whether nothing is asked for, at either entrance.
    pub fn is_nothing(&self) -> bool {
        self.values.is_empty() && !self.nri
    }
}

/// Everything that is asked for at this attachment.
pub fn asked(conf: &NetConf<'_>, environment: &Environment) -> Result<Asked, Error> {
    let networks = conf
        .commands
        .map(|raw| text(raw, COMMANDS, Author::Network))
        .transpose()?;
    let Pods {
        value,
        nri,
        labels,
        unreached,
    } = of_the_pod(conf, environment)?;
    Ok(Asked {
        values: networks
            .into_iter()
            .chain(value)
            .filter(has_commands)
            .collect(),
        nri,
        labels,
        unreached,
    })
}

/// Whether a value has commands, or mistakes to tell of.
fn has_commands(value: &Value) -> bool {
    value::lines(&value.text).map_or(true, |lines| !lines.is_empty())
}

/// What the pod itself asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pods {
    /// Its value, if there is one: of `args.cni.chainsaw`, else of `KEY.IFNAME`, else of `KEY`.
    value: Option<Value>,
    /// Whether it has keys of the NRI entrance.
    nri: bool,
    labels: Option<BTreeMap<String, String>>,
    unreached: Vec<String>,
}

fn of_the_pod(conf: &NetConf<'_>, environment: &Environment) -> Result<Pods, Error> {
    if let Some(raw) = conf.args.and_then(argument) {
        // What is wrong with annotations that nobody needs is nobody's trouble.
        let nri = sent(conf)
            .ok()
            .flatten()
            .is_some_and(|annotations| annotations.ask_nri());
        let value = Some(text(raw, "args.cni.chainsaw", Author::Pod)?);
        return Ok(Pods {
            value,
            nri,
            ..Pods::default()
        });
    }
    let (annotations, labels) = match sent(conf)? {
        // Nobody else is asked then, not even for labels: whatever is broken on the node, such a pod neither fails nor waits.
        Some(annotations) => (annotations, None),
        None => match pod(environment) {
            Some(pod) => {
                let found = looked_up(conf, environment, &pod)?;
                (Annotations::Asked(found.annotations), found.labels)
            }
            // No pod is named, so there is nobody to ask for.
            None => return Ok(Pods::default()),
        },
    };
    let own = environment
        .ifname
        .as_ref()
        .map(|ifname| format!("{KEY}.{ifname}"));
    let keys = own.into_iter().chain([KEY.to_owned()]);
    let nri = annotations.ask_nri();
    let unreached = annotations.unreached();
    for key in keys {
        if let Some(text) = annotations.text(&key)? {
            let value = Some(Value {
                source: key,
                author: Author::Pod,
                text,
            });
            return Ok(Pods {
                value,
                nri,
                labels,
                unreached,
            });
        }
    }
    Ok(Pods {
        value: None,
        nri,
        labels,
        unreached,
    })
}

/// `args.cni.chainsaw`. What else stands in `args` is other plugins' business, its shape included.
fn argument(args: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Args<'a> {
        #[serde(borrow, default)]
        cni: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Cni<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        chainsaw: Option<&'a RawValue>,
    }
    let cni = serde_json::from_str::<Args<'_>>(args.get()).ok()?.cni?;
    serde_json::from_str::<Cni<'_>>(cni.get()).ok()?.chainsaw
}

/// A value in a configuration is a string as in an annotation, or the JSON array itself.
fn text(raw: &RawValue, source: &'static str, author: Author) -> Result<Value, Error> {
    let text = match raw.get().as_bytes().first() {
        Some(b'[') => Some(raw.get().to_owned()),
        _ => string(raw),
    };
    let text = text.ok_or(Error::Annotations {
        place: place(source),
        why: "it is neither a string nor an array: write [\"ip …\", \"ip …\"]".to_owned(),
    })?;
    Ok(Value {
        source: source.to_owned(),
        author,
        text,
    })
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The pod that `CNI_ARGS` names (`K8S_POD_NAMESPACE` and so on, as kubelet's runtimes pass them, in any order).
pub fn pod(environment: &Environment) -> Option<Pod> {
    Some(Pod {
        namespace: environment.argument("K8S_POD_NAMESPACE")?,
        name: environment.argument("K8S_POD_NAME")?,
        uid: environment.argument("K8S_POD_UID"),
        // Whoever told its annotations may know.
        labels: None,
    })
}

#[cfg(test)]
mod tests;
