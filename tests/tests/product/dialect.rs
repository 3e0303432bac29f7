//! `chainsaw ip` and the judge, command after command, in twin namespaces: standard output, standard error, exit status
//! and, at the end, the kernel's state.
//!
//! The commands are those of `tests/corpus`, a file a subject, in order: what one changes the next ones see.

use anyhow::{Result, ensure};
use chainsaw_tests::Guest;
use chainsaw_tests::corpus::Corpus;

/// A test a file.
macro_rules! corpora {
    ($($(#[doc = $doc:literal])* $name:ident: $file:literal;)+) => {
        const FILES: &[&str] = &[$($file),+];

        $(
            $(#[doc = $doc])*
            #[test]
            fn $name() -> Result<()> {
                Corpus::read($file)?.judge(&Guest::here()?)
            }
        )+
    };
}

corpora! {
    address_filters_are_iproute2s_to_the_byte: "address-filters.txt";
    flushed_addresses_are_iproute2s_to_the_byte: "address-flush.txt";
    address_keywords_are_iproute2s_to_the_byte: "address-keywords.txt";
    address_commands_are_iproute2s_to_the_byte: "address.txt";
    /// This kernel has veth, bridge, macvlan, vxlan and ifb. Of dummy, vlan, vrf, ipvlan and bond, which it lacks, the judge
    /// shows how the words are read and what the kernel says.
    kinds_of_devices_are_iproute2s_to_the_byte: "link-kinds.txt";
    listings_of_devices_are_iproute2s_to_the_byte: "link-show.txt";
    link_commands_are_iproute2s_to_the_byte: "link.txt";
    neighbour_commands_are_iproute2s_to_the_byte: "neigh.txt";
    options_are_iproute2s_to_the_byte: "options.txt";
    abbreviations_and_odd_values_are_iproute2s_to_the_byte: "route-address-odd.txt";
    route_filters_are_iproute2s_to_the_byte: "route-filters.txt";
    flushed_routes_are_iproute2s_to_the_byte: "route-flush.txt";
    answers_to_route_get_are_iproute2s_to_the_byte: "route-get.txt";
    route_keywords_are_iproute2s_to_the_byte: "route-keywords.txt";
    route_commands_are_iproute2s_to_the_byte: "route.txt";
    rule_commands_are_iproute2s_to_the_byte: "rule.txt";
}

#[test]
fn every_file_of_the_corpus_is_judged() -> Result<()> {
    for name in Corpus::names(".")? {
        let name = name.trim_start_matches("./");
        ensure!(FILES.contains(&name), "{name} has no test");
    }
    Ok(())
}
