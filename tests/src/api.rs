//! A Kubernetes API server that answers as a test says, over real HTTPS, on a machine's loopback.
//!
//! It is the one thing that tests make up: what a server answers to `get pods` is a contract, and its worst days cannot
//! be had from a real one.

use std::net::TcpListener;
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
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers with this status and body.
    Reply(u16, String),
    /// Holds the connection and never answers.
    Hang,
}

/// A running server. Ends when dropped.
pub struct ApiServer {
    port: u16,
    authority: String,
    client: (String, String),
    asked: Arc<Mutex<Vec<Asked>>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ApiServer {
    /// Starts a server on the machine's 127.0.0.1 that gives every request this answer.
    pub fn start(machine: &Machine, answer: Answer) -> Result<Self> {
        Self::play(machine, move |_| answer.clone())
    }

    /// Starts a server on the machine's 127.0.0.1 that answers as this says.
    pub fn play(
        machine: &Machine,
        scenario: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let certificates = Certificates::new()?;
        let listener = machine.listen()?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let acceptor = TlsAcceptor::from(certificates.server);
        let (seen, scenario) = (Arc::clone(&asked), Arc::new(scenario));
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            // Whoever is still being served goes with the runtime.
            runtime.spawn(serve(listener, acceptor, scenario, seen));
            runtime.block_on(ended).ok();
        });
        Ok(Self {
            port,
            authority: certificates.authority,
            client: certificates.client,
            asked,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.asked).clone()
    }

    /// Where it is, for programs of the machine.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Its port on the machine's 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of its authority, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Writes a kubeconfig for it, and beside it the authority's certificate and a client's, which it does not name.
    pub fn write_kubeconfig(&self, machine: &Machine, path: &str) -> Result<()> {
        let authority = format!("{path}.ca");
        let (certificate, key) = &self.client;
        machine.write(&authority, &self.authority)?;
        machine.write(format!("{path}.crt"), certificate)?;
        machine.write(format!("{path}.key"), key)?;
        machine.write(path, kubeconfig(&self.url(), &authority))
    }
}

impl Drop for ApiServer {
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
    scenario: Arc<dyn Fn(&Asked) -> Answer + Send + Sync>,
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
            let service = service_fn(async |request| {
                let asked = asked(request, certified).await?;
                let answer = scenario(&asked);
                locked(&seen).push(asked);
                reply(answer).await
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            served.await.ok();
        });
    }
}

async fn reply(answer: Answer) -> Result<Response<String>> {
    match answer {
        Answer::Reply(status, body) => {
            let response = Response::builder().status(StatusCode::from_u16(status)?);
            Ok(response
                .header("content-type", "application/json")
                .body(body)?)
        }
        Answer::Hang => std::future::pending().await,
    }
}

async fn asked(request: Request<Incoming>, certified: bool) -> Result<Asked> {
    let (request, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name| {
        let value = request.headers.get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    Ok(Asked {
        what: format!("{} {}", request.method, request.uri),
        accept: header("accept"),
        authorization: header("authorization"),
        certified,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
