//! Events at a cluster's API. It takes `create` and `patch` on `events` of `events.k8s.io`, and nothing else.

use std::sync::Arc;

use k8s_openapi::api::events::v1::{Event, EventSeries};
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;

use super::sender;
use crate::cluster::Cluster;
use crate::trouble::{Trouble, in_time};

/// The API of the node's cluster.
pub struct ClusterApi {
    cluster: Arc<Cluster>,
}

impl ClusterApi {
    /// Of this cluster.
    pub fn of(cluster: Arc<Cluster>) -> Self {
        Self { cluster }
    }

    async fn events(&self, namespace: &str) -> Result<Api<Event>, Trouble> {
        let api = self.cluster.api().await;
        // Credentials that cannot be read now may be in the middle of being renewed.
        let api = api.map_err(|wrong| Trouble::Away(wrong.to_string(), None))?;
        Ok(Api::namespaced(api.client, namespace))
    }
}

impl sender::Api for ClusterApi {
    async fn create(&self, event: &Event) -> Result<(), Trouble> {
        let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
        let events = self.events(namespace).await?;
        let params = PostParams::default();
        match in_time(events.create(&params, event)).await {
            // Its answer was lost the first time.
            Err(Trouble::Exists) => Ok(()),
            answer => answer,
        }
    }

    async fn repeat(
        &self,
        namespace: &str,
        name: &str,
        series: &EventSeries,
    ) -> Result<(), Trouble> {
        let events = self.events(namespace).await?;
        let params = PatchParams::default();
        let patch = Patch::Merge(json!({ "series": series }));
        in_time(events.patch(name, &params, &patch)).await
    }
}
