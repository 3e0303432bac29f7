//! The session: one plugin's life with a runtime, over as many connections as it takes.
//!
//! Connecting → Registering → Configured → Synchronized → Running → Closed, and, for a session that dials, over again.

mod connection;
mod link;
mod state;
mod timing;

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

pub use state::{Cause, State};
pub use timing::Timing;

use crate::identity::Identity;
use crate::plugin::Plugin;
use crate::tally::Tally;
use crate::trunk::{self, TrunkError};
use timing::Backoff;

/// One plugin's life with a runtime.
#[derive(Debug)]
pub struct Session<P> {
    identity: Identity,
    plugin: Arc<P>,
    timing: Timing,
    state: watch::Sender<State>,
    work: Tally,
}

impl<P: Plugin> Session<P> {
    /// A session that has not begun.
    pub fn new(identity: Identity, plugin: Arc<P>) -> Self {
        Self {
            identity,
            plugin,
            timing: Timing::default(),
            state: watch::Sender::new(State::Connecting),
            work: Tally::default(),
        }
    }

    /// Other limits than the usual ones.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Where the session stands, now and later.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Lives with the runtime that listens at a path, usually [`trunk::SOCKET`]: connects again whenever the connection
    /// is lost, until `stop`. Then events in flight are answered, and the plugin's work is waited for.
    pub async fn dial(&self, path: &Path, stop: impl Future<Output = ()>) {
        self.dial_with(|| trunk::dial(path), stop).await;
    }

    /// [`Session::dial`] by other means.
    pub async fn dial_with<F, D, S>(&self, mut dial: F, stop: impl Future<Output = ()>)
    where
        F: FnMut() -> D,
        D: Future<Output = Result<S, TrunkError>>,
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let mut stop = pin!(stop);
        let mut backoff = Backoff::new(self.timing);
        loop {
            self.state.send_replace(State::Connecting);
            let dialled = tokio::select! {
                dialled = dial() => dialled,
                () = &mut stop => break self.close(Cause::Stopped),
            };
            let wait = match dialled {
                Ok(stream) => {
                    let begun = Instant::now();
                    if let Cause::Stopped = self.attend(stream, false, &mut stop).await {
                        break;
                    }
                    backoff.lost(begun.elapsed())
                }
                Err(error) => {
                    self.close(Cause::Unreachable(Arc::new(error)));
                    backoff.unreachable()
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = &mut stop => break self.close(Cause::Stopped),
            }
        }
        self.finish().await;
    }

    /// Lives with the runtime that started this process, and ends with its connection: there is no other.
    pub async fn launched<S>(&self, stream: S, stop: impl Future<Output = ()>) -> Cause
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let cause = self.attend(stream, true, &mut pin!(stop)).await;
        self.finish().await;
        cause
    }

    fn close(&self, cause: Cause) {
        self.state.send_replace(State::Closed(cause));
    }

    /// Waits for work that outlived its answer.
    async fn finish(&self) {
        timeout(self.timing.stop, self.work.idle()).await.ok();
    }
}
