//! What a shell, another program or a template would have made of a line.

use super::super::*;
use super::*;

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
        ("ip route add default via GATEWAY", shell::PLACEHOLDER),
        (
            "ip route add default via CURRENT-GATEWAY",
            "write CURRENT_GATEWAY",
        ),
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
fn marks_around_a_token_are_taken_away() {
    for (marked, filled) in [
        ("{CURRENT_GATEWAY}", "{192.0.2.1}"),
        ("%CURRENT_GATEWAY%", "%192.0.2.1%"),
        ("<CURRENT_GATEWAY>", "<192.0.2.1>"),
    ] {
        let line = format!("ip route add default via {marked}");
        let mut words = split(&line).unwrap();
        words[4].text = filled.to_owned();
        words[4].replaced = true;
        let told = noticed(read(&words).command.unwrap_err(), &line, &words);
        assert_eq!(
            told.hint.as_deref(),
            Some("write CURRENT_GATEWAY alone"),
            "{marked}"
        );
    }
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
