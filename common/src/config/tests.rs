use super::*;
use crate::policy::Profile;

fn error(text: &str) -> String {
    Config::parse(text, "c.toml").unwrap_err().to_string()
}

#[test]
fn reads_rules_with_their_lines() {
    let config = Config::parse(
        "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n",
        "c.toml",
    )
    .unwrap();
    assert_eq!(config.rules[0].line, 3);
    assert_eq!(config.rules[0].profile, Some(Profile::Route));
    assert_eq!(config.failure.unknown, OnFailure::Fail);
    assert_eq!(Config::parse("", "c.toml").unwrap(), Config::default());
}

#[test]
fn the_sample_is_what_a_node_may_have() {
    let sample = include_str!("../../../deployments/config.toml");
    let config = Config::parse(sample, "config.toml").unwrap();
    assert_eq!(config.rules.len(), 1);
    assert_eq!(config.failure, Failure::default());
    assert_eq!(config.hooks, Hooks::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.cluster, Cluster::default());
}

#[test]
fn an_unknown_key_names_the_nearest_and_its_line() {
    let said = error("[[rule]]\nnamespace = [\"default\"]\nprofile = \"route\"\n");
    assert!(
        said.starts_with("c.toml line 2: unknown key namespace, did you mean namespaces?"),
        "{said}"
    );
    assert!(error("[failure]\ncnii = \"fail\"\n").contains("did you mean cni?"));
    let said = error("[hooks.cni]\nguards = true\n");
    assert!(
        said.contains("line 2: unknown key guards, did you mean guard?"),
        "{said}"
    );
    let said = error("[hooks.nri]\nruntime_handler = []\n");
    assert!(
        said.contains("line 2: unknown key runtime_handler, did you mean runtime_handlers?"),
        "{said}"
    );
    assert!(error("\nfrob = 1\n").contains(
        "line 2: unknown key frob, known are mode, rule, apply, values, limits, failure, hooks, cluster, log"
    ));
}

#[test]
fn a_wrong_value_names_its_line() {
    assert!(error("[[rule]]\nnamespaces = [\"a\"]\nprofile = \"root\"\n").contains("line 3"));
    assert!(error("[hooks.cni]\nguard = \"yes\"\n").contains("line 2"));
    assert!(error("[[rule]\n").contains("line 1"));
    assert!(error("[[rule]]\nnamespaces = [\"a\"]\n").contains("profile"));
}

#[test]
fn wrong_selectors_patterns_and_prefixes_name_their_line() {
    for (key, line, said) in [
        ("namespaces = []", 1, "names no namespace"),
        ("namespaces = [\"A\"]", 2, "no glob"),
        ("namespaces = [\"\"]", 2, "no name of a namespace"),
        ("namespaces = [\"a\"]\nentrance = \"cli\"", 3, "no entrance"),
        (
            "namespaces = [\"a\"]\ninterfaces = [\"a b\"]",
            3,
            "no name of an interface",
        ),
        (
            "namespaces = [\"a\"]\nprefixes = [\n\"10.0.0.0/8\",\n\"10/8\"]",
            5,
            "no prefix",
        ),
        (
            "namespaces = [\"a\"]\nprefixes = [\"10.0.0.1/8\"]",
            3,
            "behind its length",
        ),
        (
            "namespaces = [\"a\"]\nallow = [\"rout add\"]",
            3,
            "did you mean route?",
        ),
        (
            "namespaces = [\"a\"]\nallow = [\"route ad\"]",
            3,
            "did you mean add?",
        ),
        (
            "namespaces = [\"a\"]\nallow = [\"link set * mtuu 1400\"]",
            3,
            "did you mean mtu?",
        ),
        (
            "namespaces = [\"a\"]\ndeny = [\"rule add pref 100\"]",
            3,
            "no keyword of rule",
        ),
        (
            "namespaces = [\"a\"]\ndeny = [\"route add * priority 5\"]",
            3,
            "no keyword of route",
        ),
        (
            "namespaces = [\"a\"]\nlabel = {}",
            3,
            "did you mean labels?",
        ),
        ("namespaces = [\"a\"]\nlabels = {a = 1}", 3, "string"),
    ] {
        let text = format!("[[rule]]\n{key}\n")
            + if key.contains("allow") {
                ""
            } else {
                "profile = \"route\"\n"
            };
        let why = error(&text);
        assert!(
            why.starts_with(&format!("c.toml line {line}: ")) && why.contains(said),
            "{key}: {why}"
        );
    }
    assert!(error("\n[[rule]]\nnamespaces = [\"a\"]\n").contains("line 2: the rule says nothing"));
}

#[test]
fn an_apply_is_a_value_for_the_pods_that_it_selects() {
    let text = "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip route\", {run = \"ip link\", ignore_failure = true}]\n\
        [[apply]]\nnamespaces = [\"a\"]\nentrance = \"nri\"\ncommands = \"ip route\"\n";
    let config = Config::parse(text, "c.toml").unwrap();
    assert_eq!(
        config.applies[0].commands,
        r#"["ip route",{"run":"ip link","ignore_failure":true}]"#
    );
    assert_eq!(config.applies[1].commands, "ip route");
    for (keys, said) in [
        ("commands = \"ip route\"", "entrance"),
        ("entrance = \"cni\"", "commands"),
        (
            "entrance = \"cni\"\ncommands = []",
            "line 4: there is no command",
        ),
        (
            "entrance = \"cni\"\ncommands = [\"\"]",
            "line 4: command 1 is empty",
        ),
        (
            "entrance = \"cni\"\ncommands = [{run = \"ip route\", often = true}]",
            "line 4",
        ),
        (
            "entrance = \"nri\"\ninterfaces = [\"net1\"]\ncommands = \"ip route\"",
            "line 4: interfaces",
        ),
    ] {
        let why = error(&format!("[[apply]]\nnamespaces = [\"*\"]\n{keys}\n"));
        assert!(why.contains(said), "{keys}: {why}");
    }
}

#[test]
fn values_are_what_tokens_can_name() {
    let config = Config::parse(
        "[values]\nUPLINK = \"eth7\"\nGW_2 = \"192.0.2.9\"\n",
        "c.toml",
    )
    .unwrap();
    assert_eq!(config.values["GW_2"], "192.0.2.9");
    assert!(
        error("[values]\nup-link = \"x\"\n")
            .contains("line 2: up-link can be in no token: NODE_UP_LINK")
    );
    assert!(error("[values]\nA = \"\"\n").contains("line 2: the value of A is empty"));
    assert!(error("[values]\nA = 1\n").contains("line 2"));
    assert_eq!(
        Config::parse("mode = \"report\"", "c.toml").unwrap().mode,
        Mode::Report
    );
    assert!(error("mode = \"reports\"").contains("line 1"));
}

#[test]
fn limits_are_read_and_what_is_not_said_stays_as_it_is_built_in() {
    let limits = |text: &str| Config::parse(text, "c.toml").unwrap().limits;
    let built_in = Limits {
        routes: 64,
        rules: 32,
        neighbours: 16,
        addresses: 16,
        links: 8,
    };
    assert_eq!(limits(""), built_in);
    let said = limits("[limits]\nroutes = 100\nrules = 1024\nneighbours = 1\nlinks = 0\n");
    let meant = Limits {
        routes: 100,
        rules: 1024,
        neighbours: 1,
        links: 0,
        ..built_in
    };
    assert_eq!(said, meant);
    assert_eq!(limits("[limits]\naddresses = 2\n").addresses, 2);
}

#[test]
fn a_limit_that_is_none_names_its_line() {
    for (line, said) in [
        ("routes = 1025", "line 3: routes is a number from 0 to 1024"),
        ("links = -1", "line 3: links is a number from 0 to 1024"),
        ("rules = \"many\"", "line 3"),
        (
            "route = 7",
            "line 3: unknown key route, did you mean routes?",
        ),
    ] {
        let error = error(&format!("[limits]\naddresses = 1\n{line}\n"));
        assert!(error.contains(said), "{error}");
    }
}
