//! Hosts on the link: what routes without a gateway bring into the node's neighbour tables.

use std::net::UdpSocket;

use chainsaw_common::plan::Run;

use super::bed::{Sandbox, in_a_sandbox};

/// Datagrams to so many addresses of 10.200.0.0/15, which an unprivileged process may send.
fn spray(count: u32) {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    for number in 0..count {
        let to = std::net::Ipv4Addr::from(0x0ac8_0000 + number);
        // No route, or no answer: what counts is what the kernel keeps of it.
        let _ = socket.send_to(b"x", (to, 9));
    }
}

#[test]
fn a_spray_of_datagrams_takes_no_more_neighbours_than_hosts_are_allowed() {
    in_a_sandbox("onlink = 256", |sandbox| {
        sandbox.other("address add 192.0.2.1/24 dev e0");
        sandbox.refuses("route add 10.200.0.0/15 dev e0", "onlink");
        sandbox.refuses("route add 10.200.0.0/15 via 192.0.2.1", "onlink");
        sandbox.serves("route add 10.200.0.0/24 dev e0");
        sandbox.refuses("route add 10.200.1.0/24 dev e0", "onlink");
        sandbox.refuses("route add 10.200.1.0/24 dev e1 table 100", "onlink");
        sandbox.refuses("route replace 10.200.1.0/32 dev e0", "onlink");
        sandbox.refuses("address add 10.200.1.1/24 dev e1", "onlink");
        spray(2048);
        let neighbours = sandbox.lines("neigh show dev e0");
        assert!((200..=260).contains(&neighbours), "{neighbours}");
    });
}

#[test]
fn hosts_are_counted_by_prefix_and_device_and_running_again_adds_none() {
    in_a_sandbox("onlink = 256", |sandbox| {
        let route = "route add 192.0.3.0/24 dev e0";
        sandbox.serves(route);
        for _ in 0..3 {
            assert_eq!(sandbox.run(route, Run::Again).outcome.word(), "unchanged");
            sandbox.serves("route replace 192.0.3.0/24 dev e0");
        }
        // The same hosts on the same device, in another table.
        sandbox.serves("route add 192.0.3.0/24 dev e0 table 100");
        sandbox.refuses("route add 192.0.3.0/24 dev e1 metric 5", "onlink");
        sandbox.refuses("-6 route add 2001:db8::/120 dev e0", "onlink");
        sandbox.serves("route flush table main\nroute flush table 100");
        sandbox.serves("-6 route add 2001:db8::/120 dev e0");
        sandbox.refuses(route, "onlink");
    });
}

#[test]
fn what_was_on_the_link_before_is_no_commands() {
    in_a_sandbox("onlink = 0", |sandbox| {
        sandbox.other("address add 10.88.0.2/16 dev e0");
        sandbox.serves("address add 10.88.0.3/16 dev e0");
        sandbox.refuses("address add 10.89.0.3/16 dev e0", "onlink");
        sandbox.serves("address add 10.89.0.3/16 dev e0 noprefixroute");
        sandbox.serves("route add 10.0.0.0/8 via 10.88.0.1");
        sandbox.serves("route add blackhole 172.16.0.0/12");
        sandbox.refuses("route change 10.0.0.0/8 dev e0", "onlink");
        sandbox.refuses(
            "route add 11.0.0.0/8 nexthop via 10.88.0.1 nexthop dev e0",
            "onlink",
        );
    });
}

/// Asserts that a value is denied for a reason that has these words, and that what to write is said.
fn is_denied(sandbox: &mut Sandbox, line: &str, why: &str) {
    let report = sandbox.run(line, Run::First);
    assert_eq!(report.outcome.word(), "denied", "{line}: {report:?}");
    let advice = report.commands[0].advice.as_ref().unwrap();
    assert!(advice.why.contains(why), "{line}: {advice:?}");
    assert!(advice.instead.is_some(), "{line}: {advice:?}");
}

#[test]
fn under_profile_route_a_neighbour_is_one_that_a_route_reaches_on_its_device() {
    in_a_sandbox("", |sandbox| {
        sandbox.other("address add 10.0.0.1/24 dev e0");
        sandbox.other("route add 198.51.100.0/24 via 10.0.0.254");
        sandbox.other("-6 route add 2001:db8::/64 dev e0");
        sandbox.under("[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n");
        let add = |address: &str, device: &str| {
            format!("neigh replace {address} lladdr 02:00:00:00:00:01 dev {device}")
        };
        for address in ["10.0.0.9", "10.0.0.254", "2001:db8::9"] {
            sandbox.serves(&add(address, "e0"));
        }
        for (address, device) in [
            ("10.0.1.9", "e0"),
            ("10.0.0.9", "e1"),
            ("198.51.100.9", "e0"),
            ("2001:db9::9", "e0"),
        ] {
            is_denied(sandbox, &add(address, device), "without a gateway");
        }
        // What is there already is left alone, whatever became of its route.
        sandbox.other("route del 10.0.0.0/24 dev e0");
        let again = sandbox.run(&add("10.0.0.9", "e0").replace("replace", "add"), Run::Again);
        assert_eq!(again.outcome.word(), "unchanged");
        sandbox.serves("neigh del 10.0.0.9 dev e0");
    });
}

#[test]
fn under_a_prefix_rule_a_neighbour_is_no_gateway_of_any_route() {
    in_a_sandbox("", |sandbox| {
        sandbox.other("address add 10.0.0.1/24 dev e0");
        sandbox.other("route add 198.51.100.0/24 nexthop via 10.0.0.254 nexthop via 10.0.0.253");
        sandbox.other("-6 route add 2001:db8::/64 dev e0");
        sandbox.other("route add 203.0.113.0/24 via inet6 2001:db8::fe dev e0 table 100");
        let add =
            |address: &str| format!("neigh replace {address} lladdr 02:00:00:00:00:01 dev e0");
        let within = "prefixes = [\"10.0.0.0/8\", \"2001:db8::/32\"]\nprofile = \"net-admin\"";
        let apart = "profile = \"net-admin\"\n[[rule]]\nnamespaces = [\"*\"]\nprefixes = [\"192.0.2.0/24\"]\ndeny = [\"neigh *\"]";
        for (keys, why) in [
            (within, "names namespace default speaks of this"),
            (apart, "deny \"neigh *\""),
        ] {
            sandbox.under(&format!("[[rule]]\nnamespaces = [\"default\"]\n{keys}\n"));
            sandbox.serves(&add("10.0.0.9"));
            for gateway in ["10.0.0.254", "10.0.0.253", "2001:db8::fe"] {
                is_denied(sandbox, &add(gateway), why);
                is_denied(sandbox, &format!("neigh del {gateway} dev e0"), why);
            }
        }
    });
}
