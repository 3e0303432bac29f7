//! The HTTP server: one request a connection, each in a bounded time and a bounded memory. When there is no room left, who has
//! been there longest gives way, so that nobody who hangs keeps a probe out.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::Page;

/// How many are served at once.
const AT_ONCE: usize = 32;

/// How long one of them may take, from its first byte to the last of its answer.
const LIMIT: Duration = Duration::from_secs(5);

/// How long a request may be, its headers included, in bytes: the least that hyper takes.
const REQUEST_BYTES: usize = 8 * 1024;

/// Between two tries to take the place, which an older daemon may have still; and after the system gave no connection.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers at an address from now on, as long as the runtime lives. An address that is taken is tried again: nothing else waits
/// for it.
pub fn start(address: SocketAddr, page: Page) {
    tokio::spawn(async move {
        let listener = listen(address).await;
        serve(listener, Arc::new(page)).await;
    });
}

async fn listen(address: SocketAddr) -> TcpListener {
    let mut told = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                info!("metrics and health at http://{address}");
                return listener;
            }
            Err(wrong) if told => drop(wrong),
            Err(wrong) => {
                warn!(
                    reason = "MetricsNotServed",
                    "cannot listen at {address} for metrics and health: {wrong}; trying again, or say another [metrics] listen"
                );
                told = true;
            }
        }
        sleep(PAUSE).await;
    }
}

async fn serve(listener: TcpListener, page: Arc<Page>) {
    let mut served: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                served.retain(|one| !one.is_finished());
                if served.len() >= AT_ONCE
                    && let Some(longest) = served.pop_front()
                {
                    longest.abort();
                }
                let answering = tokio::spawn(answer(stream, Arc::clone(&page)));
                served.push_back(answering.abort_handle());
            }
            // The descriptors are short: those who are served give theirs back.
            Err(wrong) if is_fatal(&wrong) => sleep(PAUSE).await,
            Err(_) => {}
        }
    }
}

/// Whether it is the system's, and not one peer's that went before it was taken.
fn is_fatal(wrong: &io::Error) -> bool {
    !matches!(
        wrong.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// One request. Who sends none, or takes no answer, is cut off.
async fn answer(stream: TcpStream, page: Arc<Page>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = page.answer(request.method(), request.uri().path());
        let mut response = Response::new(Full::new(Bytes::from(answer.body)));
        *response.status_mut() = answer.status;
        let kind = hyper::header::HeaderValue::from_static(answer.kind);
        response.headers_mut().insert(CONTENT_TYPE, kind);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    timeout(LIMIT, connection).await.ok();
}

#[cfg(test)]
mod tests;
