//! Readiness that is this daemon's own. Whoever asks at a port of the node is answered by the daemon that has it, which in
//! a rolling update is the older one. This socket lies in a folder that the daemon has for itself, a volume of its
//! container, so nobody but this daemon answers there, whatever becomes of the port.
//!
//! The protocol is one text: who connects, and is root, is told what `/readyz` says, whose last line is the verdict.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, info, warn};

use crate::folder;
use crate::metrics::Standing;
use crate::peer::is_root;
use crate::socket::Place;

mod ask;

pub use ask::{USAGE, VERB, main};

/// Where it is, unless it is said. The folder is not the one that all daemons of a node have in common.
const SOCKET: &str = "/run/chainsawd/ready.sock";

/// How long somebody may take to be told. What is told fits into the socket's buffer.
const TO_TELL: Duration = Duration::from_secs(1);

/// After the system gave no connection, which it does where descriptors are short.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers `chainsawd ready` from now on, as long as the runtime lives. A daemon that nobody made the usual folder for
/// goes on without: it was not started to be asked. What goes wrong is told, and keeps it from nothing else.
pub fn start(socket: Option<&Path>, standing: Arc<Standing>) {
    let path = socket.unwrap_or(Path::new(SOCKET));
    let is_wanted = socket.is_some() || path.parent().is_some_and(Path::exists);
    if !is_wanted {
        debug!("no folder for {SOCKET}: `chainsawd ready` cannot ask this daemon");
        return;
    }
    match Place::take(path, folder::close) {
        Ok((place, listener)) => {
            info!("answering `chainsawd ready` at {}", path.display());
            tokio::spawn(serve(place, listener, standing));
        }
        Err(wrong) => error!(
            reason = "ReadySocketFailed",
            "{wrong}; `chainsawd ready` says that nobody answers, until this daemon is started with a folder of its own there"
        ),
    }
}

/// Answers one after the other: that takes no longer than to write a few lines into a buffer.
async fn serve(_place: Place, listener: UnixListener, standing: Arc<Standing>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) if is_root(&stream) => tell(stream, &standing).await,
            Ok(_) => {}
            Err(wrong) => {
                warn!(reason = "SocketFailed", "no connection taken: {wrong}");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn tell(mut stream: UnixStream, standing: &Standing) {
    let (_, said) = standing.ready();
    // Who has gone meanwhile does not want to know.
    timeout(TO_TELL, stream.write_all(said.as_bytes()))
        .await
        .ok();
}

#[cfg(test)]
mod tests;
