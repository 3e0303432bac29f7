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
    assert_eq!(config.rules[0].line, 1);
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
        "line 2: unknown key frob, known are mode, rule, apply, values, limits, modules, failure, hooks, cluster, log, metrics, status"
    ));
}

#[test]
fn a_wrong_value_names_its_line() {
    assert!(error("[[rule]]\nnamespaces = [\"a\"]\nprofile = \"root\"\n").contains("line 3"));
    assert!(error("[hooks.cni]\nguard = \"yes\"\n").contains("line 2"));
    assert!(error("[[rule]\n").contains("line 1"));
    assert!(error("[[rule]]\nnamespaces = [\"a\"]\n").contains("profile"));
}

/// In the words of the file, whatever library reads it.
#[test]
fn a_value_of_another_kind_is_told_what_to_write() {
    let rule = "[[rule]]\nnamespaces = [\"a\"]\nprofile = \"route\"\n";
    let apply = "[[apply]]\nnamespaces = [\"a\"]\nentrance = \"cni\"\ncommands = \"ip route\"\n";
    for (text, said) in [
        (
            rule.replace("[[rule]]", "[rule]"),
            "line 1: write [[rule]], with two brackets, for each rule",
        ),
        (
            apply.replace("[[apply]]", "[apply]"),
            "line 1: write [[apply]], with two brackets, for each apply",
        ),
        (
            "rule = [\"a\"]".to_owned(),
            "line 1: write [[rule]], with two brackets, for each rule",
        ),
        (
            rule.replace("[\"a\"]", "\"a\""),
            "line 2: namespaces is a list: write namespaces = [\"a\"]",
        ),
        (
            rule.replace("\"a\"", "1"),
            "line 2: namespaces is a list of strings: write namespaces = [\"…\"]",
        ),
        (
            rule.replace("\"route\"", "\"root\""),
            "line 3: profile is \"inspect\", \"route\" or \"net-admin\", not \"root\"",
        ),
        (
            format!("{rule}labels = \"a\""),
            "line 4: labels is a table: write labels = { KEY = \"VALUE\" }",
        ),
        (
            format!("{rule}labels = {{a = 1}}"),
            "line 4: a is a string: write a = \"1\"",
        ),
        (
            format!("{rule}entrance = 1"),
            "line 4: entrance is \"cni\" or \"nri\", not 1",
        ),
        (
            "mode = \"audit\"".to_owned(),
            "line 1: mode is \"enforce\" or \"report\", not \"audit\"",
        ),
        (
            "[failure]\ncni = \"ignore\"".to_owned(),
            "line 2: cni is \"fail\" or \"continue\", not \"ignore\"",
        ),
        (
            "failure = \"fail\"".to_owned(),
            "line 1: failure is a table: write [failure], and its keys below",
        ),
        (
            "[limits]\nroutes = \"1\"".to_owned(),
            "line 2: routes is a number, without quotes",
        ),
        (
            "[hooks.cni]\nguard = \"yes\"".to_owned(),
            "line 2: guard is true or false, without quotes",
        ),
        (
            "[values]\nNODE_X = \"eth7\"".to_owned(),
            "line 2: NODE_X would be NODE_NODE_X in a command: write X, without NODE_",
        ),
    ] {
        let why = Config::parse(&text, "c.toml").unwrap_err().what();
        assert_eq!(why, format!("c.toml {said}"), "{text}");
    }
}

#[test]
fn wrong_selectors_patterns_and_prefixes_name_their_line() {
    for (key, line, said) in [
        ("namespaces = []", 1, "names no namespace"),
        ("namespaces = [\"A\"]", 2, "no glob"),
        ("namespaces = [\"\"]", 2, "no name of a namespace"),
        (
            "namespaces = [\"a\"]\nentrance = \"cli\"",
            3,
            "entrance is \"cni\" or \"nri\"",
        ),
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
fn a_command_of_an_apply_that_is_none_in_any_namespace_is_no_configuration() {
    for (commands, said) in [
        (
            "[\"ip rote\"]",
            "c.toml line 6: command 1 \"ip rote\" at word 1, column 4: Object \"rote\" is unknown, try \"ip help\"; did you mean route?",
        ),
        (
            "[\n\"ip route\",\n\"ip link set eth0 mut 1400\"]",
            "c.toml line 8: command 2 \"ip link set eth0 mut 1400\" at word 4, column 18: ",
        ),
        (
            "\"ip netns add x\"",
            "line 6: command 1 \"ip netns add x\" at word 1, column 4: never allowed: ",
        ),
        (
            "\"ip route add default via NODE_GATEWY\"",
            "NODE_GATEWY is none of the node's [values], did you mean NODE_GATEWAY? There are NODE_GATEWAY",
        ),
        (
            "\"ip link set CURENT_INTERFACE up\\nip link set CURRENT_IF up\"",
            "command 2",
        ),
        ("\"ip route add 'default\"", "line 6: command 1"),
        // Of two families, whichever the pod has.
        (
            "\"ip route add 192.0.2.0/24 via CURRENT_GATEWAY_V6\"",
            "command 1",
        ),
    ] {
        let why = error(&format!(
            "[values]\nGATEWAY = \"192.0.2.9\"\n[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = {commands}\n"
        ));
        assert!(why.contains(said), "{commands}: {why}");
    }
}

#[test]
fn a_command_of_an_apply_that_may_be_right_in_a_pod_is_taken() {
    for command in [
        "ip route add 198.51.100.0/24 via NODE_GATEWAY",
        "ip route add default via CURRENT_GATEWAY dev CURRENT_INTERFACE src CURRENT_ADDRESS",
        "ip address add CURRENT_ADDRESS/32 dev lo",
        "ip address add CURRENT_ADDRESS/128 dev lo",
        "ip -6 route add 2001:db8:1::/64 via CURRENT_GATEWAY",
        "ip link add link CURRENT_INTERFACE name CURRENT_INTERFACE.7 type vlan id 7",
        "ip link set nowhere mtu 1400",
    ] {
        let text = format!(
            "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"{command}\"]\n[values]\nGATEWAY = \"192.0.2.9\"\n"
        );
        let taken = Config::parse(&text, "c.toml");
        assert_eq!(taken.map(|config| config.applies.len()), Ok(1), "{command}");
    }
}

/// An `[[apply]]` of these commands, each on a line of its own from line 5, behind what is written before it.
fn applied(before: &str, commands: &[String]) -> Result<Config, ConfigError> {
    let list: Vec<String> = commands.iter().map(|one| format!("\"{one}\",\n")).collect();
    let text = format!(
        "{before}[[apply]]\nnamespaces = [\"*\"]\nentrance = \"nri\"\ncommands = [\n{}]\n",
        list.concat()
    );
    Config::parse(&text, "c.toml")
}

#[test]
fn an_apply_that_makes_more_than_a_sandbox_may_hold_is_no_configuration() {
    let each = |count: u32, command: &str| -> Vec<String> {
        (1..=count)
            .map(|number| command.replace('#', &number.to_string()))
            .collect()
    };
    let addresses = |count| each(count, "ip address add 198.51.100.#/32 dev lo");
    let routes = |count| each(count, "ip route add 198.51.#.0/24 via CURRENT_GATEWAY");
    assert!(applied("", &addresses(16)).is_ok());
    assert!(applied("[limits]\naddresses = 17\n", &addresses(17)).is_ok());
    for (before, commands, said) in [
        (
            "",
            addresses(18),
            "c.toml line 21: command 17 \"ip address add 198.51.100.17/32 dev lo\": with it these commands make more than 16 addresses in a sandbox",
        ),
        (
            "[limits]\nroutes = 1\n",
            routes(3),
            "c.toml line 8: command 2 ",
        ),
        (
            "[limits]\nrules = 2\n",
            each(3, "ip rule add priority #"),
            "c.toml line 9: command 3 \"ip rule add priority 3\": with it these commands make more than 2 rules in a sandbox, which none may hold; take some away, or allow more: [limits] rules = NUMBER",
        ),
        // A veth is two.
        (
            "[limits]\nlinks = 1\n",
            each(1, "ip link add a type veth peer name b"),
            "c.toml line 7: command 1 ",
        ),
    ] {
        let why = applied(before, &commands).unwrap_err().to_string();
        assert!(why.contains(said), "{why}");
    }
}

/// The kernel takes a rule without a priority as often as it is added.
#[test]
fn of_commands_that_say_the_same_the_one_that_is_too_much_is_pointed_at() {
    let same = vec!["ip rule add from 192.0.2.0/24 table 100".to_owned(); 34];
    let why = applied("", &same).unwrap_err();
    assert!(why.why.starts_with("command 33 "), "{why}");
    assert_eq!(why.line, Some(4 + 33));
}

#[test]
fn what_only_a_sandbox_can_tell_of_an_apply_is_not_counted() {
    let flushed = vec![
        "ip rule add priority 1".to_owned(),
        "ip rule flush".to_owned(),
        "ip rule add priority 2".to_owned(),
    ];
    assert!(applied("[limits]\nrules = 1\n", &flushed).is_ok());
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

#[test]
fn the_daemon_tells_how_it_is_on_loopback_unless_somebody_says_otherwise() {
    let listens = |text: &str| {
        let config = Config::parse(text, "c.toml").unwrap();
        config.metrics.listen.map(|address| address.to_string())
    };
    for usual in ["", "[metrics]\n"] {
        assert_eq!(listens(usual).as_deref(), Some("127.0.0.1:10290"));
    }
    assert_eq!(
        listens("[metrics]\nlisten = \"[::]:9\"\n").as_deref(),
        Some("[::]:9")
    );
    assert_eq!(listens("[metrics]\nlisten = \"\"\n"), None);
    let said = error("\n[metrics]\nlisten = \"localhost\"\n");
    assert!(
        said.contains("line 3: \"localhost\" is no address and port: write \"127.0.0.1:10290\""),
        "{said}"
    );
    assert!(error("[metrics]\nlisten = 80\n").contains("line 2"));
    assert!(error("[metrics]\nlistens = \"\"\n").contains("did you mean listen?"));
}

#[test]
fn the_last_rule_that_speaks_of_events_decides_about_them() {
    let text = "[[rule]]\nnamespaces = [\"*\"]\nprofile = \"route\"\nevents = [\"ran\"]\n\
                [[rule]]\nnamespaces = [\"quiet\"]\nevents = []\n\
                [[rule]]\nnamespaces = [\"quiet\"]\nentrance = \"nri\"\nevents = [\"ran\"]\n\
                [[rule]]\nnamespaces = [\"*\"]\nprofile = \"inspect\"\n";
    let config = Config::parse(text, "c.toml").unwrap();
    let tells = |namespace: &str, entrance| {
        let subject = Subject {
            pod: Some(crate::pod::Pod {
                namespace: namespace.to_owned(),
                name: "web".to_owned(),
                uid: None,
                labels: None,
            }),
            sandbox: None,
            entrance,
            trigger: "ADD",
            interface: None,
            mtu: None,
            netns: None,
        };
        config.tells(Told::Ran, &subject)
    };
    use crate::pod::Entrance::{Cni, Nri};
    assert!(tells("shop", Cni) && tells("shop", Nri));
    assert!(!tells("quiet", Cni) && tells("quiet", Nri));
    // A rule that speaks of nothing else grants nothing.
    assert!(!config.rules[1].grants());
    let said = error("[[rule]]\nnamespaces = [\"a\"]\nevents = [\"run\"]\n");
    assert!(said.contains("line 3") && said.contains("ran"), "{said}");
}

#[test]
fn nothing_is_written_into_pods_unless_somebody_wants_it() {
    let config = |text: &str| Config::parse(text, "c.toml").unwrap();
    assert!(!config("").status.annotation && !config("[status]\n").status.annotation);
    assert!(config("[status]\nannotation = true\n").status.annotation);
    assert!(error("[status]\nannotations = true\n").contains("did you mean annotation?"));
}

#[test]
fn modules_are_named_as_the_kernel_names_them() {
    let modules = |text: &str| Config::parse(text, "c.toml").unwrap().modules;
    assert!(modules("").is_empty() && modules("[modules]\n").is_empty());
    let named = modules("[modules]\nload = [\"tcp_bbr\", \"bonding\", \"dummy\", \"8021q\"]\n");
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        ["8021q", "bonding", "dummy", "tcp_bbr"]
    );
    for (load, said) in [
        (
            "[\"dumy\"]",
            "line 2: \"dumy\" is not a module that commands need, did you mean dummy?",
        ),
        // The command's word.
        ("[\"bond\"]", "did you mean bonding?"),
        ("[\"bbr\"]", "did you mean tcp_bbr?"),
        (
            "[\n\"ipip\"]",
            "line 3: \"ipip\" is not a module that commands need, known are dummy, ifb, bonding, tcp_bbr, tcp_dctcp, mpls_iptunnel",
        ),
        ("[\"\"]", "\"\" is not a module that commands need"),
        (
            "\"dummy\"",
            "line 2: load is a list: write load = [\"dummy\"]",
        ),
    ] {
        let text = format!("[modules]\nload = {load}\n");
        assert!(error(&text).contains(said), "{}", error(&text));
    }
    assert!(error("[modules]\nloads = []\n").contains("did you mean load?"));
}

#[test]
fn an_apply_that_no_module_may_be_loaded_for_is_wrong_and_one_that_the_kernel_is_asked_for_is_not()
{
    let apply = |command: &str, modules: &str| {
        format!(
            "[[apply]]\nnamespaces = [\"a\"]\nentrance = \"cni\"\ncommands = [\"{command}\"]\n{modules}"
        )
    };
    let bbr = "ip route add 10.0.0.0/8 dev eth0 congctl bbr";
    let said = error(&apply(bbr, ""));
    assert!(
        said.contains("line 4: command 1") && said.contains("bbr needs module tcp_bbr, which is loaded only if [modules] load names it; write load = [\"tcp_bbr\"] below [modules]"),
        "{said}"
    );
    let good = |text: &str| Config::parse(text, "c.toml").is_ok();
    assert!(good(&apply(bbr, "[modules]\nload = [\"tcp_bbr\"]\n")));
    assert!(good(&apply("ip link add d0 type dummy", "")));
}

#[test]
fn shared_is_a_switch_of_a_rule_that_grants() {
    let rule = |keys: &str| {
        Config::parse(
            &format!("[[rule]]\nnamespaces = [\"a\"]\n{keys}\n"),
            "c.toml",
        )
    };
    for (keys, shared) in [
        ("profile = \"net-admin\"", false),
        ("profile = \"net-admin\"\nshared = false", false),
        ("profile = \"net-admin\"\nshared = true", true),
        ("allow = [\"link set * promisc\"]\nshared = true", true),
        ("deny = [\"route *\"]\nshared = false", false),
    ] {
        assert_eq!(rule(keys).unwrap().rules[0].shared, shared, "{keys}");
    }
    for (keys, why) in [
        (
            "deny = [\"route *\"]\nshared = true",
            "shared widens what the rule grants, and it grants nothing: write profile or allow, too",
        ),
        (
            "shared = true",
            "the rule says nothing: write profile, allow, deny or events",
        ),
        (
            "profile = \"route\"\nshared = \"yes\"",
            "shared is true or false, without quotes",
        ),
        ("profile = \"route\"\nshard = true", "did you mean shared?"),
    ] {
        let error = rule(keys).unwrap_err().to_string();
        assert!(error.contains(why), "{keys}: {error}");
    }
}
