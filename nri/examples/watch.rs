//! A whole plugin: tells of each sandbox that is made and each container that starts, and refuses those that ask for it.
//!
//! As root on a node, beside a runtime with NRI enabled: `cargo run -p chainsaw-nri --example watch`. The runtime can
//! also start it itself, from its folder of plugins, as `90-watch`; then nobody sees what it prints.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::path::Path;
use std::sync::Arc;

use chainsaw_nri::api::{Container, PodSandbox};
use chainsaw_nri::trunk::{self, Launched};
use chainsaw_nri::{Answer, Code, Context, Event, Events, Identity, Plugin, Refusal, Session};

/// A pod with this annotation is refused, with the annotation's value for a reason.
const REFUSE: &str = "watch.example/refuse";

struct Watch;

impl Plugin for Watch {
    fn events(&self) -> Events {
        Event::RunPodSandbox | Event::StartContainer
    }

    async fn run_pod_sandbox(&self, context: Context, pod: PodSandbox) -> Answer {
        let runtime = &context.runtime().version;
        println!("{}/{} on {runtime}", pod.namespace, pod.name);
        // Where this would leave a container behind, the pod's containers are refused instead, below.
        if context.runtime().leaks_refused_sandboxes() {
            return Ok(());
        }
        judge(&pod)
    }

    async fn start_container(
        &self,
        _context: Context,
        pod: PodSandbox,
        container: Container,
    ) -> Answer {
        println!("{}/{}: {}", pod.namespace, pod.name, container.name);
        judge(&pod)
    }
}

fn judge(pod: &PodSandbox) -> Answer {
    match pod.annotations.get(REFUSE) {
        Some(why) => Err(Refusal::new(Code::PermissionDenied, why)),
        None => Ok(()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    // First of all, whether a runtime started this.
    if let Some(Launched { identity, stream }) = Launched::from_environment()? {
        let session = Session::new(identity, Arc::new(Watch));
        let cause = session.launched(stream, stop).await;
        println!("{cause}");
        return Ok(());
    }
    let session = Session::new(Identity::new("watch", "90")?, Arc::new(Watch));
    let mut state = session.state();
    let states = async {
        while state.changed().await.is_ok() {
            println!("{}", *state.borrow_and_update());
        }
    };
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| trunk::SOCKET.to_owned());
    tokio::select! {
        () = session.dial(Path::new(&path), stop) => {}
        () = states => {}
    }
    Ok(())
}
