//! The server on a stream of its own, without a multiplexer: one call after the other, within limits.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::message::{HEADER, Head, REQUEST, announced};
use super::server::{Service, admit, response};

/// What one peer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest request, in bytes.
    pub request: usize,
    /// How many calls it may make.
    pub calls: usize,
    /// How long all of it may take.
    pub time: Duration,
}

/// Why a peer was not served to the end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// It took too long.
    #[error("the peer was not done within {0:?}, and was closed")]
    Late(Duration),
    /// What it sent is no request, or too long a one.
    #[error(
        "the peer announced {length} bytes of kind {kind}, where a request of at most {limit} bytes was expected, and was closed"
    )]
    NoRequest {
        /// Its length.
        length: usize,
        /// Its kind.
        kind: u8,
        /// The limit.
        limit: usize,
    },
    /// It called too often.
    #[error("the peer made more than {0} calls, and was closed")]
    Calls(usize),
    /// The stream broke.
    #[error("the stream broke: {0}")]
    Io(#[from] io::Error),
}

/// Serves one peer until it hangs up. A call that is running when the time is over is dropped.
///
/// # Errors
/// A limit was reached, or the stream broke.
pub async fn serve_stream<T, S>(stream: T, service: &S, limits: Limits) -> Result<(), StreamError>
where
    T: AsyncRead + AsyncWrite + Unpin + Send,
    S: Service,
{
    match timeout(limits.time, serve(stream, service, limits)).await {
        Ok(served) => served,
        Err(_) => Err(StreamError::Late(limits.time)),
    }
}

async fn serve<T, S>(mut stream: T, service: &S, limits: Limits) -> Result<(), StreamError>
where
    T: AsyncRead + AsyncWrite + Unpin + Send,
    S: Service,
{
    let mut last = 0;
    for _ in 0..limits.calls {
        let Some((head, payload)) = request(&mut stream, limits.request).await? else {
            return Ok(());
        };
        let answer = match admit((head, Some(payload)), last, 0) {
            Ok(call) => service.call(call).await,
            Err(status) => Err(status),
        };
        last = last.max(head.stream);
        stream.write_all(&response(head.stream, answer)).await?;
    }
    // One more byte would be one call more.
    match stream.read(&mut [0]).await? {
        0 => Ok(()),
        _ => Err(StreamError::Calls(limits.calls)),
    }
}

/// The next request; none when the peer has hung up between two.
async fn request<T>(stream: &mut T, limit: usize) -> Result<Option<(Head, Vec<u8>)>, StreamError>
where
    T: AsyncRead + Unpin,
{
    let mut header = [0; HEADER];
    if stream.read(&mut header[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[1..]).await?;
    let (length, head) = announced(header);
    if length > limit || head.kind != REQUEST {
        return Err(StreamError::NoRequest {
            length,
            kind: head.kind,
            limit,
        });
    }
    // As it comes, not as it is announced.
    let mut payload = Vec::new();
    let wanted = u64::try_from(length).unwrap_or(u64::MAX);
    if stream.take(wanted).read_to_end(&mut payload).await? < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(Some((head, payload)))
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::super::message::encode;
    use super::super::server::Call;
    use super::super::status::Status;
    use super::*;

    const LIMITS: Limits = Limits {
        request: 100,
        calls: 2,
        time: Duration::from_secs(1),
    };

    struct Echo;

    impl Service for Echo {
        async fn call(&self, call: Call) -> Result<Vec<u8>, Status> {
            Ok(call.payload)
        }
    }

    /// How it ends for a peer that sends these bytes, and hangs up if it is told to.
    async fn told(bytes: &[u8], hangs_up: bool) -> Result<(), StreamError> {
        let (mut near, far) = duplex(4096);
        near.write_all(bytes).await.unwrap();
        if hangs_up {
            near.shutdown().await.unwrap();
        }
        let served = serve_stream(far, &Echo, LIMITS).await;
        drop(near);
        served
    }

    fn call(stream: u32) -> Vec<u8> {
        // service "s", method "m", payload "p"
        let request = b"\x0a\x01s\x12\x01m\x1a\x01p";
        encode(
            Head {
                stream,
                kind: REQUEST,
            },
            request,
        )
    }

    #[tokio::test]
    async fn calls_are_answered_until_the_peer_hangs_up() {
        let (mut near, far) = duplex(4096);
        near.write_all(&[call(1), call(3)].concat()).await.unwrap();
        near.shutdown().await.unwrap();
        serve_stream(far, &Echo, LIMITS).await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        let one = |stream| [&[0, 0, 0, 3, 0, 0, 0, stream, 2, 0][..], b"\x12\x01p"].concat();
        assert_eq!(answer, [one(1), one(3)].concat());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_beyond_a_limit_is_closed() {
        let long = [&[0, 0, 1, 0, 0, 0, 0, 1, 1, 0][..], &[0; 256]].concat();
        assert!(matches!(
            told(&long, false).await,
            Err(StreamError::NoRequest { length: 256, .. })
        ));
        let many = [call(1), call(3), call(5)].concat();
        assert!(matches!(
            told(&many, false).await,
            Err(StreamError::Calls(2))
        ));
        for hangs in [&b""[..], b"\0\0", &call(1), &[0, 0, 0, 9, 0, 0, 0, 1, 1, 0]] {
            assert!(
                matches!(told(hangs, false).await, Err(StreamError::Late(_))),
                "{hangs:?}"
            );
        }
        assert!(matches!(
            told(b"GET / HTTP/1.1\r\n", false).await,
            Err(StreamError::NoRequest { .. })
        ));
        assert!(matches!(told(b"\0\0", true).await, Err(StreamError::Io(_))));
        assert!(told(b"", true).await.is_ok());
    }
}
