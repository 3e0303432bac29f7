//! A Kubernetes API server that answers as a test says, over real HTTPS, on a machine's loopback.
//!
//! It is the one thing that tests make up: what a server answers is a contract, and its worst days cannot be had from a
//! real one. It gives every request one [`Answer`], or is a whole [`Cluster`] of pods, by a scenario that the test plays, or
//! the server of [`Objects`] that `kubectl` needs.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::Result;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificates;
use crate::machine::Machine;

mod body;
mod cluster;
pub(crate) mod objects;
mod question;
mod shared;

use body::Pieces;
pub use cluster::{Cluster, Fault, Pod};
pub use objects::Objects;
pub use question::{Asks, NODE};

/// The token that the kubeconfig carries. Whoever prints it has given away a secret.
pub const TOKEN: &str = "s3cret-t0ken";

/// What the server was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Method and path.
    pub what: String,
    /// The header `accept`.
    pub accept: String,
    /// The header `authorization`.
    pub authorization: String,
    /// Whether a client certificate of the authority's was shown.
    pub certified: bool,
    /// The body.
    pub body: String,
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Answer {
    /// Answers with this status and body.
    Reply(u16, String),
    /// Holds the connection and never answers.
    Hang,
    /// Answers as the server of these pods.
    Pods(Cluster),
    /// Answers as the server of these objects.
    Objects(Objects),
}

/// What a server answers to what it is asked.
type Scenario = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// A server. Ends when dropped.
pub struct ApiServer {
    scenario: Scenario,
    address: SocketAddr,
    certificates: Certificates,
    asked: Arc<Mutex<Vec<Asked>>>,
    running: Option<Running>,
}

/// A thread that serves.
struct Running {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ApiServer {
    /// Starts a server on the machine's 127.0.0.1 that answers every request so.
    pub fn start(machine: &Machine, answer: Answer) -> Result<Self> {
        Self::play(machine, move |_| answer.clone())
    }

    /// Starts a server on the machine's 127.0.0.1 that answers as this says.
    pub fn play(
        machine: &Machine,
        scenario: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::start_at(machine.listen()?, Arc::new(scenario))
    }

    /// The same on our own 127.0.0.1.
    pub fn start_here(answer: Answer) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Self::start_at(listener, Arc::new(move |_: &Asked| answer.clone()))
    }

    fn start_at(listener: TcpListener, scenario: Scenario) -> Result<Self> {
        let mut server = Self {
            scenario,
            address: listener.local_addr()?,
            certificates: Certificates::new()?,
            asked: Arc::default(),
            running: None,
        };
        server.run(listener)?;
        Ok(server)
    }

    fn run(&mut self, listener: TcpListener) -> Result<()> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let acceptor = TlsAcceptor::from(Arc::clone(&self.certificates.server));
        let (scenario, seen) = (Arc::clone(&self.scenario), Arc::clone(&self.asked));
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            // Whoever is still being served goes with the runtime.
            runtime.spawn(serve(listener, acceptor, scenario, seen));
            runtime.block_on(ended).ok();
        });
        self.running = Some(Running {
            end: Some(end),
            thread: Some(thread),
        });
        Ok(())
    }

    /// Ends it: connections break, and new ones are refused.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it again where it was, on our own 127.0.0.1.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop();
        self.run(TcpListener::bind(self.address)?)
    }

    /// Starts it again with certificates of another authority.
    pub fn change_authority(&mut self) -> Result<()> {
        self.certificates = Certificates::new()?;
        self.start_again()
    }

    /// The certificate of its authority, in PEM.
    pub fn authority(&self) -> &str {
        &self.certificates.authority
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.asked).clone()
    }

    /// Where it is, for programs of the machine.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Its port on the machine's 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Writes a kubeconfig for it, and beside it the authority's certificate and a client's, which it does not name.
    pub fn write_kubeconfig(&self, machine: &Machine, path: &str) -> Result<()> {
        let authority = format!("{path}.ca");
        let (certificate, key) = &self.certificates.client;
        machine.write(&authority, self.authority())?;
        machine.write(format!("{path}.crt"), certificate)?;
        machine.write(format!("{path}.key"), key)?;
        machine.write(path, kubeconfig(&self.url(), &authority))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        // A panic in it has been printed.
        self.thread.take().map(JoinHandle::join);
    }
}

/// The text of a kubeconfig: a server, the file of its authority's certificate, [`TOKEN`].
pub fn kubeconfig(server: &str, authority: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
         contexts:\n- name: here\n  context:\n    cluster: local\n    user: chainsaw\n\
         clusters:\n- name: local\n  cluster:\n    server: {server}\n    certificate-authority: {authority}\n\
         users:\n- name: chainsaw\n  user:\n    token: \"{TOKEN}\"\n"
    )
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    scenario: Scenario,
    seen: Arc<Mutex<Vec<Asked>>>,
) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, scenario, seen) =
            (acceptor.clone(), Arc::clone(&scenario), Arc::clone(&seen));
        tokio::spawn(async move {
            // A client that does not trust us is a test's very point.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let certified = stream.get_ref().1.peer_certificates().is_some();
            let service = service_fn(async |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                let head = Request::from_parts(head, ());
                let asked = asked(&head, body, certified).await?;
                let answer = scenario(&asked);
                let body = asked.body.clone();
                locked(&seen).push(asked);
                reply(answer, &head, &body).await
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            served.await.ok();
        });
    }
}

async fn reply(answer: Answer, request: &Request<()>, body: &str) -> Result<Response<Pieces>> {
    match answer {
        Answer::Reply(status, body) => {
            let response = Response::builder().status(StatusCode::from_u16(status)?);
            Ok(response
                .header("content-type", "application/json")
                .body(Pieces::whole(body.into()))?)
        }
        Answer::Hang => std::future::pending().await,
        Answer::Pods(cluster) => Ok(cluster.answer(request).await),
        Answer::Objects(objects) => Ok(objects.answer(request, body)),
    }
}

async fn asked(request: &Request<()>, body: Incoming, certified: bool) -> Result<Asked> {
    let body = body.collect().await?.to_bytes();
    let header = |name| {
        let value = request.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    Ok(Asked {
        what: format!("{} {}", request.method(), request.uri()),
        accept: header("accept"),
        authorization: header("authorization"),
        certified,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
