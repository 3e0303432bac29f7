//! What profile `route` could do to other pods by an unprivileged process: other pods' addresses, and the node's neighbour
//! table.

use anyhow::{Result, ensure};
use chainsaw_tests::bed::{Bed, error};
use chainsaw_tests::process::Output;

const ROUTE: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";

/// A script of a process without any privilege, in the pod.
fn unprivileged(bed: &Bed, script: &str) -> Result<Output> {
    let nobody = [
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "--bounding-set",
        "-all",
    ];
    let program = bed
        .machine
        .program("ip")
        .args(["netns", "exec", "pod", "setpriv"]);
    program.args(nobody).args(["bash", "-c", script]).run()
}

/// One datagram to each of the first 256 addresses of so many stretches of 10.200.0.0/16.
fn spray(bed: &Bed, stretches: usize) -> Result<()> {
    let script = format!(
        "for a in $(seq 0 {}); do for b in $(seq 0 255); do echo > /dev/udp/10.200.$a.$b/9; done; done 2>/dev/null; true",
        stretches - 1
    );
    unprivileged(bed, &script)?.success("a spray of datagrams")?;
    Ok(())
}

#[test]
fn no_address_of_another_pod_is_taken_under_profile_route() -> Result<()> {
    let bed = Bed::new(ROUTE)?;
    for device in ["lo", "eth0"] {
        let said = error(&bed.add(&format!("ip address add 192.0.2.77/32 dev {device}"))?)?;
        ensure!(
            said.to_string().contains("an identity on all of them"),
            "{said}"
        );
    }
    // The pod's own address shows that a process could bind to what is there.
    for (address, is_there) in [("192.0.2.10", true), ("192.0.2.77", false)] {
        let bind = format!(
            "perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(Proto => \"udp\", LocalAddr => \"{address}\") ? 0 : 1)'"
        );
        let bound = unprivileged(&bed, &bind)?;
        ensure!(bound.status == i32::from(!is_there), "{address}: {bound:?}");
    }
    let addresses = bed.ip("-n pod address")?;
    ensure!(!addresses.contains("192.0.2.77"), "{addresses}");
    Ok(())
}

#[test]
fn the_nodes_neighbour_table_is_not_filled_under_profile_route() -> Result<()> {
    let bed = Bed::new(ROUTE)?;
    for wide in [
        "ip route add 10.0.0.0/8 dev CURRENT_INTERFACE",
        "ip route add 10.200.0.0/23 dev CURRENT_INTERFACE",
        "ip route add 10.0.0.0/8 via CURRENT_ADDRESS",
        "ip route add 10.200.0.0/24 dev eth0\nip route add 10.200.1.0/24 dev eth0",
    ] {
        let said = error(&bed.add(wide)?)?;
        ensure!(said["code"] == 101, "{wide}: {said}");
    }
    // What ran before the one that found no room stays.
    ensure!(
        bed.routes()?.matches("10.200.").count() == 1,
        "{}",
        bed.routes()?
    );
    spray(&bed, 8)?;
    let entries = bed.ip("-n pod neigh show")?.lines().count();
    ensure!((200..=264).contains(&entries), "{entries} neighbours");
    Ok(())
}

#[test]
fn a_neighbour_is_on_link_under_profile_route_and_no_gateway_under_a_prefix_rule() -> Result<()> {
    let bed = Bed::new(ROUTE)?;
    let add = |address: &str| {
        bed.add(&format!(
            "ip neigh replace {address} lladdr 02:00:00:00:00:99 dev eth0"
        ))
    };
    ensure!(add("192.0.2.9")?.status == 0);
    let said = error(&add("198.51.100.9")?)?;
    ensure!(said.to_string().contains("without a gateway"), "{said}");
    let within =
        "[[rule]]\nnamespaces = [\"*\"]\nprefixes = [\"192.0.2.0/24\"]\nprofile = \"net-admin\"\n";
    let bed = Bed::new(within)?;
    // The route is older than the result of the plugin before, which does not name this gateway.
    bed.ip("-n pod route add 203.0.113.0/24 via 192.0.2.8")?;
    let add = |address: &str| {
        bed.add(&format!(
            "ip neigh replace {address} lladdr 02:00:00:00:00:99 dev eth0"
        ))
    };
    ensure!(add("192.0.2.9")?.status == 0);
    for gateway in ["192.0.2.1", "192.0.2.8"] {
        let said = error(&add(gateway)?)?;
        ensure!(said["code"] == 101, "{said}");
        let neighbours = bed.ip("-n pod neigh show")?;
        ensure!(
            !neighbours.contains(&format!("{gateway} dev eth0 lladdr 02:00:00:00:00:99")),
            "{neighbours}"
        );
    }
    Ok(())
}
