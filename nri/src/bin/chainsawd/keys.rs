//! The pod's keys at this entrance: what each asks for, and when.

use std::collections::BTreeMap;

use chainsaw_common::annotations::NRI_PREFIX as PREFIX;
use chainsaw_common::plan::Author;
use chainsaw_common::value;

const SANDBOX: &str = "sandbox";
const CONTAINER: &str = "container.";

/// A key of ours that says nothing that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the annotation {key} is not known: {PREFIX}{SANDBOX} runs when the sandbox is there, {PREFIX}{CONTAINER}NAME when container NAME starts"
)]
pub struct UnknownKey {
    /// The key.
    pub key: String,
}

/// A value and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// The whole key.
    pub key: &'a str,
    /// The text.
    pub text: &'a str,
    /// Who wrote it.
    pub author: Author,
}

/// Everything that a pod asks for here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// When the sandbox is there.
    pub sandbox: Option<Value<'a>>,
    /// When a container starts, by its name.
    pub containers: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Asked<'a> {
    /// Reads a pod's annotations. One that has no key of ours costs one look into the map.
    ///
    /// # Errors
    /// A key of ours is not known.
    pub fn read(annotations: &'a BTreeMap<String, String>) -> Result<Option<Self>, UnknownKey> {
        let ours = annotations
            .range(PREFIX.to_owned()..)
            .map_while(|(key, text)| {
                Some((key.as_str(), key.strip_prefix(PREFIX)?, text.as_str()))
            });
        let mut asked: Option<Self> = None;
        for (key, suffix, text) in ours {
            // What asks for nothing is as if it were not there, as at the CNI entrance.
            if value::lines(text).is_ok_and(|lines| lines.is_empty()) && is_known(suffix) {
                continue;
            }
            let asked = asked.get_or_insert_default();
            let value = Value {
                key,
                text,
                author: Author::Pod,
            };
            match suffix.strip_prefix(CONTAINER) {
                Some(name) if !name.is_empty() => {
                    asked.containers.insert(name, value);
                }
                _ if suffix == SANDBOX => asked.sandbox = Some(value),
                _ => {
                    return Err(UnknownKey {
                        key: key.to_owned(),
                    });
                }
            }
        }
        Ok(asked)
    }
}

fn is_known(suffix: &str) -> bool {
    suffix == SANDBOX
        || suffix
            .strip_prefix(CONTAINER)
            .is_some_and(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(keys: &[&str]) -> BTreeMap<String, String> {
        let pair = |key: &&str| ((*key).to_owned(), "ip route".to_owned());
        keys.iter().map(pair).collect()
    }

    #[test]
    fn a_pod_without_a_key_of_ours_asks_for_nothing() {
        for keys in [
            &[][..],
            &[
                "a/b",
                "chainsaw.noderesource.de/x",
                "k8s.v1.cni.cncf.io/chainsaw",
                "z",
            ],
        ] {
            assert_eq!(Asked::read(&annotations(keys)), Ok(None));
        }
    }

    #[test]
    fn values_are_found_by_when_they_run() {
        let annotations = annotations(&[
            "chainsaw.noderesource.dev/container.app",
            "chainsaw.noderesource.dev/container.app.log",
            "chainsaw.noderesource.dev/sandbox",
            "z",
        ]);
        let asked = Asked::read(&annotations).unwrap().unwrap();
        assert_eq!(
            asked.sandbox.unwrap().key,
            "chainsaw.noderesource.dev/sandbox"
        );
        assert_eq!(
            asked.containers.keys().collect::<Vec<_>>(),
            [&"app", &"app.log"]
        );
    }

    #[test]
    fn an_empty_value_asks_for_nothing() {
        for text in ["", "[]", "# later\n"] {
            let key = "chainsaw.noderesource.dev/sandbox".to_owned();
            assert_eq!(Asked::read(&[(key, text.to_owned())].into()), Ok(None));
        }
    }

    #[test]
    fn an_unknown_suffix_is_an_error_that_names_the_known_ones() {
        for suffix in [
            "",
            "sandboxes",
            "container.",
            "container",
            "pod",
            "container/app",
        ] {
            let key = format!("chainsaw.noderesource.dev/{suffix}");
            let said = Asked::read(&annotations(&[&key])).unwrap_err().to_string();
            assert!(said.contains(&key), "{said}");
            assert!(
                said.contains("dev/sandbox") && said.contains("dev/container.NAME"),
                "{said}"
            );
        }
    }
}
