//! Multus' annotation, as far as it concerns us: the interfaces that it makes, and what its `cni-args` hold.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The attachments that a pod has beside its first.
pub const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// One network selection.
#[derive(Debug, PartialEq, Eq)]
pub struct Selection {
    /// The interface that it makes.
    pub interface: String,
    /// Its `cni-args`.
    pub arguments: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Written {
    interface: Option<String>,
    #[serde(default, rename = "cni-args")]
    arguments: BTreeMap<String, Value>,
}

/// The selections of an annotation, in either form that Multus reads.
///
/// # Errors
/// It begins as JSON and is no list of selections.
pub fn selections(text: &str) -> Result<Vec<Selection>, serde_json::Error> {
    let text = text.trim();
    let written: Vec<Written> = if text.starts_with(['[', '{']) {
        serde_json::from_str(text)?
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
    };
    Ok((1..).zip(written).map(selection).collect())
}

/// `NAMESPACE/NAME@INTERFACE`, of which the last is enough.
fn by_name(name: &str) -> Written {
    Written {
        interface: name.split_once('@').map(|(_, at)| at.trim().to_owned()),
        arguments: BTreeMap::new(),
    }
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
    fn json_that_is_no_list_is_an_error() {
        for text in ["[{\"name\": \"a\"", "{\"name\": \"a\"}", "[7]"] {
            assert!(selections(text).is_err(), "{text}");
        }
    }
}
