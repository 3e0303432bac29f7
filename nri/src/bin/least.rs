//! The least that a plugin can be: it says yes to each event. `make bench` measures `chainsawd` beside it, and builds
//! it as it builds that.
//!
//! `least [SOCKET [INDEX]]` dials the runtime, or the socket that it is given.

use std::path::Path;
use std::sync::Arc;

use chainsaw_nri::{Event, Events, Identity, Plugin, Session, trunk};

struct Least;

impl Plugin for Least {
    fn events(&self) -> Events {
        Event::RunPodSandbox | Event::StartContainer
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let path = words.next().unwrap_or_else(|| trunk::SOCKET.to_owned());
    let index = words.next().unwrap_or_else(|| "90".to_owned());
    let session = Session::new(Identity::new("least", &index)?, Arc::new(Least));
    session.dial(Path::new(&path), std::future::pending()).await;
    Ok(())
}
