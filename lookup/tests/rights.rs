//! What rights the program has while it asks.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn while_it_asks_it_has_no_capability_and_no_way_to_one() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let text = format!(
        r#"{{"apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{{"name": "c", "cluster": {{"server": "http://{server}"}}}}],
            "users": [{{"name": "u", "user": {{"token": "t"}}}}],
            "contexts": [{{"name": "c", "context": {{"cluster": "c", "user": "u"}}}}]}}"#
    );
    fs::write(&kubeconfig, text).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    let mut program = Command::new(env!("CARGO_BIN_EXE_chainsaw-lookup"))
        .arg("--kubeconfig")
        .arg(&kubeconfig)
        .args(["--namespace=n", "--name=p", "--timeout-ms=60000"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for the answer from here on.
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(silent.accept()));
    let asked = told.recv_timeout(Duration::from_secs(60));
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()));
    program.kill().unwrap();
    program.wait().unwrap();
    let _connection = asked.expect("it asked nobody").unwrap();
    let status = status.unwrap();
    let said = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().trim().to_owned()
    };
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(said(set), "0000000000000000", "{set}");
    }
    assert_eq!(said("NoNewPrivs:"), "1");
}
