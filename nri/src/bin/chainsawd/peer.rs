//! Who speaks at a socket of ours, by the kernel's word.

use tokio::net::UnixStream;
use tracing::warn;

/// Whether the peer was root, in our own user namespace, when it connected.
pub fn is_root(stream: &UnixStream) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == 0 => true,
        Ok(peer) => {
            warn!(
                reason = "PeerRefused",
                "a peer of user {} was closed: only root may speak here",
                peer.uid()
            );
            false
        }
        Err(wrong) => {
            warn!(
                reason = "PeerRefused",
                "a peer whose user nobody can tell was closed: {wrong}"
            );
            false
        }
    }
}
