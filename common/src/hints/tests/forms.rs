//! How a command and its addresses are written.

use super::super::*;
use super::*;

#[test]
fn a_route_of_net_tools_is_told_with_the_whole_form() {
    for (line, form) in [
        (
            "route add -net 10.0.0.0 netmask 255.0.0.0 gw 192.0.2.1",
            "ip route add 10.0.0.0/8 via 192.0.2.1",
        ),
        (
            "route add -net 192.0.3.0/24 gw 192.0.2.1 metric 5 dev eth0",
            "ip route add 192.0.3.0/24 via 192.0.2.1 metric 5 dev eth0",
        ),
        (
            "route add -host 192.0.3.1 eth0",
            "ip route add 192.0.3.1 dev eth0",
        ),
        (
            "route add -net 10.0.0.0 gw 192.0.2.1",
            "ip route add 10.0.0.0/LENGTH via 192.0.2.1",
        ),
        (
            "route add default gw 192.0.2.1 eth0",
            "ip route add default via 192.0.2.1 dev eth0",
        ),
        (
            "ip route add default gw 192.0.2.1",
            "ip route add default via 192.0.2.1",
        ),
        (
            "route del -net 10.0.0.0 netmask 255.255.0.0",
            "ip route del 10.0.0.0/16",
        ),
        (
            "route add -host 192.0.3.1 reject",
            "ip route add unreachable 192.0.3.1",
        ),
        (
            "route add 10.0.0.0 netmask 255.0.0.0 dev eth0",
            "ip route add 10.0.0.0/8 dev eth0",
        ),
        (
            "route -A inet6 add 2001:db8:1::/64 gw 2001:db8::1",
            "ip -6 route add 2001:db8:1::/64 via 2001:db8::1",
        ),
        ("route -n", "ip route show"),
        // What cannot be taken over word by word has its form.
        (
            "route add -net 10.0.0.0 netmask 255.0.255.0 gw 192.0.2.1",
            "ip route add PREFIX/LENGTH via GATEWAY dev DEVICE",
        ),
    ] {
        let said = format!("that is the route of net-tools; write {form}");
        assert_eq!(wrong(line).hint, Some(said), "{line}");
    }
}

#[test]
fn the_form_of_a_command_is_told() {
    each_is_told_with("one word", &["'ip route'", "\"ip route\", \"ip addr\""]);
    each_is_told_with(
        "write the command alone",
        &[
            "(ip route)",
            "`ip route`",
            "! ip route",
            "@ip route",
            "LANG=C ip route",
        ],
    );
    each_is_told_with("small letters", &["IP route", "Ip route"]);
    each_is_told_with("one a line", &["* ip route", "1. ip route", "• ip route"]);
    each_is_told_with("JSON array", &["run: ip route", "commands: ip route"]);
    each_is_told(&[
        ("ip -c route", "nothing is coloured here: leave -c out"),
        ("ip -br -c a", "nothing is coloured here: leave -c out"),
        (
            "ip --color=always route",
            "nothing is coloured here: leave --color=always out",
        ),
        (
            "ip link set eth0 mtu=1400",
            "write mtu 1400, with a space and no =",
        ),
        (
            "ip route add default dev=eth0",
            "write dev eth0, with a space and no =",
        ),
        (
            "ip route add default eth0",
            "if eth0 is a device, write dev eth0",
        ),
        (
            "ip addr add 192.0.2.7 netmask 255.255.255.0 dev eth0",
            "a mask is written as a length: 192.0.2.7/24",
        ),
        (
            "ip route add 192.0.3.0/24 192.0.2.1",
            "if 192.0.2.1 is the gateway, write via 192.0.2.1",
        ),
        (
            "ip neigh add 192.0.2.1 02:00:00:00:00:01 dev eth0",
            "if 02:00:00:00:00:01 is a link-layer address, write lladdr 02:00:00:00:00:01",
        ),
        (
            "ip route add 192.0.3.0/24, 192.0.4.0/24 dev eth0",
            "take the comma behind 192.0.3.0/24 away: spaces part words, and each command has a line of its own",
        ),
        ("ip -V", "leave -V out"),
        ("ip tunnel add t0", start::OBJECTS),
        ("ip foo", start::OBJECTS),
        ("add route default", "write ip route add: the object first"),
        ("ip route add default via", "a word is missing behind via"),
        (
            "ip route 192.0.3.0/24 via 192.0.2.1",
            "a verb is missing before 192.0.3.0/24, for example ip route add PREFIX via ADDRESS dev DEVICE",
        ),
        (
            "ip link add d0",
            "the command needs more words, for example ip link add NAME type bridge",
        ),
        (
            "ip rule add",
            "the command needs more words, for example ip rule add from PREFIX table TABLE",
        ),
        (
            "ip rule add from 192.0.3.0/24 lookup mine",
            "write the table's number: names of the node's own tables are not read",
        ),
        (
            "ip route add default dev eth0 xyzzy",
            "the form is, for example, ip route add PREFIX via ADDRESS dev DEVICE",
        ),
        (
            "ip rout ad",
            "the command needs more words, for example ip route add PREFIX via ADDRESS dev DEVICE",
        ),
    ]);
    each_is_told_with("help is for people", &["ip route help", "ip help"]);
    each_is_told_with(
        "an object comes before its verb",
        &["show", "delete default"],
    );
    each_is_told_with("write both on one line", &["via 192.0.2.1 dev eth0"]);
    each_is_told_with("is a whole command", &["ip"]);
}

#[test]
fn an_address_that_is_nearly_one_is_told_what_it_lacks() {
    each_is_told(&[
        (
            "ip route add 192.0.3.0/33 dev eth0",
            "behind the / of an IPv4 address stands its length, 0 to 32",
        ),
        (
            "ip route add 2001:db8::/129 dev eth0",
            "behind the / of an IPv6 address stands its length, 0 to 128",
        ),
        (
            "ip route add 192.0.3.0/24 via 192.0.2.256",
            "each number of an IPv4 address is at most 255",
        ),
        (
            "ip route add 192.0.3.0/24 via 192.0.2.1/24",
            "an address stands here, without a length: 192.0.2.1",
        ),
        (
            "ip route add example.com dev eth0",
            "no name is looked up: write an address in place of example.com",
        ),
        (
            "ip route add 192.0.3.0 255.255.255.0 192.0.2.1",
            "a mask is written as a length: 192.0.3.0/24",
        ),
    ]);
}

#[test]
fn what_is_no_habit_keeps_the_hint_that_it_has() {
    for (line, wanted) in [
        ("ip rote", Some("route")),
        ("ip link set eth0 mut 1400", Some("mtu")),
        ("ip route show tc", None),
        ("ip -4 route add 2001:db8::/64 dev eth0", None),
    ] {
        assert_eq!(wrong(line).hint.as_deref(), wanted, "{line}");
    }
}
