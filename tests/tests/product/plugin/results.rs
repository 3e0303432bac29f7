//! What ADD answers, and what it has done in the pod's namespace by then.

use anyhow::Result;
use chainsaw_tests::bed::{Bed, PREV_RESULT, error};

use super::{GRANT, GRANT_ALL, text};

#[test]
fn commands_run_in_the_pods_namespace_and_the_result_goes_on() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let before = bed.ip("route show table all")?;
    let output = bed.add("ip route add 192.0.3.0/24 via CURRENT_GATEWAY dev CURRENT_INTERFACE src CURRENT_ADDRESS\nip route")?;
    assert_eq!(output.status, 0, "{output:?}");
    let told = format!(
        "\"1.0.0\",\"routes\":[{}]}}",
        r#"{"dst":"192.0.3.0/24","gw":"192.0.2.1"}"#
    );
    assert_eq!(output.stdout, PREV_RESULT.replace("\"1.0.0\"}", &told));
    let routes = bed.routes()?;
    assert!(
        routes.contains("192.0.3.0/24 via 192.0.2.1 dev eth0 src 192.0.2.10"),
        "{routes}"
    );
    assert!(output.stderr.ends_with(&routes), "{output:?}");
    assert_eq!(
        bed.ip("route show table all")?,
        before,
        "the machine's own namespace changed"
    );
    Ok(())
}

#[test]
fn what_changed_at_the_interface_is_told_on_and_nothing_else() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let output = bed.add("ip link set eth0 mtu 1400\nip address add 192.0.2.11/24 dev eth0\nip route add 192.0.3.0/24 via 192.0.2.2")?;
    assert_eq!(output.status, 0, "{output:?}");
    let expected = PREV_RESULT
        .replace(
            "\"interface\" :0}",
            "\"interface\" :0},{\"address\":\"192.0.2.11/24\",\"interface\":0}",
        )
        .replace("\"/run/netns/pod\"}", "\"/run/netns/pod\",\"mtu\":1400}")
        .replace(
            "\"1.0.0\"}",
            "\"1.0.0\",\"routes\":[{\"dst\":\"192.0.3.0/24\",\"gw\":\"192.0.2.2\"}]}",
        );
    assert_eq!(output.stdout, expected);
    Ok(())
}

#[test]
fn the_interface_keeps_its_name_and_an_address() -> Result<()> {
    for (value, word) in [
        (
            "ip link del eth0",
            "interface eth0 is gone after the commands",
        ),
        (
            "ip address del 192.0.2.10/24 dev eth0",
            "no reported address of eth0 is left",
        ),
    ] {
        let bed = Bed::new(GRANT_ALL)?;
        let said = error(&bed.add(value)?)?;
        assert_eq!(said["code"], 102, "{said}");
        assert!(text(&said["msg"]).contains(word), "{said}");
    }
    Ok(())
}

#[test]
fn an_ipv6_address_has_settled_before_the_pod_goes_on() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let output = bed.add("ip address add 2001:db8::10/64 dev eth0")?;
    assert_eq!(output.status, 0, "{output:?}");
    let shown = bed.ip("-n pod -6 address show dev eth0 scope global")?;
    assert!(
        shown.contains("2001:db8::10") && !shown.contains("tentative"),
        "{shown}"
    );
    Ok(())
}

#[test]
fn an_ipv6_address_that_somebody_else_has_fails_the_pod() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    // The other end of the pod's wire, in a namespace of its own, so that it answers.
    bed.ip("netns add other")?;
    bed.ip("-n pod link set node0 netns other")?;
    bed.ip("-n other link set node0 up")?;
    bed.ip("-n other address add 2001:db8::10/64 dev node0 nodad")?;
    let said = error(&bed.add("ip address add 2001:db8::10/64 dev eth0")?)?;
    assert_eq!(said["code"], 102, "{said}");
    assert!(
        text(&said["msg"]).contains("2001:db8::10 is in use by somebody else"),
        "{said}"
    );
    Ok(())
}

#[test]
fn nobody_can_write_lines_into_the_log() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let output = bed.add(
        "[\"ip route frob\\u2028chainsaw: ok for kube-system/x\", \"ip link show \\u202eeth0\"]",
    )?;
    let said = error(&output)?;
    for place in [&output.stderr, text(&said["details"]), text(&said["msg"])] {
        assert!(
            !place.contains(['\u{2028}', '\u{202e}', '\u{1b}']),
            "{place}"
        );
        assert!(
            !place.lines().any(|line| line.starts_with("chainsaw: ok")),
            "{place}"
        );
    }
    Ok(())
}
