//! What a kubelet tells of its pods.

use anyhow::Result;
use k8s_openapi::api::core::v1::{ObjectReference, Pod};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kubelet, place};

impl Kubelet<'_> {
    /// An Event of the kubelet's on a pod.
    pub(super) fn tell(&mut self, pod: &Pod, note: &str) -> Result<()> {
        self.made += 1;
        let (namespace, name) = place(&pod.metadata);
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{name}.{}", self.made)),
                ..Default::default()
            },
            event_time: Some(MicroTime(Timestamp::now())),
            reason: Some("FailedCreatePodSandBox".to_owned()),
            note: Some(note.to_owned()),
            type_: Some("Warning".to_owned()),
            reporting_controller: Some("kubelet".to_owned()),
            regarding: Some(ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Pod".to_owned()),
                namespace: Some(namespace.to_owned()),
                name: Some(name.to_owned()),
                uid: pod.metadata.uid.clone(),
                ..Default::default()
            }),
            ..Default::default()
        };
        self.objects().create(namespace, &event)
    }
}

/// How a pod is that runs.
pub(super) fn status(pod: &Pod, ready: bool) -> Value {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let containers: Vec<Value> = containers
        .map(|one| {
            json!({"name": one.name, "image": one.image, "imageID": "", "ready": ready, "started": true,
                "restartCount": 0, "state": {"running": {}}})
        })
        .collect();
    let is = if ready { "True" } else { "False" };
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": is}], "containerStatuses": containers})
}
