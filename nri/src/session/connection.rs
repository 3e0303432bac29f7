//! One connection of a session, from its first byte to its last.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::link::Link;
use super::{Cause, Session, State, Timing};
use crate::api::{RUNTIME, RegisterPluginRequest};
use crate::mux::Mux;
use crate::plugin::Plugin;
use crate::tally::Tally;
use crate::ttrpc::client::{CallError, Client};
use crate::ttrpc::server::serve;

impl<P: Plugin> Session<P> {
    /// Lives through one connection.
    pub(super) async fn attend<S, F>(&self, stream: S, launched: bool, stop: &mut F) -> Cause
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
        F: Future<Output = ()> + Unpin,
    {
        let (mux, plugin, runtime) = Mux::start(stream);
        // Of this connection only: what is left of an earlier one cannot say that events come.
        let stage = watch::Sender::new(State::Registering);
        let link = Arc::new(self.link(stage.clone(), launched));
        // The runtime may call before it answers the registration: it is served first.
        let mut tasks = JoinSet::new();
        let open = Tally::default();
        tasks.spawn(serve(plugin, link, open.clone()));
        let client = Client::start(runtime);
        let cause = tokio::select! {
            biased;
            cause = self.show(stage.subscribe()) => cause,
            cause = mux.closed() => Cause::Stream(cause),
            cause = self.oversee(&client, &stage, launched) => cause,
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

    fn link(&self, stage: watch::Sender<State>, launched: bool) -> Link<P> {
        Link {
            plugin: Arc::clone(&self.plugin),
            timing: self.timing,
            launched,
            stage,
            work: self.work.clone(),
            known: Mutex::default(),
        }
    }

    /// Registers, and watches over the way to [`State::Running`]. Ends only with a cause to end.
    async fn oversee(
        &self,
        client: &Client,
        stage: &watch::Sender<State>,
        launched: bool,
    ) -> Cause {
        let Timing {
            registration,
            synchronization,
            ..
        } = self.timing;
        let registered = async {
            self.register(client).await?;
            reached(stage, &State::Configured).await;
            Ok(())
        };
        match timeout(registration, registered).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => return cause,
            Err(_) => return late("register and configure the plugin", registration),
        }
        // Of those that a runtime started, containerd 1.7 synchronises none.
        if !launched {
            let running = reached(stage, &State::Running);
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

    /// Shows where a connection stands, until it gives itself up.
    async fn show(&self, mut stage: watch::Receiver<State>) -> Cause {
        loop {
            let now = stage.borrow_and_update().clone();
            if let State::Closed(cause) = now {
                return cause;
            }
            self.state.send_replace(now);
            if stage.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn late(what: &'static str, limit: Duration) -> Cause {
    Cause::Late { what, limit }
}

async fn reached(stage: &watch::Sender<State>, state: &State) {
    let mut now = stage.subscribe();
    // The sender lives as long as this does.
    now.wait_for(|now| now.rank() >= state.rank()).await.ok();
}
