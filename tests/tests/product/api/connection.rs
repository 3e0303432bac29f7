//! The way to the API: a deadline, TLS, names.

use std::time::{Duration, Instant};

use anyhow::Result;
use chainsaw_tests::api::{self, Answer, ApiServer, TOKEN};
use serde_json::{Value, json};

use super::bed::{Bed, KUBECONFIG, UID, asking, pod, route};

/// What `chainsaw-lookup` may take, a busy machine's start of it included.
pub(super) const DEADLINE: Duration = Duration::from_secs(8);

#[test]
fn a_server_that_never_answers_is_given_up_in_time() -> Result<()> {
    let (bed, server) = Bed::with(Answer::Hang)?;
    let start = Instant::now();
    let output = bed.add(asking())?;
    assert!(start.elapsed() < DEADLINE, "{:?}", start.elapsed());
    assert_eq!(server.asked().len(), 1);
    let said: Value = serde_json::from_str(&output.stdout)?;
    assert_eq!(said["code"], 11);
    let expected = format!("no answer from {} within 5s", server.url());
    assert!(
        said["msg"].as_str().unwrap_or_default().contains(&expected),
        "{said}"
    );
    Ok(())
}

/// Nobody accepts; the kernel alone makes the connection.
#[test]
fn a_server_that_never_greets_is_given_up_in_time() -> Result<()> {
    let bed = Bed::new()?;
    let listener = bed.machine.listen()?;
    let url = format!("https://{}", listener.local_addr()?);
    bed.machine
        .write(KUBECONFIG, api::kubeconfig(&url, "missing"))?;
    bed.machine.write("/etc/chainsaw/missing", "")?;
    let start = Instant::now();
    let output = bed.lookup(&["--timeout-ms=200"])?;
    assert!(start.elapsed() < DEADLINE, "{:?}", start.elapsed());
    let error = &serde_json::from_str::<Value>(&output.stdout)?["error"];
    assert_eq!(
        (output.status, &error["reason"]),
        (1, &json!("TimedOut")),
        "{output:?}"
    );
    assert!(error["message"].to_string().contains(&url), "{error}");
    Ok(())
}

#[test]
fn a_certificate_of_another_authority_is_refused_before_the_token_is_sent() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let other = ApiServer::start(&bed.machine, Answer::Hang)?;
    other.write_kubeconfig(&bed.machine, "/etc/chainsaw/other")?;
    let authority = "/etc/chainsaw/other.ca";
    bed.machine
        .write(KUBECONFIG, api::kubeconfig(&server.url(), authority))?;
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "TlsFailed");
    assert!(
        msg.contains("invalid peer certificate") && msg.contains("certificate-authority"),
        "{msg}"
    );
    assert_eq!(server.asked(), []);
    assert_eq!(bed.routes()?, "");
    Ok(())
}

#[test]
fn a_client_certificate_serves_as_well_as_a_token() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let token = bed.machine.read(KUBECONFIG)?;
    // Beside the kubeconfig, as relative paths are meant.
    let user = "client-certificate: kubeconfig.crt\n    client-key: kubeconfig.key";
    let certificate = token.replace(&format!("token: \"{TOKEN}\""), user);
    bed.machine.write(KUBECONFIG, certificate)?;
    let output = bed.add(asking())?;
    assert_eq!(output.status, 0, "{output:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        (asked[0].certified, asked[0].authorization.as_str()),
        (true, "")
    );
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_named() -> Result<()> {
    let (bed, server) = Bed::with(Answer::Hang)?;
    let url = server.url();
    drop(server);
    let (msg, reason) = bed.refusal()?;
    assert_eq!(reason, "Unreachable");
    assert!(
        msg.contains(&url) && msg.contains("Connection refused"),
        "{msg}"
    );
    Ok(())
}

/// The release build is static, and resolves without the libraries of a node's name service.
#[test]
fn a_server_may_be_given_by_its_name() -> Result<()> {
    let (bed, server) = Bed::with(pod(UID, &route()))?;
    let url = server.url().replace("127.0.0.1", "localhost");
    bed.machine.write(
        KUBECONFIG,
        api::kubeconfig(&url, &format!("{KUBECONFIG}.ca")),
    )?;
    let output = bed.add(asking())?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.routes()?.contains("192.0.3.0/24"), "{output:?}");
    Ok(())
}
