//! The client: makes calls on one connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prost::Message as _;
use tokio::sync::{Mutex as Queue, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::envelope::{Request, Response};
use super::message::{Assembler, Head, LONGEST_SENT, REQUEST, RESPONSE, encode};
use super::status::Status;
use crate::mux::{Connection, Incoming, Outgoing};

/// A call that was not answered well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The peer answered with an error.
    #[error(transparent)]
    Refused(Status),
    /// There was no answer in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// The stream has ended.
    #[error("the connection has ended")]
    Ended,
    /// The answer is none.
    #[error("the answer cannot be read: {0}")]
    Garbled(String),
    /// The request is longer than a peer takes.
    #[error("the request is longer than 4 MiB")]
    Oversize,
}

/// The answers that are waited for; none once the stream has ended.
type Pending = Arc<Mutex<Option<HashMap<u32, oneshot::Sender<Option<Vec<u8>>>>>>>;

/// Makes calls.
#[derive(Debug)]
pub(crate) struct Client {
    outgoing: Outgoing,
    /// The next stream id. Ids go out in order: this is held while a request is sent.
    next: Queue<u32>,
    pending: Pending,
    _reader: JoinSet<()>,
}

impl Client {
    /// Takes a connection over.
    pub(crate) fn start(connection: Connection) -> Self {
        let pending = Pending::new(Mutex::new(Some(HashMap::new())));
        let mut reader = JoinSet::new();
        reader.spawn(receive(connection.incoming, Arc::clone(&pending)));
        Self {
            outgoing: connection.outgoing,
            next: Queue::new(1),
            pending,
            _reader: reader,
        }
    }

    /// Calls a method, and waits at most `patience` for the answer, which the peer is told.
    pub(crate) async fn call(
        &self,
        service: &str,
        method: &str,
        request: &impl prost::Message,
        patience: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let request = Request {
            service: service.to_owned(),
            method: method.to_owned(),
            payload: request.encode_to_vec(),
            timeout_nano: i64::try_from(patience.as_nanos()).unwrap_or(i64::MAX),
        };
        let answer = timeout(patience, self.exchange(&request)).await;
        let payload = answer.map_err(|_| CallError::Late(patience))??;
        let response = Response::decode(payload.as_slice())
            .map_err(|error| CallError::Garbled(error.to_string()))?;
        match response.status {
            Some(status) if status.code != 0 => Err(CallError::Refused(Status::of_wire(status))),
            _ => Ok(response.payload),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Vec<u8>, CallError> {
        let request = request.encode_to_vec();
        if request.len() > LONGEST_SENT {
            return Err(CallError::Oversize);
        }
        let (sender, answer) = oneshot::channel();
        let _waiting = {
            let mut next = self.next.lock().await;
            let stream = *next;
            *next = stream.checked_add(2).ok_or(CallError::Ended)?;
            let waiting = Waiting::enter(&self.pending, stream, sender)?;
            let head = Head {
                stream,
                kind: REQUEST,
            };
            let sent = self.outgoing.send(encode(head, &request)).await;
            sent.map_err(|_| CallError::Ended)?;
            waiting
        };
        match answer.await {
            Ok(Some(payload)) => Ok(payload),
            Ok(None) => Err(CallError::Garbled("it is longer than 16 MiB".to_owned())),
            Err(_) => Err(CallError::Ended),
        }
    }
}

/// A place among the pending answers, given up when this is dropped: a late answer finds nobody.
struct Waiting<'a> {
    pending: &'a Pending,
    stream: u32,
}

impl<'a> Waiting<'a> {
    fn enter(
        pending: &'a Pending,
        stream: u32,
        sender: oneshot::Sender<Option<Vec<u8>>>,
    ) -> Result<Self, CallError> {
        let mut all = pending.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.as_mut().ok_or(CallError::Ended)?;
        open.insert(stream, sender);
        Ok(Self { pending, stream })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        take(self.pending, self.stream);
    }
}

fn take(pending: &Pending, stream: u32) -> Option<oneshot::Sender<Option<Vec<u8>>>> {
    let mut all = pending.lock().unwrap_or_else(PoisonError::into_inner);
    all.as_mut()?.remove(&stream)
}

async fn receive(mut incoming: Incoming, pending: Pending) {
    let mut assembler = Assembler::default();
    while let Some(bytes) = incoming.next().await {
        assembler.push(&bytes);
        while let Some((head, payload)) = assembler.next() {
            if head.kind == RESPONSE {
                // Nobody waits for it: it is late, and the caller has been told so.
                take(&pending, head.stream).and_then(|sender| sender.send(payload).err());
            }
        }
    }
    let mut all = pending.lock().unwrap_or_else(PoisonError::into_inner);
    *all = None;
}
