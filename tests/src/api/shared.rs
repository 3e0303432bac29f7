//! What a server serves: changed by the test, read by whoever asks, followed by watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Something with watches. Clones are the same thing.
pub(super) struct Shared<T> {
    state: Arc<Mutex<T>>,
    /// Counts what changes, for watches that wait.
    changed: watch::Sender<u64>,
}

impl<T> Shared<T> {
    pub(super) fn new(state: T) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: watch::Sender::new(0),
        }
    }

    /// Changes it, and wakes the watches.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let changed = change(&mut self.state());
        self.changed.send_modify(|count| *count += 1);
        changed
    }

    /// As it is now; held as long as the guard lives.
    pub(super) fn state(&self) -> MutexGuard<'_, T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is told of each change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            changed: self.changed.clone(),
        }
    }
}
