use super::*;
use crate::ip::read;
use crate::words::split;

fn wrong(line: &str) -> Mistake {
    let words = split(line).unwrap();
    noticed(read(&words).command.expect_err(line), line, &words)
}

/// Each line is wrong, and this is what is said of it.
fn each_is_told(lines: &[(&str, &str)]) {
    for (line, said) in lines {
        assert_eq!(wrong(line).hint.as_deref(), Some(*said), "{line}");
    }
}

/// What is said of each line has this in it.
fn each_is_told_with(said: &str, lines: &[&str]) {
    for line in lines {
        let hint = wrong(line).hint.unwrap_or_default();
        assert!(hint.contains(said), "{line}: {hint}");
    }
}

#[test]
fn a_word_of_the_shell_is_named_for_what_it_is() {
    each_is_told(&[
        ("ip route; ip addr", shell::LINES),
        ("ip link set eth0 up && ip route", shell::LINES),
        ("ip route | grep default", shell::LINES),
        ("ip route > /tmp/routes", shell::LINES),
        ("ip link set eth0 up 2>/dev/null", shell::LINES),
        ("ip route add 192.0.3.0/24 dev eth0; ip route", shell::LINES),
        ("ip route add 192.0.3.0/24 \\", shell::CONTINUED),
        (
            "ip route add `hostname -i`/32 dev eth0",
            shell::SUBSTITUTION,
        ),
        ("ip route add $(hostname) dev eth0", shell::SUBSTITUTION),
        (
            "ip route add 192.0.3.0/24 via $(cat gw) dev eth0",
            shell::SUBSTITUTION,
        ),
        ("ip route add default via $GATEWAY", shell::VARIABLE),
        ("ip route add default via ${GATEWAY}", shell::VARIABLE),
        ("ip route show # all of them", shell::COMMENT),
    ]);
    assert!(shell::SUBSTITUTION.contains("CURRENT_INTERFACE"));
}

#[test]
fn a_value_that_was_to_be_filled_in_is_told_with_the_tokens() {
    each_is_told(&[
        ("ip route add {{ .Values.net }} dev eth0", shell::TEMPLATE),
        ("{{ range .Values.routes }}", shell::TEMPLATE),
        ("ip link set {{dev}} mtu 99999999999", shell::TEMPLATE),
        ("ip route add default via {% gateway %}", shell::TEMPLATE),
        ("ip route add <network>/24 dev eth0", shell::PLACEHOLDER),
        ("ip route add default via <gateway>", shell::PLACEHOLDER),
        ("ip route add …", shell::PLACEHOLDER),
        (
            "ip route add Current_Address_V4",
            "write CURRENT_ADDRESS_V4",
        ),
        (
            "ip route add default via current_gateway",
            "write CURRENT_GATEWAY",
        ),
    ]);
}

#[test]
fn a_prompt_is_told_and_so_is_a_comment_where_there_are_none() {
    for (line, prompt) in [
        ("$ ip route", "$"),
        ("/ # ip route", "/ #"),
        ("root@node:~# ip route", "root@node:~#"),
        ("user@node ~ % ip route", "user@node ~ %"),
        ("> ip route", ">"),
    ] {
        let said = format!("{prompt} is a shell's prompt: leave it out");
        assert_eq!(wrong(line).hint, Some(said), "{line}");
    }
    // Nobody comes here with a line of text that begins with #.
    each_is_told(&[
        ("# ip route", shell::ITEM),
        ("#ip route", shell::ITEM),
        ("# the routes", shell::ITEM),
    ]);
}

#[test]
fn several_commands_on_one_line_are_told_with_the_column_of_the_next() {
    for (line, column) in [
        ("ip route add 192.0.3.0/24 dev eth0 ip route", 36),
        ("ip link set eth0 up ip -4 route show ip rule", 21),
        ("ip addr ip route", 9),
        ("ip link add b0 type bridge ip link set b0 up", 28),
        // The next command was taken for a value.
        ("ip route add default dev ip route add default", 26),
        ("route add 192.0.3.0/24 dev eth0 link set eth0 up", 33),
        // And where the first is wrong as well.
        ("ip route add 192.0.3.0/24 xyzzy ip route", 33),
    ] {
        let said = joined::told(column);
        assert_eq!(wrong(line).hint, Some(said), "{line}");
    }
}

#[test]
fn ip_in_a_line_is_no_other_command_by_itself() {
    for line in [
        "ip link set ip frob",
        "ip route add 192.0.3.0/24 dev ip frob",
        "ip link set eth0 alias ip is a tool",
        "ip route frob 192.0.3.0/24 ip link",
    ] {
        let hint = wrong(line).hint.unwrap_or_default();
        assert!(
            !hint.contains("another command") || line.ends_with("ip link"),
            "{line}: {hint}"
        );
    }
    // What the dialect knows better stays.
    assert_eq!(
        wrong("ip link set eth0 mut 1400 ip route").hint.as_deref(),
        Some("mtu")
    );
}

#[test]
fn a_lookalike_is_pointed_at_wherever_it_stands_in_the_word() {
    for (line, column, word, name) in [
        ("\u{feff}ip route", 1, 0, "(U+FEFF)"),
        ("ip \u{200b}route", 4, 0, "ZERO WIDTH SPACE (U+200B)"),
        ("ip route\u{2060} show", 9, 0, "WORD JOINER (U+2060)"),
        ("ip –6 route", 4, 0, "EN DASH (U+2013)"),
        ("ip −6 route", 4, 0, "MINUS SIGN (U+2212)"),
        ("ip —6 route", 4, 0, "EM DASH (U+2014)"),
        (
            "ip link set eth0 alias “x y”",
            28,
            5,
            "RIGHT DOUBLE QUOTATION MARK (U+201D)",
        ),
        (
            "ip route add 192.0.2.0/24 dev eth0 m\u{435}tric 5",
            37,
            5,
            "CYRILLIC SMALL LETTER IE (U+0435)",
        ),
        (
            "ip route add 'a\u{a0}b' dev eth0",
            16,
            2,
            "NO-BREAK SPACE (U+00A0)",
        ),
        // The word that is wrong is plain, and what made it so is not.
        (
            "ip link set eth0 alias “x y z",
            24,
            4,
            "LEFT DOUBLE QUOTATION MARK (U+201C)",
        ),
    ] {
        let told = wrong(line);
        let hint = told.hint.unwrap_or_default();
        assert!(hint.contains(name), "{line}: {hint}");
        assert_eq!(
            (told.column, told.word),
            (Some(column), Some(word)),
            "{line}"
        );
    }
    // It parts words as any other space does.
    let spaced = wrong("ip\u{a0}rote\u{202f}show");
    assert_eq!(
        (spaced.hint.as_deref(), spaced.column),
        (Some("route"), None)
    );
    assert_eq!(of_an_unread_line("ip link set eth0 alias '\u{a0}x"), None);
    assert!(of_an_unread_line("ip link set eth0 alias ‘it's").is_some());
}

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
fn a_program_is_told_with_what_to_write_instead() {
    for (line, part) in [
        (
            "ifconfig eth0 192.0.2.7 netmask 255.255.255.0 up",
            "ip address add ADDRESS/LENGTH",
        ),
        ("arp -s 192.0.2.1 02:00:00:00:00:01", "ip neigh replace"),
        ("netstat -rn", "ip route show"),
        ("brctl addbr br0", "type bridge"),
        ("vconfig add eth0 5", "type vlan id ID"),
        ("dhclient eth0", "no DHCP client"),
        ("udhcpc -i eth0", "no DHCP client"),
        (
            "iptables -t nat -A POSTROUTING -j MASQUERADE",
            "NetworkPolicy",
        ),
        ("nft list ruleset", "NetworkPolicy"),
        ("ping -c 1 192.0.2.1", "a container of the pod"),
        ("nmcli con up eth0", "no service"),
        ("sudo ip route", "leave it out"),
        ("nsenter -t 1 -n ip route", "own network namespace already"),
        ("bash -c 'ip route'", "there is no shell"),
        ("modprobe 8021q", "kernel modules"),
        ("sysctl -w net.ipv4.ip_forward=1", programs::PROGRAM),
        ("tc qdisc show", programs::PROGRAM),
        ("/usr/bin/env", "leave it out"),
        ("/opt/thing", programs::PROGRAM),
        ("/sbin/ip route", "write ip alone, without /sbin/"),
        ("ipaddr show", "write ip address"),
    ] {
        each_is_told_with(part, &[line]);
    }
    let sysctl = wrong("sysctl -w x");
    assert_eq!(
        sysctl.stderr,
        "Object \"sysctl\" is unknown, try \"ip help\".\n"
    );
    assert_eq!((sysctl.exit, sysctl.word), (1, Some(0)));
    let exec = wrong("ip netns exec pod ip route");
    assert!(exec.never.is_some() && exec.hint.is_some_and(|hint| hint.contains("netns exec")));
    let named = wrong("ip -n pod route");
    assert!(named.never.is_some() && named.hint.is_some_and(|hint| hint.contains("leave -n and")));
}

#[test]
fn the_form_of_a_command_is_told() {
    each_is_told_with("one word", &["'ip route'", "\"ip route\", \"ip addr\""]);
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
        ("ip route add default via", "a word is missing behind via"),
        (
            "ip rout ad",
            "the command needs more words, for example ip route add PREFIX via ADDRESS dev DEVICE",
        ),
    ]);
    each_is_told_with("help is for people", &["ip route help", "ip help"]);
    each_is_told_with(
        "an object comes before the verb",
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
        ("ip foo", None),
        ("ip link set eth0 mut 1400", Some("mtu")),
        ("ip route show tc", None),
        ("ip route add default dev eth0 xyzzy", None),
    ] {
        assert_eq!(wrong(line).hint.as_deref(), wanted, "{line}");
    }
}

#[test]
fn a_comment_that_reads_as_a_command_is_remarked_and_prose_is_not() {
    let prompt = "is a comment and reads as a command: if # is a root prompt, take it away";
    for (value, said) in [
        ("# ip route", format!("line 1 {prompt}")),
        (
            "ip route\n\n  #ip link set eth0 up",
            format!("line 3 {prompt}"),
        ),
        (
            "## ip route add default via CURRENT_GATEWAY",
            format!("line 1 {prompt}"),
        ),
        // What YAML makes of a comment and a command behind >.
        (
            "# the routes ip route add 192.0.3.0/24 dev eth0",
            format!("line 1 is a comment to its end; {}", joined::told(14)),
        ),
        (
            "# nothing\n\n",
            "it has comments alone, and no command".to_owned(),
        ),
    ] {
        assert_eq!(remarks(value), [said], "{value}");
    }
    for prose in [
        "",
        "[\"# ip route\"]",
        "# ip route is printed for the log\nip route",
        "# then ip route show prints it\nip route",
        "# why\nip link set eth0 up",
    ] {
        assert_eq!(remarks(prose), Vec::<String>::new(), "{prose}");
    }
}

#[test]
fn what_may_not_be_meant_in_a_right_line_is_told() {
    for (line, part) in [
        (
            "ip route add 192.0.3.0/24 dev eth0\u{200b}",
            "ZERO WIDTH SPACE (U+200B)",
        ),
        (
            "ip route add 192.0.3.0/24 dev “eth0”",
            "(1 more in this line)",
        ),
        (
            "ip link property add dev eth0 altname a ip route show",
            "another command begins at column 41",
        ),
    ] {
        let said = of_a_right_line(line).unwrap_or_default();
        assert!(
            said.starts_with("if it is not meant: ") && said.contains(part),
            "{line}: {said}"
        );
    }
    for line in [
        "ip route",
        "ip\u{a0}route",
        "ip link set eth0 alias 'é ü'",
        "ip link show dev ip",
    ] {
        assert_eq!(of_a_right_line(line), None, "{line}");
    }
}
