//! What a kubelet tells of its pods.

use anyhow::Result;
use k8s_openapi::api::core::v1::{ObjectReference, Pod};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kubelet, place};
use crate::kubelet::State;

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
        self.objects().create(namespace, &event).map(drop)
    }
}

/// How a pod is that was started.
pub(super) fn status(states: &[State]) -> Value {
    let containers: Vec<Value> = states
        .iter()
        .map(|one| {
            let state = match one.exited {
                Some(status) => json!({"terminated": {"exitCode": status}}),
                None => json!({"running": {}}),
            };
            json!({"name": one.name, "image": "", "imageID": "", "ready": one.is_ready,
                "started": one.exited.is_none(), "restartCount": 0, "state": state})
        })
        .collect();
    let is_ready = states.iter().all(|one| one.is_ready);
    let is = if is_ready { "True" } else { "False" };
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": is}], "containerStatuses": containers})
}
