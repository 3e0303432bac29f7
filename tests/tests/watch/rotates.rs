//! Tokens and authorities that are rotated while the watch lives.

use anyhow::Result;
use chainsaw_tests::api::{Asks, Fault};

use super::bed::{Bed, SLOW, TOKEN, pod};

#[test]
fn a_token_that_expires_is_read_again_from_its_file() -> Result<()> {
    let mut bed = Bed::with(SLOW, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    // The old one counts for a while when the new one is there already; who asks now takes the new one.
    bed.cluster.accept(&[TOKEN, "second-token"]);
    bed.write_token("second-token")?;
    bed.ask("web", None)?;
    bed.cluster.accept(&["second-token"]);
    bed.ask("web", None)?;
    bed.server.start_again()?;
    bed.cluster.put(pod("api", "u2", "ip route"));
    bed.wait_for("the watch to go on", || bed.known("api", "u2").is_some())?;
    let tokens: Vec<_> = bed
        .server
        .asked()
        .into_iter()
        .map(|asked| asked.authorization)
        .collect();
    assert_eq!(tokens[0], format!("Bearer {TOKEN}"));
    assert!(
        tokens[1..]
            .iter()
            .all(|token| token == "Bearer second-token"),
        "{tokens:?}"
    );
    Ok(())
}

#[test]
fn a_token_that_is_refused_is_tried_again_until_there_is_a_new_one() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| {
        cluster.accept(&["second-token"]);
        cluster.put(pod("web", "u1", "ip route"));
    })?;
    let first = format!("Bearer {TOKEN}");
    bed.wait_for("some refusals", || bed.server.asked().len() >= 3)?;
    assert!(
        bed.server
            .asked()
            .iter()
            .all(|asked| asked.authorization == first)
    );
    assert_eq!(
        bed.ask("web", Some("u1")).unwrap_err().reason(),
        "Unauthorized"
    );
    bed.write_token("second-token")?;
    bed.wait_until_live()?;
    assert!(bed.known("web", "u1").is_some());
    Ok(())
}

#[test]
fn an_authority_that_is_rotated_is_read_again_from_its_file() -> Result<()> {
    let mut bed = Bed::with(SLOW, |cluster| cluster.put(pod("web", "u1", "ip route")))?;
    bed.wait_until_live()?;
    bed.server.change_authority()?;
    bed.wait_for("the watch to notice", || !bed.is_live())?;
    // Nobody is believed whom the file does not vouch for.
    assert_eq!(bed.ask("web", None).unwrap_err().reason(), "TlsFailed");
    assert!(!bed.is_live());
    bed.write_authority()?;
    bed.wait_until_live()?;
    assert!(bed.ask("web", None).is_ok());
    Ok(())
}

#[test]
fn a_watch_that_is_forbidden_begins_when_it_is_granted() -> Result<()> {
    let bed = Bed::with(SLOW, |cluster| {
        cluster.fail(Asks::Watch, Fault::Status(403, None));
        cluster.fail(Asks::Get, Fault::Status(403, None));
    })?;
    bed.wait_until_live()?;
    let wrong = bed.ask("web", Some("u1")).unwrap_err();
    assert_eq!(wrong.reason(), "Forbidden");
    Ok(())
}
