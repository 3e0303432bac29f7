//! Records of sandboxes that are gone. A runtime that was restarted never tells that older sandboxes go, so their
//! namespaces are looked at: now and then, and whenever a runtime has told what there is.

use std::time::Duration;

use chainsaw_common::record::Records;
use tokio::task::spawn_blocking;
use tokio::time::interval;
use tracing::debug;

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(60);

/// Looks for good.
pub async fn run(records: Records) {
    let mut period = interval(PERIOD);
    loop {
        period.tick().await;
        soon(records.clone());
    }
}

/// Looks once, on the side.
pub fn soon(records: Records) {
    spawn_blocking(move || sweep(&records));
}

fn sweep(records: &Records) {
    for sandbox in records.sweep() {
        debug!(
            sandbox.id = sandbox,
            "its namespace is gone, and so is its record"
        );
    }
}
