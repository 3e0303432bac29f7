//! Commands that end too early, with an example of one that does not.

use crate::ip::Mistake;
use crate::words::Word;

/// An object, the beginning of a verb, and an example of them; the first row that fits counts.
const EXAMPLES: [(&str, &str, &str); 12] = [
    ("route", "get", "ip route get ADDRESS"),
    ("route", "flush", "ip route flush table TABLE"),
    ("route", "del", "ip route del PREFIX"),
    ("route", "", "ip route add PREFIX via ADDRESS dev DEVICE"),
    ("address", "del", "ip address del ADDRESS/LENGTH dev DEVICE"),
    ("address", "flush", "ip address flush dev DEVICE"),
    ("address", "", "ip address add ADDRESS/LENGTH dev DEVICE"),
    ("link", "add", "ip link add NAME type bridge"),
    ("link", "del", "ip link delete DEVICE"),
    ("link", "", "ip link set DEVICE mtu BYTES"),
    ("rule", "", "ip rule add from PREFIX table TABLE"),
    (
        "neighbour",
        "",
        "ip neigh replace ADDRESS lladdr MAC dev DEVICE",
    ),
];

/// By what a sentence of `ip` is known that asks for more.
const ASKING: [&str; 4] = ["Usage:", "required", "requires", "Not enough information"];

/// A command that ends too early, or asks how it is used.
pub(super) fn more_is_needed(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let Some(last) = words.last() else {
        return Some(
            "a line, or an item of an array, is a whole command: ip route show".to_owned(),
        );
    };
    let says = |part: &&str| mistake.stderr.contains(*part);
    if ASKING.iter().any(says) {
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

/// A verb that was left out, or a word that fits nowhere.
pub(super) fn form(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let text = &mistake.stderr;
    let is_a_verb = text.starts_with("Command \"");
    let is_a_value = words
        .get(about)
        .is_some_and(|word| word.text.contains(['.', ':', '/']) || word.text == "default");
    if is_a_verb && is_a_value {
        return Some(format!(
            "a verb is missing before {}, for example {}",
            words.get(about)?.text,
            example(words)?
        ));
    }
    let is_out_of_place = is_a_verb || text.contains("is garbage");
    let example = example(words).filter(|_| is_out_of_place)?;
    Some(format!("the form is, for example, {example}"))
}

/// An example of the object and the verb that words name.
fn example(words: &[Word]) -> Option<&'static str> {
    let mut words = words.iter().filter(|word| !word.text.starts_with('-'));
    let object = &words.next()?.text;
    let verb = words.next().map_or("", |verb| verb.text.as_str());
    let is_named = |row: &&(&str, &str, &str)| row.0.starts_with(object) && verb.starts_with(row.1);
    EXAMPLES.iter().find(is_named).map(|row| row.2)
}

const INSIDE: &str = "a command runs in the pod's own network namespace already";

/// `ip netns exec NAME …` and `ip -n NAME`, which name the namespace that the command is in already.
pub(super) fn inside_already(words: &[Word], about: usize) -> Option<String> {
    let text = |place: usize| words.get(place).map(|word| word.text.as_str());
    let named = match (text(about)?, text(about + 1)) {
        ("netns", Some("exec")) => "ip netns exec",
        (option @ ("-n" | "-netns" | "--netns"), _) => option,
        _ => return None,
    };
    Some(format!("leave {named} and the name out: {INSIDE}"))
}
