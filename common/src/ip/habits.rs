//! What people write out of habit: other programs, a shell's words. It is looked for only in a line that is wrong already.

use super::mistake::Mistake;
use crate::tokens::CURRENT;
use crate::words::Word;

const PROGRAM: &str =
    "only link, address, route, rule and neigh can be said; no other program runs";
const SHELL: &str = "there is no shell: write one command a line, or a JSON array";
const VARIABLE: &str = "there is no shell and no variable: the node fills in CURRENT_… and NODE_…, without $ and braces";

/// Programs that network namespaces are set up with.
const PROGRAMS: [&str; 21] = [
    "arp",
    "arping",
    "bash",
    "brctl",
    "bridge",
    "conntrack",
    "echo",
    "ethtool",
    "ifconfig",
    "ip6tables",
    "iptables",
    "modprobe",
    "nft",
    "nsenter",
    "ping",
    "sh",
    "ss",
    "sudo",
    "sysctl",
    "tc",
    "wg",
];

/// A mistake about a word of a line, with what to do instead of the habit, if it is one.
pub fn noticed(mistake: Mistake, words: &[Word], about: usize) -> Mistake {
    match hint(words, about) {
        Some(hint) if mistake.never.is_none() => mistake.hinting(Some(hint)),
        _ => mistake,
    }
}

fn hint(words: &[Word], about: usize) -> Option<String> {
    // A word of the shell may have been taken for a value, before the one that is wrong.
    let until = words.get(..=about).unwrap_or(words);
    if until.iter().any(|word| is_the_shells(&word.text)) {
        return Some(SHELL.to_owned());
    }
    let word = &words.get(about)?.text;
    let token = word.to_uppercase();
    if let Some(token) = CURRENT.iter().find(|known| token == **known) {
        return Some(format!("write {token}"));
    }
    if word.starts_with('$') {
        return Some(VARIABLE.to_owned());
    }
    (about == 0 && is_a_program(word)).then(|| PROGRAM.to_owned())
}

fn is_the_shells(word: &str) -> bool {
    word.ends_with(';')
        || word.starts_with('>')
        || word.starts_with("2>")
        || matches!(word, "&" | "&&" | "|" | "||" | "<" | "\\")
}

fn is_a_program(word: &str) -> bool {
    word.starts_with('/') || PROGRAMS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip::read;
    use crate::words::split;

    fn wrong(line: &str) -> Mistake {
        read(&split(line).unwrap()).command.unwrap_err()
    }

    #[test]
    fn a_habit_is_noticed_and_iproute2s_text_stays() {
        for (line, wanted) in [
            ("sysctl -w net.ipv4.ip_forward=1", PROGRAM),
            ("iptables -L", PROGRAM),
            ("sudo ip route", PROGRAM),
            ("/sbin/ip route", PROGRAM),
            ("tc qdisc show", PROGRAM),
            ("ip route; ip addr", SHELL),
            ("ip link set eth0 up && ip route", SHELL),
            ("ip route | grep default", SHELL),
            ("ip route > /tmp/routes", SHELL),
            ("ip link set eth0 up 2>/dev/null", SHELL),
            ("ip route add 192.0.3.0/24 dev eth0; ip route", SHELL),
            ("ip route add 192.0.3.0/24 \\", SHELL),
            (
                "ip route add Current_Address_V4",
                "write CURRENT_ADDRESS_V4",
            ),
            (
                "ip route add default via current_gateway",
                "write CURRENT_GATEWAY",
            ),
            ("ip route add default via $GATEWAY", VARIABLE),
            ("ip route add default gw 192.0.2.1", "via"),
        ] {
            assert_eq!(wrong(line).hint.as_deref(), Some(wanted), "{line}");
        }
        let sysctl = wrong("sysctl -w x");
        assert_eq!(
            sysctl.stderr,
            "Object \"sysctl\" is unknown, try \"ip help\".\n"
        );
        assert_eq!((sysctl.exit, sysctl.word), (1, Some(0)));
    }

    #[test]
    fn what_is_no_habit_keeps_the_hint_that_it_has() {
        for (line, wanted) in [
            ("ip rote", Some("route")),
            ("ip foo", None),
            ("ip link set eth0 mut 1400", Some("mtu")),
            ("ip route show tc", None),
        ] {
            assert_eq!(wrong(line).hint.as_deref(), wanted, "{line}");
        }
    }
}
