//! `chainsawd`: the node daemon. It is an NRI plugin of the container runtime, which runs the commands that pods ask
//! for when their sandboxes are there and when their containers start.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chainsaw_common::in_force::PUBLISHED;
use chainsaw_common::meeting::SOCKET;
use chainsaw_common::record::{self, Records};
use chainsaw_common::{config, netns};
use chainsaw_nri::trunk::Launched;
use chainsaw_nri::{Identity, Session, State};
use prometheus_client::registry::Registry;
use rustix::process::geteuid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

mod agent;
mod applied;
mod args;
mod capabilities;
mod cluster;
mod error;
mod events;
mod folder;
mod hooks;
mod install;
mod keys;
mod late;
mod log;
mod metrics;
mod news;
mod peer;
mod ready;
mod settings;
mod socket;
mod status;
mod sweep;
mod target;
mod trouble;
mod unused;
mod work;

use agent::{Agent, AgentError};
use args::{Args, Said};
use cluster::Cluster;
use events::EventSink;
use hooks::Hooks;
use log::LogSink;
use metrics::{Counts, EventCounts, Page, Standing, StatusCounts};
use news::{Sink, Sinks};
use settings::Settings;
use status::StatusSink;

/// The name under which the runtime knows the plugin.
const NAME: &str = "chainsaw";

/// Any error that ends the daemon.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    if words.peek().is_some_and(|word| word == ready::VERB) {
        return ready::main(words.skip(1));
    }
    let verb = words
        .peek()
        .and_then(|word| install::Verb::of(word.to_str()?));
    if let Some(verb) = verb {
        return install::main(verb, words.skip(1));
    }
    match args::read(words) {
        Ok(Said::Help(text)) => say(text),
        Ok(Said::Version) => say(concat!("chainsawd ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Said::Run(args)) => match run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => complain(&failure.to_string(), 1),
        },
        Err(wrong) => complain(&format!("{wrong}; see chainsawd --help"), 2),
    }
}

#[expect(clippy::print_stdout, reason = "a person asked")]
fn say(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "there may be no log yet")]
fn complain(text: &str, status: u8) -> ExitCode {
    eprintln!("chainsawd: {text}");
    ExitCode::from(status)
}

fn run(args: Args) -> Result<(), Failure> {
    if !geteuid().is_root() {
        return Err(
            "only root may enter pods' namespaces and meet the plugin: run it as root".into(),
        );
    }
    // Before there is a second thread: capabilities are a thread's.
    let missing = capabilities::confine(args.nri)?;
    // Whether the runtime started this comes before all else: the descriptor must not be inherited by anybody.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let launched = Launched::from_environment()?;
        // Whatever namespace it starts in is taken for the node's, and is the one that nothing is changed in.
        if netns::is_in_the_nodes() == Some(false) {
            return Err(
                "not in the node's network namespace: run it there (hostNetwork: true)".into(),
            );
        }
        // It lives as long as the process.
        let settings = Arc::new(Settings::of(args.config.clone().leak(), PUBLISHED));
        // A daemon that ends over its configuration takes a containerd 1.7 that started it along, and lets pods through
        // that ask: it serves, and refuses those.
        let config = settings.current();
        log::start(
            &config
                .as_ref()
                .map(|config| config.log.clone())
                .unwrap_or_default(),
        );
        let of_the_cluster = config.as_ref().map(|config| config.cluster.clone());
        let cluster = cluster(&of_the_cluster.unwrap_or_default());
        settings.tell(args.hooks());
        for capability in missing {
            warn!(
                reason = "CapabilityMissing",
                "{} is missing: {}", capability.name, capability.without
            );
        }
        tokio::spawn(Arc::clone(&settings).watch());
        serve(&args, launched, settings, cluster).await
    })
}

/// The cluster, if there is one to speak with.
fn cluster(config: &config::Cluster) -> Option<Arc<Cluster>> {
    match Cluster::of(config) {
        Ok(cluster) => cluster.map(Arc::new),
        Err(wrong) => {
            error!(reason = wrong.reason(), "{wrong}");
            None
        }
    }
}

/// Serves until somebody says stop, or the runtime that started this is gone.
async fn serve(
    args: &Args,
    launched: Option<Launched>,
    settings: Arc<Settings>,
    cluster: Option<Arc<Cluster>>,
) -> Result<(), Failure> {
    let records = Records::at(record::FOLDER);
    let mut registry = Registry::with_prefix("chainsaw");
    let sinks = sinks(cluster.clone(), &settings, &mut registry);
    let hooks = Arc::new(Hooks::new(
        Arc::clone(&settings),
        records.clone(),
        sinks.clone(),
    ));
    tokio::spawn(sweep::run(records.clone()));
    // The plugin alone asks who a pod is: the runtime tells it at the NRI entrance.
    let asked = cluster.filter(|_| args.cni);
    if let Some(cluster) = asked.clone() {
        info!(node = cluster.node(), "watching this node's pods");
        tokio::spawn(async move { cluster.follow().await });
    }
    let stop = stop()?;
    let (identity, stream) = match launched {
        Some(Launched { identity, stream }) => (identity, Some(stream)),
        None => (Identity::new(NAME, &args.index)?, None),
    };
    let session = args.nri.then(|| Session::new(identity, hooks));
    let standing = Arc::new(Standing {
        nri: session.as_ref().map(Session::state),
        settings: Arc::clone(&settings),
        records,
    });
    ready::start(args.ready_socket.as_deref(), Arc::clone(&standing));
    show(&settings, Page::new(registry, standing));
    let nri = session.as_ref().map(Session::state);
    listen(Agent::new(nri, asked, sinks.clone()))?;
    match (session, stream) {
        (None, _) => {
            info!("serving the CNI entrance alone");
            stop.await;
        }
        (Some(session), stream) => {
            tokio::spawn(tell(session.state()));
            match stream {
                Some(stream) => drop(session.launched(stream, stop).await),
                None => session.dial(Path::new(&args.socket), stop).await,
            }
        }
    }
    sinks.end().await;
    info!("stopped");
    Ok(())
}

/// Who hears what happens: without a cluster the log and the metrics.
fn sinks(
    cluster: Option<Arc<Cluster>>,
    settings: &Arc<Settings>,
    registry: &mut Registry,
) -> Sinks {
    let mut sinks: Vec<Box<dyn Sink>> =
        vec![Box::<LogSink>::default(), Box::new(Counts::new(registry))];
    if let Some(cluster) = cluster {
        info!(node = cluster.node(), "in a cluster");
        let wanted = settings.current().is_ok_and(|it| it.status.annotation);
        if wanted {
            let counts = StatusCounts::new(registry);
            let status = StatusSink::start(Arc::clone(&cluster), counts);
            sinks.push(Box::new(status));
        }
        let counts = EventCounts::new(registry);
        let events = EventSink::start(cluster, Arc::clone(settings), counts);
        sinks.push(Box::new(events));
    }
    Sinks::new(sinks)
}

/// Tells how the daemon is where the configuration says, as it was at the start.
fn show(settings: &Settings, page: Page) {
    let metrics = settings
        .current()
        .map(|config| config.metrics.clone())
        .unwrap_or_default();
    if let Some(address) = metrics.listen {
        metrics::start(address, page);
    }
}

/// Opens the plugin's socket. Without it the NRI entrance is served all the same; alone it is all there is to serve.
fn listen(agent: Agent) -> Result<(), AgentError> {
    let serves_nri = agent.serves_nri();
    match agent::start(Path::new(SOCKET), agent) {
        Err(wrong) if serves_nri => {
            error!(reason = wrong.reason(), "{wrong}");
            Ok(())
        }
        started => started,
    }
}

/// Ends when somebody says stop.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Tells how the session stands, each thing once: a runtime that is away is dialled again and again.
async fn tell(mut state: watch::Receiver<State>) {
    let mut last = String::new();
    while state.changed().await.is_ok() {
        let state = state.borrow_and_update().clone();
        let text = state.to_string();
        match state {
            State::Running | State::Closed(_) if text == last => {}
            State::Running => {
                info!("running: the runtime tells of events");
                last = text;
            }
            State::Closed(cause) => {
                warn!(reason = "RuntimeLost", "no events come: {cause}");
                last = text;
            }
            _ => debug!("{text}"),
        }
    }
}
