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
const MADE: [&str; 7] = [
    "vlan", "vrf", "dummy", "ipvlan", "bond", "macvlan", "bridge",
];

/// The first seed, and how many there are: those that CI has, or the ones that `make hunt` throws.
fn seeds() -> Result<(u64, usize)> {
    let number = |name| match env::var(name) {
        Ok(number) => number.parse().map(Some).with_context(|| name),
        Err(_) => Ok(None),
    };
    let first = number("HUNT_SEED")?.unwrap_or(1);
    let count = number("HUNT_SEQUENCES")?.unwrap_or(30);
    Ok((first, usize::try_from(count)?))
}

/// Every second of them, so that two kernels share them.
fn judge_half(place: usize) -> Result<()> {
    let (first, count) = seeds()?;
    let guest = Kernel::V6_12.boot(KINDS)?;
    let mut differences = Vec::new();
    let mut made = BTreeSet::new();
    for seed in (first..).take(count).skip(place).step_by(2) {
        match sequence::judge(&guest, seed, COMMANDS) {
            Ok(kinds) => made.extend(kinds),
            Err(error) if error.is::<Gone>() => return Err(error.context(format!("seed {seed}"))),
            Err(error) => differences.push(format!("{error:#}")),
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
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
