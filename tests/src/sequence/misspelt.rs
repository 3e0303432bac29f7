//! What a person, or a program, makes of a command that was right.

use super::Sequence;

/// Words that are wrong, or too large, in many places.
const WRONG: [&str; 12] = [
    "-1",
    "0",
    "65536",
    "4294967296",
    "x",
    "",
    "2001:db8::1",
    "256.1.1.1",
    "dev",
    "10.0.0.0/33",
    "help",
    "aaaaaaaaaaaaaaaa",
];

impl Sequence {
    pub(super) fn misspell(&mut self, mut words: Vec<String>) -> Vec<String> {
        let at = self.random.usize(..words.len().max(1));
        match self.random.u8(..6) {
            0 => words.truncate(at),
            1 => {
                let wrong = self.one(&WRONG).to_owned();
                if let Some(word) = words.get_mut(at) {
                    *word = wrong;
                }
            }
            2 => {
                // Said twice.
                let from = at.saturating_sub(1);
                let again: Vec<String> = words.iter().skip(from).take(2).cloned().collect();
                words.extend(again);
            }
            3 => {
                let to = self.random.usize(..words.len().max(1));
                if !words.is_empty() {
                    words.swap(at, to);
                }
            }
            4 => {
                // Abbreviated.
                if let Some(word) = words.get_mut(at) {
                    let keep = self.random.usize(1..=word.len().max(1));
                    word.truncate(keep);
                }
            }
            _ => {
                if !words.is_empty() {
                    words.remove(at);
                }
            }
        }
        words
    }
}
