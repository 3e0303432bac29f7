//! A file that is checked: what it holds of pods, and of networks that run commands in them.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use super::network::Network;
use super::workload::{self, Described};
use super::yaml;

/// Something that is checked.
#[derive(Debug)]
pub enum Found {
    /// A pod, or a template of pods.
    Pods(Described),
    /// A network configuration.
    Network(Network),
}

/// How standard input is asked for.
const STDIN: &str = "-";

/// A file, as it is called where people read of it.
pub fn named(path: &str) -> &str {
    if path == STDIN {
        "standard input"
    } else {
        path
    }
}

/// The text of a file, or of standard input by the name `-`.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn text(path: &str) -> Result<String, String> {
    let bytes = match path {
        STDIN => read_to_end(io::stdin()),
        path => fs::read(path),
    };
    let name = named(path);
    let bytes = bytes.map_err(|error| format!("cannot read {name}: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let encoding = match error.as_bytes() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16",
            _ => "it is not UTF-8",
        };
        format!("cannot read {name}: {encoding}; save it as UTF-8")
    })
}

fn read_to_end(mut from: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads YAML or JSON, one document or several.
///
/// # Errors
/// It is neither, or has nothing in it that is checked.
pub fn read(path: &str, text: &str) -> Result<Vec<Found>, String> {
    let path = named(path);
    if text.trim().is_empty() {
        return Err(format!("{path} is empty"));
    }
    if Path::new(path).extension().is_some_and(|it| it == "toml") {
        return Err(format!(
            "{path} is no YAML: a configuration of Chainsaw is checked with --policy {path}"
        ));
    }
    let documents = yaml::documents(path, text)?;
    let found: Vec<Found> = documents
        .iter()
        .flat_map(objects)
        .filter_map(found)
        .collect();
    if found.is_empty() {
        let seen: Vec<String> = documents.iter().flat_map(objects).map(title).collect();
        return Err(format!(
            "{path} describes no pod, but {}: {}",
            seen.join(", "),
            instead(&documents)
        ));
    }
    Ok(found)
}

/// How something is called that is not checked.
fn title(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    match (text("/kind"), text("/metadata/name")) {
        (Some("Pod"), name) => format!("Pod/{} without containers", name.unwrap_or("?")),
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => "something without a kind".to_owned(),
    }
}

/// What to give instead of a file in which nothing is checked.
fn instead(documents: &[Value]) -> &'static str {
    if documents
        .iter()
        .all(|document| document.is_string() || document.is_array())
    {
        return "commands themselves are given without -f: chainsaw check 'ip route'";
    }
    "give a Pod with its containers, what makes pods (Deployment, Job, CronJob …), a NetworkAttachmentDefinition, or a network configuration of CNI"
}

fn found(object: &Value) -> Option<Found> {
    let pods = workload::described(object).map(Found::Pods);
    pods.or_else(|| Network::of(object).map(Found::Network))
}

/// A list is what is in it.
fn objects(document: &Value) -> Vec<&Value> {
    match document.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().collect(),
        None => vec![document],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_nothing_to_check_says_so() {
        let said = |text: &str| read("x.yaml", text).unwrap_err();
        assert!(
            said("kind: Service\nmetadata: {name: web}\n---\nkind: Pod\n")
                .starts_with("x.yaml describes no pod, but Service/web, Pod/? without containers: give a Pod with")
        );
        assert!(said("ip route\n").ends_with("chainsaw check 'ip route'"));
        let toml = read("x.toml", "a = 1\n").unwrap_err();
        assert!(toml.ends_with("--policy x.toml"), "{toml}");
        assert!(said("a: [").contains("is not YAML"));
        assert_eq!(said(" \n"), "x.yaml is empty");
        assert_eq!(read("-", "").unwrap_err(), "standard input is empty");
    }

    #[test]
    fn a_file_that_is_no_text_says_in_what_to_save_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        let path = path.to_str().unwrap();
        for (bytes, said) in [
            (&b"\xff\xfek\0"[..], "it is UTF-16; save it as UTF-8"),
            (b"k: \xe9", "it is not UTF-8; save it as UTF-8"),
        ] {
            fs::write(path, bytes).unwrap();
            assert!(text(path).unwrap_err().contains(said));
        }
        assert!(text("/nowhere/x.yaml").unwrap_err().contains("cannot read"));
    }
}
