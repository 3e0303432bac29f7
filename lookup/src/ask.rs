//! Who a pod is, by whatever can tell it soonest: the cache, the event that is about to come, one GET.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::access::Access;
use crate::cache::Cache;
use crate::error::LookupError;
use crate::metadata::Metadata;
use crate::pod::{self, Wanted};

/// How long somebody waits for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the event of a pod that is not known yet.
    pub event: Duration,
    /// In all.
    pub whole: Duration,
}

/// Tells who a pod is, in the time that there is.
///
/// # Errors
/// Nobody can say, or there is no such pod.
pub async fn ask(
    wanted: &Wanted,
    cache: &Cache,
    access: &Access,
    patience: Patience,
) -> Result<Metadata, LookupError> {
    wanted.check()?;
    let begun = Instant::now();
    if let Some(known) = cache.find_until(wanted, begun + patience.event).await {
        return Ok(known);
    }
    let api = access.api().await?;
    let asked = pod::metadata(wanted, &api);
    let limit = patience.whole;
    let from = api.server.clone();
    timeout_at(begun + limit, asked)
        .await
        .unwrap_or(Err(LookupError::TimedOut { from, limit }))
}
