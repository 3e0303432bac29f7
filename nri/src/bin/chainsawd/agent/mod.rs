//! The plugin's socket: where the CNI entrance delivers its reports, asks what a pod asks for, and whether the NRI
//! entrance is served.
//!
//! Root alone reaches it, by the socket's mode, its folder's, and the peer's credentials: what it tells of any pod of the
//! node, its labels and the annotations that are ours, no pod can ask for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chainsaw_nri::agent::REQUEST_BYTES;
use chainsaw_nri::ttrpc::{Limits, serve_stream};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::{debug, info, warn};

mod service;

pub use service::Agent;

use crate::folder;
use crate::peer::is_root;
use crate::socket::{Place, PlaceError};

/// How many peers are served at once. Who comes later is closed: only root comes, and none stays longer than a moment.
const AT_ONCE: usize = 64;

/// What one peer may take: a plugin makes one call, and waits for a fraction of this.
const LIMITS: Limits = Limits {
    request: REQUEST_BYTES,
    calls: 4,
    time: Duration::from_secs(2),
};

/// After the system gave no connection, which it does where descriptors are short.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two looks whether a newer daemon, which took the path over, is gone.
const LOOK: Duration = Duration::from_secs(2);

/// Why the plugin has nobody to speak with.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; the plugin's reports are in the runtime's log alone, and its guard refuses, until this daemon is started again on a node where root may write there"
)]
pub struct AgentError(#[from] PlaceError);

impl AgentError {
    /// A stable word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        "AgentSocketFailed"
    }
}

/// Listens at a path from now on, as long as the runtime lives.
///
/// # Errors
/// The socket cannot be made.
pub fn start(path: &Path, agent: Agent) -> Result<(), AgentError> {
    let (place, listener) = take(path)?;
    info!("listening for the CNI plugin at {}", path.display());
    tokio::spawn(keep(place, listener, Arc::new(agent)));
    Ok(())
}

fn take(path: &Path) -> Result<(Place, UnixListener), AgentError> {
    Ok(Place::take(path, folder::take)?)
}

/// Serves, and takes the path again when a newer daemon that took it over has gone.
async fn keep(mut place: Place, mut listener: UnixListener, agent: Arc<Agent>) {
    loop {
        tokio::select! {
            () = accept(&listener, &agent) => {}
            () = deserted(&place) => {}
        }
        let path = place.path().to_owned();
        match take(&path) {
            Ok((again, new)) => {
                info!("listening for the CNI plugin at {} again", path.display());
                (place, listener) = (again, new);
            }
            Err(wrong) => warn!(reason = wrong.reason(), "{wrong}"),
        }
    }
}

/// Waits until nobody listens at the path.
async fn deserted(place: &Place) {
    loop {
        sleep(LOOK).await;
        if place.is_deserted() {
            return;
        }
    }
}

async fn accept(listener: &UnixListener, agent: &Arc<Agent>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(wrong) => {
                warn!(reason = "SocketFailed", "no connection taken: {wrong}");
                sleep(PAUSE).await;
                continue;
            }
        };
        if !is_root(&stream) {
            continue;
        }
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            warn!(
                reason = "TooManyPeers",
                "{AT_ONCE} peers are being served; one more was closed"
            );
            continue;
        };
        let agent = Arc::clone(agent);
        tokio::spawn(async move {
            if let Err(wrong) = serve_stream(stream, agent.as_ref(), LIMITS).await {
                // A plugin that did not wait for its answer is no trouble.
                debug!("a peer at the plugin's socket: {wrong}");
            }
            drop(permit);
        });
    }
}
