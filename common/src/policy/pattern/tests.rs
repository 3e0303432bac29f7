//! What patterns cover and hit, by example, by the whole corpus, and by chance.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::policy::keywords::{Keywords, parts};
use crate::policy::tests::command;
use crate::{ip, words};

fn covers(pattern: &str, line: &str) -> bool {
    let command = command(line);
    let full = Full::of(&command.action).unwrap();
    let pattern = Pattern::read(pattern, 1).unwrap();
    pattern.covers(&full, Profile::needed(&command)).is_ok()
}

fn hits(pattern: &str, line: &str) -> bool {
    let full = Full::of(&command(line).action).unwrap();
    Pattern::read(pattern, 1).unwrap().hits(&full).is_some()
}

#[test]
fn an_allow_pattern_covers_what_it_names_and_nothing_more() {
    for (pattern, line, is) in [
        ("route add", "r a 10/8 via 10.0.0.1 metric 5", true),
        ("route add", "route del 10/8", false),
        ("route add", "route add table local 10/8 dev lo", false),
        ("route add", "route add 10/8 encap mpls 5 dev eth0", false),
        (
            "route add default",
            "route add default via 10.0.0.1 dev eth0",
            true,
        ),
        ("route add 0.0.0.0/0", "route add default dev eth0", true),
        ("route add default", "route add 0/0 dev eth0", true),
        ("route add 10/8", "route add 10.0.0.0/8 dev eth0", true),
        ("addr add 10/8", "addr add 10.0.0.1/8 dev eth0", false),
        ("route add default", "route add 10/8 dev eth0", false),
        ("route add * dev *", "route add 10/8 dev eth0", true),
        (
            "route add * dev *",
            "route add 10/8 via 10.0.0.1 dev eth0",
            false,
        ),
        ("route add * dev *", "route add 10/8 via 10.0.0.1", false),
        ("route add dev eth0", "route add 10/8 dev eth0", true),
        (
            "route add * dev eth0",
            "route add blackhole 10/8 dev eth0",
            false,
        ),
        ("route add blackhole *", "route add blackhole 10/8", true),
        (
            "route add * dev * table *",
            "route add 10/8 dev lo table local",
            false,
        ),
        (
            "route add * dev * table 7",
            "route add 10/8 dev lo t 7",
            true,
        ),
        (
            "route add * dev * mtu",
            "route add 10/8 dev lo mtu lock 1400",
            false,
        ),
        (
            "route add * dev * mtu lock 1400",
            "route add 10/8 dev lo mtu lock 1400",
            true,
        ),
        ("route * *", "route replace 10/8 dev lo", true),
        (
            "route add * nexthop dev eth0",
            "route add 10/8 nexthop dev eth0 nexthop dev eth0",
            true,
        ),
        (
            "route add * nexthop dev eth0",
            "route add 10/8 nexthop dev eth0 nexthop dev eth1",
            false,
        ),
        ("link set * mtu", "link set eth0 mtu 1400", true),
        ("link set dev * mtu", "link set eth0 mtu 1400", true),
        ("link set eth0 mtu", "l s eth1 mtu 1400", false),
        ("link set * mtu", "link set eth0 up mtu 1400", false),
        ("link set * mtu up", "link set eth0 up mtu 1400", true),
        ("link set * mtu", "link set group 0 mtu 1400", false),
        ("link set * mtu 1400", "link set eth0 mtu 1500", false),
        ("link set eth0", "link set eth0 promisc on", true),
        ("link set", "link set eth0 name eth1", true),
        ("link add * type dummy", "link add d0 type dummy", true),
        ("link add * type dummy", "link add d0 type ifb", false),
        (
            "link add * type vlan id * link *",
            "link add link eth0 name v type vlan id 5",
            true,
        ),
        (
            "link add * type vlan id * link *",
            "link add link eth0 name v type vlan id 5 gvrp on",
            false,
        ),
        ("addr add * dev lo", "addr add 192.0.2.1/32 dev lo", true),
        ("addr add * dev lo", "addr add 192.0.2.1/32 dev eth0", false),
        (
            "addr add * dev lo",
            "addr add 192.0.2.1/32 dev lo label lo",
            false,
        ),
        (
            "rule add from * table *",
            "rule add from 10/8 table 100",
            true,
        ),
        ("rule add from * table *", "rule add table 100", false),
        (
            "rule add from * table *",
            "rule add not from 10/8 table 100",
            false,
        ),
        ("rule add", "rule add pref 0 table 100", false),
        (
            "rule add priority 0 table *",
            "rule add pref 0 table 100",
            true,
        ),
        ("neigh add", "neigh add proxy 192.0.2.1 dev eth0", false),
        (
            "link property add dev * altname *",
            "link property add dev eth0 altname x",
            true,
        ),
        (
            "link property del dev * altname *",
            "link property add dev eth0 altname x",
            false,
        ),
    ] {
        assert_eq!(covers(pattern, line), is, "{pattern}: {line}");
    }
}

#[test]
fn a_value_that_looks_like_a_keyword_covers_nothing_more() {
    for (pattern, line) in [
        ("link set * up", "link set dev up up"),
        ("link set * mtu", "link set dev mtu mtu 1400"),
        ("route add * dev *", "route add 10/8 dev via"),
        (
            "route add * dev * via *",
            "route add 10/8 via 10.0.0.1 dev dev",
        ),
    ] {
        assert!(!covers(pattern, line), "{pattern}: {line}");
    }
}

#[test]
fn a_deny_pattern_hits_whatever_else_is_there() {
    for (pattern, line, is) in [
        ("route add default", "r a 0/0 dev eth0", true),
        ("route add default", "route add ::/0 dev eth0", true),
        ("route add default", "-6 route add default dev eth0", true),
        ("route add default", "route add blackhole default", true),
        (
            "route add default",
            "route add default encap mpls 5 dev eth0",
            true,
        ),
        ("route add default", "route replace default dev eth0", true),
        ("route * default", "route replace default dev eth0", true),
        ("route add 10.0.0.0/8", "route add 10/8 dev eth0", true),
        ("route add 10/8", "route add 10.0.0.0/8 dev eth0", true),
        (
            "route add 192.0.2.1",
            "route add 192.0.2.1/32 dev eth0",
            true,
        ),
        ("route *", "route flush cache", true),
        ("route", "route flush cache", true),
        (
            "link set * promisc on",
            "l s mtu 5 promisc on dev eth0",
            true,
        ),
        ("link set * promisc on", "l s promisc off dev eth0", false),
        ("link set mtu up", "l s up dev eth0 mtu 5", true),
        (
            "route add * mtu 1400",
            "route add 10/8 dev eth0 mtu lock 1400",
            true,
        ),
        (
            "route add via 10.0.0.1",
            "route add 10/8 nexthop via 10.0.0.2 nexthop via 10.0.0.1",
            true,
        ),
        (
            "route add via fe80::1",
            "route add 10/8 via inet6 fe80::1 dev eth0",
            true,
        ),
        ("link change * mtu", "link set eth0 mtu 5", true),
        ("link del", "link delete eth0", true),
        ("link set * netns", "link set eth0 up", false),
    ] {
        if pattern.contains("netns") {
            assert!(Pattern::read(pattern, 1).is_err());
            continue;
        }
        assert_eq!(hits(pattern, line), is, "{pattern}: {line}");
    }
}

/// What verbs of an object do to it: a verb that is in none of these is in no test here.
struct Verbs {
    object: &'static str,
    looks: &'static [&'static str],
    makes: &'static [&'static str],
    changes: &'static [&'static str],
    removes: &'static [&'static str],
    /// What stands behind each of them.
    rest: &'static str,
}

const VERBS: [Verbs; 5] = [
    Verbs {
        object: "address",
        looks: &["show"],
        makes: &["add", "change", "replace"],
        changes: &[],
        removes: &["del", "flush"],
        rest: "dev eth0",
    },
    Verbs {
        object: "link",
        looks: &["show"],
        makes: &["add", "replace"],
        changes: &["set", "property"],
        removes: &["delete"],
        rest: "dev eth0",
    },
    Verbs {
        object: "neigh",
        looks: &["show", "get"],
        makes: &["add", "change", "replace"],
        changes: &[],
        removes: &["del", "flush"],
        rest: "dev eth0",
    },
    Verbs {
        object: "route",
        looks: &["show", "get"],
        makes: &["add", "change", "replace", "prepend", "append", "test"],
        changes: &[],
        removes: &["del", "flush"],
        rest: "dev eth0",
    },
    Verbs {
        object: "rule",
        looks: &["show"],
        makes: &["add"],
        changes: &[],
        removes: &["del", "flush"],
        rest: "table 100",
    },
];

/// A command of an object with a verb; its full form has the words that `Verbs` has behind the verb.
fn with_verb(of: &Verbs, verb: &str) -> ip::Command {
    let Verbs { object, rest, .. } = of;
    let line = match (*object, verb) {
        ("address", "add" | "change" | "replace" | "del") => {
            format!("address {verb} 192.0.2.1/24 {rest}")
        }
        ("link", "add" | "replace") => format!("link {verb} {rest} type dummy"),
        ("link", "set") => format!("link set {rest} up"),
        ("link", "property") => format!("link property add {rest} altname x"),
        ("neigh", "add" | "change" | "replace" | "del" | "get") => {
            format!("neigh {verb} 192.0.2.1 {rest}")
        }
        ("route", "get") => "route get 192.0.2.1 oif eth0".to_owned(),
        ("route", verb) if verb != "show" && verb != "flush" => {
            format!("route {verb} 192.0.2.0/24 {rest}")
        }
        ("rule", "flush") => "rule flush".to_owned(),
        _ => format!("{object} {verb} {rest}"),
    };
    command(&line)
}

#[test]
fn a_deny_pattern_that_names_one_verb_of_a_family_hits_its_twins_and_an_allow_pattern_covers_none()
{
    for of in &VERBS {
        let families = [of.looks, of.makes, of.changes, of.removes];
        let all: Vec<&str> = families.concat();
        let mut known = Keywords::of(of.object).unwrap().verbs().to_vec();
        let mut told = all.clone();
        known.sort_unstable();
        told.sort_unstable();
        assert_eq!(known, told, "{}", of.object);
        for named in &all {
            let pattern = Pattern::read(&format!("{} {named}", of.object), 1).unwrap();
            for verb in &all {
                let command = with_verb(of, verb);
                let full = Full::of(&command.action).unwrap();
                assert_eq!((full.object, full.verb.as_str()), (of.object, *verb));
                let are_twins = named == verb
                    || [of.makes, of.removes]
                        .iter()
                        .any(|family| family.contains(named) && family.contains(verb));
                assert_eq!(
                    pattern.hits(&full).is_some(),
                    are_twins,
                    "{pattern}: {verb}"
                );
                let covers = pattern.covers(&full, Profile::Inspect).is_ok();
                assert_eq!(covers, named == verb, "{pattern}: {verb}");
            }
        }
    }
}

#[test]
fn a_deny_pattern_with_words_hits_a_twin_only_where_these_are_there() {
    for (pattern, line, is) in [
        ("link add * type dummy", "link replace d0 type dummy", true),
        ("link add * type dummy", "link replace d0 type ifb", false),
        (
            "route add via 10.0.0.1",
            "route change 10/8 via 10.0.0.1",
            true,
        ),
        (
            "route append default",
            "-6 route test default dev eth0",
            true,
        ),
        ("route add 10/8", "route append 11/8 dev eth0", false),
        (
            "address add 192.0.2.1/24",
            "addr change 192.0.2.1/24 dev eth0",
            true,
        ),
        (
            "neigh add 192.0.2.1",
            "neigh change 192.0.2.1 dev eth0 lladdr 02:00:00:00:00:01",
            true,
        ),
        ("route del dev eth0", "route flush dev eth0", true),
        ("route del dev eth0", "route flush table 7", false),
        ("link set * up", "link add d0 up type dummy", false),
    ] {
        assert_eq!(hits(pattern, line), is, "{pattern}: {line}");
    }
}

/// Every command of the corpus that is one.
fn corpus() -> Vec<ip::Command> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let folders = [folder.join("kernels"), folder];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let lines = files.filter(|path| path.is_file()).flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| {
            ip::read(&words::split(line.trim_start_matches('=')).ok()?)
                .command
                .ok()
        })
        .collect()
}

#[test]
fn no_keyword_of_the_full_form_is_taken_for_a_value() {
    let commands = corpus();
    assert!(commands.len() > 1000, "{}", commands.len());
    for command in commands {
        let text = command.action.to_string();
        let words: Vec<String> = words::split(&text)
            .unwrap()
            .into_iter()
            .map(|word| word.text)
            .collect();
        let keywords = Keywords::of(&words[0]).unwrap();
        assert_eq!(keywords.object(), words[0], "{text}");
        assert!(keywords.verbs().contains(&words[1].as_str()), "{text}");
        let most = usize::from(words[0] != "rule") + usize::from(words[1] == "property");
        let parts = parts(keywords, &words[2..]);
        assert!(parts.start.len() <= most, "{text}: {:?}", parts.start);
        // What follows a kind's option may be many values, and none of them is a word for another option.
        for (keyword, values) in &parts.groups {
            let many = ["ingress-qos-map", "egress-qos-map", "macaddr", "srcport"];
            assert!(
                values.len() <= 2 || many.contains(&keyword.as_str()),
                "{text}: {keyword}"
            );
        }
    }
}

/// Options of each object that a command may get besides.
const MORE: &[(&str, &[&str])] = &[
    (
        "route",
        &[
            "metric 7",
            "via 10.0.0.1",
            "src 10.0.0.2",
            "table 7",
            "onlink",
            "mtu 1400",
            "proto static",
            "scope link",
            "tos 4",
            "realms 5",
            "advmss 1300",
        ],
    ),
    (
        "link",
        &[
            "up",
            "promisc on",
            "mtu 1400",
            "alias x",
            "group 5",
            "nomaster",
            "txqueuelen 7",
            "arp off",
            "address 02:00:00:00:00:01",
        ],
    ),
    (
        "address",
        &[
            "scope link",
            "label eth0",
            "metric 7",
            "noprefixroute",
            "valid_lft forever",
            "broadcast +",
        ],
    ),
    (
        "rule",
        &[
            "from 10.0.0.0/8",
            "to 10.0.0.0/8",
            "fwmark 5",
            "priority 7",
            "not",
            "iif lo",
            "suppress_prefixlength 0",
            "goto 9",
        ],
    ),
    ("neigh", &["nud stale", "router", "use", "protocol static"]),
];

const BASES: &[&str] = &[
    "route add 10.1.0.0/16 dev eth0",
    "route replace default dev eth0",
    "link set dev eth0",
    "address add 192.0.2.1/24 dev eth0",
    "rule add table 100",
    "neigh add 10.0.0.9 dev eth0 lladdr 02:00:00:00:00:01",
];

const PATTERNS: &[&str] = &[
    "route add",
    "route add *",
    "route * default",
    "route add * dev *",
    "route add * dev eth0 via *",
    "route add * dev * metric *",
    "link set",
    "link set * mtu",
    "link set eth0",
    "link set * up",
    "address add * dev *",
    "address add",
    "rule add",
    "rule add table *",
    "rule add from * table 100",
    "neigh add",
    "neigh add * dev * lladdr *",
];

fn line(base: usize, more: &[usize]) -> (String, Vec<&'static str>) {
    let base = BASES[base % BASES.len()];
    let object = base.split(' ').next().unwrap();
    let (_, options) = MORE.iter().find(|(own, _)| *own == object).unwrap();
    let mut chosen: Vec<&str> = more
        .iter()
        .map(|one| options[one % options.len()])
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    (format!("{base} {}", chosen.join(" ")), chosen)
}

fn read(line: &str) -> Option<ip::Command> {
    ip::read(&words::split(line).unwrap()).command.ok()
}

proptest! {
    #[test]
    fn what_an_allow_pattern_does_not_name_turns_no_denial_into_a_grant(
        base in 0..BASES.len(),
        more in proptest::collection::vec(0..20usize, 0..4),
        other in 0..20usize,
        pattern in 0..PATTERNS.len(),
    ) {
        let (short, chosen) = line(base, &more);
        let (long, with) = line(base, &[more.as_slice(), &[other]].concat());
        let added = with.iter().find(|one| !chosen.contains(one));
        let pattern = Pattern::read(PATTERNS[pattern], 1).unwrap();
        let judge = |command: &ip::Command| {
            let full = Full::of(&command.action).unwrap();
            pattern.covers(&full, Profile::needed(command)).is_ok()
        };
        if let (Some(added), Some(short), Some(long)) = (added, read(&short), read(&long)) {
            let keyword = added.split(' ').next().unwrap();
            let names = |word: &str| pattern.words.groups.iter().any(|(own, _)| own == word);
            if judge(&long) && !names(keyword) {
                prop_assert!(judge(&short), "{pattern}: {long}");
            }
            if !pattern.words.groups.is_empty() && judge(&long) {
                prop_assert!(names(keyword), "{pattern}: {long}");
            }
        }
    }

    #[test]
    fn a_deny_pattern_that_hits_a_command_hits_it_with_more_words_in_any_order(
        base in 0..BASES.len(),
        more in proptest::collection::vec(0..20usize, 0..5),
        pattern in 0..PATTERNS.len(),
    ) {
        let (_, chosen) = line(base, &more);
        let base = BASES[base];
        let pattern = Pattern::read(PATTERNS[pattern], 1).unwrap();
        let hit = |line: &str| {
            let command = read(line)?;
            Some(pattern.hits(&Full::of(&command.action)?).is_some())
        };
        let turned: Vec<&str> = chosen.iter().rev().copied().collect();
        let (one, other) = (hit(&format!("{base} {}", chosen.join(" "))), hit(&format!("{base} {}", turned.join(" "))));
        if hit(base) == Some(true) {
            prop_assert!(one != Some(false) && other != Some(false), "{pattern}");
        }
        if one.is_some() && other.is_some() {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn a_deny_pattern_hits_every_abbreviation(object in 1..6usize, verb in 1..4usize, net in 0..3usize) {
        let net = ["default", "0/0", "0.0.0.0/0"][net];
        let line = format!("{} {} {net} dev eth0", &"route"[..object.min(5)], &"add"[..verb.min(3)]);
        if let Some(command) = read(&line) {
            let full = Full::of(&command.action).unwrap();
            if full.object == "route" {
                prop_assert!(Pattern::read("route add default", 1).unwrap().hits(&full).is_some(), "{line}");
            }
        }
    }
}
