//! A line becomes words. White space separates, single and double quotes group; there is no shell, no variable, no glob.

/// One word of a command, and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word, quotes taken away and tokens replaced.
    pub text: String,
    /// The column of its first character in the given line: characters, from 1.
    pub column: usize,
    /// Whether a token was replaced in it. Such a word is a value, never a keyword, a verb or an option.
    pub replaced: bool,
}

/// Why a line is not a row of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// A quote was opened and not closed.
    #[error("the quote {quote} at column {column} is not closed: close it, or take it away")]
    OpenQuote {
        /// The quote character.
        quote: char,
        /// Where it was opened.
        column: usize,
    },
    /// The line is an item of a list, as YAML has them: to `ip`, a lone dash is an option.
    #[error(
        "the dash at column {column} is a list item of YAML: leave the dash out, or write a JSON array, [\"ip …\", \"ip …\"]"
    )]
    ListItem {
        /// Where the dash is.
        column: usize,
    },
    /// A control character: none is part of any `ip` command.
    #[error("there is a control character (U+{code:04X}) at column {column}: take it away")]
    Control {
        /// Its code point.
        code: u32,
        /// Where it is.
        column: usize,
    },
}

impl WordError {
    /// The column the error is about.
    #[must_use]
    pub fn column(&self) -> usize {
        match self {
            Self::OpenQuote { column, .. }
            | Self::ListItem { column }
            | Self::Control { column, .. } => *column,
        }
    }
}

/// Splits a line. A leading `ip` is left out.
///
/// # Errors
/// An open quote, a control character, or a dash before the command.
pub fn split(line: &str) -> Result<Vec<Word>, WordError> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote: Option<(char, usize)> = None;
    for (column, character) in (1..).zip(line.chars()) {
        match (quote, character) {
            (Some((end, _)), _) if character == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some((character, column));
                open.get_or_insert_with(|| word_at(column));
            }
            (None, _) if character.is_whitespace() => words.extend(open.take()),
            (_, _) if character.is_control() => {
                return Err(WordError::Control {
                    code: character.into(),
                    column,
                });
            }
            _ => open
                .get_or_insert_with(|| word_at(column))
                .text
                .push(character),
        }
    }
    if let Some((quote, column)) = quote {
        return Err(WordError::OpenQuote { quote, column });
    }
    words.extend(open);
    if let Some(first) = words.first().filter(|first| first.text == "-") {
        let column = first.column;
        return Err(WordError::ListItem { column });
    }
    if words.first().is_some_and(|first| first.text == "ip") {
        words.remove(0);
    }
    Ok(words)
}

fn word_at(column: usize) -> Word {
    Word {
        text: String::new(),
        column,
        replaced: false,
    }
}

/// A word as [`split`] reads it back as one, whatever is in it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '\'' | '"');
    match word {
        "" => "''".to_owned(),
        _ if !word.contains(special) => word.to_owned(),
        _ if !word.contains('\'') => format!("'{word}'"),
        _ if !word.contains('"') => format!("\"{word}\""),
        // Quoted parts that touch are one word.
        _ => format!("'{}'", word.replace('\'', "'\"'\"'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line)
            .unwrap()
            .into_iter()
            .map(|word| word.text)
            .collect()
    }

    #[test]
    fn splits_on_white_space_and_leaves_out_a_leading_ip() {
        assert_eq!(texts("ip  route\tadd default"), ["route", "add", "default"]);
        assert_eq!(texts("route ip"), ["route", "ip"]);
    }

    #[test]
    fn quotes_group_and_may_stand_inside_a_word() {
        assert_eq!(
            texts(r#"link set eth0 alias "the 'uplink'" b''c"#),
            ["link", "set", "eth0", "alias", "the 'uplink'", "bc"]
        );
        assert_eq!(texts("a ''"), ["a", ""]);
    }

    #[test]
    fn keeps_columns_in_characters() {
        let words = split("ip é route").unwrap();
        assert_eq!((words[0].column, words[1].column), (4, 6));
    }

    #[test]
    fn refuses_open_quotes_and_control_characters() {
        assert_eq!(
            split("a 'b"),
            Err(WordError::OpenQuote {
                quote: '\'',
                column: 3
            })
        );
        assert_eq!(
            split("a\0b"),
            Err(WordError::Control { code: 0, column: 2 })
        );
        assert_eq!(split("'a\u{1b}'").unwrap_err().column(), 3);
    }

    #[test]
    fn a_dash_before_the_command_is_a_list_item_and_no_option() {
        for line in ["- ip route", "-", "-\tip route", "- route"] {
            assert_eq!(
                split(line),
                Err(WordError::ListItem { column: 1 }),
                "{line}"
            );
        }
        // As the judge takes it, who writes it on purpose.
        assert_eq!(texts("ip - 5 address flush")[..2], ["-", "5"]);
        assert_eq!(texts("-4 route"), ["-4", "route"]);
    }

    #[test]
    fn a_quoted_word_is_one_word_again() {
        for word in ["", "eth0", "a b", "'", "\"", "a'\"b c\"\"'d"] {
            let words = split(&quoted(word)).unwrap();
            assert_eq!(words.len(), 1, "{word}");
            assert_eq!(words[0].text, word);
        }
    }
}
