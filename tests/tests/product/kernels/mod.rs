//! Debian's kernels, under emulation: what this machine's own kernel does not have.

mod corpus;
mod failures;
mod modules;
mod plugins;
mod random;
mod shared;

use anyhow::{Result, ensure};
use chainsaw_tests::{Kernel, Twins, twins};

/// What the kinds of the dialect need, and those that it only shows.
pub const KINDS: [&str; 10] = [
    "8021q", "vrf", "dummy", "ifb", "bonding", "ipvlan", "macvlan", "vxlan", "tun", "macvtap",
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
