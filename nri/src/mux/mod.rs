//! The multiplexer: the connections that share one stream, which NRI calls the trunk.
//!
//! On [`PLUGIN`] the plugin is the server, on [`RUNTIME`] the runtime is. Both are open before a byte is read.

mod closed;
pub mod frame;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use closed::Closed;
pub use reader::Incoming;
pub use writer::{Ended, Outgoing};

use reader::Inlet;
use writer::Order;

/// The connection on which the plugin serves the runtime.
pub const PLUGIN: u32 = 1;

/// The connection on which the runtime serves the plugin.
pub const RUNTIME: u32 = 2;

/// How long [`Mux::close`] waits for a peer that does not read.
const CLOSING: Duration = Duration::from_secs(2);

/// One stream, and the two tasks that read and write it. They end, and the stream with them, when this is dropped.
#[derive(Debug)]
pub struct Mux {
    closed: watch::Receiver<Option<Closed>>,
    orders: mpsc::Sender<Order>,
    tasks: JoinSet<()>,
}

/// Both ends of one connection.
#[derive(Debug)]
pub struct Connection {
    /// What arrives.
    pub incoming: Incoming,
    /// What is sent.
    pub outgoing: Outgoing,
}

impl Mux {
    /// Takes a stream over. The connections are [`PLUGIN`] and [`RUNTIME`].
    pub fn start<S>(stream: S) -> (Self, Connection, Connection)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = split(stream);
        let (orders, ordered) = mpsc::channel(writer::QUEUE);
        let (first, closed) = watch::channel(None);
        let (inlet, plugin) = open(PLUGIN, &orders);
        let (other, runtime) = open(RUNTIME, &orders);
        let inlets = vec![inlet, other];
        let mut tasks = JoinSet::new();
        let ended = first.clone();
        tasks.spawn(async move { tell(&ended, reader::read(read, inlets).await) });
        tasks.spawn(async move { tell(&first, writer::write(write, ordered).await) });
        let mux = Self {
            closed,
            orders,
            tasks,
        };
        (mux, plugin, runtime)
    }

    /// Waits until the stream has ended, and says why.
    pub async fn closed(&self) -> Closed {
        let mut closed = self.closed.clone();
        let cause = closed.wait_for(Option::is_some).await;
        // Both tasks are gone without a word only if this is being dropped.
        cause
            .ok()
            .and_then(|cause| cause.clone())
            .unwrap_or(Closed::Local)
    }

    /// Sends what was ordered so far, gives the peer a moment to read it, and ends the stream.
    pub async fn close(mut self) {
        let written = async {
            if self.orders.send(Order::Close).await.is_ok() {
                self.closed().await;
            }
        };
        timeout(CLOSING, written).await.ok();
        self.tasks.shutdown().await;
    }
}

fn open(id: u32, orders: &mpsc::Sender<Order>) -> (Inlet, Connection) {
    let (inlet, incoming) = Inlet::open(id);
    let outgoing = Outgoing {
        id,
        orders: orders.clone(),
    };
    (inlet, Connection { incoming, outgoing })
}

/// The first cause is the true one.
fn tell(first: &watch::Sender<Option<Closed>>, cause: Closed) {
    first.send_if_modified(|known| {
        let new = known.is_none();
        known.get_or_insert(cause);
        new
    });
}
