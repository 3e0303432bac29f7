//! Characters that look like another one, or like nothing: what a word processor, a web page or a keyboard of another
//! script puts where `ip` needs plain ASCII.

/// Where one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookalike {
    /// The character.
    pub character: char,
    /// Its column in the line: characters, from 1.
    pub column: usize,
    /// Its Unicode name.
    name: &'static str,
    /// What was meant; nothing where it is to be taken away.
    meant: Option<char>,
}

/// A character, its Unicode name, and what was meant.
type Row = (char, &'static str, Option<char>);

/// Between the fullwidth forms and the ASCII characters that they are forms of.
const FULLWIDTH: u32 = 0xfee0;

/// What is no fullwidth form, by code point.
const TABLE: &[Row] = &[
    ('\u{a0}', "NO-BREAK SPACE", Some(' ')),
    (
        '\u{ab}',
        "LEFT-POINTING DOUBLE ANGLE QUOTATION MARK",
        Some('"'),
    ),
    ('\u{ad}', "SOFT HYPHEN", None),
    ('\u{b4}', "ACUTE ACCENT", Some('\'')),
    (
        '\u{bb}',
        "RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK",
        Some('"'),
    ),
    ('\u{2c8}', "MODIFIER LETTER VERTICAL LINE", Some('\'')),
    ('\u{3bf}', "GREEK SMALL LETTER OMICRON", Some('o')),
    ('\u{430}', "CYRILLIC SMALL LETTER A", Some('a')),
    ('\u{435}', "CYRILLIC SMALL LETTER IE", Some('e')),
    ('\u{43e}', "CYRILLIC SMALL LETTER O", Some('o')),
    ('\u{440}', "CYRILLIC SMALL LETTER ER", Some('p')),
    ('\u{441}', "CYRILLIC SMALL LETTER ES", Some('c')),
    ('\u{443}', "CYRILLIC SMALL LETTER U", Some('y')),
    ('\u{445}', "CYRILLIC SMALL LETTER HA", Some('x')),
    ('\u{455}', "CYRILLIC SMALL LETTER DZE", Some('s')),
    (
        '\u{456}',
        "CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I",
        Some('i'),
    ),
    ('\u{458}', "CYRILLIC SMALL LETTER JE", Some('j')),
    ('\u{2002}', "EN SPACE", Some(' ')),
    ('\u{2003}', "EM SPACE", Some(' ')),
    ('\u{2007}', "FIGURE SPACE", Some(' ')),
    ('\u{2009}', "THIN SPACE", Some(' ')),
    ('\u{200a}', "HAIR SPACE", Some(' ')),
    ('\u{200b}', "ZERO WIDTH SPACE", None),
    ('\u{200c}', "ZERO WIDTH NON-JOINER", None),
    ('\u{200d}', "ZERO WIDTH JOINER", None),
    ('\u{200e}', "LEFT-TO-RIGHT MARK", None),
    ('\u{200f}', "RIGHT-TO-LEFT MARK", None),
    ('\u{2010}', "HYPHEN", Some('-')),
    ('\u{2011}', "NON-BREAKING HYPHEN", Some('-')),
    ('\u{2012}', "FIGURE DASH", Some('-')),
    ('\u{2013}', "EN DASH", Some('-')),
    ('\u{2014}', "EM DASH", Some('-')),
    ('\u{2015}', "HORIZONTAL BAR", Some('-')),
    ('\u{2018}', "LEFT SINGLE QUOTATION MARK", Some('\'')),
    ('\u{2019}', "RIGHT SINGLE QUOTATION MARK", Some('\'')),
    ('\u{201a}', "SINGLE LOW-9 QUOTATION MARK", Some('\'')),
    (
        '\u{201b}',
        "SINGLE HIGH-REVERSED-9 QUOTATION MARK",
        Some('\''),
    ),
    ('\u{201c}', "LEFT DOUBLE QUOTATION MARK", Some('"')),
    ('\u{201d}', "RIGHT DOUBLE QUOTATION MARK", Some('"')),
    ('\u{201e}', "DOUBLE LOW-9 QUOTATION MARK", Some('"')),
    (
        '\u{201f}',
        "DOUBLE HIGH-REVERSED-9 QUOTATION MARK",
        Some('"'),
    ),
    ('\u{2028}', "LINE SEPARATOR", Some(' ')),
    ('\u{2029}', "PARAGRAPH SEPARATOR", Some(' ')),
    ('\u{202a}', "LEFT-TO-RIGHT EMBEDDING", None),
    ('\u{202b}', "RIGHT-TO-LEFT EMBEDDING", None),
    ('\u{202c}', "POP DIRECTIONAL FORMATTING", None),
    ('\u{202d}', "LEFT-TO-RIGHT OVERRIDE", None),
    ('\u{202e}', "RIGHT-TO-LEFT OVERRIDE", None),
    ('\u{202f}', "NARROW NO-BREAK SPACE", Some(' ')),
    ('\u{2032}', "PRIME", Some('\'')),
    ('\u{2033}', "DOUBLE PRIME", Some('"')),
    (
        '\u{2039}',
        "SINGLE LEFT-POINTING ANGLE QUOTATION MARK",
        Some('\''),
    ),
    (
        '\u{203a}',
        "SINGLE RIGHT-POINTING ANGLE QUOTATION MARK",
        Some('\''),
    ),
    ('\u{2044}', "FRACTION SLASH", Some('/')),
    ('\u{205f}', "MEDIUM MATHEMATICAL SPACE", Some(' ')),
    ('\u{2060}', "WORD JOINER", None),
    ('\u{2066}', "LEFT-TO-RIGHT ISOLATE", None),
    ('\u{2067}', "RIGHT-TO-LEFT ISOLATE", None),
    ('\u{2068}', "FIRST STRONG ISOLATE", None),
    ('\u{2069}', "POP DIRECTIONAL ISOLATE", None),
    ('\u{2212}', "MINUS SIGN", Some('-')),
    ('\u{2215}', "DIVISION SLASH", Some('/')),
    ('\u{2236}', "RATIO", Some(':')),
    ('\u{3000}', "IDEOGRAPHIC SPACE", Some(' ')),
    ('\u{fe63}', "SMALL HYPHEN-MINUS", Some('-')),
    // The standard's own name for it, and the one that editors have.
    (
        '\u{feff}',
        "ZERO WIDTH NO-BREAK SPACE, the byte order mark",
        None,
    ),
];

/// The lookalikes in a line, in order.
pub fn all(line: &str) -> impl Iterator<Item = Lookalike> {
    (1..)
        .zip(line.chars())
        .filter(|(_, character)| !character.is_ascii())
        .filter_map(|(column, character)| Lookalike::of(character, column))
}

/// Whether a character cannot be seen, and changes what is.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    !character.is_ascii() && Lookalike::of(character, 0).is_some_and(|found| found.meant.is_none())
}

impl Lookalike {
    fn of(character: char, column: usize) -> Option<Self> {
        let (_, name, meant) = match character {
            '\u{ff01}'..='\u{ff5e}' => {
                let ascii = char::from_u32(u32::from(character) - FULLWIDTH);
                Some((character, "FULLWIDTH form", ascii))
            }
            _ => TABLE.iter().find(|row| row.0 == character).copied(),
        }?;
        Some(Self {
            character,
            column,
            name,
            meant,
        })
    }

    /// Whether it looks like a space.
    #[must_use]
    pub fn is_space(&self) -> bool {
        self.meant == Some(' ')
    }

    /// What it is, where, what to write, and how many more there are.
    #[must_use]
    pub fn with_more(&self, more: usize) -> String {
        match more {
            0 => self.told(),
            more => format!("{} ({more} more in this line)", self.told()),
        }
    }

    fn told(&self) -> String {
        let (column, code, name) = (self.column, u32::from(self.character), self.name);
        match self.meant {
            None => format!(
                "an invisible character stands at column {column}, {name} (U+{code:04X}): take it away"
            ),
            Some(' ') => format!(
                "the space at column {column} is {} (U+{code:04X}): write a plain space",
                with_article(name)
            ),
            Some(meant) => format!(
                "the {} at column {column} is {} (U+{code:04X}): write a plain {meant}",
                self.character,
                with_article(name)
            ),
        }
    }
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<String> {
        let all: Vec<Lookalike> = all(line).collect();
        Some(all.first()?.with_more(all.len() - 1))
    }

    #[test]
    fn each_is_named_with_its_place_and_what_to_write() {
        for (line, said) in [
            (
                "\u{feff}ip route",
                "an invisible character stands at column 1, ZERO WIDTH NO-BREAK SPACE, the byte order mark (U+FEFF): take it away",
            ),
            (
                "ip \u{200b}route",
                "an invisible character stands at column 4, ZERO WIDTH SPACE (U+200B): take it away",
            ),
            (
                "ip\u{a0}route",
                "the space at column 3 is a NO-BREAK SPACE (U+00A0): write a plain space",
            ),
            (
                "ip –6 route",
                "the – at column 4 is an EN DASH (U+2013): write a plain -",
            ),
            (
                "ip −6 route",
                "the − at column 4 is a MINUS SIGN (U+2212): write a plain -",
            ),
            (
                "ip route add “a”",
                "the “ at column 14 is a LEFT DOUBLE QUOTATION MARK (U+201C): write a plain \" (1 more in this line)",
            ),
            (
                "ip r\u{43e}ute",
                "the \u{43e} at column 5 is a CYRILLIC SMALL LETTER O (U+043E): write a plain o",
            ),
            (
                "ip route add １92.0.2.0/24",
                "the １ at column 14 is a FULLWIDTH form (U+FF11): write a plain 1",
            ),
        ] {
            assert_eq!(told(line).as_deref(), Some(said));
        }
    }

    #[test]
    fn what_is_asked_for_by_name_is_in_the_table() {
        for (character, is_hidden) in [
            ('\u{200b}', true),
            ('\u{200c}', true),
            ('\u{200d}', true),
            ('\u{feff}', true),
            ('\u{2060}', true),
            ('\u{a0}', false),
            ('\u{202f}', false),
            ('\u{2013}', false),
            ('\u{2014}', false),
            ('\u{2212}', false),
        ] {
            assert!(told(&character.to_string()).is_some(), "{character:?}");
            assert_eq!(is_invisible(character), is_hidden, "{character:?}");
        }
        for plain in ["ip -6 route add 'a b' \"c\" é ß 中 …", ""] {
            assert_eq!(told(plain), None, "{plain}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_has_nothing_twice() {
        let is_after = |pair: &[Row]| matches!(pair, [one, other] if one.0 < other.0);
        assert!(TABLE.windows(2).all(is_after));
    }
}
