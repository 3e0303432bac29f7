//! What the tests of the rows stand on: the doors are open for what is granted, and the picture shows what changes.

use anyhow::{Context, Result, ensure};
use chainsaw_tests::process::Program;

use super::bed::{Bed, CANARY, OTHER, Right};
use super::doors::{Door, Outcome};
use super::picture::Picture;
use super::rows::row;

#[test]
fn every_door_is_open_for_what_is_granted() -> Result<()> {
    let bed = Bed::new(["ip address add 192.0.2.99/24 dev eth0"])?;
    for door in Door::ALL {
        let before = Picture::of(&bed)?;
        let told = bed.put(door, 0, Right::All)?;
        ensure!(told.outcome == Outcome::Ran, "{door:?}: {told:?}");
        let difference = before.difference(&Picture::of(&bed)?);
        let there =
            difference.starts_with("the pod's namespace") && difference.contains("192.0.2.99");
        let elsewhere = matches!(door, Door::Try | Door::Check);
        ensure!(there != elsewhere, "{door:?} changed {difference}");
        bed.furnish()?;
    }
    Ok(())
}

/// A change, made by somebody else's programs, and the part of the picture that has to show it.
const CHANGES: [(&str, &str); 12] = [
    ("ip link add esc0 type bridge", "the node's namespace"),
    (
        "ip address add 192.0.66.1/24 dev lo",
        "the node's namespace",
    ),
    (
        "ip route add 192.0.66.0/24 dev lo table 77",
        "the node's namespace",
    ),
    (
        "ip -6 rule add from 2001:db8::/32 table 77",
        "the node's namespace",
    ),
    (
        "ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev wire",
        "the node's namespace",
    ),
    (
        "ip -n OTHER link set eth0 mtu 1400",
        "another pod's namespace",
    ),
    ("ip -n pod link set eth0 promisc on", "the pod's namespace"),
    ("ip netns add esc", "/run/netns/esc"),
    ("chmod 0644 CANARY", "/run/canary/secret"),
    ("touch /run/canary/mark", "/run/canary/mark"),
    ("touch /etc/iproute2.esc", "/run/.node/etc/iproute2.esc"),
    ("mount -t tmpfs none /mnt", "mounts"),
];

#[test]
fn the_picture_shows_whatever_an_escape_would_change() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let mut before = Picture::of(&bed)?;
    before.is(&Picture::of(&bed)?, "looking")?;
    for (line, part) in CHANGES {
        let line = line.replace("OTHER", OTHER).replace("CANARY", CANARY);
        changed(&bed, &line)?;
        let after = Picture::of(&bed)?;
        let difference = before.difference(&after);
        ensure!(
            difference.contains(&format!("{part}:\n--- before")),
            "{line}: {difference}"
        );
        before = after;
    }
    let log = bed.machine.path("/run/canary/log");
    let _process = bed.machine.program("sleep").arg("1000").start(&log)?;
    let started = || {
        Ok(before
            .difference(&Picture::of(&bed)?)
            .contains("processes:"))
    };
    chainsaw_tests::process::wait_until(
        "a process to be seen",
        std::time::Duration::from_secs(10),
        started,
    )
}

fn changed(bed: &Bed, line: &str) -> Result<()> {
    let mut words = line.split(' ');
    let program: Program = bed.machine.program(words.next().context("a program")?);
    program.args(words).stdout().map(drop)
}

#[test]
fn each_row_of_the_table_has_its_test() {
    let elsewhere = [33, 34, 36, 37, 38];
    for number in 1..=40 {
        assert_eq!(
            row(number).forms().is_empty(),
            elsewhere.contains(&number),
            "row {number}"
        );
    }
}
