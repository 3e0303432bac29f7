//! The container runtime interface, as a kubelet speaks it, for code that is not asynchronous.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};

use self::v1::runtime_service_client::RuntimeServiceClient;

/// The messages of `proto/cri.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("runtime.v1");
}

/// The longest that one request may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection to a runtime.
pub struct Cri {
    runtime: Runtime,
    client: RuntimeServiceClient<Channel>,
}

/// Defines one method a request: same name, snake case, the interface's own messages.
macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident($request:ident) -> $response:ident;)*) => {
        impl Cri {
            $($(#[$doc])*
            pub fn $name(&self, request: v1::$request) -> Result<v1::$response> {
                let mut client = self.client.clone();
                answer(stringify!($request), self.runtime.block_on(client.$name(request)))
            })*
        }
    };
}

requests! {
    /// Asks for the runtime's name and version.
    version(VersionRequest) -> VersionResponse;
    /// Asks whether the runtime and its network are ready.
    status(StatusRequest) -> StatusResponse;
    /// Makes and starts a sandbox.
    run_pod_sandbox(RunPodSandboxRequest) -> RunPodSandboxResponse;
    /// Stops a sandbox, with all in it, and takes its network down.
    stop_pod_sandbox(StopPodSandboxRequest) -> StopPodSandboxResponse;
    /// Removes a sandbox.
    remove_pod_sandbox(RemovePodSandboxRequest) -> RemovePodSandboxResponse;
    /// Asks about a sandbox.
    pod_sandbox_status(PodSandboxStatusRequest) -> PodSandboxStatusResponse;
    /// Lists sandboxes.
    list_pod_sandbox(ListPodSandboxRequest) -> ListPodSandboxResponse;
    /// Makes a container in a sandbox.
    create_container(CreateContainerRequest) -> CreateContainerResponse;
    /// Starts a container that was made.
    start_container(StartContainerRequest) -> StartContainerResponse;
    /// Stops a container.
    stop_container(StopContainerRequest) -> StopContainerResponse;
    /// Removes a container.
    remove_container(RemoveContainerRequest) -> RemoveContainerResponse;
    /// Lists containers.
    list_containers(ListContainersRequest) -> ListContainersResponse;
    /// Asks about a container.
    container_status(ContainerStatusRequest) -> ContainerStatusResponse;
    /// Runs a command in a container and waits for its end.
    exec_sync(ExecSyncRequest) -> ExecSyncResponse;
}

impl Cri {
    /// Prepares a connection to the runtime's socket. It is made with the first request, and made anew after a restart.
    pub fn new(socket: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start a tokio runtime")?;
        let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display()))?.timeout(LIMIT);
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        Ok(Self {
            runtime,
            client: RuntimeServiceClient::new(channel),
        })
    }
}

/// The runtime's own message is the error's: it is what a kubelet would show in the pod's events.
fn answer<T>(request: &str, result: Result<Response<T>, Status>) -> Result<T> {
    let request = request.trim_end_matches("Request");
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(anyhow!(
            "{request}: {:?}: {}",
            status.code(),
            status.message()
        )),
    }
}
