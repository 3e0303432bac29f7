//! Why a stream ended.

use std::io;
use std::sync::Arc;

/// Why a stream ended. The first cause is the one that is told.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Closed {
    /// The peer closed it between two frames, as a runtime does that stops or has closed the plugin.
    #[error("the peer closed the connection")]
    Ended,
    /// The peer closed it within a frame.
    #[error("the peer closed the connection in the middle of a frame")]
    Torn,
    /// A frame that is too long to be one.
    #[error(
        "the peer announced a frame of {length} bytes on connection {id}, and {} is the most: is it an NRI runtime?",
        super::frame::LONGEST
    )]
    Oversize {
        /// The connection.
        id: u32,
        /// What was announced, in bytes.
        length: u32,
    },
    /// The peer sends faster than a connection is read.
    #[error(
        "the peer sent more on connection {id} than was read of it, and {} bytes are the most that wait",
        super::reader::WAITING
    )]
    Overflow {
        /// The connection.
        id: u32,
    },
    /// Reading failed.
    #[error("cannot read from the peer: {0}")]
    Read(Arc<io::Error>),
    /// Writing failed.
    #[error("cannot write to the peer: {0}")]
    Write(Arc<io::Error>),
    /// This side closed it.
    #[error("this side closed the connection")]
    Local,
}
