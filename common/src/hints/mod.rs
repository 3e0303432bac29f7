//! What people write who mean something else, and what to write instead. It is looked for only in a line that is wrong
//! already, and stands beside iproute2's text, never in it.

use crate::ip::Mistake;
use crate::lookalike::{self, Lookalike};
use crate::words::{self, Word};

mod address;
mod comment;
mod example;
mod form;
mod joined;
mod net_tools;
mod programs;
mod shell;
mod start;

pub use comment::remarks;
use shell::is_a_command;

/// A line with a mistake.
struct Line<'a> {
    /// As somebody wrote it.
    text: &'a str,
    /// Its words, tokens replaced.
    words: &'a [Word],
    /// Which of them is wrong; their number where it ends too early.
    about: usize,
    /// What `ip` says of it.
    mistake: &'a Mistake,
}

/// What to write instead, and the column to look at where that is not the wrong word's.
pub struct Hint {
    /// What to write.
    pub text: String,
    /// The column.
    pub column: Option<usize>,
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self { text, column: None }
    }
}

/// One kind of thing that people write.
type Habit = fn(&Line<'_>) -> Option<Hint>;

/// In the order in which they are looked for: what explains the most comes first.
const HABITS: &[Habit] = &[
    |line| line.lookalike_in_the_word(),
    |line| shell::template(line.words, line.about).map(Hint::from),
    |line| shell::prompt(line.words, line.about).map(Hint::from),
    |line| net_tools::instead(line.words, line.about).map(Hint::from),
    |line| start::instead(line.words, line.about).map(Hint::from),
    |line| shell::word(line.words, line.about).map(Hint::from),
    |line| line.joined(),
    |line| line.token_in_marks(),
    |line| shell::value(line.words, line.about).map(Hint::from),
    |line| programs::instead(line.words, line.about).map(Hint::from),
    |line| start::verb_first(line.words, line.about).map(Hint::from),
    |line| form::no_colour(line.words, line.about).map(Hint::from),
    |line| form::parted(line.words, line.about).map(Hint::from),
];

/// The same, where the dialect has nothing to say: they may be beside the point.
const GUESSES: &[Habit] = &[
    |line| address::mask(line.words, line.about).map(Hint::from),
    |line| address::instead(line.words, line.about, line.mistake).map(Hint::from),
    |line| line.lookalike_anywhere(),
    |line| line.joined_anywhere(),
    |line| form::unsaid_keyword(line.words, line.about, line.mistake).map(Hint::from),
    |line| form::not_taken(line.words, line.about, line.mistake).map(Hint::from),
    |line| example::more_is_needed(line.words, line.about, line.mistake).map(Hint::from),
    |line| example::form(line.words, line.about, line.mistake).map(Hint::from),
];

/// A mistake of a line, with what to do instead of the habit, if it is one.
#[must_use]
pub fn noticed(mistake: Mistake, text: &str, words: &[Word]) -> Mistake {
    let line = Line {
        text,
        words,
        about: mistake.word.unwrap_or_default(),
        mistake: &mistake,
    };
    let guesses = GUESSES.iter().filter(|_| mistake.hint.is_none());
    let found = match mistake.never {
        // However it is spelt, it stays refused.
        Some(_) => example::inside_already(words, line.about).map(Hint::from),
        None => HABITS.iter().chain(guesses).find_map(|habit| habit(&line)),
    };
    let Some(hint) = found else {
        return mistake;
    };
    let word = hint.column.map(|column| word_at(column, words));
    Mistake {
        word: word.or(mistake.word),
        column: hint.column,
        ..mistake.hinting(Some(hint.text))
    }
}

/// What to write instead in a line that does not even become words.
#[must_use]
pub fn of_an_unread_line(text: &str) -> Option<String> {
    let mut all = lookalike::all(text).filter(|found| !found.is_space());
    let first = all.next()?;
    Some(first.with_more(all.count()))
}

/// What may not be meant in a line that `ip` takes.
#[must_use]
pub fn of_a_right_line(text: &str) -> Option<Hint> {
    let words = words::split(text).ok()?;
    let all = lookalikes(text, &words);
    let lookalike = all.first().map(|first| pointed_at(first, all.len()));
    let hint = lookalike.or_else(|| of_right_words(&words).map(Hint::from))?;
    Some(Hint {
        text: format!("if it is not meant: {}", hint.text),
        ..hint
    })
}

fn of_right_words(words: &[Word]) -> Option<String> {
    let places = 0..words.len();
    let last = words.len().saturating_sub(1);
    shell::template(words, last)
        .or_else(|| shell::word(words, last))
        .or_else(|| places.clone().find_map(|place| shell::value(words, place)))
        .or_else(|| places.clone().find_map(|place| form::comma(words, place)))
        .or_else(|| {
            let second = words.get(joined::second(words, is_a_command)?)?;
            Some(joined::told(second.column))
        })
}

/// The lookalikes in the words of a line: a space that looks like another parts them as well.
fn lookalikes(text: &str, words: &[Word]) -> Vec<Lookalike> {
    let is_in_a_word = |found: &Lookalike| {
        let word = words.get(word_at(found.column, words));
        !found.is_space() || word.is_some_and(|word| word.text.contains(found.character))
    };
    lookalike::all(text).filter(is_in_a_word).collect()
}

/// The word in which a column is.
fn word_at(column: usize, words: &[Word]) -> usize {
    let begins_before = |word: &&Word| word.column <= column;
    let words = words.iter().take_while(begins_before).count();
    words.saturating_sub(1)
}

fn pointed_at(first: &Lookalike, all: usize) -> Hint {
    Hint {
        text: first.with_more(all - 1),
        column: Some(first.column),
    }
}

impl Line<'_> {
    fn lookalikes(&self) -> Vec<Lookalike> {
        lookalikes(self.text, self.words)
    }

    fn lookalike_in_the_word(&self) -> Option<Hint> {
        let all = self.lookalikes();
        let is_here = |found: &&Lookalike| word_at(found.column, self.words) == self.about;
        let first = all.iter().find(is_here)?;
        Some(pointed_at(first, all.len()))
    }

    fn lookalike_anywhere(&self) -> Option<Hint> {
        let all = self.lookalikes();
        Some(pointed_at(all.first()?, all.len()))
    }

    /// `{CURRENT_GATEWAY}`: the token was filled in, and what is around it stayed.
    fn token_in_marks(&self) -> Option<Hint> {
        let word = self.words.get(self.about).filter(|word| word.replaced)?;
        let given = self.text.chars().skip(word.column - 1);
        let given: String = given.take_while(|c| !c.is_whitespace()).collect();
        let token = given.trim_matches(|c: char| "{}<>[]()%@".contains(c));
        (token.len() < given.len()).then(|| format!("write {token} alone").into())
    }

    fn another(&self) -> Option<usize> {
        joined::second(self.words, is_a_command).or_else(|| joined::bare(self.words, self.about))
    }

    fn joined(&self) -> Option<Hint> {
        let place = self.another().filter(|place| *place <= self.about)?;
        self.at(place)
    }

    fn joined_anywhere(&self) -> Option<Hint> {
        self.at(self.another()?)
    }

    fn at(&self, place: usize) -> Option<Hint> {
        let word = self.words.get(place)?;
        Some(joined::told(word.column).into())
    }
}

#[cfg(test)]
mod tests;
