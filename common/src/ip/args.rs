//! A cursor over the words of a command. It remembers, in order, which devices iproute2 would ask the kernel for.

use std::cell::RefCell;
use std::net::IpAddr;

use super::host::Host;
use super::keyword::{self, Keyword};
use super::mistake::Mistake;
use super::number;
use super::prefix::{self, Prefix};
use crate::family::Family;
use crate::words::Word;

/// A device that must exist, or must be as a word says, and what `ip` says if it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The device's name.
    pub device: String,
    /// What the device must be.
    pub must: Must,
    /// What to answer if it is not.
    pub missing: Mistake,
}

/// What a VRF is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vrf {
    /// Itself.
    Device,
    /// Its table. Without a device of that name, `default` is table main.
    Table,
}

/// What a looked-up device must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    /// There.
    Exist,
    /// There, and a VRF.
    Be(Vrf),
    /// If it is there, its link-layer address must be of this many bytes.
    HaveAddressOf(usize),
}

/// The words that are left, and what was learnt on the way.
#[derive(Debug)]
pub struct Args<'a> {
    words: &'a [Word],
    next: usize,
    lookups: Vec<Lookup>,
    warnings: String,
    noted: Option<RefCell<Vec<Noted>>>,
}

/// A keyword that a word spelt, and the words of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The words of the table.
    pub table: Vec<&'static str>,
    /// The keyword's full form.
    pub keyword: &'static str,
}

impl<'a> Args<'a> {
    /// All of `words`.
    #[must_use]
    pub fn new(words: &'a [Word]) -> Self {
        Self {
            words,
            next: 0,
            lookups: Vec::new(),
            warnings: String::new(),
            noted: None,
        }
    }

    /// All of `words`; the keywords among them will be noted.
    #[must_use]
    pub fn noting(words: &'a [Word]) -> Self {
        Self {
            noted: Some(RefCell::default()),
            ..Self::new(words)
        }
    }

    /// The row of `table` that a word spells. A word with a replaced token is never a keyword.
    pub fn spelt<K>(
        &self,
        table: &'static [Keyword<K>],
        word: &Word,
    ) -> Option<&'static Keyword<K>> {
        let row = if word.replaced {
            None
        } else {
            keyword::find(table, &word.text)
        };
        self.note(table, row);
        row
    }

    /// Notes the row that was found in a table, if that is wanted.
    pub fn note<K>(&self, table: &'static [Keyword<K>], row: Option<&'static Keyword<K>>) {
        if let Some(row) = row.filter(|_| self.noted.is_some()) {
            self.note_word(&keyword::words(table).collect::<Vec<_>>(), row.word);
        }
    }

    /// The same of a keyword that stands in no table of rows.
    pub fn note_word(&self, table: &[&'static str], keyword: &'static str) {
        if let Some(noted) = &self.noted {
            noted.borrow_mut().push(Noted {
                table: table.to_vec(),
                keyword,
            });
        }
    }

    /// The keywords that were noted.
    #[must_use]
    pub fn noted(&self) -> Vec<Noted> {
        let noted = self.noted.as_ref();
        noted
            .map(|noted| noted.borrow().clone())
            .unwrap_or_default()
    }

    /// The next word, not yet taken.
    #[must_use]
    pub fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.next)
    }

    /// Takes the next word, if there is one.
    pub fn take(&mut self) -> Option<&'a Word> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// Takes the next word if it is spelt just so.
    pub fn take_exact(&mut self, word: &str) -> bool {
        let found = self
            .peek()
            .is_some_and(|next| !next.replaced && next.text == word);
        self.next += usize::from(found);
        found
    }

    /// Takes the next word if it is a keyword of this table. One that is none is left, and belongs to the keyword
    /// `unsaid`, as iproute2 lets it be left out.
    pub fn keyword<K: Copy>(&mut self, table: &'static [Keyword<K>], unsaid: K) -> Option<K> {
        let row = self.spelt(table, self.peek()?);
        self.next += usize::from(row.is_some());
        Some(row.map_or(unsaid, |row| row.key))
    }

    /// Gives the last word back.
    pub fn put_back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// Which word was taken last, counted from 0.
    #[must_use]
    pub fn last(&self) -> usize {
        self.next.saturating_sub(1)
    }

    /// The value that a keyword needs.
    ///
    /// # Errors
    /// The line ends here.
    pub fn value(&mut self) -> Result<&'a str, Mistake> {
        let here = self.next;
        self.take()
            .map(|word| word.text.as_str())
            .ok_or_else(|| Mistake::incomplete(here))
    }

    /// A value that is a number of some width; `wrong` is iproute2's message.
    ///
    /// # Errors
    /// The line ends, or the value is no such number.
    pub fn number<T: TryFrom<u64>>(&mut self, wrong: &str) -> Result<T, Mistake> {
        let word = self.value()?;
        number::fitting(word).ok_or_else(|| Mistake::wrong(word, wrong))
    }

    /// A value that some reader understands; `wrong` is iproute2's message.
    ///
    /// # Errors
    /// The line ends, or the reader does not understand.
    pub fn read<T>(
        &mut self,
        reader: impl Fn(&str) -> Option<T>,
        wrong: &str,
    ) -> Result<T, Mistake> {
        let word = self.value()?;
        reader(word).ok_or_else(|| Mistake::wrong(word, wrong))
    }

    /// A value that is an address.
    ///
    /// # Errors
    /// The line ends, or it is not one of that family.
    pub fn address(&mut self, family: Family) -> Result<IpAddr, Mistake> {
        let word = self.value()?;
        prefix::address(word, family)
    }

    /// A value that is an address or a word for every address.
    ///
    /// # Errors
    /// The line ends, or it is not one of that family.
    pub fn host(&mut self, family: Family) -> Result<Host, Mistake> {
        let word = self.value()?;
        Host::read(word, family)
    }

    /// A value that is a prefix.
    ///
    /// # Errors
    /// The line ends, or it is not one of that family.
    pub fn prefix(&mut self, family: Family) -> Result<Prefix, Mistake> {
        let word = self.value()?;
        Prefix::read(word, family)
    }

    /// iproute2 would now ask the kernel for this device.
    pub fn look_up(&mut self, device: &str, missing: Mistake) {
        self.look_at(device, Must::Exist, missing);
    }

    /// iproute2 would now ask the kernel for this VRF.
    pub fn look_up_vrf(&mut self, vrf: Vrf, device: &str, missing: Mistake) {
        self.look_at(device, Must::Be(vrf), missing);
    }

    /// iproute2 would now ask the kernel what this device is.
    pub fn look_at(&mut self, device: &str, must: Must, missing: Mistake) {
        let missing = missing.at(self.last()).behind(&self.warnings);
        let device = device.to_owned();
        self.lookups.push(Lookup {
            device,
            must,
            missing,
        });
    }

    /// iproute2 would now write a line of warning to standard error.
    pub fn warn(&mut self, line: &str) {
        self.warnings.push_str(line);
        self.warnings.push('\n');
    }

    /// The warnings so far, each with its newline.
    #[must_use]
    pub fn warnings(&self) -> &str {
        &self.warnings
    }

    /// The look-ups, in order.
    #[must_use]
    pub fn into_lookups(self) -> Vec<Lookup> {
        self.lookups
    }
}

/// Whether a word, where a value may stand, asks iproute2 for help.
#[must_use]
pub fn is_help(word: &str) -> bool {
    !word.is_empty() && "help".starts_with(word)
}
