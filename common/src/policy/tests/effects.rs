//! Prefix rules confine by what a command affects: every verb that changes, with each way to name a destination or not to.

use super::*;
use crate::plan::Draft;
use crate::tokens::Surroundings;
use crate::value;

/// A namespace with every right within these prefixes, but what a rule keeps away from 198.51.100.0/24.
fn policies() -> [Policy; 2] {
    let within = "prefixes = [\"10.0.0.0/8\", \"2001:db8::/32\"]\nprofile = \"net-admin\"";
    let all = ["route", "rule", "neigh", "address"].map(|object| format!("\"{object} *\""));
    let deny = format!(
        "prefixes = [\"198.51.100.0/24\"]\ndeny = [{}]",
        all.join(", ")
    );
    [
        with(within),
        policy(&format!("{ALL}profile = \"net-admin\"\n{ALL}{deny}\n")),
    ]
}

/// What a command affects: addresses within 10.0.0.0/8 alone, or every destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affects {
    Within,
    Everything,
}

/// Every verb of the objects, with each of its ways to speak of a destination.
fn table() -> Vec<(String, Affects)> {
    use Affects::{Everything, Within};
    let route = [
        ("10.1.0.0/16 via 10.0.0.1", Within),
        ("10.1.0.5 via 10.0.0.1 src 10.0.0.9 metric 5", Within),
        (
            "10.1.0.0/16 nexthop via 10.0.0.1 nexthop via 10.0.0.2",
            Within,
        ),
        ("blackhole 10.1.0.0/16", Within),
        ("10.1.0.0/16 nhid 5", Everything),
        ("default via 10.0.0.1", Everything),
        ("0.0.0.0/0 via 10.0.0.1", Everything),
        ("128.0.0.0/1 via 10.0.0.1", Everything),
        ("192.0.0.0/3 via 10.0.0.1", Everything),
        (
            "default nexthop via 10.0.0.1 nexthop via 10.0.0.2",
            Everything,
        ),
        ("blackhole default", Everything),
        ("::ffff:0:0/96 via 2001:db8::1", Everything),
        ("64:ff9b::/96 via 2001:db8::1", Everything),
        ("64:ff9b::198.51.100.1 via 2001:db8::1", Everything),
        ("64:ff9b:1::/96 via 2001:db8::1", Everything),
        ("2002::/16 via 2001:db8::1", Everything),
        ("2002:c633:6401::/48 via 2001:db8::1", Everything),
        ("2000::/3 via 2001:db8::1", Everything),
        ("::ffff:10.1.0.0/112 via 2001:db8::1", Within),
        ("64:ff9b::10.1.0.5 via 2001:db8::1", Within),
        ("2002:a01::/32 via 2001:db8::1", Within),
    ];
    let rule = [
        ("to 10.1.0.0/16 table 100", Within),
        ("from 10.2.0.0/16 to 10.1.0.0/16 table 100", Within),
        ("to 10.1.0.0/16 iif eth0 fwmark 7 table 100", Within),
        ("table 100", Everything),
        ("from 10.1.0.0/16 table 100", Everything),
        ("from 10.1.0.0/16 to all table 100", Everything),
        ("from all to default table 100", Everything),
        ("not to 10.1.0.0/16 table 100", Everything),
        ("iif eth0 table 100", Everything),
        ("fwmark 7 table 100", Everything),
        ("pref 100 goto 200", Everything),
        ("to 128.0.0.0/1 table 100", Everything),
    ];
    let neigh = [
        ("10.0.0.9 lladdr 02:00:00:00:00:01 dev eth0", Within),
        ("10.0.0.254 lladdr 02:00:00:00:00:01 dev eth0", Everything),
    ];
    let address = [
        ("10.0.0.9/32 dev lo", Within),
        ("200.0.0.9/1 dev lo", Everything),
    ];
    let mut table = Vec::new();
    for (object, verbs, ways) in [
        (
            "route",
            &["add", "change", "replace", "append", "prepend", "del"][..],
            &route[..],
        ),
        ("rule", &["add", "del"], &rule),
        ("neigh", &["add", "change", "replace", "del"], &neigh),
        ("address", &["add", "change", "replace", "del"], &address),
    ] {
        for verb in verbs {
            let lines = ways.iter().map(|(way, affects)| {
                let family = if way.contains("::") { "-6 " } else { "" };
                (format!("{family}{object} {verb} {way}"), *affects)
            });
            table.extend(lines);
        }
    }
    for flush in [
        "route flush 10.0.0.0/8",
        "route flush table 100",
        "rule flush",
        "neigh flush 10.0.0.0/8 dev eth0",
        "address flush dev eth0",
    ] {
        table.push((flush.to_owned(), Everything));
    }
    table
}

/// Whether a pod whose gateway is 10.0.0.254 may run it.
fn is_approved(policy: &Policy, line: &str) -> bool {
    let surroundings = Surroundings {
        interface: Some("eth0".into()),
        gateways: vec!["10.0.0.254".parse().unwrap()],
        ..Surroundings::default()
    };
    let mut draft = Draft::default();
    let lines = value::lines(line).unwrap();
    draft.extend("k", Author::Pod, lines, &surroundings);
    draft.approve(policy, &subject("a")).is_ok()
}

#[test]
fn a_prefix_rule_confines_every_verb_by_what_it_affects() {
    let policies = policies();
    for (line, affects) in table() {
        for (policy, says) in policies.iter().zip(["grant", "deny"]) {
            let is = is_approved(policy, &line);
            assert_eq!(is, affects == Affects::Within, "{line}: {says}");
        }
    }
}

#[test]
fn a_mapped_prefix_that_a_rule_names_is_granted_as_such() {
    let policy = with("prefixes = [\"64:ff9b::/96\", \"fd00::/8\"]\nprofile = \"route\"");
    for (line, granted) in [
        ("-6 route add 64:ff9b::/96 via fd00::1", true),
        ("-6 route add 64:ff9b::198.51.100.1 via fd00::1", true),
        ("-6 route add ::ffff:198.51.100.1 via fd00::1", false),
        (
            "route add 198.51.100.1 via inet6 64:ff9b::1 dev eth0",
            false,
        ),
    ] {
        let read = ip::read(&words::split(line).unwrap());
        let is = read
            .command
            .is_ok_and(|command| policy.judge(&subject("a"), Author::Pod, &command).is_ok());
        assert_eq!(is, granted, "{line}");
    }
    // All of IPv6 is not what a part of it stands for.
    let policy = with("prefixes = [\"::/0\", \"10.0.0.0/8\"]\nprofile = \"route\"");
    assert!(
        judged(
            &policy,
            &subject("a"),
            "-6 route add 2001:db8::/32 via fd00::1"
        )
        .is_ok()
    );
    assert!(
        judged(
            &policy,
            &subject("a"),
            "-6 route add 64:ff9b::/95 via fd00::1"
        )
        .is_err()
    );
    assert!(judged(&policy, &subject("a"), "-6 route add ::/1 via fd00::1").is_err());
}

#[test]
fn an_address_is_granted_by_prefixes_and_the_denial_says_so() {
    let route = "profile = \"route\"";
    let line = "address add 192.0.2.7/32 dev lo";
    let denial = judged(&with(route), &subject("a"), line).unwrap_err();
    let said = denial.to_string();
    assert!(
        said.contains("an identity on all of them") && said.contains("allow = [\"address add\"]"),
        "{said}"
    );
    let remedy = with(route).remedy(&subject("a"), &denial, &[&command(line)]);
    let rule = "[[rule]]\nnamespaces = [\"a\"]\nprefixes = [\"192.0.2.7/32\"]\nprofile = \"route\"\nallow = [\"address add\"]";
    assert!(remedy.ends_with(rule), "{remedy}");
    let followed = policy(&format!("{ALL}{route}\n{rule}\n"));
    assert!(judged(&followed, &subject("a"), line).is_ok());
    assert!(judged(&followed, &subject("a"), "address add 192.0.2.8/32 dev lo").is_err());
    assert!(judged(&followed, &subject("a"), "route add default via 192.0.2.1").is_ok());
}

#[test]
fn a_neighbour_of_profile_route_depends_on_the_pods_routes() {
    let conditions = |keys: &str, line: &str| {
        let all = with(keys).conditions(&subject("a"), Author::Pod, &command(line));
        all.iter().map(|one| one.fact).collect::<Vec<_>>()
    };
    let line = "neigh add 10.0.0.9 lladdr 02:00:00:00:00:01 dev eth0";
    let [gateway, off_link] = [true, false].map(|is_gateway| Facts {
        is_gateway,
        is_off_link: !is_gateway,
    });
    let prefixes = "prefixes = [\"10.0.0.0/8\"]";
    for (keys, line, facts) in [
        ("profile = \"route\"", line, vec![off_link]),
        ("profile = \"route\"", "neigh del 10.0.0.9 dev eth0", vec![]),
        ("profile = \"net-admin\"", line, vec![]),
        ("allow = [\"neigh add\"]", line, vec![off_link]),
        (
            &format!("profile = \"net-admin\"\n{prefixes}"),
            line,
            vec![gateway],
        ),
        (
            &format!("profile = \"route\"\n{prefixes}"),
            line,
            vec![gateway, off_link],
        ),
    ] {
        assert_eq!(conditions(keys, line), facts, "{keys}: {line}");
    }
}
