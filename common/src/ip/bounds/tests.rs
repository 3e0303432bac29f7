//! Every keyword of the dialect with a number has a bound, or a reason why it needs none.

use super::unbounded::UNBOUNDED;
use super::*;
use crate::ip::{self, tables};
use crate::words;

/// Tables of words that list or name something, and take nothing into the kernel.
const LISTS: &[&str] = &[
    "options",
    "objects",
    "link",
    "address",
    "route",
    "rule",
    "neigh",
    "link show",
    "link type",
    "link property",
    "address show",
    "address show, flags",
    "neigh get",
    "neigh show",
    "route show",
    "route show to",
    "route get",
    "rule show",
];

/// Commands in which `{}` is a keyword of a table with its value.
fn forms(table: &str) -> Vec<String> {
    if let Some(kind) = table.strip_prefix("link type ") {
        return ["set", "add"]
            .map(|verb| format!("link {verb} e0 type {kind} {{}}"))
            .to_vec();
    }
    let forms: &[&str] = match table {
        "link set" => &["link set eth0 {}", "link add d0 {} type dummy"],
        "link property add" => &["link property add dev eth0 {}"],
        "address add" | "address add, flags" => &[
            "address add 10.0.0.1/24 dev eth0 {}",
            "address add 10.0.0.1/24 dev eth0 preferred_lft 0 {}",
        ],
        "neigh add" => &[
            "neigh add 10.0.0.1 dev eth0 {}",
            "neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0 {}",
        ],
        "route add" | "route add, metrics" | "route add, after metrics" => &[
            "route add 10.0.0.0/8 dev eth0 {}",
            "-6 route add 2001:db8::/64 dev eth0 {}",
            "route add 10.0.0.0/8 {}",
        ],
        "route add nexthop" => &[
            "route add 10.0.0.0/8 nexthop dev eth0 {}",
            "route add 10.0.0.0/8 nexthop {}",
        ],
        "route add encap" => &["route add 10.0.0.0/8 encap {} dev eth0"],
        "route add encap ip" => &["route add 10.0.0.0/8 encap ip {} dev eth0"],
        "route add encap ip6" => &["route add 10.0.0.0/8 encap ip6 {} dev eth0"],
        "rule add" => &["rule add {} table 100", "rule add from 10.0.0.0/8 {}"],
        "rule add type" => &["rule add from 10.0.0.0/8 {} table 100"],
        _ => &[],
    };
    forms.iter().map(|form| (*form).to_owned()).collect()
}

/// How numbers are written; `N` is one.
const NUMBERS: [&str; 8] = [
    "N",
    "N N",
    "N:N",
    "N on",
    "N-N",
    "N/N",
    "N,N",
    "mode inline segs N",
];

const ADDRESSES: [&str; 3] = ["10.0.0.1", "2001:db8::1", "02:00:00:00:00:01"];

fn command(line: &str) -> Option<Command> {
    ip::read(&words::split(line).unwrap()).command.ok()
}

/// The commands in which a keyword takes a number, with `N` for it: none if it takes none, or addresses and names.
fn numbered(table: &str, word: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for form in forms(table) {
        let with = |value: &str| form.replace("{}", &format!("{word} {value}"));
        if ADDRESSES
            .iter()
            .any(|address| command(&with(address)).is_some())
        {
            continue;
        }
        let is_number = |line: &String| {
            let all_are = |(at, _): (usize, &str)| {
                let other = format!("{}zz{}", &line[..at], &line[at + 1..]);
                command(&other.replace('N', "1")).is_none()
            };
            command(&line.replace('N', "1")).is_some() && line.match_indices('N').all(all_are)
        };
        lines.extend(NUMBERS.map(with).into_iter().filter(is_number));
    }
    lines
}

/// Whether a number that is large is refused, in whatever form it is said.
fn is_bounded(lines: &[String]) -> bool {
    let largest = ["4294967295", "2147483647", "65535", "256"];
    lines.iter().all(|line| {
        let said = |value: &&str| command(&line.replace('N', value));
        let first = largest.iter().find_map(said);
        first.is_some_and(|command| command.beyond_bound().is_some())
    })
}

fn why_unbounded(table: &str, word: &str) -> Option<&'static str> {
    let rows = UNBOUNDED
        .iter()
        .filter(|(of, words, _)| *of == table && words.contains(&word));
    let mut rows = rows.map(|(.., why)| *why);
    let first = rows.next();
    assert!(rows.next().is_none(), "{table}: {word} is there twice");
    first
}

#[test]
fn every_keyword_with_a_number_has_a_bound_or_a_reason_for_none() {
    let mut missing = Vec::new();
    for (table, words) in tables() {
        if LISTS.contains(&table.as_str()) {
            continue;
        }
        assert!(
            !forms(&table).is_empty(),
            "no command is known for the keywords of {table}"
        );
        for word in words {
            let lines = numbered(&table, word);
            if lines.is_empty() {
                continue;
            }
            let (bounded, why) = (is_bounded(&lines), why_unbounded(&table, word));
            match (bounded, why) {
                (true, None) | (false, Some(_)) => {}
                (true, Some(_)) => missing.push(format!("{table}: {word} has both")),
                (false, None) => {
                    missing.push(format!("{table}: {word} has neither: {:?}", lines.first()))
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_reason_for_none_is_of_a_keyword_that_takes_a_number() {
    for (table, words, why) in UNBOUNDED {
        for word in *words {
            assert!(!numbered(table, word).is_empty(), "{table}: {word}: {why}");
        }
    }
}

fn judged(line: &str) -> Option<Beyond> {
    command(line)
        .unwrap_or_else(|| panic!("{line} is no command"))
        .beyond_bound()
}

#[test]
fn each_bound_is_the_last_number_that_is_taken() {
    for bound in table::BOUNDS.iter().filter(|bound| bound.word != "nexthop") {
        let lines = numbered(bound.table, bound.word);
        let line = lines
            .first()
            .unwrap_or_else(|| panic!("{}: {} takes no number", bound.table, bound.word));
        assert_eq!(
            judged(&line.replace('N', &bound.most.to_string())),
            None,
            "{line}"
        );
        let more = line.replace('N', &(bound.most + 1).to_string());
        // What the width of the attribute keeps out is no command.
        if command(&more).is_some() {
            assert_eq!(
                judged(&more).map(|beyond| beyond.bound),
                Some(bound),
                "{more}"
            );
        }
        assert!(
            !bound.why.is_empty() && bound.source.contains(".c: "),
            "{bound:?}"
        );
    }
}

#[test]
fn ways_of_a_route_are_counted() {
    let route = |ways: usize| format!("route add 10.0.0.0/8{}", " nexthop dev eth0".repeat(ways));
    assert_eq!(judged(&route(32)), None);
    assert_eq!(judged(&route(33)).map(|beyond| beyond.given), Some(33));
}

#[test]
fn no_form_of_a_command_gets_a_number_past_its_bound() {
    for line in [
        "link add i0 numtxqueues 64 txqueuelen 500000 type ifb",
        "link add v0 numtxqueues 4096 type veth peer v1",
        "link add v0 type veth peer v1 numrxqueues 4096",
        "link add v0 type veth peer v1 txqlen 10001",
        "link replace v0 numt 17 type dummy",
        "link change eth0 qlen 10001",
        "link set group 0 txqueuelen -1",
        "link set eth0 txqueuelen 0x2711",
        "link set e0 type macvlan bcq 1001",
        "link add link e0 type macvlan bcqueuelen 4294967295",
        "link set v5 type vlan egress-qos-map 1:1 256:1",
        "link set br0 type bridge mcast_hash_m 4097",
        "route replace default nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a \
         nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a \
         nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a \
         nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a nexthop dev a \
         nexthop dev a nexthop dev a nexthop dev a",
    ] {
        assert!(judged(line).is_some(), "{line}");
    }
}

#[test]
fn a_refusal_says_what_was_asked_the_bound_why_and_what_to_write() {
    let beyond = judged("link add i0 numtxqueues 64 txqueuelen 500000 type ifb").unwrap();
    assert_eq!(
        beyond.to_string(),
        "numtxqueues may be 16 at most, not 64: each queue has a queueing discipline and a folder of files, made while RTNL is held"
    );
    assert_eq!(
        beyond.remedy(),
        "write numtxqueues 16, or less; no profile and no configuration allows more"
    );
    let beyond = judged("link set v5 type vlan egress-qos-map 1:1 70000:1").unwrap();
    assert_eq!(
        beyond.to_string(),
        "a priority of egress-qos-map may be 255 at most, not 70000: each priority has an entry of its own, which stays as long as the device"
    );
    assert_eq!(
        beyond.remedy(),
        "write 255 or less as a priority of egress-qos-map; no profile and no configuration allows more"
    );
}

#[test]
fn the_guide_has_every_bound() {
    let guide = include_str!("../../../../docs/policy.md");
    let section = guide.split("### Numbers").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(rows.len(), table::BOUNDS.len());
    for (bound, row) in table::BOUNDS.iter().zip(rows) {
        let Bound { word, most, .. } = bound;
        let told =
            row.starts_with(&format!("| `{word}` | ")) && row.contains(&format!(" | {most}"));
        assert!(told, "{row}: {bound:?}");
    }
}
