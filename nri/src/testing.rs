//! A runtime in memory, for the tests of plugins: it speaks the runtime's side of NRI over any stream.

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::api::{
    ConfigureRequest, ConfigureResponse, Container, EventRequest, PLUGIN, PodSandbox, RUNTIME,
    RegisterPluginRequest, StateChangeEvent, SynchronizeRequest, SynchronizeResponse,
};
use crate::events::Event;
use crate::mux::{Closed, Mux};
use crate::tally::Tally;
use crate::trunk::TrunkError;
use crate::ttrpc::client::Client;
use crate::ttrpc::server::{Call, Service, serve};
use crate::ttrpc::status::{Status, code};

pub use crate::ttrpc::client::CallError;

/// What the runtime waits for an answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// A runtime, connected to one plugin.
#[derive(Debug)]
pub struct Runtime {
    mux: Mux,
    client: Client,
    registrations: mpsc::Receiver<Registration>,
    _server: JoinSet<()>,
}

/// A plugin that wants to register. It is refused if this is dropped.
#[derive(Debug)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// Its index.
    pub index: String,
    answer: oneshot::Sender<Result<(), Status>>,
}

impl Registration {
    /// Takes the plugin.
    pub fn accept(self) {
        self.answer.send(Ok(())).ok();
    }

    /// Refuses the plugin, as Go does: with code 2.
    pub fn refuse(self, why: &str) {
        self.answer.send(Err(Status::new(2, why))).ok();
    }
}

impl Runtime {
    /// A runtime in memory, and the stream that leads to it.
    #[must_use]
    pub fn pair() -> (DuplexStream, Self) {
        let (near, far) = duplex(64 << 10);
        (near, Self::start(far))
    }

    /// A runtime at the other end of a stream.
    pub fn start<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mux, plugin, runtime) = Mux::start(stream);
        let (sender, registrations) = mpsc::channel(8);
        let mut server = JoinSet::new();
        server.spawn(serve(runtime, Arc::new(Desk(sender)), Tally::default()));
        Self {
            mux,
            client: Client::start(plugin),
            registrations,
            _server: server,
        }
    }

    /// The plugin's wish to register; none when the stream has ended.
    pub async fn registration(&mut self) -> Option<Registration> {
        tokio::select! {
            biased;
            registration = self.registrations.recv() => registration,
            _ = self.mux.closed() => None,
        }
    }

    /// All that comes before events: takes the plugin, configures it as a containerd of this version would, and
    /// synchronises it with these. Returns the mask of the events that it wants.
    ///
    /// # Errors
    /// The plugin does not do its part.
    pub async fn welcome(
        &mut self,
        version: &str,
        pods: Vec<PodSandbox>,
        containers: Vec<Container>,
    ) -> Result<i32, CallError> {
        self.registration().await.ok_or(CallError::Ended)?.accept();
        let events = self.configure(containerd(version)).await?.events;
        let more = false;
        let request = SynchronizeRequest {
            pods,
            containers,
            more,
        };
        self.synchronize(request).await?;
        Ok(events)
    }

    /// Configures the plugin.
    ///
    /// # Errors
    /// It does not answer, or with an error.
    pub async fn configure(
        &self,
        request: ConfigureRequest,
    ) -> Result<ConfigureResponse, CallError> {
        decoded(self.call("Configure", &request).await?)
    }

    /// Tells the plugin what there is, or a part of it.
    ///
    /// # Errors
    /// It does not answer, or with an error.
    pub async fn synchronize(
        &self,
        request: SynchronizeRequest,
    ) -> Result<SynchronizeResponse, CallError> {
        decoded(self.call("Synchronize", &request).await?)
    }

    /// Tells of an event by its own method, as NRI 0.12 and newer do.
    ///
    /// # Errors
    /// The plugin does not answer, or with an error.
    pub async fn event(
        &self,
        event: Event,
        pod: PodSandbox,
        container: Option<Container>,
    ) -> Result<Vec<u8>, CallError> {
        let pod = Some(pod);
        self.call(event.method(), &EventRequest { pod, container })
            .await
    }

    /// Tells of an event as a StateChange, as older runtimes do of most; also of one that nobody knows.
    ///
    /// # Errors
    /// The plugin does not answer, or with an error.
    pub async fn state_change(
        &self,
        event: i32,
        pod: Option<PodSandbox>,
        container: Option<Container>,
    ) -> Result<Vec<u8>, CallError> {
        let request = StateChangeEvent {
            event,
            pod,
            container,
        };
        self.call("StateChange", &request).await
    }

    /// Calls any method of the plugin.
    ///
    /// # Errors
    /// The plugin does not answer, or with an error.
    pub async fn call(&self, method: &str, request: &impl Message) -> Result<Vec<u8>, CallError> {
        self.call_within(PLUGIN, method, request, REQUEST_TIMEOUT)
            .await
    }

    /// Calls any method of any service, and waits so long.
    ///
    /// # Errors
    /// The plugin does not answer, or with an error.
    pub async fn call_within(
        &self,
        service: &str,
        method: &str,
        request: &impl Message,
        patience: Duration,
    ) -> Result<Vec<u8>, CallError> {
        self.client.call(service, method, request, patience).await
    }

    /// Waits until the stream has ended.
    pub async fn closed(&self) -> Closed {
        self.mux.closed().await
    }
}

/// What a containerd of this version says of itself.
#[must_use]
pub fn containerd(version: &str) -> ConfigureRequest {
    ConfigureRequest {
        runtime_name: "containerd".to_owned(),
        runtime_version: version.to_owned(),
        ..ConfigureRequest::default()
    }
}

/// A place that a session can dial ([`Session::dial_with`](crate::Session::dial_with)): each time, a new runtime comes
/// out of the receiver.
pub fn place() -> (
    impl FnMut() -> std::future::Ready<Result<DuplexStream, TrunkError>>,
    mpsc::UnboundedReceiver<Runtime>,
) {
    let (sender, runtimes) = mpsc::unbounded_channel();
    let dial = move || {
        let (stream, runtime) = Runtime::pair();
        // A receiver that is gone drops the runtime, which closes the stream.
        sender.send(runtime).ok();
        std::future::ready(Ok(stream))
    };
    (dial, runtimes)
}

/// The runtime's own service.
struct Desk(mpsc::Sender<Registration>);

impl Service for Desk {
    async fn call(&self, call: Call) -> Result<Vec<u8>, Status> {
        if (call.service.as_str(), call.method.as_str()) != (RUNTIME, "RegisterPlugin") {
            return Err(crate::dispatch::unimplemented(&call.method));
        }
        let refused = |why: &str| Status::new(code::INVALID_ARGUMENT, why);
        let request = RegisterPluginRequest::decode(call.payload.as_slice())
            .map_err(|error| refused(&error.to_string()))?;
        let (answer, answered) = oneshot::channel();
        let registration = Registration {
            name: request.plugin_name,
            index: request.plugin_idx,
            answer,
        };
        self.0.send(registration).await.ok();
        answered
            .await
            .unwrap_or_else(|_| Err(refused("nobody wants to know")))
            .map(|()| Vec::new())
    }
}

fn decoded<T: Message + Default>(answer: Vec<u8>) -> Result<T, CallError> {
    T::decode(answer.as_slice()).map_err(|error| CallError::Garbled(error.to_string()))
}
