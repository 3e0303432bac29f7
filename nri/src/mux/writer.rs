//! The writer: puts whole messages on the stream, each in the frames that a Go peer can read.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, sleep_until};

use super::closed::Closed;
use super::frame::{frames, header};

/// How many messages wait for the writer; more make their senders wait.
pub(super) const QUEUE: usize = 64;

/// How long the stream stays open after its last message. A Go peer that finds both a message and the end of the
/// stream takes either, at random: it has to have read the message before the end comes.
const LINGER: Duration = Duration::from_millis(100);

/// What the writer is asked to do.
pub(super) enum Order {
    /// Send a message on a connection.
    Send(u32, Vec<u8>),
    /// Send what was ordered before this, and end the stream.
    Close,
}

/// The stream has ended: nothing can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection has ended")]
pub struct Ended;

/// The sending end of one connection.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub(super) id: u32,
    pub(super) orders: Sender<Order>,
}

impl Outgoing {
    /// Sends one whole ttrpc message, header and all, and never a part of one or two at once: a message is what may
    /// begin a frame. It waits while the peer is slow to read; the message is on its way when this returns.
    ///
    /// # Errors
    /// The stream has ended.
    pub async fn send(&self, message: Vec<u8>) -> Result<(), Ended> {
        self.orders
            .send(Order::Send(self.id, message))
            .await
            .map_err(|_| Ended)
    }
}

/// Writes until it is told to close, or nobody can order any more, or the peer takes nothing.
pub(super) async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut orders: Receiver<Order>,
) -> Closed {
    let mut written = None;
    while let Some(order) = orders.recv().await {
        match order {
            Order::Send(id, message) => {
                if let Err(error) = send(&mut stream, id, &message).await {
                    return Closed::Write(Arc::new(error));
                }
                written = Some(Instant::now());
            }
            Order::Close => orders.close(),
        }
    }
    if let Some(written) = written {
        sleep_until(written + LINGER).await;
    }
    stream.shutdown().await.ok();
    Closed::Local
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), id: u32, message: &[u8]) -> io::Result<()> {
    for frame in frames(message) {
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        stream.write_all(&header(id, length)).await?;
        stream.write_all(frame).await?;
    }
    stream.flush().await
}
