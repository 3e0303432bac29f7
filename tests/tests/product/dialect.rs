//! `chainsaw ip` and the judge, command after command, in twin namespaces: standard output, standard error, exit status
//! and, at the end, the kernel's state.
//!
//! The commands are those of `tests/corpus`, a file a subject, in order: what one changes the next ones see.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use chainsaw_common::words;
use chainsaw_tests::process::Output;
use chainsaw_tests::{Twins, parts, twins};

/// What both twins start with.
const TOPOLOGY: [&str; 12] = [
    "address add 192.0.2.10/24 brd + dev eth0",
    "address add 192.0.2.11/24 dev eth0",
    "address add 10.1.1.1 peer 10.1.1.2/32 dev eth0p label eth0p:x",
    "address add 2001:db8::10/64 dev eth0 nodad",
    "route add default via 192.0.2.1",
    "route add default via 2001:db8::1",
    "route add 198.51.100.0/24 via 192.0.2.2 mtu lock 1400 advmss 1300 metric 7 proto static",
    "route add 198.51.101.0/24 nexthop via 192.0.2.2 weight 3 nexthop via 192.0.2.3 dev eth0",
    "route add blackhole 203.0.113.0/24 table 100",
    "route add 203.0.113.0/24 dev eth0 tos 0x10 src 192.0.2.11",
    "route add 203.0.114.0/24 via inet6 2001:db8::5 dev eth0",
    "route add unreachable 2001:db8:9::/48",
];

/// Devices that nobody can make in a pod, and that may be there all the same: of root, of nobody, of users without a name.
const FROM_OUTSIDE: &[&str] = &[
    "tuntap add dev tun0 mode tun",
    "tuntap add dev tun1 mode tun user 0 group 0 pi vnet_hdr multi_queue",
    "tuntap add dev tun2 mode tun user 123456",
    "tuntap add dev tun3 mode tun group 123456 vnet_hdr one_queue",
    "tuntap add dev tun4 mode tun multi_queue",
    "tuntap add dev tap0 mode tap pi",
    "tuntap add dev tap1 mode tap user 4294967294 group 0 vnet_hdr multi_queue",
    "link add link eth0 name macvtap0 index 30 address 02:00:00:00:00:30 type macvtap mode bridge",
    "link set tap0 address 02:00:00:00:00:31 addrgenmode none",
    "link set tap1 address 02:00:00:00:00:32 addrgenmode none",
    "link set tun0 addrgenmode none",
    "link set tun1 addrgenmode none",
    "link set macvtap0 addrgenmode none",
];

fn twins(more: &[&str]) -> Result<Twins> {
    let bridge = [
        "link add br0 index 12 address 02:00:00:00:00:0c type bridge",
        "link set br0 addrgenmode none",
    ];
    let topology = bridge.iter().chain(&TOPOLOGY).chain(more);
    let veth = twins::veth("eth0", 10).into_iter();
    Twins::new(veth.chain(topology.map(|&line| line.to_owned())))
}

/// The commands of a corpus file: one a line, blank lines and comments left out.
fn corpus(subject: &str) -> Result<Vec<Vec<String>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(subject);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            Ok(words::split(line)
                .with_context(|| line.to_owned())?
                .into_iter()
                .map(|word| word.text)
                .collect())
        })
        .collect()
}

/// Runs a corpus with the judge in one twin and `other` in the other; fails at the first byte that differs.
fn judged(
    subject: &str,
    more: &[&str],
    other: impl Fn(&Twins, &[String]) -> Result<Output>,
) -> Result<()> {
    let twins = twins(more)?;
    for command in corpus(subject)? {
        let (judge, ours) = (twins.judge(&command)?, other(&twins, &command)?);
        ensure!(
            judge == ours,
            "ip {}\njudge: {judge:#?}\nours: {ours:#?}",
            command.join(" ")
        );
    }
    let difference = twins.difference()?;
    ensure!(
        difference.is_none(),
        "the kernel's state differs:\n{}",
        difference.unwrap_or_default()
    );
    Ok(())
}

fn ours(twins: &Twins, command: &[String]) -> Result<Output> {
    let words = ["ip".to_owned()].into_iter().chain(command.iter().cloned());
    twins.ours(parts::chainsaw()?, words)
}

/// A test a file: first the judge against itself, since a file that it does not repeat shows nothing; then ours. Beside the
/// topology of all there may be more.
macro_rules! corpora {
    ($($(#[doc = $doc:literal])* $name:ident: $file:literal $(beside $more:ident)?;)+) => {
        const FILES: &[&str] = &[$($file),+];

        $(
            $(#[doc = $doc])*
            #[test]
            fn $name() -> Result<()> {
                let more: Vec<&str> = [&[][..], $($more)?].concat();
                judged($file, &more, |twins, command| twins.judge_in_ours(command))
                    .context("the judge does not agree with itself")?;
                judged($file, &more, ours)
            }
        )+
    };
}

corpora! {
    address_filters_are_iproute2s_to_the_byte: "address-filters.txt";
    flushed_addresses_are_iproute2s_to_the_byte: "address-flush.txt";
    address_keywords_are_iproute2s_to_the_byte: "address-keywords.txt";
    address_commands_are_iproute2s_to_the_byte: "address.txt";
    echoes_of_changes_are_iproute2s_to_the_byte: "echo.txt";
    listings_of_a_family_are_iproute2s_to_the_byte: "families.txt";
    /// This kernel has veth, bridge, macvlan, vxlan and ifb. Of dummy, vlan, vrf, ipvlan and bond, which it lacks, the judge
    /// shows how the words are read and what the kernel says.
    kinds_of_devices_are_iproute2s_to_the_byte: "link-kinds.txt";
    listings_of_devices_are_iproute2s_to_the_byte: "link-show.txt";
    link_commands_are_iproute2s_to_the_byte: "link.txt";
    neighbour_commands_are_iproute2s_to_the_byte: "neigh.txt";
    options_are_iproute2s_to_the_byte: "options.txt";
    words_for_every_address_are_iproute2s_to_the_byte: "prefix-words.txt";
    abbreviations_and_odd_values_are_iproute2s_to_the_byte: "route-address-odd.txt";
    route_filters_are_iproute2s_to_the_byte: "route-filters.txt";
    flushed_routes_are_iproute2s_to_the_byte: "route-flush.txt";
    answers_to_route_get_are_iproute2s_to_the_byte: "route-get.txt";
    route_keywords_are_iproute2s_to_the_byte: "route-keywords.txt";
    route_commands_are_iproute2s_to_the_byte: "route.txt";
    rule_commands_are_iproute2s_to_the_byte: "rule.txt";
    devices_from_outside_are_shown_as_iproute2_does_to_the_byte: "tun.txt" beside FROM_OUTSIDE;
}

#[test]
fn every_file_of_the_corpus_is_judged() -> Result<()> {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"))?;
    for file in folder {
        let name = file?.file_name();
        let name = name.to_string_lossy();
        ensure!(FILES.contains(&name.as_ref()), "{name} has no test");
    }
    Ok(())
}
