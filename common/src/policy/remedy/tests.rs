use super::super::tests::{command, subject};
use super::*;
use crate::config::Config;
use crate::plan::{Author, Draft, Fault, Judged};
use crate::pod::Entrance;
use crate::tokens::Surroundings;
use crate::value;

fn policy(text: &str) -> Policy {
    Policy::of(&Config::parse(text, "c.toml").unwrap(), "c.toml")
}

fn is_allowed(policy: &Policy, subject: &Subject, line: &str) -> bool {
    let judged = policy.judge(subject, Author::Pod, &command(line));
    judged.is_ok()
}

/// What is said of commands that one rule denies.
fn remedy(text: &str, subject: &Subject, lines: &[&str]) -> String {
    let commands: Vec<Command> = lines.iter().map(|line| command(line)).collect();
    let denial = policy(text)
        .judge(subject, Author::Pod, &commands[0])
        .unwrap_err();
    policy(text).remedy(subject, &denial, &commands.iter().collect::<Vec<_>>())
}

fn number(said: &str, before: &str) -> Option<usize> {
    let (_, rest) = said.rsplit_once(before)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The configuration as somebody makes it who does what is said, to the letter.
fn followed(text: &str, said: &str) -> String {
    let (said, what) = said.split_once('\n').unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let end = |from: usize| {
        let next = lines
            .iter()
            .skip(from)
            .position(|line| line.starts_with('['));
        next.map_or(lines.len(), |next| from + next)
    };
    let into_list = |key: &str, line: usize| {
        let own = (line..end(line)).find(|place| lines[*place].starts_with(key));
        own.map(|place| (place, lines[place].replace(']', &format!(", {what}]"))))
    };
    let before = |before: &str| number(said, before);
    if let Some(line) = before("change line ") {
        lines[line - 1] = what.to_owned();
    } else if let Some(line) = before("add to the prefixes of the rule at line ") {
        let (place, line) = into_list("prefixes", line).unwrap();
        lines[place] = line;
    } else if let Some(line) = before("add to the allow of the rule at line ") {
        let (place, line) = into_list("allow", line).unwrap();
        lines[place] = line;
    } else if let Some(line) = before("add to the rule at line ") {
        lines.insert(end(line), what.to_owned());
    } else if let Some(line) = before("add behind the rule at line ") {
        lines.insert(end(line), what.to_owned());
    } else if let Some(line) = before("add before the rule at line ") {
        lines.insert(line - 1, what.to_owned());
    } else {
        assert!(said.ends_with("add to c.toml:"), "{said}");
        lines.push(what.to_owned());
    }
    lines.join("\n")
}

const SPLIT: &str = "\
[[rule]]
namespaces = [\"team-a\"]
profile = \"route\"
[[rule]]
namespaces = [\"*\"]
allow = [\"link set * mtu\"]
";

const FENCED: &str = "\
[[rule]]
namespaces = [\"team-*\"]
prefixes = [\"10.0.0.0/8\"]
profile = \"route\"
";

#[test]
fn what_a_rule_for_all_gives_is_repeated_for_the_one_namespace_behind_it() {
    assert_eq!(
        remedy(
            SPLIT,
            &subject("team-a"),
            &["route add 10.0.0.0/24 dev eth0"]
        ),
        "the rule at line 1 would allow it, but the rule at line 4 comes later and decides; to allow it, \
         add behind the rule at line 4 of c.toml (the last grant decides, so it repeats that one's allow):\n\
         [[rule]]\nnamespaces = [\"team-a\"]\nprofile = \"route\"\nallow = [\"link set * mtu\"]"
    );
    assert_eq!(
        remedy(
            SPLIT,
            &subject("team-b"),
            &["route add 10.0.0.0/24 dev eth0"]
        ),
        "to allow it, add behind the rule at line 4 of c.toml (the last grant decides, so it repeats that one's allow):\n\
         [[rule]]\nnamespaces = [\"team-b\"]\nallow = [\"link set * mtu\", \"route add 10.0.0.0/24 dev eth0\"]"
    );
}

#[test]
fn a_fence_of_prefixes_is_told_and_widened_by_what_was_asked_alone() {
    assert_eq!(
        remedy(
            FENCED,
            &subject("team-b"),
            &["route add 172.16.0.0/24 dev eth0"]
        ),
        "the rule at line 1 keeps team-b to 10.0.0.0/8, and this lies outside; if that is meant, \
         add before the rule at line 1 of c.toml:\n\
         [[rule]]\nnamespaces = [\"team-b\"]\nprefixes = [\"172.16.0.0/24\"]\nprofile = \"route\""
    );
    let own = FENCED.replace("team-*", "team-b");
    assert_eq!(
        remedy(
            &own,
            &subject("team-b"),
            &["route add 172.16.0.0/16 via 10.0.0.1"]
        ),
        "the rule at line 1 keeps team-b to 10.0.0.0/8, and this lies outside; if that is meant, \
         add to the prefixes of the rule at line 1 of c.toml:\n\"172.16.0.0/16\""
    );
    // What cannot lie within prefixes is granted by itself.
    assert_eq!(
        remedy(
            &own,
            &subject("team-b"),
            &["route add default via 192.0.2.1 dev eth0"]
        ),
        "the rule at line 1 keeps team-b to 10.0.0.0/8, and this cannot be seen to lie within; if that is meant, \
         add before the rule at line 1 of c.toml:\n\
         [[rule]]\nnamespaces = [\"team-b\"]\nallow = [\"route add default via 192.0.2.1 dev eth0\"]"
    );
}

#[test]
fn a_fence_that_is_no_prefix_is_told_too() {
    let rule =
        |keys: &str| format!("[[rule]]\nnamespaces = [\"team-*\"]\n{keys}\nprofile = \"route\"\n");
    let mut known = subject("team-b");
    known.pod.as_mut().unwrap().labels = Some([("role".into(), "web".into())].into());
    let line = "route add 10.0.0.0/24 dev eth0";
    for (keys, who, why, written) in [
        (
            "entrance = \"nri\"",
            &known,
            "it is for entrance nri",
            "entrance = \"cni\"\nprofile = \"route\"",
        ),
        (
            "interfaces = [\"net*\"]",
            &known,
            "interfaces net* do not name eth0",
            "interfaces = [\"eth0\"]\nprofile = \"route\"",
        ),
        (
            "labels = { role = \"db\" }",
            &known,
            "label role has to be db, it is web",
            "allow = [\"route add 10.0.0.0/24 dev eth0\"]",
        ),
        (
            "labels = { role = \"db\" }",
            &subject("team-b"),
            "the pod's labels are not known at this entrance",
            "allow = [\"route add 10.0.0.0/24 dev eth0\"]",
        ),
    ] {
        assert_eq!(
            remedy(&rule(keys), who, &[line]),
            format!(
                "the rule at line 1 would allow it, but {why}; if it is meant all the same, \
                 add before the rule at line 1 of c.toml:\n[[rule]]\nnamespaces = [\"team-b\"]\n{written}"
            ),
            "{keys}"
        );
    }
}

#[test]
fn what_a_pattern_has_to_name_is_the_command_in_full() {
    let rules = "[[rule]]\nnamespaces = [\"a\"]\nallow = [\"rule add\"]\n";
    assert_eq!(
        remedy(
            rules,
            &subject("a"),
            &["rule add from 10.0.0.0/8 pref 0 table 100"]
        ),
        "to allow it, add to the allow of the rule at line 1 of c.toml:\n\
         \"rule add from 10.0.0.0/8 priority 0 table 100\""
    );
}

#[test]
fn a_rule_for_one_namespace_alone_is_changed_where_its_profile_stands() {
    let rules = "[[rule]]\nnamespaces = [\"a\"]\nprofile = \"route\"\n";
    assert_eq!(
        remedy(rules, &subject("a"), &["link set eth0 mtu 9000"]),
        "to allow it, change line 3 of c.toml to:\nprofile = \"net-admin\""
    );
    assert_eq!(
        remedy(
            "",
            &subject("a"),
            &[
                "route add default via 192.0.2.1 dev eth0",
                "link set eth0 up"
            ]
        ),
        "to allow it, add to c.toml:\n[[rule]]\nnamespaces = [\"a\"]\nprofile = \"net-admin\""
    );
    // But not where that would tear down what another rule keeps it to.
    let said = remedy(
        &format!("{FENCED}[[rule]]\nnamespaces = [\"team-b\"]\nprofile = \"inspect\"\n"),
        &subject("team-b"),
        &["route add 10.1.0.0/24 dev eth0"],
    );
    assert!(
        said.ends_with(
            "\n[[rule]]\nnamespaces = [\"team-b\"]\nprefixes = [\"10.1.0.0/24\"]\nprofile = \"route\""
        ),
        "{said}"
    );
}

#[test]
fn each_rule_that_denies_commands_has_one_advice() {
    let rules = "\
[[rule]]
namespaces = [\"a\"]
profile = \"route\"
[[rule]]
namespaces = [\"a\"]
prefixes = [\"10.0.0.0/8\"]
profile = \"inspect\"
";
    let lines = value::lines(
        "ip route add 10.1.0.0/24 dev eth0\nip link set eth0 up\nip route add 10.2.0.0/24 dev eth0\nip link set eth0 down",
    );
    let mut draft = Draft::default();
    draft.extend("k", Author::Pod, lines.unwrap(), &Surroundings::default());
    let judged = draft.approve(&policy(rules), &subject("a")).unwrap_err();
    let told: Vec<Option<&str>> = judged
        .iter()
        .map(|one| match one {
            Judged::Wrong(_, Fault::Denied { remedy, .. }) => remedy.as_deref(),
            other => panic!("{other:?}"),
        })
        .collect();
    let [Some(first), Some(second), None, None] = told[..] else {
        panic!("{told:?}");
    };
    assert!(first.ends_with("profile = \"route\""), "{first}");
    assert!(
        second.ends_with("allow = [\"link set dev eth0 up\", \"link set dev eth0 down\"]"),
        "{second}"
    );
}

/// Whoever does what is said has the command allowed, takes nothing from anybody, and gives nothing to another
/// namespace, pod or entrance.
#[test]
fn what_is_said_can_be_done_and_gives_no_more() {
    let rule = |who: &str, keys: &str| format!("[[rule]]\nnamespaces = [{who}]\n{keys}\n");
    let one: Vec<String> = [
        "\"team-a\"",
        "\"team-*\"",
        "\"*\"",
        "\"team-a\", \"team-b\"",
    ]
    .iter()
    .flat_map(|who| {
        [
            "profile = \"inspect\"",
            "profile = \"route\"",
            "allow = [\"link set * mtu\"]",
            "profile = \"route\"\nallow = [\"rule add\"]",
            "prefixes = [\"10.0.0.0/8\"]\nprofile = \"route\"",
            "prefixes = [\"10.0.0.0/8\"]\nprofile = \"inspect\"",
            "labels = { role = \"db\" }\nprofile = \"route\"",
            "labels = { role = \"web\" }\nprofile = \"route\"",
            "entrance = \"nri\"\nprofile = \"net-admin\"",
            "interfaces = [\"net*\"]\nprofile = \"net-admin\"",
        ]
        .map(|keys| rule(who, keys))
    })
    .collect();
    let mut texts = vec![String::new()];
    texts.extend(one.iter().cloned());
    for first in &one {
        texts.extend(one.iter().map(|second| format!("{first}{second}")));
    }
    let lines = [
        "route add 10.1.0.0/24 dev eth0",
        "route add 172.16.0.0/16 via 10.0.0.1",
        "route add default via 192.0.2.1 dev eth0",
        "link set eth0 mtu 9000",
        "link set eth0 up",
        "rule add from 10.0.0.0/8 priority 0 table 100",
        "address add 192.0.2.1/24 dev eth0",
        "route flush table 100",
    ];
    let (pod, stranger) = (labelled("team-a"), labelled("team-b"));
    let at_nri = Subject {
        entrance: Entrance::Nri,
        ..pod.clone()
    };
    let at_lan = Subject {
        interface: Some("lan0".into()),
        ..pod.clone()
    };
    let mut told = 0;
    for text in &texts {
        let old = policy(text);
        for line in lines
            .into_iter()
            .filter(|line| !is_allowed(&old, &pod, line))
        {
            let said = remedy(text, &pod, &[line]);
            assert!(said.len() < 600, "{said}");
            let followed = followed(text, &said);
            let new = policy(&followed);
            let context = format!("{line}\n{text}\n=> {said}\n=> {followed}");
            assert!(is_allowed(&new, &pod, line), "{context}");
            for other in lines {
                let is = [&old, &new].map(|policy| is_allowed(policy, &pod, other));
                assert!(is != [true, false], "takes {other}: {context}");
                let is = [&old, &new].map(|policy| is_allowed(policy, &stranger, other));
                assert_eq!(is[0], is[1], "{other}: {context}");
            }
            if text.contains("prefixes") {
                let outside = "route add 198.51.100.0/24 dev eth0";
                let is = [&old, &new].map(|policy| is_allowed(policy, &pod, outside));
                assert_eq!(is[0], is[1], "{outside}: {context}");
            }
            if text.contains("entrance") {
                let is = [&old, &new].map(|policy| is_allowed(policy, &at_nri, line));
                assert_eq!(is[0], is[1], "{line} at nri: {context}");
            }
            if text.contains("interfaces") {
                let is = [&old, &new].map(|policy| is_allowed(policy, &at_lan, line));
                assert_eq!(is[0], is[1], "{line} at lan0: {context}");
            }
            told += 1;
        }
    }
    assert!(told > 5000, "{told}");
}

fn labelled(namespace: &str) -> Subject {
    let mut subject = subject(namespace);
    let pod = subject.pod.as_mut().unwrap();
    pod.labels = Some([("role".into(), "web".into())].into());
    subject
}
