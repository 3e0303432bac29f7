//! Daemons that do not answer as they should.

use std::os::unix::net::UnixListener;
use std::thread;

use super::*;

#[test]
fn a_daemon_that_hangs_costs_a_bounded_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    assert_eq!(reached(&path).unwrap_err().kind(), ErrorKind::NotFound);
    let listener = UnixListener::bind(&path).unwrap();
    let begun = Instant::now();
    let limit = Duration::from_millis(50);
    // More than a socket's buffer: neither the write nor the read may wait for ever.
    for payload in [&[][..], &vec![0; REQUEST_BYTES - 100]] {
        let stream = reached(&path).unwrap();
        assert!(call(stream, "Report", payload, Instant::now() + limit).is_err());
    }
    // Not one of those that fill its queue waits either.
    let mut waiting = Vec::new();
    while let Ok(stream) = reached(&path) {
        waiting.push(stream);
    }
    assert!(begun.elapsed() < limit * 10, "{:?}", begun.elapsed());
    drop((listener, waiting));
}

#[test]
fn an_answer_that_is_announced_too_long_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&[0xff; HEADER]).unwrap();
        stream
    });
    let stream = reached(&path).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let wrong = call(stream, "Ping", &[], deadline).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidData);
    drop(served.join().unwrap());
}
