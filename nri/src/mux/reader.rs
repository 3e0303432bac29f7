//! The reader: takes frames off the stream and gives their bytes to the connections.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::closed::Closed;
use super::frame::{HEADER, LONGEST, announced};

/// How much may wait for the reader of one connection, in bytes. So a connection that nobody reads costs no more than
/// this, and does not hold up the other one: the stream ends instead, as a Go peer ends it.
pub(super) const WAITING: u32 = 32 << 20;

/// How much is read at once, in bytes. A long frame is passed on in pieces: memory follows what arrived, not what was
/// announced.
const PIECE: u32 = 64 << 10;

/// What a piece is counted as at least, so that many tiny ones cannot cost more than they count.
const LEAST: u32 = 256;

/// A piece that waits, and its share of [`WAITING`].
type Waiting = (Vec<u8>, OwnedSemaphorePermit);

/// The bytes that arrive on one connection. Frames are no messages: where a piece ends means nothing.
#[derive(Debug)]
pub struct Incoming {
    pieces: UnboundedReceiver<Waiting>,
}

impl Incoming {
    /// The next bytes, at least one; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.pieces.recv().await.map(|(bytes, _)| bytes)
    }
}

/// The reader's end of one connection.
pub(super) struct Inlet {
    id: u32,
    pieces: UnboundedSender<Waiting>,
    room: Arc<Semaphore>,
}

impl Inlet {
    /// Opens a connection.
    pub(super) fn open(id: u32) -> (Self, Incoming) {
        let (sender, pieces) = unbounded_channel();
        let inlet = Self {
            id,
            pieces: sender,
            room: Arc::new(Semaphore::new(WAITING as usize)),
        };
        (inlet, Incoming { pieces })
    }

    fn take(&self, bytes: Vec<u8>) -> Result<(), Closed> {
        if self.pieces.is_closed() {
            return Ok(());
        }
        let cost = u32::try_from(bytes.len()).unwrap_or(u32::MAX).max(LEAST);
        let share = Arc::clone(&self.room)
            .try_acquire_many_owned(cost)
            .map_err(|_| Closed::Overflow { id: self.id })?;
        // Nobody reads this connection any more: its bytes are dropped, as those of an unknown one are.
        self.pieces.send((bytes, share)).ok();
        Ok(())
    }
}

/// Reads until the stream ends, and says why it did.
pub(super) async fn read(mut stream: impl AsyncRead + Unpin, inlets: Vec<Inlet>) -> Closed {
    loop {
        match frame(&mut stream, &inlets).await {
            Ok(()) => {}
            Err(closed) => return closed,
        }
    }
}

async fn frame(stream: &mut (impl AsyncRead + Unpin), inlets: &[Inlet]) -> Result<(), Closed> {
    let (id, length) = announced(header(stream).await?);
    if length > LONGEST {
        return Err(Closed::Oversize { id, length });
    }
    let inlet = inlets.iter().find(|inlet| inlet.id == id);
    let mut missing = length;
    while missing > 0 {
        let bytes = piece(stream, missing.min(PIECE)).await?;
        missing = missing.saturating_sub(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        // A connection that is not open here: what it says is read, or the stream would lose its rhythm, and dropped.
        if let Some(inlet) = inlet {
            inlet.take(bytes)?;
        }
    }
    Ok(())
}

async fn header(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; HEADER], Closed> {
    let mut bytes = [0; HEADER];
    let mut rest: &mut [u8] = &mut bytes;
    while !rest.is_empty() {
        let whole = rest.len() == HEADER;
        match stream.read(rest).await.map_err(failed)? {
            0 if whole => return Err(Closed::Ended),
            0 => return Err(Closed::Torn),
            read => rest = rest.split_at_mut(read).1,
        }
    }
    Ok(bytes)
}

async fn piece(stream: &mut (impl AsyncRead + Unpin), at_most: u32) -> Result<Vec<u8>, Closed> {
    let mut bytes = vec![0; at_most as usize];
    match stream.read(&mut bytes).await.map_err(failed)? {
        0 => Err(Closed::Torn),
        read => {
            bytes.truncate(read);
            Ok(bytes)
        }
    }
}

fn failed(error: std::io::Error) -> Closed {
    Closed::Read(Arc::new(error))
}
