//! The multiplexer over a stream in memory, whose other end writes and reads bytes by hand.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use super::frame::{FIRST_FRAME, LONGEST, announced, header};
use super::{Closed, Connection, Mux, PLUGIN, RUNTIME};

fn started(buffer: usize) -> (DuplexStream, Mux, Connection, Connection) {
    let (near, far) = duplex(buffer);
    let (mux, plugin, runtime) = Mux::start(near);
    (far, mux, plugin, runtime)
}

fn framed(id: u32, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&header(id, length)[..], bytes].concat()
}

async fn read_frame(stream: &mut DuplexStream) -> (u32, Vec<u8>) {
    let mut head = [0; 8];
    stream.read_exact(&mut head).await.unwrap();
    let (id, length) = announced(head);
    let mut bytes = vec![0; length as usize];
    stream.read_exact(&mut bytes).await.unwrap();
    (id, bytes)
}

async fn all(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(more) = connection.incoming.next().await {
        bytes.extend(more);
    }
    bytes
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #[test]
    fn bytes_find_their_connection_however_they_are_cut_and_mixed(
        frames in prop::collection::vec((1_u32..=4, prop::collection::vec(any::<u8>(), 0..300)), 0..20),
        cuts in prop::collection::vec(1_usize..64, 1..20),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(|(id, bytes)| framed(*id, bytes)).collect();
        let expected = |wanted| -> Vec<u8> {
            frames.iter().filter(|(id, _)| *id == wanted).flat_map(|(_, bytes)| bytes.clone()).collect()
        };
        run(async {
            let (mut far, mux, mut plugin, mut runtime) = started(16);
            let write = async move {
                let mut rest = &stream[..];
                for cut in cuts.iter().cycle() {
                    let (now, later) = rest.split_at(rest.len().min(*cut));
                    far.write_all(now).await.unwrap();
                    rest = later;
                    if rest.is_empty() {
                        break;
                    }
                }
            };
            let ((), one, two) = tokio::join!(write, all(&mut plugin), all(&mut runtime));
            assert_eq!(one, expected(PLUGIN));
            assert_eq!(two, expected(RUNTIME));
            assert!(matches!(mux.closed().await, Closed::Ended));
        });
    }

    #[test]
    fn a_stream_that_ends_within_a_frame_is_torn(length in 1_usize..200, at in 1_usize..208) {
        let whole = framed(PLUGIN, &vec![9; length]);
        let at = at % whole.len();
        run(async {
            let (mut far, mux, _plugin, _runtime) = started(1024);
            far.write_all(&whole[..at]).await.unwrap();
            drop(far);
            let closed = mux.closed().await;
            assert!(if at == 0 { matches!(closed, Closed::Ended) } else { matches!(closed, Closed::Torn) });
        });
    }

    #[test]
    fn the_first_frame_of_any_message_is_short_and_the_second_the_last(length in 1_usize..200_000) {
        run(async {
            let (mut far, _mux, plugin, _runtime) = started(512);
            let message: Vec<u8> = (0..=250).cycle().take(length).collect();
            plugin.outgoing.send(message.clone()).await.unwrap();
            let (id, mut read) = read_frame(&mut far).await;
            assert_eq!((id, read.len()), (PLUGIN, length.min(FIRST_FRAME)));
            if length > FIRST_FRAME {
                let (id, rest) = read_frame(&mut far).await;
                assert_eq!(id, PLUGIN);
                read.extend(rest);
            }
            assert_eq!(read, message);
        });
    }
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_the_stream_before_it_is_read() {
    let (mut far, mux, _plugin, _runtime) = started(64);
    far.write_all(&header(PLUGIN, LONGEST + 1)).await.unwrap();
    let closed = mux.closed().await;
    assert!(matches!(closed, Closed::Oversize { id: PLUGIN, length } if length == LONGEST + 1));
    assert!(closed.to_string().contains("16777227"), "{closed}");
}

#[tokio::test]
async fn a_connection_that_nobody_reads_does_not_hold_up_the_other() {
    let (mut far, _mux, _unread, mut runtime) = started(1 << 16);
    let megabyte = vec![0; 1 << 20];
    for _ in 0..20 {
        far.write_all(&framed(PLUGIN, &megabyte)).await.unwrap();
    }
    far.write_all(&framed(RUNTIME, b"here")).await.unwrap();
    assert_eq!(runtime.incoming.next().await.unwrap(), b"here");
}

#[tokio::test]
async fn a_connection_that_nobody_reads_costs_no_more_than_its_share() {
    for size in [1_usize, 1 << 20] {
        let (mut far, mux, _unread, _runtime) = started(1 << 16);
        let bytes = framed(PLUGIN, &vec![0; size]);
        let flood = async { while far.write_all(&bytes).await.is_ok() {} };
        let closed =
            tokio::select! { closed = mux.closed() => closed, () = flood => mux.closed().await };
        assert!(
            matches!(closed, Closed::Overflow { id: PLUGIN }),
            "{closed}"
        );
    }
}

#[tokio::test]
async fn a_connection_whose_reader_is_gone_is_like_an_unknown_one() {
    let (mut far, _mux, plugin, mut runtime) = started(64);
    drop(plugin.incoming);
    let bytes = [framed(PLUGIN, b"lost"), framed(RUNTIME, b"here")].concat();
    far.write_all(&bytes).await.unwrap();
    assert_eq!(runtime.incoming.next().await.unwrap(), b"here");
}

#[tokio::test(start_paused = true)]
async fn all_that_was_sent_is_out_before_the_stream_closes() {
    let (mut far, mux, plugin, runtime) = started(16);
    for connection in [&plugin, &runtime] {
        connection.outgoing.send(vec![7; 5000]).await.unwrap();
    }
    let closing = tokio::spawn(mux.close());
    for (id, length) in [
        (PLUGIN, 4096),
        (PLUGIN, 904),
        (RUNTIME, 4096),
        (RUNTIME, 904),
    ] {
        let (on, bytes) = read_frame(&mut far).await;
        assert_eq!((on, bytes.len()), (id, length));
    }
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    closing.await.unwrap();
    assert!(plugin.outgoing.send(vec![1]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_peer_has_a_moment_to_read_before_the_stream_closes() {
    let (mut far, mux, plugin, _runtime) = started(64);
    plugin.outgoing.send(vec![7; 20]).await.unwrap();
    let closing = tokio::spawn(mux.close());
    read_frame(&mut far).await;
    let read = Instant::now();
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(read.elapsed() >= Duration::from_millis(100));
    closing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_a_peer_that_does_not_read_but_not_for_ever() {
    let (_far, mux, plugin, _runtime) = started(16);
    plugin.outgoing.send(vec![7; 5000]).await.unwrap();
    mux.close().await;
}

#[tokio::test]
async fn a_dropped_multiplexer_closes_the_stream() {
    let (mut far, mux, _plugin, _runtime) = started(16);
    drop(mux);
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
}
