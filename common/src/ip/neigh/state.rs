//! States of a neighbour (`NUD_*`).

use crate::ip::args::Args;
use crate::ip::keyword::{self, Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::number;
use crate::uapi::nud;

/// In iproute2's order.
const TABLE: &[Keyword<u8>] = &[
    prefix("permanent", nud::PERMANENT),
    prefix("reachable", 0x02),
    exact("noarp", nud::NOARP),
    exact("none", nud::NONE),
    exact("stale", 0x04),
    exact("incomplete", 0x01),
    exact("delay", 0x08),
    exact("probe", 0x10),
    prefix("failed", 0x20),
];

/// States in the order in which they are shown.
pub(super) const SHOWN: &[(u8, &str)] = &[
    (0x01, "INCOMPLETE"),
    (0x02, "REACHABLE"),
    (0x04, "STALE"),
    (0x08, "DELAY"),
    (0x10, "PROBE"),
    (0x20, "FAILED"),
    (nud::NOARP, "NOARP"),
    (nud::PERMANENT, "PERMANENT"),
];

const ALL_BUT_NOARP: u8 = !nud::NOARP;

const BAD: &str = "nud state is bad";

/// A state: its word, or its bit.
pub(super) fn read(args: &mut Args<'_>) -> Result<u8, Mistake> {
    args.read(of, BAD)
}

fn of(word: &str) -> Option<u8> {
    keyword::find(TABLE, word)
        .map(|row| row.key)
        .or_else(|| number::fitting(word).filter(|bits: &u8| bits.count_ones() <= 1))
}

/// The word of a state, or its bit.
pub(super) fn word(state: u8) -> String {
    TABLE
        .iter()
        .find(|row| row.key == state)
        .map_or_else(|| format!("{state:#x}"), |row| row.word.to_owned())
}

/// States that a filter wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// All, the one without a bit too; a flush leaves `noarp` alone unless it is named.
    All,
    /// Those with one of these bits, and the one without a bit if it was named.
    Of {
        /// `NUD_…` bits.
        bits: u8,
        /// Whether `none` is among them.
        none: bool,
    },
}

impl States {
    /// Reads one more state.
    pub(super) fn read(args: &mut Args<'_>, before: Option<Self>) -> Result<Self, Mistake> {
        let word = args.value()?;
        let (mut bits, mut none) = match before {
            Some(Self::All) => (!nud::NOARP, true),
            Some(Self::Of { bits, none }) => (bits, none),
            None => (0, false),
        };
        if word == "all" {
            (bits, none) = (bits | !nud::NOARP, true);
        } else {
            let state = of(word).ok_or_else(|| Mistake::wrong(word, BAD))?;
            (bits, none) = (bits | state, none || state == nud::NONE);
        }
        Ok(match (bits, none) {
            // So it stays one word in the full form.
            (ALL_BUT_NOARP, true) if word == "all" || before == Some(Self::All) => Self::All,
            (bits, none) => Self::Of { bits, none },
        })
    }

    /// Whether this state is one of them.
    pub(super) fn have(self, state: u8) -> bool {
        match self {
            Self::All => true,
            Self::Of { none, .. } if state == nud::NONE => none,
            Self::Of { bits, .. } => bits & state != 0,
        }
    }
}
