//! Debian's kernels, under emulation: what this machine's own kernel does not have.

mod kinds;
mod modules;
mod plugins;

use anyhow::{Result, ensure};
use chainsaw_tests::corpus::Corpus;
use chainsaw_tests::{Kernel, Twins, sequence, twins};


/// What the kinds of the dialect need.
pub const KINDS: [&str; 9] = [
    "8021q", "vrf", "dummy", "ifb", "bonding", "ipvlan", "macvlan", "vxlan", "tun",
];

#[test]
fn a_kernel_boots_and_is_judged() -> Result<()> {
    let guest = Kernel::V6_12.boot(["8021q"])?;
    ensure!(guest.release().starts_with("6.12."), "{}", guest.release());
    let twins = Twins::on(&guest, twins::veth("eth0", 10))?;
    twins.alike(&[
        "link", "add", "link", "eth0", "name", "v5", "index", "20", "type", "vlan", "id", "5",
    ])?;
    twins.alike(&["link", "show"])?;
    twins.same_state()
}

#[test]
fn the_corpus_is_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let guest = Kernel::V6_12.boot(KINDS)?;
    let mut differences = Vec::new();
    for name in Corpus::names(".")? {
        let clock = std::time::Instant::now();
        differences.extend(
            Corpus::read(&name)?
                .judge(&guest)
                .err()
                .map(|e| e.to_string()),
        );
        eprintln!("{name}: {:?}", clock.elapsed());
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

#[test]
fn random_sequences_are_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let seed = std::env::var("SEQUENCE_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    let guest = Kernel::V6_12.boot(KINDS)?;
    let mut differences = Vec::new();
    for seed in seed..seed + 30 {
        differences.extend(
            sequence::judge(&guest, seed, 50)
                .err()
                .map(|e| e.to_string()),
        );
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}
