//! A body that comes a piece at a time.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

/// How many pieces wait for a client that is slow.
const ROOM: usize = 16;

/// A body whose pieces somebody sends.
pub(super) struct Pieces(mpsc::Receiver<Bytes>);

impl Pieces {
    /// One, and where to send its pieces. It ends when that is dropped.
    pub(super) fn new() -> (mpsc::Sender<Bytes>, Self) {
        let (send, pieces) = mpsc::channel(ROOM);
        (send, Self(pieces))
    }

    /// One with all that there will be.
    pub(super) fn whole(all: Bytes) -> Self {
        let (send, pieces) = Self::new();
        // There is room for it.
        send.try_send(all).ok();
        pieces
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Sends what is new, and again whenever something has changed, until the time that goes with it has come or nobody reads
/// any more.
pub(super) async fn follow(
    send: &mpsc::Sender<Bytes>,
    mut changed: watch::Receiver<u64>,
    mut news: impl FnMut() -> (Vec<Bytes>, Instant),
) -> Option<()> {
    loop {
        changed.borrow_and_update();
        let (lines, until) = news();
        for line in lines {
            send.send(line).await.ok()?;
        }
        tokio::select! {
            () = send.closed() => return None,
            changed = timeout_at(until, changed.changed()) => changed.ok()?.ok()?,
        }
    }
}
