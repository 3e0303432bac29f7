//! Comments that read as commands: a root prompt was copied with one, or YAML made one line of a comment and what
//! follows it. A comment is allowed to say anything, so these are remarks and no mistakes.

use super::joined;
use crate::ip;
use crate::tokens;
use crate::words::{self, Word};

/// What may not be meant in the comments of a value: text, since JSON has none.
#[must_use]
pub fn remarks(value: &str) -> Vec<String> {
    if value.trim_start().starts_with(['[', '{']) {
        return Vec::new();
    }
    let lines = (1..).zip(value.lines().map(str::trim));
    let (comments, rest): (Vec<_>, Vec<_>) = lines
        .filter(|(_, line)| !line.is_empty())
        .partition(|(_, line)| line.starts_with('#'));
    let told = |(number, line): &(usize, &str)| {
        let remark = remark(line, rest.is_empty())?;
        Some(format!("line {number} {remark}"))
    };
    let all: Vec<String> = comments.iter().filter_map(told).collect();
    if all.is_empty() && rest.is_empty() && !comments.is_empty() {
        return vec!["it has comments alone, and no command".to_owned()];
    }
    all
}

fn remark(line: &str, is_nothing_else: bool) -> Option<String> {
    let text = line.trim_start_matches('#').trim_start();
    let words = words::split(text).ok()?;
    if text.split_whitespace().next() == Some("ip") && is_whole(&words) {
        return Some(
            "is a comment and reads as a command: if # is a root prompt, take it away".to_owned(),
        );
    }
    // Beside other commands it is prose.
    let second = joined::second(&words, is_whole_command).filter(|_| is_nothing_else)?;
    let before = line.chars().count() - text.chars().count();
    let told = joined::told(before + words.get(second)?.column);
    Some(format!("is a comment to its end; {told}"))
}

fn is_whole_command(words: &[Word]) -> bool {
    match words.split_first() {
        Some((first, rest)) => first.text == "ip" && is_whole(rest),
        None => false,
    }
}

/// Whether nothing is wrong with words but that their tokens stand for nothing here.
fn is_whole(words: &[Word]) -> bool {
    let is_a_token = |place: usize| {
        words
            .get(place)
            .is_some_and(|word| tokens::is_in(&word.text))
    };
    !words.is_empty()
        && match ip::read(words).command {
            Ok(_) => true,
            Err(mistake) => mistake.word.is_some_and(is_a_token),
        }
}
