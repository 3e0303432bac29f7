//! The controller of DaemonSets.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde_json::json;

use super::{Kubelet, place};

/// The label that says which template a pod of a DaemonSet is of.
const GENERATION: &str = "pod-template-generation";

impl Kubelet<'_> {
    /// Keeps one pod of a DaemonSet on the node. With a changed template a new one comes first (`maxSurge`).
    pub(super) fn control_set(&mut self, set: &DaemonSet) -> Result<()> {
        let pods: Vec<Pod> = self.objects().all()?;
        let owned = |pod: &&Pod| {
            let owners = pod.metadata.owner_references.iter().flatten();
            pod.metadata.deletion_timestamp.is_none()
                && owners
                    .map(|owner| &owner.uid)
                    .any(|uid| Some(uid) == set.metadata.uid.as_ref())
        };
        let generation = set.metadata.generation.unwrap_or_default().to_string();
        let is_new = |pod: &&Pod| {
            let labels = pod.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get(GENERATION)) == Some(&generation)
        };
        let Some(new) = pods.iter().filter(owned).find(is_new) else {
            return self.make_pod(set, &generation);
        };
        let least = set.spec.as_ref().and_then(|spec| spec.min_ready_seconds);
        let least = Duration::from_secs(u64::try_from(least.unwrap_or_default())?);
        let uid = new.metadata.uid.as_deref().unwrap_or_default();
        let ready = self.running.get(uid).and_then(|run| run.ready);
        let available = ready.is_some_and(|since| since.elapsed() >= least);
        let olds = pods.iter().filter(owned).filter(|pod| !is_new(pod));
        for old in olds.filter(|_| available) {
            let (namespace, name) = place(&old.metadata);
            self.objects().delete::<Pod>(namespace, name)?;
        }
        let status = json!({"status": {
            "currentNumberScheduled": 1, "desiredNumberScheduled": 1, "numberMisscheduled": 0,
            "updatedNumberScheduled": 1, "numberReady": i32::from(ready.is_some()),
            "numberAvailable": i32::from(available),
            "observedGeneration": set.metadata.generation,
        }});
        let (namespace, name) = place(&set.metadata);
        self.objects().merge::<DaemonSet>(namespace, name, &status)
    }

    fn make_pod(&mut self, set: &DaemonSet, generation: &str) -> Result<()> {
        self.made += 1;
        let (namespace, name) = place(&set.metadata);
        let template = set
            .spec
            .clone()
            .context("the DaemonSet has no spec")?
            .template;
        let mut metadata = template.metadata.unwrap_or_default();
        metadata.name = Some(format!("{name}-{:05}", self.made));
        let labels = metadata.labels.get_or_insert_default();
        labels.insert(GENERATION.to_owned(), generation.to_owned());
        metadata.owner_references = Some(vec![OwnerReference {
            api_version: "apps/v1".to_owned(),
            kind: "DaemonSet".to_owned(),
            name: name.to_owned(),
            uid: set.metadata.uid.clone().unwrap_or_default(),
            controller: Some(true),
            ..Default::default()
        }]);
        let pod = Pod {
            metadata,
            spec: template.spec,
            ..Default::default()
        };
        // A set that has gone meanwhile makes none.
        self.objects().create(namespace, &pod).map(drop)
    }
}
