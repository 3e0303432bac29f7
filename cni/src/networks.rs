//! Multus' annotation, as far as it concerns us: the interfaces that it makes, and what its `cni-args` hold.

use std::collections::BTreeMap;

use chainsaw_common::nearest::nearest;
use chainsaw_common::report::cut;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The attachments that a pod has beside its first.
pub const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// Our part of a selection's `cni-args`.
pub const ARGUMENT: &str = "chainsaw";

/// The fields of a network selection, as the NPWG's types and Multus' own have them.
const FIELDS: [&str; 12] = [
    "name",
    "namespace",
    "ips",
    "mac",
    "infiniband-guid",
    "interface",
    "portMappings",
    "bandwidth",
    "cni-args",
    "default-route",
    "ipam-claim-reference",
    "deviceID",
];

/// How many bytes of a field's name are told, and how long one may be that is nearly one of ours.
const NAME_BYTES: usize = 64;

/// How many fields are told of at an ADD.
const UNREACHED: usize = 4;

/// One network selection.
#[derive(Debug, PartialEq, Eq)]
pub struct Selection {
    /// The interface that it makes.
    pub interface: String,
    /// Its `cni-args`.
    pub arguments: BTreeMap<String, Value>,
    /// Its fields that Multus passes over.
    pub unknown: Vec<Unknown>,
}

/// A field that Multus does not know.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown {
    /// As written.
    pub name: String,
    /// What it was probably meant to be.
    pub meant: Option<&'static str>,
    /// Whether it is about us.
    pub is_ours: bool,
}

impl Unknown {
    /// What is wrong with it, in the selection of a number from 0; nothing where nobody knows what it was meant for.
    pub fn told(&self, selection: usize) -> Option<String> {
        let said = format!(
            "{NETWORKS}[{selection}].{}: Multus does not know this field",
            cut(&self.name, NAME_BYTES)
        );
        if self.is_ours {
            return Some(format!(
                "{said}, so its commands reach no plugin; write \"cni-args\": {{\"chainsaw\": [\"ip …\"]}}"
            ));
        }
        let meant = self.meant?;
        Some(format!("{said}; did you mean {meant}?"))
    }
}

#[derive(Deserialize)]
struct Written {
    interface: Option<String>,
    #[serde(default, rename = "cni-args")]
    arguments: BTreeMap<String, Value>,
    #[serde(skip)]
    unknown: Vec<Unknown>,
}

/// What was meant for us in selections, and reaches nobody: the first few.
pub fn unreached(text: &str) -> Vec<String> {
    let all = selections(text).unwrap_or_default();
    let of_a_selection = |(number, selection): (usize, Selection)| {
        let ours = selection
            .unknown
            .into_iter()
            .filter(|unknown| unknown.is_ours);
        ours.filter_map(move |unknown| unknown.told(number))
    };
    let told = (0..).zip(all).flat_map(of_a_selection);
    told.take(UNREACHED).collect()
}

/// The selections of an annotation, in either form that Multus reads.
///
/// # Errors
/// It begins as JSON and is no list of selections.
pub fn selections(text: &str) -> Result<Vec<Selection>, serde_json::Error> {
    let text = text.trim();
    let written: Vec<Written> = if text.starts_with(['[', '{']) {
        let all: Vec<Map<String, Value>> = serde_json::from_str(text)?;
        all.into_iter().map(written).collect::<Result<_, _>>()?
    } else {
        let names = text.split(',').filter(|name| !name.trim().is_empty());
        names.map(by_name).collect()
    };
    let selection = |(number, written): (usize, Written)| Selection {
        // Multus names attachments so unless the selection does; an empty name is none.
        interface: written
            .interface
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| format!("net{number}")),
        arguments: written.arguments,
        unknown: written.unknown,
    };
    Ok((1..).zip(written).map(selection).collect())
}

/// `NAMESPACE/NAME@INTERFACE`, of which the last is enough.
fn by_name(name: &str) -> Written {
    Written {
        interface: name.split_once('@').map(|(_, at)| at.trim().to_owned()),
        arguments: BTreeMap::new(),
        unknown: Vec::new(),
    }
}

/// One in JSON, its fields by the names that Multus has for them: Go takes a field's name in any case.
fn written(selection: Map<String, Value>) -> Result<Written, serde_json::Error> {
    let mut fields = Map::new();
    let mut unknown = Vec::new();
    for (name, value) in selection {
        match FIELDS
            .iter()
            .find(|field| field.eq_ignore_ascii_case(&name))
        {
            Some(field) => {
                fields.insert((*field).to_owned(), value);
            }
            None => unknown.push(Unknown {
                meant: meant(&name),
                is_ours: name == ARGUMENT || is_ours(&value),
                name,
            }),
        }
    }
    let written: Written = serde_json::from_value(Value::Object(fields))?;
    Ok(Written { unknown, ..written })
}

/// Whether a value is what belongs into `cni-args`, or into what Multus makes of them.
fn is_ours(value: &Value) -> bool {
    let places = ["/chainsaw", "/cni/chainsaw"];
    places.iter().any(|place| value.pointer(place).is_some())
}

/// The field that an unknown one was probably meant to be.
fn meant(name: &str) -> Option<&'static str> {
    if name.len() > NAME_BYTES {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let name = plain(name);
    if name == ARGUMENT {
        return Some("cni-args");
    }
    let near = |field: &&&str| nearest(&name, [plain(field).as_str()]).is_some();
    FIELDS
        .iter()
        .find(|field| plain(field) == name)
        .or_else(|| FIELDS.iter().find(near))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces(text: &str) -> Vec<String> {
        let all = selections(text).unwrap();
        all.into_iter().map(|one| one.interface).collect()
    }

    #[test]
    fn either_form_names_its_interfaces() {
        assert_eq!(interfaces("a, x/b@fast, c"), ["net1", "fast", "net3"]);
        let json = r#"[{"name": "a"}, {"name": "b", "interface": "fast"}, {"name": "c"}]"#;
        assert_eq!(interfaces(json), ["net1", "fast", "net3"]);
        let empty = r#"[{"name": "a", "interface": ""}]"#;
        assert_eq!(interfaces(empty), ["net1"]);
        assert_eq!(interfaces("a@"), ["net1"]);
        assert!(interfaces(" ").is_empty() && interfaces("[]").is_empty());
    }

    #[test]
    fn a_field_that_multus_does_not_know_is_told_with_what_was_meant() {
        let of = |field: &str, value: &str| {
            let text = format!(r#"[{{"name": "a", "{field}": {value}}}]"#);
            let mut all = selections(&text).unwrap();
            all.remove(0)
        };
        let commands = r#"{"chainsaw": ["ip route"]}"#;
        for (name, meant, is_ours) in [
            ("cniArgs", Some("cni-args"), true),
            ("cni_args", Some("cni-args"), true),
            ("cni-arg", Some("cni-args"), true),
            ("chainsaw", Some("cni-args"), true),
            ("args", None, true),
            ("interfaces", Some("interface"), true),
        ] {
            let unknown = Unknown {
                name: name.to_owned(),
                meant,
                is_ours,
            };
            assert_eq!(of(name, commands).unknown, [unknown], "{name}");
        }
        assert!(!of("interfce", "\"net9\"").unknown[0].is_ours);
        // As Go reads them.
        let right = of("CNI-Args", commands);
        assert!(right.unknown.is_empty() && right.arguments.contains_key("chainsaw"));
        assert_eq!(of("Interface", "\"net9\"").interface, "net9");
        for field in FIELDS
            .iter()
            .filter(|field| !matches!(**field, "interface" | "cni-args"))
        {
            assert!(of(field, "\"chainsaw\"").unknown.is_empty(), "{field}");
        }
    }

    #[test]
    fn a_pod_fills_no_log_with_fields() {
        let long = "x".repeat(10_000);
        let fields: Vec<String> = (0..1000)
            .map(|number| format!(r#""{long}{number}": {{"chainsaw": 1}}"#))
            .collect();
        let told = unreached(&format!("[{{{}}}]", fields.join(", ")));
        assert_eq!(told.len(), UNREACHED);
        assert!(told.iter().all(|line| line.len() < 300), "{told:?}");
    }

    #[test]
    fn json_that_is_no_list_is_an_error() {
        for text in ["[{\"name\": \"a\"", "{\"name\": \"a\"}", "[7]"] {
            assert!(selections(text).is_err(), "{text}");
        }
    }
}
