//! How the words of a command are written and parted, and which of them may not be left out.

use std::net::IpAddr;

use super::start::OBJECTS;
use crate::ip::Mistake;
use crate::words::Word;

/// `-c`, `-color`: what is answered goes to a report.
pub(super) fn no_colour(words: &[Word], about: usize) -> Option<String> {
    let word = &words.get(about)?.text;
    let option = word.trim_start_matches('-').split('=').next()?;
    let is_option = word.starts_with('-') && !option.is_empty();
    let is_colour = is_option && ["color", "colour"].iter().any(|it| it.starts_with(option));
    is_colour.then(|| format!("nothing is coloured here: leave {word} out"))
}

/// `mtu=1400`, and `192.0.2.1,`.
pub(super) fn parted(words: &[Word], about: usize) -> Option<String> {
    if let Some(said) = comma(words, about) {
        return Some(said);
    }
    let word = &words.get(about)?.text;
    let (key, value) = word.split_once('=')?;
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_key && !value.is_empty()).then(|| format!("write {key} {value}, with a space and no ="))
}

/// `192.0.2.1,`.
pub(super) fn comma(words: &[Word], about: usize) -> Option<String> {
    let alone = words.get(about)?.text.strip_suffix(',')?;
    Some(format!(
        "take the comma behind {alone} away: spaces part words, and each command has a line of its own"
    ))
}

/// A value without the keyword before it.
pub(super) fn unsaid_keyword(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let word = &words.get(about)?.text;
    if !mistake.stderr.contains("is garbage") {
        return None;
    }
    let is_of = |object: &str| words.iter().any(|word| object.starts_with(&word.text));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let is_device = word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.ends_with(|c: char| c.is_ascii_digit())
        && word.chars().all(is_name);
    let is_lladdr = word.len() == 17
        && word
            .split(':')
            .all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok());
    let (what, keyword) = match word.parse::<IpAddr>() {
        Ok(_) if is_of("route") => ("the gateway", "via"),
        _ if is_lladdr => ("a link-layer address", "lladdr"),
        _ if is_device => ("a device", "dev"),
        _ => return None,
    };
    Some(format!("if {word} is {what}, write {keyword} {word}"))
}

/// What to write, by a part of what is said of a word.
const BY_TEXT: [(&str, &str); 3] = [
    (
        "is not a kind of device",
        "chainsaw ip link help names the kinds that can be made",
    ),
    (
        "invalid table ID",
        "write the table's number: names of the node's own tables are not read",
    ),
    (
        "\"table\" value is invalid",
        "write the table's number: names of the node's own tables are not read",
    ),
];

/// What to write instead of a word that is known for what it is, and not taken.
pub(super) fn not_taken(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let word = &words.get(about)?.text;
    if mistake.stderr.contains("not to this dialect") {
        return Some(match word.starts_with('-') {
            true => format!("leave {word} out"),
            false => OBJECTS.to_owned(),
        });
    }
    if mistake.stderr.starts_with("Object ") {
        return Some(OBJECTS.to_owned());
    }
    let row = BY_TEXT.iter().find(|row| mistake.stderr.contains(row.0))?;
    Some(row.1.to_owned())
}
