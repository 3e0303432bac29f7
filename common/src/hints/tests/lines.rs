//! A line as a whole: several commands, lookalikes, and what may not be meant though it is right.

use super::super::*;
use super::*;

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
        let said = of_a_right_line(line).unwrap().text;
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
        assert_eq!(of_a_right_line(line).map(|hint| hint.text), None, "{line}");
    }
}
