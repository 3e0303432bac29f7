//! A second ADD in the same sandbox: what is already so is left alone.

use anyhow::Result;
use chainsaw_tests::bed::{Bed, KEY, conf, error};
use chainsaw_tests::call::POD;
use serde_json::{Value, json};

use super::{GRANT, GRANT_WIDE, text};

/// One command of each object that runs again, and what it may not do twice.
const AGAIN: &str = "\
ip link add v0 type veth peer name v1
ip link set v0 up mtu 1400 alias 'an alias'
ip link add br0 type bridge
ip link set v0 master br0
ip address add 198.51.100.1/24 brd + dev v1
ip address add 2001:db8:5::1/64 dev eth0 nodad
ip link set v1 up
ip route add 192.0.3.0/24 via 192.0.2.2 mtu lock 1400 advmss 1300
ip route add 192.0.4.0/24 nexthop via 192.0.2.2 weight 2 nexthop via 192.0.2.3
ip route add 2001:db8:6::/48 dev eth0
ip route add blackhole 203.0.113.0/24 table 100
ip route del default
ip address del 192.0.2.12/24 dev eth0";

#[test]
fn what_is_already_so_is_left_alone_when_it_runs_again() -> Result<()> {
    let bed = Bed::new(GRANT_WIDE)?;
    bed.ip("-n pod address add 192.0.2.12/24 dev eth0")?;
    let first = bed.add(AGAIN)?;
    assert_eq!(first.status, 0, "{first:?}");
    let state = || -> Result<_> {
        Ok((
            bed.ip("-n pod -d link")?,
            bed.ip("-n pod address")?,
            bed.ip("-n pod route show table all")?,
            bed.ip("-n pod -6 route")?,
        ))
    };
    let before = state()?;
    let again = bed.add(AGAIN)?;
    assert_eq!(again.status, 0, "{again:?}");
    assert!(
        again
            .stderr
            .starts_with("chainsaw: unchanged for default/web"),
        "{again:?}"
    );
    assert_eq!(state()?, before);
    Ok(())
}

#[test]
fn what_is_no_longer_so_runs_again_and_only_that() -> Result<()> {
    let bed = Bed::new(GRANT_WIDE)?;
    let value = "ip route add 192.0.3.0/24 dev eth0\nip route add 192.0.4.0/24 dev eth0\nip link set eth0 mtu 1400";
    assert_eq!(bed.add(value)?.status, 0);
    bed.ip("-n pod route del 192.0.4.0/24")?;
    bed.ip("-n pod link set eth0 mtu 1500")?;
    let again = bed.add(value)?;
    assert_eq!(again.status, 0, "{again:?}");
    let told = "Running ip route add 192.0.3.0/24 dev eth0 ===============\nunchanged\n\
                Running ip route add 192.0.4.0/24 dev eth0 ===============\n\
                Running ip link set dev eth0 mtu 1400 ===============\n";
    assert!(again.stderr.ends_with(told), "{again:?}");
    assert!(
        bed.routes()?.contains("192.0.4.0/24")
            && bed.ip("-n pod link show eth0")?.contains("mtu 1400")
    );
    Ok(())
}

#[test]
fn what_another_made_is_not_taken_for_ours_the_first_time() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.ip("-n pod route add 192.0.3.0/24 dev eth0")?;
    let said = error(&bed.add("ip route add 192.0.3.0/24 dev eth0")?)?;
    assert_eq!(said["code"], 102, "a first run behaves as ip does: {said}");
    Ok(())
}

#[test]
fn a_plain_key_that_fails_at_a_second_attachment_names_the_first_and_the_key_to_use() -> Result<()>
{
    let bed = Bed::new(GRANT)?;
    let value = json!({KEY: "ip route add 192.0.3.0/24 via 192.0.2.2"});
    assert_eq!(bed.call("ADD", POD, conf(&value))?.status, 0);
    bed.ip("-n pod link add net1 type veth peer name node1")?;
    let second = |annotations: &Value| bed.call_at("net1", "ADD", POD, conf(annotations));
    let said = error(&second(&value)?)?;
    assert_eq!(said["code"], 102, "{said}");
    let hint = "the same value ran at attachment eth0 before: give this one its own key, k8s.v1.cni.cncf.io/chainsaw.net1";
    assert!(text(&said["msg"]).contains(hint), "{said}");

    let own = json!({KEY: "ip route add 192.0.3.0/24 via 192.0.2.2", (format!("{KEY}.net1")): "ip link show dev CURRENT_INTERFACE"});
    let output = second(&own)?;
    assert_eq!(output.status, 0, "{output:?}");
    Ok(())
}
