//! Several commands on one line: what YAML makes of lines behind `>`, and of a plain value that goes on.

use super::shell::is_understood;
use crate::words::Word;

/// Objects by whose full names alone a command may begin, in the middle of a line.
pub(super) const OBJECTS: [&str; 7] = [
    "addr",
    "address",
    "link",
    "neigh",
    "neighbour",
    "route",
    "rule",
];

/// What to say of a command that begins at a column.
pub(super) fn told(column: usize) -> String {
    format!(
        "another command begins at column {column}: write one command a line; in YAML put | behind the key, since > and plain values join lines"
    )
}

/// The first word of another command in a line, by its place: an `ip` before an object and a verb.
pub(super) fn second(words: &[Word], is_a_command: fn(&[Word]) -> bool) -> Option<usize> {
    let is_ip = |(_, word): &(usize, &Word)| word.text == "ip" && !word.replaced;
    let places: Vec<usize> = (words.iter().enumerate().skip(1))
        .filter(is_ip)
        .map(|(place, _)| place)
        .collect();
    let ends = places.iter().skip(1).copied().chain([words.len()]);
    let mut commands = places.iter().copied().zip(ends);
    commands
        .find(|(start, end)| words.get(*start..*end).is_some_and(is_a_command))
        .map(|(start, _)| start)
}

/// The same at the word that is wrong, where `ip` was left out.
pub(super) fn bare(words: &[Word], about: usize) -> Option<usize> {
    let rest = words.get(about..).filter(|_| about >= 2)?;
    let [object, _verb, ..] = rest else {
        return None;
    };
    let is_object = OBJECTS.contains(&&*object.text) && !object.replaced;
    (is_object && is_understood(rest)).then_some(about)
}
