//! The server: answers the calls of one connection.

use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::envelope::{Request, Response};
use super::message::{Arrived, Assembler, Head, LONGEST_SENT, REQUEST, RESPONSE, encode};
use super::status::{Status, code};
use crate::mux::Connection;
use crate::tally::{Mark, Tally};

/// How many calls are served at once. A runtime makes one at a time.
const AT_ONCE: usize = 64;

/// A call.
#[derive(Debug)]
pub struct Call {
    /// The service, `package.Name`.
    pub service: String,
    /// The method.
    pub method: String,
    /// The request, still encoded.
    pub payload: Vec<u8>,
    /// When the call arrived.
    pub arrived: Instant,
    /// How long its caller waits from then on, if it says.
    pub patience: Option<Duration>,
}

/// Who answers.
pub trait Service: Send + Sync + 'static {
    /// Answers a call. This is dropped when the connection ends: work that must not be cut belongs into a task.
    fn call(&self, call: Call) -> impl Future<Output = Result<Vec<u8>, Status>> + Send;
}

/// Serves until the stream ends. `open` counts the calls whose answer is not yet on its way.
pub(crate) async fn serve<S: Service>(mut connection: Connection, service: Arc<S>, open: Tally) {
    let mut assembler = Assembler::default();
    let mut calls = JoinSet::new();
    let mut last = 0;
    while let Some(bytes) = connection.incoming.next().await {
        assembler.push(&bytes);
        while let Some(arrived) = assembler.next() {
            let stream = arrived.0.stream;
            if arrived.0.kind != REQUEST {
                continue;
            }
            while calls.try_join_next().is_some() {}
            let call = admit(arrived, last, calls.len());
            last = last.max(stream);
            let (service, outgoing) = (Arc::clone(&service), connection.outgoing.clone());
            let mark: Mark = open.begin();
            calls.spawn(async move {
                let answer = match call {
                    Ok(call) => service.call(call).await,
                    Err(status) => Err(status),
                };
                outgoing.send(response(stream, answer)).await.ok();
                drop(mark);
            });
        }
    }
}

/// What may be answered. Go's client numbers its calls 1, 3, 5 and so on.
pub(super) fn admit((head, payload): Arrived, last: u32, running: usize) -> Result<Call, Status> {
    let arrived = Instant::now();
    if head.stream % 2 == 0 || head.stream <= last {
        let why = format!(
            "stream id {} is not odd, or not above the last one, {last}",
            head.stream
        );
        return Err(Status::new(code::INVALID_ARGUMENT, why));
    }
    let exhausted = |why: &str| Status::new(code::RESOURCE_EXHAUSTED, why);
    let payload = payload.ok_or_else(|| exhausted("the request is longer than 16 MiB"))?;
    if running >= AT_ONCE {
        return Err(exhausted("64 calls are being served; this is one too many"));
    }
    let request = Request::decode(payload.as_slice()).map_err(|error| {
        Status::new(
            code::INVALID_ARGUMENT,
            format!("the request cannot be read: {error}"),
        )
    })?;
    let patience = u64::try_from(request.timeout_nano)
        .ok()
        .filter(|nanos| *nanos > 0)
        .map(Duration::from_nanos);
    Ok(Call {
        service: request.service,
        method: request.method,
        payload: request.payload,
        arrived,
        patience,
    })
}

pub(super) fn response(stream: u32, answer: Result<Vec<u8>, Status>) -> Vec<u8> {
    let answer = answer.and_then(|payload| {
        if payload.len() < LONGEST_SENT {
            Ok(payload)
        } else {
            let why = "the answer is longer than 4 MiB";
            Err(Status::new(code::RESOURCE_EXHAUSTED, why))
        }
    });
    let (status, payload) = match answer {
        Ok(payload) => (None, payload),
        Err(status) => (Some(status.to_wire()), Vec::new()),
    };
    let head = Head {
        stream,
        kind: RESPONSE,
    };
    encode(head, &Response { status, payload }.encode_to_vec())
}
