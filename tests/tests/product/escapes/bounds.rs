//! Rows whose demand is a bound: on what a value may hold, and on how long a command may go on.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, ensure};
use chainsaw_tests::process::wait_until;
use serde_json::json;

use super::bed::{Bed, Right};
use super::doors::{Door, Outcome};
use super::picture::Picture;

/// Those that take any value, with more than one command.
const TAKE_VALUES: [Door; 8] = [
    Door::Annotation,
    Door::Arguments,
    Door::Network,
    Door::Sandbox,
    Door::Container,
    Door::Run,
    Door::Try,
    Door::Check,
];

#[test]
fn row_33_a_value_is_bounded_in_commands_and_in_bytes_by_every_door() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let before = Picture::of(&bed)?;
    let route = |number: usize| format!("ip route add 192.0.{number}.0/24 dev eth0");
    let many: Vec<String> = (0..65).map(route).collect();
    let long = vec![format!("{} metric {:>1100}", route(3), 1)];
    let large: Vec<String> = (0..20)
        .map(|number| format!("{} {:>900}", route(number), ""))
        .collect();
    for (value, word) in [
        (many, "64 is the limit"),
        (long, "1024"),
        (large, "bytes long"),
    ] {
        for door in TAKE_VALUES {
            let told = bed.put_value(door, &json!(value).to_string(), Right::All)?;
            ensure!(
                told.outcome == Outcome::Failed,
                "{door:?}, {word}: {told:?}"
            );
            ensure!(told.text.contains(word), "{door:?}, {word}: {told:?}");
        }
    }
    before.is(&Picture::of(&bed)?, "row 33")
}

#[test]
fn row_33_an_operators_wish_beyond_a_bound_is_no_configuration() -> Result<()> {
    let bed = Bed::new(["ip link"])?;
    let mut wish =
        String::from("[[apply]]\nnamespaces = [\"cni-0\"]\nentrance = \"cni\"\ncommands = [");
    for number in 0..65 {
        write!(wish, "\"ip route add 192.0.{number}.0/24 dev eth0\", ")?;
    }
    let configuration = bed.machine.read(super::bed::CONFIGURATION)?;
    bed.machine.write(
        super::bed::CONFIGURATION,
        format!("{wish}]\n{configuration}"),
    )?;
    let before = Picture::of(&bed)?;
    // The last good one stays in force, at both entrances, and each tells what is wrong with the file: the plugin once
    // nobody can be writing it any more.
    let tells = |text: &str| text.contains("64 is the limit") && text.contains("line 4");
    wait_until("the daemon to tell it", Duration::from_secs(15), || {
        Ok(tells(&bed.runtime.log()?))
    })?;
    wait_until("the plugin to tell it", Duration::from_secs(15), || {
        let told = bed.put(Door::Annotation, 0, Right::All)?;
        ensure!(told.outcome == Outcome::Ran, "{told:?}");
        Ok(tells(&told.text))
    })?;
    let told = bed.put(Door::Sandbox, 0, Right::All)?;
    ensure!(told.outcome == Outcome::Ran, "{told:?}");
    before.is(&Picture::of(&bed)?, "a wish beyond a bound")
}

#[test]
fn row_34_a_flush_without_end_ends() -> Result<()> {
    let forms = [
        "-l 0 address flush dev node0",
        "-loops 0 address flush dev node0 scope global",
        "route flush table 100",
        "-6 route flush table 100",
        "neigh flush dev node0",
    ];
    let bed = Bed::new(forms)?;
    let before = Picture::of(&bed)?;
    for (number, form) in forms.iter().enumerate() {
        for door in [
            Door::Annotation,
            Door::Network,
            Door::ApplyAtCni,
            Door::Sandbox,
            Door::Container,
            Door::ApplyAtNri,
            Door::Run,
            Door::Ip,
        ] {
            let mut lines = String::new();
            for host in 1..100 {
                writeln!(lines, "address add 198.51.100.{host}/24 dev node0")?;
                writeln!(lines, "route add 203.0.113.{host} dev node0 table 100")?;
                writeln!(lines, "route add 2001:db8::{host} dev node0 table 100")?;
            }
            bed.ip(&["-n", "pod", "-batch", "-"], &lines)?
                .success("filling tables")?;
            // That it ends in time is asked of everything that is put through a door.
            let told = bed.put(door, number, Right::All)?;
            ensure!(
                told.outcome == Outcome::Ran,
                "{form:?} by {door:?}: {told:?}"
            );
            bed.furnish()?;
        }
    }
    let mut after = Picture::of(&bed)?;
    after.forget_the_pod(&before);
    before.is(&after, "row 34")
}
