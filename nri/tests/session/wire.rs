//! What is on the wire, byte for byte, read as a Go peer reads it.

use std::sync::Arc;
use std::time::Duration;

use chainsaw_nri::api::{EventRequest, SynchronizeRequest};
use chainsaw_nri::mux::frame::{FIRST_FRAME, announced, header};
use chainsaw_nri::mux::{PLUGIN, RUNTIME};
use chainsaw_nri::testing::containerd;
use chainsaw_nri::{Identity, Session};
use proptest::prelude::*;
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use crate::plugin::{Recorder, pod};

/// A request as ttrpc has it, and not taken from the code that is tested.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, tag = "1")]
    service: String,
    #[prost(string, tag = "2")]
    method: String,
    #[prost(bytes = "vec", tag = "3")]
    payload: Vec<u8>,
    #[prost(int64, tag = "4")]
    timeout_nano: i64,
}

/// A Go peer, by hand.
struct Peer {
    stream: DuplexStream,
    session: JoinHandle<()>,
}

impl Peer {
    fn start(name: &str, plugin: Recorder) -> Self {
        let (near, stream) = duplex(1 << 20);
        let session = Session::new(Identity::new(name, "90").unwrap(), Arc::new(plugin));
        let session = tokio::spawn(async move {
            session.launched(near, std::future::pending()).await;
        });
        Self { stream, session }
    }

    async fn frame(&mut self) -> (u32, Vec<u8>) {
        let mut head = [0; 8];
        self.stream.read_exact(&mut head).await.unwrap();
        let (id, length) = announced(head);
        let mut bytes = vec![0; length as usize];
        self.stream.read_exact(&mut bytes).await.unwrap();
        (id, bytes)
    }

    /// One message, as Go's buffered reader takes it: a first frame that fits its buffer, and all the rest in one more.
    async fn message(&mut self) -> (u32, Vec<u8>) {
        let (id, mut bytes) = self.frame().await;
        assert!(
            bytes.len() <= FIRST_FRAME,
            "a frame of {} bytes",
            bytes.len()
        );
        let whole = 10 + u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        if bytes.len() < whole {
            assert_eq!(bytes.len(), FIRST_FRAME);
            let (again, rest) = self.frame().await;
            assert_eq!(again, id);
            bytes.extend(rest);
        }
        assert_eq!(bytes.len(), whole);
        (id, bytes)
    }

    async fn send(&mut self, id: u32, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap();
        self.stream.write_all(&header(id, length)).await.unwrap();
        self.stream.write_all(bytes).await.unwrap();
    }
}

fn request(stream: u32, method: &str, payload: &impl Message) -> Vec<u8> {
    request_within(2_000_000_000, stream, method, payload)
}

fn request_within(timeout_nano: i64, stream: u32, method: &str, payload: &impl Message) -> Vec<u8> {
    let request = Request {
        service: "nri.pkg.api.v1alpha1.Plugin".into(),
        method: method.into(),
        payload: payload.encode_to_vec(),
        timeout_nano,
    };
    let payload = request.encode_to_vec();
    let length = u32::try_from(payload.len()).unwrap();
    [
        &length.to_be_bytes()[..],
        &stream.to_be_bytes()[..],
        &[1, 0],
        &payload,
    ]
    .concat()
}

/// Traps 4 and 18.
#[tokio::test]
async fn the_first_bytes_are_the_registration() {
    let mut peer = Peer::start("watcher", Recorder::new().0);
    let (id, bytes) = peer.message().await;
    assert_eq!((id, &bytes[4..10]), (RUNTIME, &[0, 0, 0, 1, 1, 0][..]));
    let request = Request::decode(&bytes[10..]).unwrap();
    assert_eq!(request.service, "nri.pkg.api.v1alpha1.Runtime");
    assert_eq!(request.method, "RegisterPlugin");
    assert_eq!(request.payload, b"\x0a\x07watcher\x12\x0290");
}

/// Trap 1.
#[tokio::test]
async fn a_message_above_4096_bytes_goes_out_in_two_frames() {
    let mut peer = Peer::start(&"n".repeat(20_000), Recorder::new().0);
    let (id, first) = peer.frame().await;
    let (again, rest) = peer.frame().await;
    assert_eq!((id, first.len()), (RUNTIME, 4096));
    assert_eq!(again, RUNTIME);
    let length = u32::from_be_bytes(first[..4].try_into().unwrap()) as usize;
    assert_eq!(first.len() + rest.len(), 10 + length);
}

/// Trap 2.
#[tokio::test]
async fn a_long_error_text_is_cut_and_fits_one_frame() {
    let mut peer = Peer::start("watcher", Recorder::new().0.refusing(&"x".repeat(20_000)));
    peer.message().await;
    peer.send(PLUGIN, &request(1, "Configure", &containerd("v2.1.9")))
        .await;
    peer.message().await;
    let event = EventRequest {
        pod: Some(pod("s1")),
        container: None,
    };
    peer.send(PLUGIN, &request(3, "RunPodSandbox", &event))
        .await;
    let (id, bytes) = peer.frame().await;
    assert_eq!(id, PLUGIN);
    // Header, status, code 7, and a text of 1024 bytes.
    assert_eq!(bytes.len(), 10 + 3 + 2 + 3 + 1024);
    assert_eq!(bytes[4..10], [0, 0, 0, 3, 2, 0]);
}

/// Trap 3.
#[tokio::test]
async fn requests_may_be_cut_into_any_frames() {
    for size in [1, 7, 4096] {
        let mut peer = Peer::start("watcher", Recorder::new().0);
        peer.message().await;
        let first = request(1, "Configure", &containerd("v2.1.9"));
        let second = request(3, "Nonsense", &pod("s1"));
        for piece in [first, second].concat().chunks(size) {
            peer.send(PLUGIN, piece).await;
        }
        let mut answers = [peer.message().await.1, peer.message().await.1];
        answers.sort_by_key(|bytes| bytes[7]);
        assert_eq!(answers[0][10..], [0x12, 2, 0x10, 0x21], "the mask");
        assert_eq!(answers[1][12..14], [0x08, 12], "unimplemented");
    }
}

/// Trap 3.
#[tokio::test]
async fn an_answer_of_no_bytes_is_a_yes_and_so_is_one_without_a_status() {
    for answer in [&[][..], &[0x12, 0], &[0x0a, 0], &[0x0a, 2, 0x08, 0]] {
        let mut peer = Peer::start("watcher", Recorder::new().0);
        peer.message().await;
        let length = u8::try_from(answer.len()).unwrap();
        let head = [0, 0, 0, length, 0, 0, 0, 1, 2, 0];
        peer.send(RUNTIME, &[&head, answer].concat()).await;
        peer.send(PLUGIN, &request(1, "Configure", &containerd("v2.1.9")))
            .await;
        assert_eq!(peer.message().await.1[10..], [0x12, 2, 0x10, 0x21]);
        peer.send(PLUGIN, &request(3, "Shutdown", &pod(""))).await;
        assert_eq!(peer.message().await.1.len(), 10, "the session goes on");
    }
}

/// Trap 3: a connection that we do not know is no reason to stop.
#[tokio::test]
async fn frames_of_other_connections_are_read_and_dropped() {
    let mut peer = Peer::start("watcher", Recorder::new().0);
    peer.message().await;
    peer.send(7, &[0xff; 5000]).await;
    peer.send(0, &[]).await;
    peer.send(PLUGIN, &request(1, "Configure", &containerd("v2.1.9")))
        .await;
    assert_eq!(peer.message().await.0, PLUGIN);
}

/// containerd 1.7 sends all that it knows in one message, of any size.
#[tokio::test]
async fn a_synchronize_of_more_than_4_mib_is_read() {
    let (plugin, mut heard) = Recorder::new();
    let mut peer = Peer::start("watcher", plugin);
    peer.message().await;
    peer.send(PLUGIN, &request(1, "Configure", &containerd("1.7.24")))
        .await;
    peer.message().await;
    let mut full = pod("s1");
    full.name = "n".repeat(5 << 20);
    let everything = SynchronizeRequest {
        pods: vec![full],
        ..Default::default()
    };
    let message = request(3, "Synchronize", &everything);
    let (first, rest) = message.split_at(FIRST_FRAME);
    peer.send(PLUGIN, first).await;
    peer.send(PLUGIN, rest).await;
    assert_eq!(heard.recv().await.unwrap(), r#"["s1"] []"#);
    assert_eq!(peer.message().await.1.len(), 10, "an empty answer");
}

#[tokio::test]
async fn a_request_of_more_than_16_mib_is_refused_without_being_kept() {
    let mut peer = Peer::start("watcher", Recorder::new().0);
    peer.message().await;
    let length: u32 = (16 << 20) + 1;
    let head = [&length.to_be_bytes()[..], &[0, 0, 0, 1, 1, 0]].concat();
    peer.send(PLUGIN, &head).await;
    assert_eq!(peer.message().await.1[12..14], [0x08, 8], "exhausted");
    for _ in 0..17 {
        peer.send(PLUGIN, &vec![0xff; (length / 17) as usize]).await;
    }
    peer.send(PLUGIN, &vec![0xff; (length % 17) as usize]).await;
    peer.send(PLUGIN, &request(3, "Configure", &containerd("v2.1.9")))
        .await;
    assert_eq!(peer.message().await.1[10..], [0x12, 2, 0x10, 0x21]);
}

proptest! {
    #[test]
    fn whatever_a_peer_sends_thesession_ends_with_the_stream(
        frames in prop::collection::vec((0_u32..4, prop::collection::vec(any::<u8>(), 0..80)), 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut peer = Peer::start("watcher", Recorder::new().0);
            for (id, bytes) in &frames {
                // A message of a length that has a chance to be complete.
                let message = [&[0, 0, 0, 30, 0, 0, 0], &bytes[..]].concat();
                peer.send(*id, &message).await;
            }
            peer.stream.write_all(&tail).await.ok();
            let Peer { stream, session } = peer;
            drop(stream);
            session.await.unwrap();
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_limit_has_the_usual_one() {
    for nanos in [0, -1] {
        let (mut plugin, _heard) = Recorder::new();
        plugin.pause = Duration::from_secs(1);
        let mut peer = Peer::start("watcher", plugin);
        peer.message().await;
        peer.send(PLUGIN, &request(1, "Configure", &containerd("v2.1.9")))
            .await;
        peer.message().await;
        let event = EventRequest {
            pod: Some(pod("s1")),
            container: None,
        };
        let event = request_within(nanos, 3, "RunPodSandbox", &event);
        peer.send(PLUGIN, &event).await;
        assert_eq!(peer.message().await.1.len(), 10, "a yes, a second later");
    }
}

#[tokio::test]
async fn what_is_no_request_is_not_answered() {
    let mut peer = Peer::start("watcher", Recorder::new().0);
    peer.message().await;
    for kind in [0, 2, 3, 9] {
        peer.send(PLUGIN, &[0, 0, 0, 0, 0, 0, 0, 1, kind, 0]).await;
    }
    peer.send(PLUGIN, &request(1, "Shutdown", &pod(""))).await;
    assert_eq!(peer.message().await.1, [0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
}

#[tokio::test]
async fn stream_ids_are_odd_and_increase() {
    let mut peer = Peer::start("watcher", Recorder::new().0);
    peer.message().await;
    for (stream, code) in [(2, 3), (5, 12), (5, 3), (3, 3), (7, 12)] {
        peer.send(PLUGIN, &request(stream, "Nonsense", &pod("s1")))
            .await;
        let (_, bytes) = peer.message().await;
        assert_eq!(bytes[13], code, "stream {stream}");
    }
}
