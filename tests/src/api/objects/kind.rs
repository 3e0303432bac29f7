//! The kinds of objects that there are, by their groups and resources.

use anyhow::Result;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Event as CoreEvent, Namespace, Pod, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::{Metadata, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::manifest::through;

/// A kind of objects, as discovery tells it.
#[derive(Debug)]
pub(crate) struct Kind {
    /// `""` is the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    /// Its name in paths.
    pub(crate) resource: &'static str,
    pub(crate) namespaced: bool,
    /// What an object becomes on its way through the type of Kubernetes: what the type does not know is lost.
    pub(crate) typed: fn(&Value) -> Result<Value>,
}

/// All of them.
pub(crate) static KINDS: [Kind; 14] = [
    kind::<Namespace>("namespaces", false),
    kind::<Pod>("pods", true),
    kind::<ConfigMap>("configmaps", true),
    kind::<ServiceAccount>("serviceaccounts", true),
    kind::<CoreEvent>("events", true),
    kind::<Event>("events", true),
    kind::<DaemonSet>("daemonsets", true),
    kind::<ClusterRole>("clusterroles", false),
    kind::<ClusterRoleBinding>("clusterrolebindings", false),
    kind::<Role>("roles", true),
    kind::<RoleBinding>("rolebindings", true),
    kind::<ValidatingAdmissionPolicy>("validatingadmissionpolicies", false),
    kind::<ValidatingAdmissionPolicyBinding>("validatingadmissionpolicybindings", false),
    // Of Multus' CustomResourceDefinition; Kubernetes has no type for it.
    Kind {
        group: "k8s.cni.cncf.io",
        version: "v1",
        kind: "NetworkAttachmentDefinition",
        resource: "network-attachment-definitions",
        namespaced: true,
        typed: |object| Ok(object.clone()),
    },
];

const fn kind<K>(resource: &'static str, namespaced: bool) -> Kind
where
    K: Resource + Metadata + Serialize + DeserializeOwned,
{
    Kind {
        group: K::GROUP,
        version: K::VERSION,
        kind: K::KIND,
        resource,
        namespaced,
        typed: through::<K>,
    }
}

impl Kind {
    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Where its group is: `/api/v1`, `/apis/apps/v1`.
    pub(crate) fn root(&self) -> String {
        let api = if self.group.is_empty() { "api" } else { "apis" };
        format!("/{api}/{}", self.api_version())
    }
}

/// The kind of an object that a type of Rust stands for.
pub(crate) fn of<K: Resource>() -> Result<&'static Kind> {
    let mut all = KINDS.iter();
    let found = all.find(|kind| (kind.group, kind.kind) == (K::GROUP, K::KIND));
    found.ok_or_else(|| anyhow::anyhow!("{} is no kind of this server", K::KIND))
}
