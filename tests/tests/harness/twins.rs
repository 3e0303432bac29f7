//! Twin namespaces, with the judge in both.

use anyhow::Result;
use chainsaw_tests::twins::{Twins, veth};

/// Commands that change, read, and fail, of every object.
const COMMANDS: [&str; 16] = [
    "link set eth0 mtu 1400",
    "addr add 192.0.2.10/24 dev eth0",
    "addr add 2001:db8::10/64 dev eth0 nodad",
    "addr add 192.0.2.11/24 dev eth0 valid_lft 1000 preferred_lft 500",
    "route add 198.51.100.0/24 via 192.0.2.1 dev eth0 proto bird",
    "route add 2001:db8:1::/48 via 2001:db8::1 metric 5",
    "rule add from 192.0.2.0/24 table 100 priority 1000",
    "neigh add 192.0.2.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent",
    "route add 198.51.100.0/24 via 203.0.113.1",
    "link set none up",
    "-d link show",
    "addr show dev eth0",
    "route show table all",
    "-6 route show",
    "rule list",
    "neigh show dev eth0",
];

fn pair() -> Vec<String> {
    veth("eth0", 10)
}

#[test]
fn the_judge_agrees_with_itself() -> Result<()> {
    let twins = Twins::new(pair())?;
    assert_eq!(twins.difference()?, None, "at the start");
    for command in COMMANDS {
        let words: Vec<_> = command.split(' ').collect();
        assert_eq!(
            twins.judge(&words)?,
            twins.judge_in_ours(&words)?,
            "ip {command}"
        );
        assert_eq!(twins.difference()?, None, "after ip {command}");
    }
    Ok(())
}

#[test]
fn a_difference_between_twins_is_shown() -> Result<()> {
    let twins = Twins::new(pair())?;
    twins.judge(["route", "add", "198.51.100.0/24", "dev", "eth0"])?;
    let difference = twins.difference()?.unwrap_or_default();
    assert!(
        difference.starts_with("- {") && difference.contains("198.51.100.0/24"),
        "{difference}"
    );
    Ok(())
}

#[test]
fn the_judge_is_iproute2_6_15_with_tables_of_its_own() -> Result<()> {
    let twins = Twins::new(pair())?;
    assert!(twins.judge(["-V"])?.stdout.contains("iproute2-6.15"));
    twins
        .judge([
            "route",
            "add",
            "198.51.100.0/24",
            "dev",
            "eth0",
            "proto",
            "bird",
        ])?
        .success("bird is in the tables")?;
    Ok(())
}

#[test]
fn ours_runs_in_the_twin_alone() -> Result<()> {
    let twins = Twins::new(pair())?;
    let ours = twins.ours("/bin/busybox", ["ip", "link"])?;
    assert_eq!(ours.stdout.matches("mtu").count(), 3, "{ours:?}");
    Ok(())
}
