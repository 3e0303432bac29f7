//! The manifests that are deployed, built as `kubectl apply -k` builds them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use k8s_openapi::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::parts;
use crate::process::Program;

/// The objects of an overlay.
pub struct Manifest(Vec<Value>);

impl Manifest {
    /// Builds `deployments/kustomize/` and what follows: `overlays/both`, say.
    pub fn build(path: &str) -> Result<Self> {
        Self::build_at(&parts::deployments().join("kustomize").join(path))
    }

    /// Builds a folder with a kustomization of a test's own.
    pub fn build_at(folder: &Path) -> Result<Self> {
        let build = Program::new(parts::kustomize()?).arg("build").arg(folder);
        Self::read(&build.stdout()?)
    }

    /// Reads documents of YAML.
    pub fn read(yaml: &str) -> Result<Self> {
        Ok(Self(
            serde_saphyr::from_multiple(yaml).context("read YAML")?,
        ))
    }

    /// All objects.
    pub fn objects(&self) -> &[Value] {
        &self.0
    }

    /// Gives a field of the objects of a kind another value: `/data/config.toml`, say.
    pub fn set(&mut self, kind: &str, field: &str, value: &Value) {
        let of_kind = self.0.iter_mut().filter(|object| object["kind"] == kind);
        let fields = of_kind.filter_map(|object| object.pointer_mut(field));
        fields.for_each(|found| *found = value.clone());
    }

    /// The one object of a kind.
    pub fn one<K: Resource + DeserializeOwned>(&self) -> Result<K> {
        let mut all = self.0.iter().filter(|object| is::<K>(object));
        let first = all
            .next()
            .with_context(|| format!("there is no {}", K::KIND))?;
        ensure!(all.next().is_none(), "there are several of {}", K::KIND);
        serde_json::from_value(first.clone()).with_context(|| format!("take it as {}", K::KIND))
    }
}

/// Whether an object is of a kind.
pub fn is<K: Resource>(object: &Value) -> bool {
    object["apiVersion"] == K::API_VERSION && object["kind"] == K::KIND
}

/// Reads an object as its type and writes it again: what the type does not know is lost on the way.
pub fn through<K: DeserializeOwned + Serialize>(object: &Value) -> Result<Value> {
    let typed: K = serde_json::from_value(object.clone())?;
    Ok(serde_json::to_value(typed)?)
}
