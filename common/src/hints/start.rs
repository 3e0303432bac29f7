//! What stands before a command, or where one should begin.

use crate::words::Word;

/// What a command is.
pub(super) const OBJECTS: &str =
    "a command is one of ip link, ip address, ip route, ip rule and ip neigh";

const QUOTED: &str = "quotes around a whole command make one word of it: take them away, or write a JSON array, [\"ip …\", \"ip …\"]";
const SMALL: &str = "write ip, in small letters";
const BULLET: &str = "leave bullets and numbers out: write the command alone, one a line";
const NOTHING_BEFORE: &str = "nothing stands before ip or around it: write the command alone";
const YAML: &str = "a value is not YAML: write the commands alone, one a line, or a JSON array, in which {\"run\": \"ip …\", \"ignore_failure\": true} may be an item";
const ENVIRONMENT: &str =
    "there is no shell and no environment: leave this out, and write the command alone";
const VERB_FIRST: &str =
    "an object comes before its verb: ip link, ip address, ip route, ip rule or ip neigh";
const CONTINUES: &str =
    "a line is a whole command: if this goes on from the line above, write both on one line";

/// Verbs, which need their object before them.
const VERBS: [&str; 12] = [
    "add", "append", "change", "del", "delete", "flush", "get", "list", "ls", "replace", "set",
    "show",
];

/// Words that belong behind others.
const BEHIND: [&str; 14] = [
    "dev", "from", "lladdr", "metric", "mtu", "nexthop", "onlink", "proto", "scope", "src",
    "table", "to", "type", "via",
];

/// What a first word is that is no object.
type Start = (fn(&str) -> bool, &'static str);

const STARTS: &[Start] = &[
    (|word| word.contains(char::is_whitespace), QUOTED),
    (|word| word.eq_ignore_ascii_case("ip"), SMALL),
    (is_a_bullet, BULLET),
    (is_around, NOTHING_BEFORE),
    (is_an_assignment, ENVIRONMENT),
    (|word| word.ends_with(':'), YAML),
    (|word| VERBS.contains(&word), VERB_FIRST),
    (|word| BEHIND.contains(&word), CONTINUES),
];

/// What to write instead of the first word, if it is the wrong one.
pub(super) fn instead(words: &[Word], about: usize) -> Option<String> {
    let first = &words.first().filter(|_| about == 0)?.text;
    let row = STARTS.iter().find(|(is, _)| is(first))?;
    Some(row.1.to_owned())
}

/// `add route …`: `add` alone begins `address` as well.
pub(super) fn verb_first(words: &[Word], about: usize) -> Option<String> {
    let [verb, object, ..] = words else {
        return None;
    };
    let is_object = super::joined::OBJECTS.contains(&&*object.text);
    let is_turned = about <= 1 && is_object && VERBS.contains(&&*verb.text);
    is_turned.then(|| format!("write ip {} {}: the object first", object.text, verb.text))
}

fn is_a_bullet(word: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    word.strip_suffix(['.', ')']).is_some_and(is_number) || matches!(word, "*" | "•" | "+")
}

/// `(ip`, `@ip`, `!`.
fn is_around(word: &str) -> bool {
    let is_mark = |c: char| c.is_ascii_punctuation() && c != '/';
    let rest = word.trim_start_matches(is_mark);
    rest.len() < word.len() && matches!(rest, "" | "ip")
}

/// `LANG=C`.
fn is_an_assignment(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}
