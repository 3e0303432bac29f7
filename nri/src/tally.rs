//! A tally: how much is going on, for whoever wants to wait until nothing is.

use tokio::sync::watch;

/// Counts what is going on.
#[derive(Debug, Clone)]
pub(crate) struct Tally(watch::Sender<usize>);

/// One thing that is going on, until this is dropped.
#[derive(Debug)]
pub(crate) struct Mark(watch::Sender<usize>);

impl Default for Tally {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Tally {
    /// Something begins.
    pub(crate) fn begin(&self) -> Mark {
        self.0.send_modify(|count| *count += 1);
        Mark(self.0.clone())
    }

    /// Waits until nothing is going on.
    pub(crate) async fn idle(&self) {
        // The sender lives as long as this does.
        self.0.subscribe().wait_for(|count| *count == 0).await.ok();
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
