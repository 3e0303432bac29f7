//! What `ip` says of a command line it cannot take: its text on standard error and its exit status, byte for byte, and
//! beside them what only we know, the word and what to write instead.

/// A command line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What iproute2 writes to standard error, its newlines included; or what we do, where iproute2 would go on.
    pub stderr: String,
    /// Whether iproute2 would go on: then the text is not its own.
    pub ours: bool,
    /// Its exit status.
    pub exit: u8,
    /// Which word, counted from 0; the number of words when the line ends too early.
    pub word: Option<usize>,
    /// Which column of the given text, where that says more than the word's own.
    pub column: Option<usize>,
    /// What to write instead. Never part of iproute2's text.
    pub hint: Option<String>,
    /// The command is refused under any profile, however it is spelt; the reason.
    pub never: Option<&'static str>,
}

/// iproute2's usage errors end with this status.
pub const USAGE: u8 = 255;

impl Mistake {
    /// A line of iproute2's text that ends with `exit`.
    pub fn new(line: impl AsRef<str>, exit: u8) -> Self {
        Self {
            stderr: format!("{}\n", line.as_ref()),
            ours: false,
            exit,
            word: None,
            column: None,
            hint: None,
            never: None,
        }
    }

    /// Something that iproute2 ends for with `exit`, and says nothing of.
    pub fn silent(exit: u8) -> Self {
        Self {
            stderr: String::new(),
            ..Self::new("", exit)
        }
    }

    /// Something that iproute2 would take, and we do not.
    pub fn ours(line: impl AsRef<str>) -> Self {
        Self {
            ours: true,
            ..Self::new(line, USAGE)
        }
    }

    /// Something no profile allows. It has no representation as a command; this is all that is left of it.
    pub fn never(word: usize, given: &str, reason: &'static str) -> Self {
        Self {
            word: Some(word),
            never: Some(reason),
            ..Self::ours(format!("\"{given}\" is not available here: {reason}."))
        }
    }

    /// The same, about a word.
    #[must_use]
    pub fn at(self, word: usize) -> Self {
        Self {
            word: Some(word),
            ..self
        }
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn hinting(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same, behind what iproute2 wrote to standard error before.
    #[must_use]
    pub fn behind(self, warnings: &str) -> Self {
        let stderr = format!("{warnings}{}", self.stderr);
        Self { stderr, ..self }
    }

    /// A question for help, which has its answer where mistakes go, as iproute2 has it.
    pub fn help(text: &str) -> Self {
        Self::new(text, USAGE)
    }

    /// The line ends where a word is needed.
    pub fn incomplete(word: usize) -> Self {
        Self::new("Command line is not complete. Try option \"help\"", USAGE).at(word)
    }

    /// A keyword for the second time.
    pub fn duplicate(key: &str, value: &str) -> Self {
        Self::new(
            format!("Error: duplicate \"{key}\": \"{value}\" is the second value."),
            USAGE,
        )
    }

    /// A word that is neither a keyword nor the one positional value.
    pub fn garbage(key: &str, word: &str) -> Self {
        Self::new(
            format!("Error: either \"{key}\" is duplicate, or \"{word}\" is garbage."),
            USAGE,
        )
    }

    /// A value that its keyword does not take.
    pub fn wrong(value: &str, message: &str) -> Self {
        Self::new(
            format!("Error: argument \"{value}\" is wrong: {message}"),
            USAGE,
        )
    }

    /// A device that a change needs and that is not there.
    pub fn no_device(name: &str) -> Self {
        Self::new(format!("Cannot find device \"{name}\""), 1)
    }

    /// A device that `show` or `flush` was to look at and that is not there.
    pub fn device_does_not_exist(name: &str) -> Self {
        Self::new(format!("Device \"{name}\" does not exist."), 1)
    }

    /// A change that names no device.
    pub fn no_dev(exit: u8) -> Self {
        Self::new(
            "Not enough information: \"dev\" argument is required.",
            exit,
        )
    }

    /// A link-layer address that is not as long as those of its device.
    pub fn address_length(given: usize, right: usize) -> Self {
        Self::new(
            format!("Invalid address length {given} - must be {right} bytes"),
            1,
        )
    }
}
