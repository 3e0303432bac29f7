//! Random sequences of commands on 6.12, which has the kinds that this machine's kernel lacks.

use std::collections::BTreeSet;
use std::env;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::guest::Gone;
use chainsaw_tests::{Kernel, sequence};

use super::KINDS;

/// How many commands a sequence has.
const COMMANDS: usize = 50;

/// The kinds of device that there are some time in so many sequences.
const MADE: [&str; 6] = ["vlan", "vrf", "dummy", "ipvlan", "bond", "macvlan"];

/// The first seed, and how many commands there are: what CI has, or what `make hunt` throws.
fn seeds() -> Result<(u64, usize)> {
    let number = |name| match env::var(name) {
        Ok(number) => number.parse().map(Some).with_context(|| name),
        Err(_) => Ok(None),
    };
    let first = number("HUNT_SEED")?.unwrap_or(1);
    let commands = number("HUNT_COMMANDS")?.unwrap_or(1_500);
    Ok((first, usize::try_from(commands)?))
}

/// Half of the commands, of every second seed, so that two kernels share them.
fn judge_half(place: u64) -> Result<()> {
    let (first, commands) = seeds()?;
    let wanted = commands / 2;
    // A sequence may end early; most of them have to come to their end.
    let most = wanted / COMMANDS * 3 / 2;
    let guest = Kernel::V6_12.boot(KINDS)?;
    let mut differences = Vec::new();
    let mut made = BTreeSet::new();
    let mut compared = 0;
    for seed in (first + place..).step_by(2).take(most) {
        match sequence::judge(&guest, seed, COMMANDS) {
            Ok(judged) => {
                compared += judged.commands;
                made.extend(judged.kinds);
            }
            Err(error) if error.is::<Gone>() => return Err(error.context(format!("seed {seed}"))),
            Err(error) => differences.push(format!("{error:#}")),
        }
        if compared >= wanted {
            break;
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    ensure!(compared >= wanted, "{compared} commands, not {wanted}");
    // A model that makes nothing would find no difference.
    for kind in MADE {
        ensure!(made.contains(kind), "no {kind} in {made:?}");
    }
    Ok(())
}

#[test]
fn random_sequences_are_iproute2s_to_the_byte() -> Result<()> {
    judge_half(0)
}

#[test]
fn more_random_sequences_are_iproute2s_to_the_byte() -> Result<()> {
    judge_half(1)
}
