//! Tables of keywords, and how iproute2 finds a word in them: down the list, the first match wins, no ambiguity.
//!
//! The order of a table is the specification of its abbreviations.

/// How a word must be spelt to be a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Any non-empty beginning of it will do.
    Prefix,
    /// Only the whole word will do.
    Exact,
}

/// One row: the full form, how it may be spelt, what it means.
#[derive(Debug, Clone, Copy)]
pub struct Keyword<K: 'static> {
    /// The full form.
    pub word: &'static str,
    spelling: Spelling,
    /// What it means.
    pub key: K,
}

/// A row that may be abbreviated.
pub const fn prefix<K>(word: &'static str, key: K) -> Keyword<K> {
    Keyword {
        word,
        spelling: Spelling::Prefix,
        key,
    }
}

/// A row that may not be abbreviated.
pub const fn exact<K>(word: &'static str, key: K) -> Keyword<K> {
    Keyword {
        word,
        spelling: Spelling::Exact,
        key,
    }
}

impl<K> Keyword<K> {
    fn is(&self, word: &str) -> bool {
        match self.spelling {
            Spelling::Prefix => !word.is_empty() && self.word.starts_with(word),
            Spelling::Exact => self.word == word,
        }
    }
}

/// The first row that `word` spells.
#[must_use]
pub fn find<K>(table: &'static [Keyword<K>], word: &str) -> Option<&'static Keyword<K>> {
    table.iter().find(|row| row.is(word))
}

/// The full forms of a table, for naming the nearest.
pub fn words<K>(table: &'static [Keyword<K>]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|row| row.word)
}

/// The full forms of the rows that mean something of a kind.
pub fn words_of<K>(
    table: &'static [Keyword<K>],
    kind: impl Fn(&K) -> bool,
) -> impl Iterator<Item = &'static str> {
    let rows = table.iter().filter(move |row| kind(&row.key));
    rows.map(|row| row.word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Keyword<u8>] = &[
        prefix("address", 1),
        exact("add", 2),
        prefix("addrlabel", 3),
    ];

    #[test]
    fn the_first_match_wins() {
        assert_eq!(find(TABLE, "a").map(|row| row.key), Some(1));
        assert_eq!(find(TABLE, "add").map(|row| row.key), Some(1));
        assert_eq!(find(TABLE, "addrl").map(|row| row.key), Some(3));
    }

    #[test]
    fn an_empty_word_and_a_longer_word_match_nothing() {
        assert!(find(TABLE, "").is_none());
        assert!(find(TABLE, "addresses").is_none());
        assert!(find(TABLE, "ad d").is_none());
    }
}
