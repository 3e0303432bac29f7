use super::*;
use crate::pod::{Entrance, Pod};
use crate::{ip, words};

pub fn command(line: &str) -> Command {
    ip::read(&words::split(line).unwrap()).command.unwrap()
}

pub fn subject(namespace: &str) -> Subject {
    let pod = Pod {
        namespace: namespace.into(),
        name: "p".into(),
        uid: None,
        labels: None,
    };
    Subject {
        pod: Some(pod),
        sandbox: None,
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some("eth0".into()),
        mtu: Some(1500),
        netns: None,
    }
}

fn policy(text: &str) -> Policy {
    Policy::of(&Config::parse(text, "c.toml").unwrap(), "c.toml")
}

fn judged(policy: &Policy, subject: &Subject, line: &str) -> Result<(), Denial> {
    policy.judge(subject, Author::Pod, &command(line)).map(drop)
}

#[test]
fn without_a_rule_a_namespace_may_look_and_nothing_else() {
    let policy = policy("");
    assert!(
        policy
            .judge(&subject("default"), Author::Pod, &command("route show"))
            .is_ok()
    );
    let denial = policy
        .judge(
            &subject("default"),
            Author::Pod,
            &command("route del default"),
        )
        .unwrap_err();
    assert_eq!(
        denial.to_string(),
        "profile inspect does not allow this, it needs profile route (no rule in c.toml names namespace default)"
    );
    let remedy = policy.remedy(
        &subject("default"),
        &denial,
        &[&command("route del default")],
    );
    assert!(
        remedy.ends_with(
            "[[rule]]
namespaces = [\"default\"]
profile = \"route\""
        ),
        "{remedy}"
    );
}

#[test]
fn the_last_rule_that_names_a_namespace_counts() {
    let policy = policy(
        "[[rule]]\nnamespaces = [\"a\", \"b\"]\nprofile = \"net-admin\"\n[[rule]]\nnamespaces = [\"a\"]\nprofile = \"inspect\"\n",
    );
    let denied = judged(&policy, &subject("a"), "link set eth0 up").unwrap_err();
    assert!(
        denied.to_string().ends_with("(rule at line 4 of c.toml)"),
        "{denied}"
    );
    assert!(judged(&policy, &subject("b"), "link set eth0 up").is_ok());
    assert!(judged(&policy, &subject("c"), "route add default dev eth0").is_err());
}

#[test]
fn an_explanation_says_which_rule_goes_for_shared_devices() {
    let told = |keys: &str, line: &str| {
        let tried = with(keys).tried(&subject("a"), Author::Pod, &command(line));
        tried[0].says.clone()
    };
    let granted = "profile = \"net-admin\"\nshared = true";
    let line = "link set eth0 promisc on";
    assert_eq!(
        told(granted, line),
        "allows it: profile net-admin, it needs net-admin, on shared devices too"
    );
    assert_eq!(
        told("profile = \"net-admin\"", line),
        "allows it: profile net-admin, it needs net-admin"
    );
    assert_eq!(
        told(granted, "route del default"),
        "allows it: profile net-admin, it needs route"
    );
}

const ALL: &str = "[[rule]]\nnamespaces = [\"*\"]\n";

fn with(keys: &str) -> Policy {
    policy(&format!("{ALL}{keys}\n"))
}

#[test]
fn each_selector_narrows_and_what_is_not_known_grants_nothing() {
    let labelled = |labels: Option<&[(&str, &str)]>| {
        let mut subject = subject("team-a");
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        subject.pod.as_mut().unwrap().labels = labels.map(|all| all.iter().map(owned).collect());
        subject
    };
    let at = |entrance, interface: Option<&str>| Subject {
        entrance,
        interface: interface.map(str::to_owned),
        ..labelled(Some(&[("role", "db"), ("tier", "1")]))
    };
    let plain = at(Entrance::Cni, Some("net1"));
    for (keys, subject, granted) in [
        ("", &plain, true),
        ("labels = {role = \"db\"}", &plain, true),
        ("labels = {role = \"db\", tier = \"1\"}", &plain, true),
        ("labels = {role = \"db\", tier = \"2\"}", &plain, false),
        ("labels = {role = \"db\"}", &labelled(Some(&[])), false),
        ("labels = {role = \"db\"}", &labelled(None), false),
        ("entrance = \"cni\"", &plain, true),
        ("entrance = \"nri\"", &plain, false),
        ("entrance = \"nri\"", &at(Entrance::Nri, None), true),
        ("interfaces = [\"net?\"]", &plain, true),
        ("interfaces = [\"eth*\", \"net1\"]", &plain, true),
        ("interfaces = [\"eth*\"]", &plain, false),
        ("interfaces = [\"*\"]", &at(Entrance::Cni, None), false),
    ] {
        let policy = with(&format!("profile = \"route\"\n{keys}"));
        let is = judged(&policy, subject, "route add default dev eth0").is_ok();
        assert_eq!(is, granted, "{keys}");
    }
    let nobody = Subject {
        pod: None,
        ..subject("a")
    };
    let policy = with("profile = \"net-admin\"");
    assert!(judged(&policy, &nobody, "route add default dev eth0").is_err());
    assert!(judged(&policy, &nobody, "route").is_ok());
}

#[test]
fn a_denial_is_final_and_holds_where_labels_are_not_known() {
    let two = |first: &str, second: &str| policy(&format!("{ALL}{first}\n{ALL}{second}\n"));
    for policy in [
        two("deny = [\"route * default\"]", "profile = \"net-admin\""),
        two("profile = \"net-admin\"", "deny = [\"route * default\"]"),
        two(
            "profile = \"net-admin\"",
            "labels = {role = \"db\"}\ndeny = [\"route * default\"]",
        ),
    ] {
        let denied = judged(&policy, &subject("a"), "ip r a 0/0 dev eth0").unwrap_err();
        assert!(matches!(denied, Denial::Final { .. }), "{denied}");
        // One that only denies leaves the rest to the others.
        assert!(judged(&policy, &subject("a"), "link set eth0 up").is_ok());
    }
    let policy = two("profile = \"route\"", "deny = [\"route add default\"]");
    let denied = judged(&policy, &subject("a"), "route add default dev eth0").unwrap_err();
    assert_eq!(
        denied.to_string(),
        "deny \"route add default\" at line 6 of c.toml hits \"route add default\""
    );
    assert_eq!(
        policy.remedy(&subject("a"), &denied, &[]),
        "no rule can allow it while line 6 of c.toml denies it; allowed besides is profile route (rule at line 1 of c.toml)"
    );
    assert!(
        policy
            .judge(
                &subject("a"),
                Author::Operator,
                &command("route add default dev eth0")
            )
            .is_ok()
    );
}

#[test]
fn a_pattern_of_a_rule_is_granted_beside_its_profile() {
    let policy = with("allow = [\"link set * mtu\", \"route add\"]");
    assert!(judged(&policy, &subject("a"), "link set eth0 mtu 9000").is_ok());
    assert!(judged(&policy, &subject("a"), "route add default dev eth0").is_ok());
    let denied = judged(&policy, &subject("a"), "link set eth0 mtu 9000 promisc on").unwrap_err();
    assert_eq!(
        denied.to_string(),
        "profile inspect does not allow this, it needs profile net-admin (rule at line 1 of c.toml; allow \"link set * mtu\": it does not name \"promisc on\")"
    );
    let denied = judged(&policy, &subject("a"), "route add local 192.0.2.1 dev lo").unwrap_err();
    assert!(
        denied
            .to_string()
            .contains("no more than profile route does: name each of local, dev"),
        "{denied}"
    );
}

#[test]
fn a_rule_with_prefixes_speaks_of_what_lies_within_them() {
    let policy = with("profile = \"net-admin\"\nprefixes = [\"10.0.0.0/8\", \"2001:db8::/32\"]");
    for line in [
        "route add 10.1.0.0/16 dev eth0",
        "route add 10.1/16 via 10.0.0.1",
        "route replace 2001:db8:1::/48 via 2001:db8::1 dev eth0",
        "address add 10.0.0.1/8 dev eth0",
        "rule add from 10.1.0.0/16 table 100",
        "rule add to 10.1.0.0/16 from 10.2.0.0/16",
        "neigh add 10.0.0.9 lladdr 02:00:00:00:00:01 dev eth0",
        "route show",
        "link",
    ] {
        assert!(judged(&policy, &subject("a"), line).is_ok(), "{line}");
    }
    for line in [
        "route add default via 10.0.0.1",
        "route add 0.0.0.0/1 via 10.0.0.1",
        "route add 11.0.0.0/8 dev eth0",
        "route add 10.0.0.0/7 dev eth0",
        "route add 10.1.0.0/16 via 192.0.2.1",
        "route add 10.1.0.0/16 nhid 5",
        "route add 10.1.0.0/16 nexthop via 10.0.0.1 nexthop via 192.0.2.1",
        "route add 10.1.0.0/16 encap ip id 5 dst 192.0.2.1 dev eth0",
        "route add 10.1.0.0/16 encap seg6 mode encap segs 2001:db8::1,2001:db9::1 dev eth0",
        "route flush 10.0.0.0/8",
        "route flush table 100",
        "address add 10.0.0.1/7 dev eth0",
        "address add 192.0.2.1/24 dev eth0",
        "address add 10.0.0.1 peer 192.0.2.1 dev eth0",
        "address flush dev eth0",
        "rule add table 100",
        "rule add not from 10.0.0.0/8 table 100",
        "rule add from all table 100",
        "rule add from 10.0.0.0/8 to all",
        "rule flush",
        "neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev eth0",
        "link set eth0 up",
    ] {
        assert!(judged(&policy, &subject("a"), line).is_err(), "{line}");
    }
    // A denial holds for whatever is not wholly outside.
    let policy = policy_of_metadata();
    for (line, granted) in [
        ("route add 192.0.2.0/24 dev eth0", true),
        ("route add 169.254.169.254 dev eth0", false),
        ("route add 169.254.0.0/16 dev eth0", false),
        ("route add default dev eth0", false),
        ("route del 128.0.0.0/1 dev eth0", false),
        ("route flush table main", false),
        ("route", true),
        ("route get 169.254.169.254", false),
    ] {
        assert_eq!(
            judged(&policy, &subject("a"), line).is_ok(),
            granted,
            "{line}"
        );
    }
}

fn policy_of_metadata() -> Policy {
    let deny = "prefixes = [\"169.254.169.254/32\"]\ndeny = [\"route *\"]";
    policy(&format!("{ALL}profile = \"net-admin\"\n{ALL}{deny}\n"))
}

#[test]
fn every_rule_is_explained() {
    let policy = policy(&format!(
        "{ALL}profile = \"route\"\n[[rule]]\nnamespaces = [\"b\"]\nprofile = \"net-admin\"\n{ALL}deny = [\"link *\"]\n"
    ));
    let tried = policy.tried(
        &subject("a"),
        Author::Pod,
        &command("route add default dev eth0"),
    );
    let told: Vec<_> = tried
        .iter()
        .map(|one| (one.line, one.decides, one.says.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(1), true, "allows it: profile route, it needs route"),
            (Some(4), false, "does not apply: namespaces b do not name a"),
            (
                Some(7),
                false,
                "grants nothing, and no pattern of its deny hits"
            ),
        ]
    );
    let tried = Policy::of(&Config::default(), "c.toml").tried(
        &subject("a"),
        Author::Pod,
        &command("link set eth0 up"),
    );
    assert_eq!(
        tried[0].says,
        "without a rule, profile inspect does not allow it, it needs profile net-admin"
    );
}

#[test]
fn without_a_policy_no_rule_is_said_to_have_allowed_anything() {
    let policy = Policy::of_the_caller();
    let tried = policy.tried(&subject("a"), Author::Pod, &command("link set eth0 down"));
    let says: Vec<&str> = tried.iter().map(|tried| tried.says.as_str()).collect();
    assert_eq!(says, ["no policy was given: only the words are checked"]);
}
