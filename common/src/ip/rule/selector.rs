//! Values of a rule's selector that are more than a number: ranges, and numbers with a mask.

use std::fmt;

use crate::ip::args::Args;
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::number;

/// `uidrange`: both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uids {
    /// The first.
    pub start: u32,
    /// The last.
    pub end: u32,
}

/// `sport` and `dport`: a port, a port with a mask, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub start: u16,
    /// The last.
    pub end: u16,
    /// What was written behind the slash.
    pub mask: Option<u16>,
}

/// `dscp`: six bits. What is too large is the kernel's to refuse, unless it is cut off on the way, as by iproute2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dscp {
    /// The code point.
    pub value: u32,
    /// What was written behind the slash.
    pub mask: Option<u32>,
    /// Whether it was named. iproute2 reads its names with the first one it needs, which decides how it shows 0.
    pub named: bool,
}

/// `flowlabel`: twenty bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowLabel {
    /// The label.
    pub value: u32,
    /// What was written behind the slash.
    pub mask: Option<u32>,
}

impl Uids {
    /// Reads one.
    pub(super) fn read(args: &mut Args<'_>) -> Result<Self, Mistake> {
        args.read(Self::scanned, "invalid UID range\n")
    }

    /// As C's `scanf` reads `%u-%u`: decimal, a sign allowed, what is behind is left alone.
    fn scanned(word: &str) -> Option<Self> {
        let (start, behind) = scanned(word)?;
        let (end, _) = scanned(behind.strip_prefix('-')?)?;
        Some(Self { start, end })
    }
}

fn scanned(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start();
    let negative = text.starts_with('-');
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, behind) = text.split_at_checked(end)?;
    let value = match digits.parse::<u64>() {
        Ok(value) if negative => value.wrapping_neg(),
        Ok(value) => value,
        Err(_) if digits.is_empty() => return None,
        Err(_) => u64::MAX,
    };
    #[allow(clippy::cast_possible_truncation, reason = "so does %u")]
    Some((value as u32, behind))
}

impl Ports {
    /// The mask of a port that has none, all bits.
    pub(super) const ALL: u16 = 0xffff;

    /// Reads one; what an earlier word said of the mask holds unless this one says otherwise, as the attributes do.
    pub(super) fn read(args: &mut Args<'_>, before: Option<Self>) -> Result<Self, Mistake> {
        let word = args.value()?;
        let port = |text: &str, wrong: &str| {
            number::fitting::<u16>(text).ok_or_else(|| Mistake::wrong(text, wrong))
        };
        let kept = before.and_then(|before| before.mask);
        if let Some((start, end)) = word.split_once('-') {
            return Ok(Self {
                start: port(start, "invalid port range start")?,
                end: port(end, "invalid port range end")?,
                mask: kept,
            });
        }
        let (value, mask) = split(word);
        // Of two mistakes iproute2 tells the one behind the slash.
        let mask = mask.map(|mask| port(mask, "invalid mask")).transpose()?;
        let start = port(value, "invalid port")?;
        Ok(Self {
            start,
            end: start,
            // All bits go without saying, in the message too.
            mask: mask.filter(|mask| *mask != Self::ALL).or(kept),
        })
    }

    /// The full form behind its keyword.
    pub(super) fn write(self, word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(mask) = self.mask {
            write!(f, " {word} {}/{mask:#x}", self.start)?;
        }
        match self.mask {
            Some(_) if self.start == self.end => Ok(()),
            _ if self.start == self.end => write!(f, " {word} {}", self.start),
            _ => write!(f, " {word} {}-{}", self.start, self.end),
        }
    }
}

impl Dscp {
    /// All six bits.
    pub(super) const ALL: u32 = 0x3f;

    /// Reads one.
    pub(super) fn read(args: &mut Args<'_>, before: Option<Self>) -> Result<Self, Mistake> {
        let (word, mask) = split(args.value()?);
        let named = names::DSFIELDS.iter().any(|(_, name)| *name == word);
        // What is neither number nor name may be a whole DS field in hexadecimal, two bits wider.
        let value = number::fitting(word)
            .or_else(|| names::dsfield(word).map(|field| u32::from(field >> 2)))
            .ok_or_else(|| Mistake::wrong(word, "invalid dscp"))?;
        let mask = masked(mask, "invalid dscp mask")?.filter(|mask| *mask != Self::ALL);
        Ok(Self {
            value,
            mask: mask.or(before.and_then(|before| before.mask)),
            named,
        })
    }
}

impl FlowLabel {
    /// All twenty bits.
    pub(super) const ALL: u32 = 0xf_ffff;

    /// Reads one.
    pub(super) fn read(args: &mut Args<'_>) -> Result<Self, Mistake> {
        let (value, mask) = split(args.value()?);
        let value =
            number::fitting(value).ok_or_else(|| Mistake::wrong(value, "invalid flowlabel"))?;
        let mask = masked(mask, "invalid flowlabel mask")?;
        Ok(Self { value, mask })
    }
}

fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('/') {
        Some((value, mask)) => (value, Some(mask)),
        None => (word, None),
    }
}

fn masked(mask: Option<&str>, wrong: &str) -> Result<Option<u32>, Mistake> {
    mask.map(|mask| number::fitting(mask).ok_or_else(|| Mistake::wrong(mask, wrong)))
        .transpose()
}

impl fmt::Display for Dscp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = names::DSFIELDS
            .iter()
            .find(|(number, _)| self.named && number >> 2 == self.value);
        match name {
            Some((_, name)) => f.write_str(name)?,
            None => write!(f, "{}", self.value)?,
        }
        self.mask.map_or(Ok(()), |mask| write!(f, "/{mask:#x}"))
    }
}

impl fmt::Display for FlowLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.value)?;
        self.mask.map_or(Ok(()), |mask| write!(f, "/{mask:#x}"))
    }
}
