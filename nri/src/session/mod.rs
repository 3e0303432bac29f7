//! The session: one plugin's life with a runtime, over as many connections as it takes.
//!
//! Connecting → Registering → Configured → Synchronized → Running → Closed, and, for a session that dials, over again.

mod link;
mod state;
mod timing;

use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub use state::{Cause, State};
pub use timing::Timing;

use crate::api::{RUNTIME, RegisterPluginRequest};
use crate::identity::Identity;
use crate::mux::Mux;
use crate::plugin::Plugin;
use crate::tally::Tally;
use crate::trunk::{self, TrunkError};
use crate::ttrpc::client::{CallError, Client};
use crate::ttrpc::server::serve;
use link::Link;
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

    /// Lives through one connection.
    async fn attend<S, F>(&self, stream: S, launched: bool, stop: &mut F) -> Cause
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
        F: Future<Output = ()> + Unpin,
    {
        let (mux, plugin, runtime) = Mux::start(stream);
        let mut state = self.state.subscribe();
        self.state.send_replace(State::Registering);
        // The runtime may call before it answers the registration: it is served first.
        let mut tasks = JoinSet::new();
        let open = Tally::default();
        tasks.spawn(serve(plugin, Arc::new(self.link(launched)), open.clone()));
        let client = Client::start(runtime);
        let cause = tokio::select! {
            biased;
            cause = closed(&mut state) => cause,
            cause = mux.closed() => Cause::Stream(cause),
            cause = self.oversee(&client, launched) => cause,
            () = stop => Cause::Stopped,
        };
        // Also for a runtime that refused the plugin: some leave the connection open.
        if !matches!(cause, Cause::Stream(_)) {
            timeout(self.timing.stop, open.idle()).await.ok();
            mux.close().await;
        }
        self.close(cause.clone());
        cause
    }

    fn link(&self, launched: bool) -> Link<P> {
        Link {
            plugin: Arc::clone(&self.plugin),
            timing: self.timing,
            launched,
            state: self.state.clone(),
            work: self.work.clone(),
            known: Mutex::default(),
        }
    }

    /// Registers, and watches over the way to [`State::Running`]. Ends only with a cause to end.
    async fn oversee(&self, client: &Client, launched: bool) -> Cause {
        let Timing {
            registration,
            synchronization,
            ..
        } = self.timing;
        let registered = async {
            self.register(client).await?;
            self.reached(&State::Configured).await;
            Ok(())
        };
        match timeout(registration, registered).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => return cause,
            Err(_) => return late("register and configure the plugin", registration),
        }
        // Of those that a runtime started, containerd 1.7 synchronises none.
        if !launched {
            let running = self.reached(&State::Running);
            if timeout(synchronization, running).await.is_err() {
                return late("synchronize the plugin", synchronization);
            }
        }
        std::future::pending().await
    }

    async fn register(&self, client: &Client) -> Result<(), Cause> {
        let request = RegisterPluginRequest {
            plugin_name: self.identity.name().to_owned(),
            plugin_idx: self.identity.index().to_owned(),
        };
        let limit = self.timing.registration;
        match client
            .call(RUNTIME, "RegisterPlugin", &request, limit)
            .await
        {
            Ok(_) => Ok(()),
            Err(CallError::Refused(status)) => Err(Cause::Refused(status)),
            // Told by the stream, and by the limit that Configure shares.
            Err(CallError::Ended | CallError::Late(_)) => std::future::pending().await,
            Err(error) => Err(Cause::Garbled(error.to_string())),
        }
    }

    async fn reached(&self, state: &State) {
        let mut now = self.state.subscribe();
        // The sender lives as long as this does.
        now.wait_for(|now| now.rank() >= state.rank()).await.ok();
    }

    fn close(&self, cause: Cause) {
        self.state.send_replace(State::Closed(cause));
    }

    /// Waits for work that outlived its answer.
    async fn finish(&self) {
        timeout(self.timing.stop, self.work.idle()).await.ok();
    }
}

fn late(what: &'static str, limit: std::time::Duration) -> Cause {
    Cause::Late { what, limit }
}

/// The cause that the link gives the connection to end, if it does.
async fn closed(state: &mut watch::Receiver<State>) -> Cause {
    let mut found = None;
    let given = state.wait_for(|state| {
        if let State::Closed(cause) = state {
            found = Some(cause.clone());
        }
        found.is_some()
    });
    // The sender lives as long as the session does.
    drop(given.await);
    match found {
        Some(cause) => cause,
        None => std::future::pending().await,
    }
}
