//! The server over real TCP, with peers that mean no good.

use std::fs;

use chainsaw_common::record::Records;
use chainsaw_common::report::Report;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::crowd::AT_ONCE;
use super::*;
use crate::metrics::{Counts, Standing};
use crate::news::{News, Sink};
use crate::settings::Settings;

/// The configuration's folder, which goes with this, and what is in force.
struct Bed {
    folder: tempfile::TempDir,
    settings: Arc<Settings>,
}

impl Bed {
    /// Writes another configuration, and has it looked at until it counts.
    fn write(&self, configuration: &str) {
        fs::write(self.folder.path().join("config.toml"), configuration).unwrap();
        self.settings.look();
        self.settings.look();
    }
}

/// A server on a port of its own, which ends with its test, and what it counts.
async fn server(configuration: &str) -> (SocketAddr, Counts, Bed) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    fs::write(&file, configuration).unwrap();
    let path = |name: &str| {
        folder
            .path()
            .join(name)
            .to_string_lossy()
            .into_owned()
            .leak()
    };
    let settings = Arc::new(Settings::of(path("config.toml"), path("last-good.toml")));
    let mut registry = Registry::with_prefix("chainsaw");
    let counts = Counts::new(&mut registry);
    let standing = Standing {
        nri: None,
        settings: Arc::clone(&settings),
        records: Records::at(folder.path().join("sandboxes")),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(
        listener,
        Arc::new(Page::new(registry, Arc::new(standing))),
    ));
    (address, counts, Bed { folder, settings })
}

async fn asked(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn get(address: SocketAddr, path: &str) -> String {
    asked(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
}

fn report(outcome: &str) -> Report {
    let report = serde_json::json!({
        "entrance": "cni", "trigger": "ADD", "outcome": outcome, "micros": 700,
        "pod": {"namespace": "shop", "name": "web-7f9c"},
        "commands": [{"given": "ip route", "source": "k", "outcome": outcome},
                     {"given": "ip rule", "source": "k", "outcome": "not run"}],
    });
    serde_json::from_value(report).unwrap()
}

#[tokio::test]
async fn what_was_told_is_counted_and_no_pod_is_named() {
    let (address, counts, _folder) = server("").await;
    counts.hear(&News::Ran(&report("ok")));
    let denied = report("denied");
    for reason in ["CommandDenied", "web-7f9c"] {
        counts.hear(&News::RefusedThere {
            report: &denied,
            reason,
            goes_on: false,
        });
    }
    let page = get(address, "/metrics").await;
    for line in [
        "HTTP/1.1 200 OK",
        "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8",
        r#"chainsaw_commands_total{entrance="cni",outcome="ok",reason=""} 1"#,
        r#"chainsaw_commands_total{entrance="cni",outcome="denied",reason="CommandDenied"} 2"#,
        r#"chainsaw_commands_total{entrance="cni",outcome="not run",reason=""} 3"#,
        r#"chainsaw_reports_total{entrance="cni",outcome="denied",reason="CommandDenied"} 1"#,
        r#"chainsaw_reports_total{entrance="cni",outcome="denied",reason="Other"} 1"#,
        r#"chainsaw_report_seconds_bucket{le="0.001",entrance="cni"} 3"#,
        r#"chainsaw_report_seconds_bucket{le="0.0005",entrance="cni"} 0"#,
        r#"chainsaw_report_seconds_count{entrance="cni"} 3"#,
        "chainsaw_configuration_valid 1",
        "chainsaw_configuration_published 1",
        "chainsaw_configuration_failures_total 0",
        "chainsaw_records 0",
        "# EOF",
    ] {
        assert!(
            page.lines().any(|one| one.trim_end() == line),
            "no {line} in:\n{page}"
        );
    }
    assert!(
        !page.contains("web-7f9c") && !page.contains("nri_session"),
        "{page}"
    );
}

#[tokio::test]
async fn health_and_readiness_have_pages_and_nothing_else_has() {
    let (address, _counts, bed) = server("frob = 1\n").await;
    assert!(
        get(address, "/healthz")
            .await
            .starts_with("HTTP/1.1 200 OK")
    );
    let unready = get(address, "/readyz").await;
    assert!(
        unready.starts_with("HTTP/1.1 503 ") && unready.contains("line 1: unknown key frob"),
        "{unready}"
    );
    bed.write("");
    let ready = get(address, "/readyz").await;
    assert!(
        ready.starts_with("HTTP/1.1 200 ") && ready.ends_with("ready\n"),
        "{ready}"
    );
    bed.write("frob = 2\n");
    let degraded = get(address, "/readyz").await;
    assert!(
        degraded.starts_with("HTTP/1.1 200 ") && degraded.contains("the last good one"),
        "{degraded}"
    );
    let page = get(address, "/metrics").await;
    assert!(
        page.contains("\nchainsaw_configuration_valid 0\n"),
        "{page}"
    );
    assert!(
        page.contains("\nchainsaw_configuration_failures_total 2\n"),
        "{page}"
    );

    assert!(get(address, "/").await.starts_with("HTTP/1.1 404 "));
    assert!(
        get(address, "/metrics/../etc")
            .await
            .starts_with("HTTP/1.1 404 ")
    );
    let posted = asked(
        address,
        "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx",
    )
    .await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
    let head = asked(address, "HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn a_crowd_that_hangs_keeps_no_probe_out() {
    let (address, _counts, _folder) = server("").await;
    let mut crowd = Vec::new();
    for bytes in [
        &b""[..],
        b"GET /healthz HTTP/1.1\r\nx:",
        b"\0\xff\r\n",
        &[b'x'; 4096],
    ] {
        for _ in 0..2 * AT_ONCE {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.ok();
            crowd.push(stream);
        }
        assert!(get(address, "/healthz").await.ends_with("alive\n"));
    }
    // No more than the last of them are still held.
    let mut held = 0;
    for stream in &mut crowd {
        let closed = timeout(Duration::from_millis(1), stream.read(&mut [0])).await;
        held += usize::from(closed.is_err());
    }
    assert!(held <= AT_ONCE, "{held}");
}

#[tokio::test(start_paused = true)]
async fn who_sends_nothing_or_takes_no_answer_is_cut_off() {
    let (address, _counts, _folder) = server("").await;
    for request in ["", "GET /healthz HTTP/1.1\r\n"] {
        let begun = tokio::time::Instant::now();
        let answer = asked(address, request).await;
        assert_eq!(answer, "");
        assert!(begun.elapsed() <= LIMIT + PAUSE, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn headers_without_end_are_refused_at_their_limit() {
    let (address, _counts, _folder) = server("").await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(2 * REQUEST_BYTES));
    stream.write_all(head.as_bytes()).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_taken_is_taken_over_when_it_is_free() {
    let older = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = older.local_addr().unwrap();
    let newer = tokio::spawn(listen(address));
    sleep(3 * PAUSE).await;
    assert!(!newer.is_finished());
    drop(older);
    newer.await.unwrap();
}
