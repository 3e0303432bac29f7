//! Which pods a rule, or an `[[apply]]`, speaks of.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Wrong;
use crate::glob;
use crate::pod::{Entrance, Subject};

/// Selectors as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    pub namespaces: Vec<Spanned<String>>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    pub entrance: Option<Spanned<String>>,
    #[serde(default)]
    pub interfaces: Vec<Spanned<String>>,
}

/// Selectors: each that is there has to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Kubernetes namespaces: names, or globs.
    pub namespaces: Vec<String>,
    /// Labels that the pod must have, with these values.
    pub labels: BTreeMap<String, String>,
    /// The entrance; none is any.
    pub entrance: Option<Entrance>,
    /// The interfaces at which commands run: names, or globs; none is any.
    pub interfaces: Vec<String>,
}

/// Why a selector does not select a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// No pod is named.
    #[error("no pod is named")]
    NoPod,
    /// Its namespace is not among them.
    #[error("namespaces {} do not name {given}", .wanted.join(", "))]
    Namespace {
        /// The rule's.
        wanted: Vec<String>,
        /// The pod's.
        given: String,
    },
    /// A label is not as wanted.
    #[error("label {key} has to be {wanted}, {}", .given.as_ref().map_or("the pod has none".to_owned(), |given| format!("it is {given}")))]
    Label {
        /// Its key.
        key: String,
        /// The rule's value.
        wanted: String,
        /// The pod's.
        given: Option<String>,
    },
    /// Nobody told the pod's labels.
    #[error("the pod's labels are not known at this entrance")]
    LabelsUnknown,
    /// It is another entrance's.
    #[error("it is for entrance {0}")]
    Entrance(&'static str),
    /// The interface is not among them.
    #[error("interfaces {} do not name {}", .wanted.join(", "), .given.as_deref().unwrap_or("one that is not known"))]
    Interface {
        /// The rule's.
        wanted: Vec<String>,
        /// Where the commands run, if that is known.
        given: Option<String>,
    },
}

impl Mismatch {
    /// Whether it may well match: something is not known. A grant then does not hold, and a denial does.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::LabelsUnknown | Self::Interface { given: None, .. }
        )
    }
}

impl Selector {
    /// Whether it selects the subject. What is certain is told before what is not known.
    ///
    /// # Errors
    /// Why not.
    pub fn selects(&self, subject: &Subject) -> Result<(), Mismatch> {
        let pod = subject.pod.as_ref().ok_or(Mismatch::NoPod)?;
        if !glob::any(&self.namespaces, &pod.namespace) {
            return Err(Mismatch::Namespace {
                wanted: self.namespaces.clone(),
                given: pod.namespace.clone(),
            });
        }
        if let Some(entrance) = self.entrance.filter(|one| *one != subject.entrance) {
            return Err(Mismatch::Entrance(entrance.word()));
        }
        let labels = self.labelled(pod.labels.as_ref());
        let interface = self.at(subject.interface.as_deref());
        match (labels, interface) {
            (Err(wrong), Ok(())) | (Ok(()), Err(wrong)) => Err(wrong),
            (Err(label), Err(interface)) if label.is_unknown() => Err(interface),
            (Err(label), Err(_)) => Err(label),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    /// Whether it names a namespace.
    #[must_use]
    pub fn names(&self, namespace: &str) -> bool {
        glob::any(&self.namespaces, namespace)
    }

    fn labelled(&self, labels: Option<&BTreeMap<String, String>>) -> Result<(), Mismatch> {
        if self.labels.is_empty() {
            return Ok(());
        }
        let labels = labels.ok_or(Mismatch::LabelsUnknown)?;
        let other = self
            .labels
            .iter()
            .find(|(key, wanted)| labels.get(*key) != Some(wanted));
        other.map_or(Ok(()), |(key, wanted)| {
            Err(Mismatch::Label {
                key: key.clone(),
                wanted: wanted.clone(),
                given: labels.get(key).cloned(),
            })
        })
    }

    fn at(&self, interface: Option<&str>) -> Result<(), Mismatch> {
        let named = |name| glob::any(&self.interfaces, name);
        if self.interfaces.is_empty() || interface.is_some_and(named) {
            return Ok(());
        }
        Err(Mismatch::Interface {
            wanted: self.interfaces.clone(),
            given: interface.map(str::to_owned),
        })
    }
}

impl Written {
    /// Checks them; `at` is where what they belong to is written.
    pub(super) fn checked(self, at: usize) -> Result<Selector, Wrong> {
        if self.namespaces.is_empty() {
            return Err((
                at,
                "it names no namespace: name each that it is for, or write namespaces = [\"*\"]"
                    .to_owned(),
            ));
        }
        Ok(Selector {
            namespaces: globs(self.namespaces, namespace)?,
            labels: self.labels,
            entrance: self.entrance.map(entrance).transpose()?,
            interfaces: globs(self.interfaces, interface)?,
        })
    }
}

fn globs(
    written: Vec<Spanned<String>>,
    wrong: fn(&str) -> Option<&'static str>,
) -> Result<Vec<String>, Wrong> {
    let one = |glob: Spanned<String>| match wrong(glob.get_ref()) {
        Some(why) => Err((glob.span().start, format!("{:?} {why}", glob.get_ref()))),
        None => Ok(glob.into_inner()),
    };
    written.into_iter().map(one).collect()
}

/// Kubernetes namespaces are DNS labels (RFC 1123).
fn namespace(glob: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*?".contains(c);
    let wrong = glob.is_empty() || glob.len() > 63 || !glob.chars().all(allowed);
    wrong.then_some(
        "is no name of a namespace and no glob of one (small letters, digits, -, * and ?)",
    )
}

fn interface(glob: &str) -> Option<&'static str> {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
    let wrong = glob.is_empty() || glob.len() > 63 || !glob.chars().all(allowed);
    wrong.then_some("is no name of an interface and no glob of one")
}

fn entrance(written: Spanned<String>) -> Result<Entrance, Wrong> {
    match written.get_ref().as_str() {
        "cni" => Ok(Entrance::Cni),
        "nri" => Ok(Entrance::Nri),
        other => Err((
            written.span().start,
            format!("{other:?} is no entrance: write \"cni\" or \"nri\""),
        )),
    }
}
