//! The objects that there are, and how they have changed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::kind::Kind;
use super::request::Select;

/// Which object it is: resource, namespace (`""` without one), name.
pub(super) type Key = (&'static str, String, String);

/// Why nothing is made in what is going.
pub(super) const GOING: &str = "Forbidden";

/// Objects, with versions that go on.
#[derive(Default)]
pub(super) struct Store {
    version: u64,
    objects: BTreeMap<Key, Value>,
    /// What happened, by its version.
    log: Vec<(u64, Change)>,
}

/// One object that is new, another, or gone.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) how: &'static str,
    pub(super) resource: &'static str,
    pub(super) object: Value,
}

/// Why something could not be done, as a server says it: a status and a reason.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
        }
    }
}

impl Store {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn get(&self, key: &Key) -> Result<&Value, Refused> {
        let missing = || {
            Refused::new(
                404,
                "NotFound",
                format!("{} \"{}\" not found", key.0, key.2),
            )
        };
        self.objects.get(key).ok_or_else(missing)
    }

    /// The objects of a resource, in one namespace or in all.
    pub(super) fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Value> {
        let all = self.objects.iter();
        let found = all.filter(|((of, _, _), object)| *of == resource && is_in(object, namespace));
        found.map(|(_, object)| object.clone()).collect()
    }

    /// What changed since a version.
    pub(super) fn since(&self, version: u64) -> impl Iterator<Item = &Change> {
        let new = self.log.iter().filter(move |(of, _)| *of > version);
        new.map(|(_, change)| change)
    }

    pub(super) fn create(
        &mut self,
        kind: &Kind,
        key: Key,
        mut object: Value,
    ) -> Result<Value, Refused> {
        if self.objects.contains_key(&key) {
            let message = format!("{} \"{}\" already exists", key.0, key.2);
            return Err(Refused::new(409, "AlreadyExists", message));
        }
        if kind.namespaced {
            let namespace = self.get(&("namespaces", String::new(), key.1.clone()))?;
            if namespace["metadata"].get("deletionTimestamp").is_some() {
                let message = format!("namespace \"{}\" is being terminated", key.1);
                return Err(Refused::new(403, GOING, message));
            }
        }
        if let Some(owner) = self.missing_owner(&object) {
            let message = format!("its owner {owner} has gone");
            return Err(Refused::new(403, GOING, message));
        }
        let metadata = &mut object["metadata"];
        if kind.namespaced {
            metadata["namespace"] = json!(key.1);
        }
        metadata["uid"] = json!(format!("00000000-0000-4000-9000-{:012x}", self.version + 1));
        metadata["creationTimestamp"] = json!(super::now());
        metadata["generation"] = json!(1);
        self.put("ADDED", key, object)
    }

    /// An owner of an object that is not there. Kubernetes' garbage collector takes such an object away; here it is not made.
    fn missing_owner<'o>(&self, object: &'o Value) -> Option<&'o Value> {
        let owners = object["metadata"]["ownerReferences"].as_array();
        let mut uids = owners.into_iter().flatten().map(|owner| &owner["uid"]);
        uids.find(|uid| {
            let mut all = self.objects.values();
            !all.any(|other| other["metadata"]["uid"] == **uid)
        })
    }

    /// Puts an object in the place of the one that is there.
    pub(super) fn update(&mut self, key: Key, object: Value) -> Result<Value, Refused> {
        self.get(&key)?;
        self.put("MODIFIED", key, object)
    }

    /// Takes an object away at once.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Value> {
        let object = self.objects.remove(key)?;
        self.happened("DELETED", key.0, object.clone());
        Some(object)
    }

    fn put(&mut self, how: &'static str, key: Key, object: Value) -> Result<Value, Refused> {
        let resource = key.0;
        let object = self.happened(how, resource, object);
        self.objects.insert(key, object.clone());
        Ok(object)
    }

    fn happened(&mut self, how: &'static str, resource: &'static str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let change = Change {
            how,
            resource,
            object: object.clone(),
        };
        self.log.push((self.version, change));
        object
    }
}

pub(super) fn is_in(object: &Value, namespace: Option<&str>) -> bool {
    namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace)
}

impl Select {
    pub(super) fn takes(&self, object: &Value) -> bool {
        let field = |path: &str| object.pointer(&format!("/{}", path.replace('.', "/")));
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        self.fields
            .iter()
            .all(|(path, value)| text(field(path)) == *value)
            && self
                .labels
                .iter()
                .all(|(key, value)| text(object["metadata"]["labels"].get(key)) == *value)
    }
}

/// An object with a patch merged into it: RFC 7396. A strategic merge patch is the same as long as it has no list and no
/// directive; others are not known here.
pub(super) fn merged(object: &Value, patch: &Value, strategic: bool) -> Result<Value> {
    ensure!(
        !strategic || is_plain(patch),
        "a strategic merge patch with lists or directives: {patch}"
    );
    let mut new = object.clone();
    for (field, message) in [
        ("uid", "another object"),
        ("resourceVersion", "another version"),
    ] {
        let wanted = patch["metadata"]
            .get(field)
            .filter(|wanted| !wanted.is_null());
        if wanted.is_some_and(|wanted| *wanted != object["metadata"][field]) {
            bail!("{message} is there");
        }
    }
    json_patch::merge(&mut new, patch);
    let spec = |object: &Value| object.get("spec").cloned();
    if spec(&new) != spec(object) {
        let generation = object["metadata"]["generation"].as_u64();
        new["metadata"]["generation"] = json!(generation.context("no generation")? + 1);
    }
    Ok(new)
}

fn is_plain(patch: &Value) -> bool {
    match patch {
        Value::Array(_) => false,
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| !name.starts_with('$') && is_plain(value)),
        _ => true,
    }
}
