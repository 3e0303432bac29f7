//! A Kubernetes API server that answers as a test says, over real HTTPS, on a machine's loopback.
//!
//! It is the one thing that tests make up: what a server answers is a contract, and its worst days cannot be had from a
//! real one. It gives every request one [`Answer`], or is a whole [`Cluster`] of pods, by a scenario that the test plays.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};
use http::{Request, Response, StatusCode};
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
mod question;

use body::Pieces;
pub use cluster::{Cluster, Fault, Pod};
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
}

/// A server. Ends when dropped.
pub struct ApiServer {
    answer: Answer,
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
        Self::start_at(listen(machine)?, answer)
    }

    /// The same on our own 127.0.0.1.
    pub fn start_here(answer: Answer) -> Result<Self> {
        Self::start_at(TcpListener::bind("127.0.0.1:0")?, answer)
    }

    fn start_at(listener: TcpListener, answer: Answer) -> Result<Self> {
        let mut server = Self {
            answer,
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
        let (answer, seen) = (self.answer.clone(), Arc::clone(&self.asked));
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            // Whoever is still being served goes with the runtime.
            runtime.spawn(serve(listener, acceptor, answer, seen));
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

/// A socket that listens on a machine's 127.0.0.1, at a port that was free. Until somebody accepts, the kernel alone
/// answers at it.
pub fn listen(machine: &Machine) -> Result<TcpListener> {
    let path = machine.netns();
    let bound = thread::spawn(move || -> Result<TcpListener> {
        let netns =
            std::fs::File::open(&path).with_context(|| format!("open {}", path.display()))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this thread enters, binds and ends: a socket stays where it was made"
        )]
        nix::sched::setns(&netns, nix::sched::CloneFlags::CLONE_NEWNET)?;
        Ok(TcpListener::bind("127.0.0.1:0")?)
    });
    let bound = bound.join();
    bound.map_err(|_| anyhow!("the thread that binds panicked"))?
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    answer: Answer,
    seen: Arc<Mutex<Vec<Asked>>>,
) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, answer, seen) = (acceptor.clone(), answer.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            // A client that does not trust us is a test's very point.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let certified = stream.get_ref().1.peer_certificates().is_some();
            let service = service_fn(|request| {
                locked(&seen).push(asked(&request, certified));
                reply(answer.clone(), request)
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            served.await.ok();
        });
    }
}

async fn reply(answer: Answer, request: Request<Incoming>) -> Result<Response<Pieces>> {
    match answer {
        Answer::Reply(status, body) => {
            let response = Response::builder().status(StatusCode::from_u16(status)?);
            Ok(response
                .header("content-type", "application/json")
                .body(Pieces::whole(body.into()))?)
        }
        Answer::Hang => std::future::pending().await,
        Answer::Pods(cluster) => Ok(cluster.answer(&request).await),
    }
}

fn asked(request: &Request<Incoming>, certified: bool) -> Asked {
    let header = |name| {
        let value = request.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    Asked {
        what: format!("{} {}", request.method(), request.uri()),
        accept: header("accept"),
        authorization: header("authorization"),
        certified,
    }
}

fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
