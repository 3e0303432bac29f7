//! How a command is written: where it begins, how words are parted, what it needs.

use crate::ip::Mistake;
use crate::words::Word;

/// Objects, and an example of a command of each.
const EXAMPLES: [(&str, &str); 5] = [
    ("route", "ip route add PREFIX via ADDRESS dev DEVICE"),
    ("address", "ip address add ADDRESS/LENGTH dev DEVICE"),
    ("link", "ip link set DEVICE mtu BYTES"),
    ("rule", "ip rule add from PREFIX table TABLE"),
    (
        "neighbour",
        "ip neigh replace ADDRESS lladdr MAC dev DEVICE",
    ),
];

const INSIDE: &str = "a command runs in the pod's own network namespace already";

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

/// What stands before the command, or around it.
pub(super) fn first_word(words: &[Word], about: usize) -> Option<String> {
    let first = &words.first().filter(|_| about == 0)?.text;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_counted = first.strip_suffix(['.', ')']).is_some_and(is_number);
    let said = if first.contains(char::is_whitespace) {
        "quotes around a whole command make one word of it: take them away, or write a JSON array, [\"ip …\", \"ip …\"]"
    } else if first == "ip," || first.eq_ignore_ascii_case("ip") {
        "write ip, in small letters"
    } else if is_counted || matches!(first.as_str(), "*" | "•" | "+") {
        "leave the bullets and numbers out: write the commands alone, one a line"
    } else if first.ends_with(':') {
        "a value is not YAML: write the commands alone, one a line, or a JSON array, in which {\"run\": \"ip …\", \"ignore_failure\": true} may be an item"
    } else if VERBS.contains(&first.as_str()) {
        "an object comes before the verb: ip link, ip address, ip route, ip rule or ip neigh"
    } else if BEHIND.contains(&first.as_str()) {
        "a line is a whole command: if this goes on from the line above, write both on one line"
    } else {
        return None;
    };
    Some(said.to_owned())
}

/// `-c`, `-color`: what is answered goes to a report.
pub(super) fn no_colour(words: &[Word], about: usize) -> Option<String> {
    let word = &words.get(about)?.text;
    let option = word.trim_start_matches('-').split('=').next()?;
    let is_option = word.starts_with('-') && !option.is_empty();
    let is_colour = is_option && ["color", "colour"].iter().any(|it| it.starts_with(option));
    is_colour.then(|| format!("nothing is coloured here: leave {word} out"))
}

/// `mtu=1400`.
pub(super) fn with_a_space(words: &[Word], about: usize) -> Option<String> {
    let (key, value) = words.get(about)?.text.split_once('=')?;
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_key && !value.is_empty()).then(|| format!("write {key} {value}, with a space and no ="))
}

/// A device's name without `dev`.
pub(super) fn unsaid_device(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let word = &words.get(about)?.text;
    if !mistake.stderr.contains("is garbage") {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let is_device = word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.ends_with(|c: char| c.is_ascii_digit())
        && word.chars().all(is_name);
    is_device.then(|| format!("if {word} is a device, write dev {word}"))
}

/// A command that ends too early, or asks how it is used.
pub(super) fn more_is_needed(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let Some(last) = words.last() else {
        return Some(
            "a line, or an item of an array, is a whole command: ip route show".to_owned(),
        );
    };
    if mistake.stderr.starts_with("Usage:") {
        let is_asked = words.iter().any(|word| word.text.starts_with("help"));
        if is_asked {
            return Some(
                "help is for people: on the command line, chainsaw ip OBJECT help prints it"
                    .to_owned(),
            );
        }
        return example(words)
            .map(|example| format!("the command needs more words, for example {example}"));
    }
    (about >= words.len()).then(|| format!("a word is missing behind {}", last.text))
}

/// An example of the object that words name.
fn example(words: &[Word]) -> Option<&'static str> {
    let is_option = |word: &&Word| word.text.starts_with('-');
    let object = words.iter().find(|word| !is_option(word))?;
    let is_named = |row: &&(&str, &str)| row.0.starts_with(object.text.as_str());
    EXAMPLES.iter().find(is_named).map(|row| row.1)
}

/// `ip netns exec NAME …` and `ip -n NAME`, which name the namespace that the command is in already.
pub(super) fn inside_already(words: &[Word], about: usize) -> Option<String> {
    let text = |place: usize| words.get(place).map(|word| word.text.as_str());
    let named = match (text(about)?, text(about + 1)) {
        ("netns", Some("exec")) => "ip netns exec and the name",
        (option @ ("-n" | "-netns" | "--netns"), _) => {
            return Some(format!("leave {option} and the name out: {INSIDE}"));
        }
        _ => return None,
    };
    Some(format!("leave {named} out: {INSIDE}"))
}
