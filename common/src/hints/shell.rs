//! What a shell, or something that writes files for Kubernetes, would have made of a line.

use crate::ip;
use crate::tokens::CURRENT;
use crate::words::Word;

pub(super) const LINES: &str = "there is no shell: write one command a line, or a JSON array";
pub(super) const VARIABLE: &str = "there is no shell and no variable: the node fills in CURRENT_… and NODE_…, without $ and braces";
pub(super) const CONTINUED: &str =
    "a line does not go on behind a backslash: write the whole command on one line";
pub(super) const COMMENT: &str =
    "nothing may follow a command: a comment is a line of its own, and begins with #";

pub(super) const ITEM: &str =
    "a JSON array has no comments: take the # away if it is a root prompt, or take the item out";

/// What is filled in, where somebody wants something to be.
macro_rules! tokens {
    () => {
        "CURRENT_INTERFACE, CURRENT_ADDRESS, CURRENT_GATEWAY, or NODE_ and the name of a value of the node"
    };
}

pub(super) const SUBSTITUTION: &str = concat!(
    "there is no shell: `…` and $(…) stand for nothing; write the value itself, or a token: ",
    tokens!()
);
pub(super) const TEMPLATE: &str = concat!(
    "this is a template that nobody has rendered: apply what it renders to (helm template shows that), or write a token: ",
    tokens!()
);
pub(super) const PLACEHOLDER: &str = concat!(
    "this stands for a value: write the value itself, or a token: ",
    tokens!()
);

/// What the characters of a template are, wherever they stand: a mistake may be found before or behind them.
pub(super) fn template(words: &[Word], _: usize) -> Option<String> {
    let is_template = |word: &Word| {
        ["{{", "}}", "{%", "%}"]
            .iter()
            .any(|it| word.text.contains(it))
    };
    words.iter().any(is_template).then(|| TEMPLATE.to_owned())
}

/// A word of the shell: it may have been taken for a value, before the one that is wrong.
pub(super) fn word(words: &[Word], about: usize) -> Option<String> {
    let mut until = words.get(..=about).unwrap_or(words).iter();
    let said = until.find_map(|word| said_of(&word.text))?;
    Some(said.to_owned())
}

fn said_of(word: &str) -> Option<&'static str> {
    match word {
        "\\" => Some(CONTINUED),
        "&" | "&&" | "|" | "||" | "<" | "<<" => Some(LINES),
        _ if word.contains("$(") || word.contains('`') => Some(SUBSTITUTION),
        _ if word.ends_with(';') || word.starts_with('>') || word.starts_with("2>") => Some(LINES),
        _ if word.starts_with('#') => Some(COMMENT),
        _ => None,
    }
}

/// A value that was left to be filled in: a variable, a token that is spelt otherwise, `<ADDRESS>`, `DEVICE`, `…`.
pub(super) fn value(words: &[Word], about: usize) -> Option<String> {
    let word = words
        .get(about)
        .filter(|word| !word.replaced)?
        .text
        .as_str();
    let token = word.to_uppercase().replace('-', "_");
    if let Some(token) = CURRENT.iter().find(|known| token == **known) {
        return (word != *token).then(|| format!("write {token}"));
    }
    if word.starts_with('$') {
        return Some(VARIABLE.to_owned());
    }
    let is_in_capitals = word.len() > 2
        && !crate::tokens::is_in(word)
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_left_out = is_in_capitals
        || word.starts_with('<') && word.contains('>')
        || matches!(word, "..." | "…");
    is_left_out.then(|| PLACEHOLDER.to_owned())
}

/// How far from the front a prompt ends: `user@node ~ $`.
const PROMPT_WORDS: usize = 3;

/// A shell's prompt, copied with the command; or a comment where there are none: in text nobody would read it.
pub(super) fn prompt(words: &[Word], about: usize) -> Option<String> {
    if about == 0 && words.first()?.text.starts_with('#') {
        return Some(ITEM.to_owned());
    }
    let ends = |word: &Word| word.text.ends_with(['#', '$', '%', '>']);
    let end = words.iter().take(PROMPT_WORDS).position(ends)?;
    if about > end || words.get(end + 1).is_none_or(|next| next.text != "ip") {
        return None;
    }
    let prompt: Vec<&str> = (words.iter().take(end + 1))
        .map(|word| word.text.as_str())
        .collect();
    let prompt = prompt.join(" ");
    Some(format!("{prompt} is a shell's prompt: leave it out"))
}

/// Whether words are a command from `ip` on: its object and its verb, at the least.
pub(super) fn is_a_command(words: &[Word]) -> bool {
    match words.split_first() {
        Some((first, rest)) => first.text == "ip" && !first.replaced && is_understood(rest),
        None => false,
    }
}

/// Whether object and verb are understood, if no more.
pub(super) fn is_understood(words: &[Word]) -> bool {
    !words.is_empty()
        && match ip::read(words).command {
            Ok(_) => true,
            Err(mistake) => mistake.word.is_some_and(|word| word >= 2),
        }
}
