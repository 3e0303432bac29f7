//! The HTTP server: one request a connection, each in a bounded time and a bounded memory, and as many at once as the
//! [`crowd`] has room for.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::Page;

mod crowd;

use crowd::{Asked, Crowd};

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
    let mut crowd = Crowd::default();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                crowd.room().await;
                crowd.seat(|asked| answer(stream, Arc::clone(&page), asked));
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
async fn answer(stream: TcpStream, page: Arc<Page>, asked: Asked) {
    let service = service_fn(|request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        respond(Arc::clone(&page), request)
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    timeout(LIMIT, connection).await.ok();
}

async fn respond(
    page: Arc<Page>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = page.answer(request.method(), request.uri().path()).await;
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let kind = HeaderValue::from_static(answer.kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

#[cfg(test)]
mod tests;
