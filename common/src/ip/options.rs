//! The options in front of the object: family, form of the output.

use std::fmt;

use super::args::Args;
use super::keyword::{self, Keyword, exact, prefix};
use super::mistake::{Mistake, USAGE};
use super::number;
use crate::family::Family;
use crate::nearest::nearest;

/// What the options chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `-4`, `-6`, `-0`, `-M`, `-B`, `-family`; the last one counts.
    pub family: Family,
    /// `-json`.
    pub json: bool,
    /// `-pretty`.
    pub pretty: bool,
    /// `-oneline`.
    pub oneline: bool,
    /// `-details`.
    pub details: bool,
    /// `-Numeric`.
    pub numeric: bool,
    /// `-brief`.
    pub brief: bool,
    /// `-statistics`, how often.
    pub statistics: u8,
    /// `-human`: counters are rounded, with a letter for thousands and so on.
    pub human: bool,
    /// `-iec`: the letters are for powers of 1024.
    pub iec: bool,
    /// `-echo`: what the kernel says of a change is printed.
    pub echo: bool,
    /// `-loops`: how often an address flush goes round at most.
    pub loops: Option<i32>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Family,
    Chosen(Family),
    Json,
    Pretty,
    Oneline,
    Details,
    Numeric,
    Brief,
    Statistics,
    Human,
    Iec,
    Loops,
    Echo,
    Colour,
    NoEffect,
    Never(&'static str),
    NotYet,
}

const NAMESPACE: &str = "a command stays in the pod's own network namespace";
const FILE: &str = "no file of the node is read or written";
const RESOLVE: &str = "no name is looked up for a pod";
const MEMORY: &str = "buffers are the node's to size";

/// In iproute2's order, which is what decides abbreviations.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    prefix("loops", Key::Loops),
    prefix("family", Key::Family),
    exact("4", Key::Chosen(Family::Inet)),
    exact("6", Key::Chosen(Family::Inet6)),
    exact("0", Key::Chosen(Family::Packet)),
    exact("M", Key::Chosen(Family::Mpls)),
    exact("B", Key::Chosen(Family::Bridge)),
    prefix("human", Key::Human),
    prefix("human-readable", Key::Human),
    prefix("iec", Key::Iec),
    prefix("stats", Key::Statistics),
    prefix("statistics", Key::Statistics),
    prefix("details", Key::Details),
    prefix("resolve", Key::Never(RESOLVE)),
    prefix("oneline", Key::Oneline),
    prefix("timestamp", Key::NoEffect),
    prefix("tshort", Key::NoEffect),
    prefix("Version", Key::NotYet),
    prefix("force", Key::Never(FILE)),
    prefix("batch", Key::Never(FILE)),
    prefix("brief", Key::Brief),
    prefix("json", Key::Json),
    prefix("pretty", Key::Pretty),
    prefix("rcvbuf", Key::Never(MEMORY)),
    prefix("color", Key::Colour),
    prefix("help", Key::NotYet),
    prefix("netns", Key::Never(NAMESPACE)),
    prefix("Numeric", Key::Numeric),
    prefix("all", Key::Never(NAMESPACE)),
    exact("echo", Key::Echo),
];

impl Options {
    /// Takes the options from the front.
    ///
    /// # Errors
    /// An option that is unknown, or that no profile allows.
    pub fn read(args: &mut Args<'_>) -> Result<Self, Mistake> {
        let mut options = Self::default();
        let mut coloured = None;
        while let Some(word) = args
            .peek()
            .filter(|word| !word.replaced && word.text.starts_with('-'))
        {
            args.take();
            if word.text == "--" {
                break;
            }
            // One more dash may be written, and an unknown option is shown without it.
            let shown = if word.text.starts_with("--") {
                &word.text[1..]
            } else {
                &word.text
            };
            // A lone dash spells the first row, as in iproute2.
            let row = match &shown[1..] {
                "" => TABLE.first(),
                name => keyword::find(TABLE, without_colour(name)),
            };
            args.note(TABLE, row);
            let row = row.ok_or_else(|| unknown(shown))?;
            if matches!(row.key, Key::Colour) {
                let never = shown.ends_with("=never") || shown.ends_with("=auto");
                coloured = (!never).then_some((args.last(), word));
            } else {
                options.apply(row.key, &word.text, args)?;
            }
        }
        match coloured {
            // JSON has no colours.
            Some((at, word)) if !options.json => Err(not_spoken(&word.text)
                .at(at)
                .hinting(Some("-color=never".to_owned()))),
            _ => Ok(options),
        }
    }

    fn apply(&mut self, key: Key, given: &str, args: &mut Args<'_>) -> Result<(), Mistake> {
        match key {
            Key::Family => {
                required("family type", args)?;
                self.family = args.read(Family::named, "invalid protocol family")?;
            }
            Key::Chosen(family) => self.family = family,
            Key::Json => self.json = true,
            Key::Pretty => self.pretty = true,
            Key::Oneline => self.oneline = true,
            Key::Details => self.details = true,
            Key::Numeric => self.numeric = true,
            Key::Brief => self.brief = true,
            Key::Statistics => self.statistics = self.statistics.saturating_add(1),
            Key::Human => self.human = true,
            Key::Iec => self.iec = true,
            Key::Loops => self.loops = Some(loops(args)?),
            Key::Echo => self.echo = true,
            // The loop that called takes colours.
            Key::NoEffect | Key::Colour => {}
            Key::Never(reason) => return Err(Mistake::never(args.last(), given, reason)),
            Key::NotYet => return Err(not_spoken(given)),
        }
        Ok(())
    }
}

/// `color` of an option that says when to colour: the last one counts, and `auto` is never, since what is answered goes
/// to a report and not to a terminal.
fn without_colour(name: &str) -> &str {
    match name.split_once('=') {
        Some((option, "never" | "auto" | "always" | "")) if "color".starts_with(option) => "color",
        _ => name,
    }
}

fn loops(args: &mut Args<'_>) -> Result<i32, Mistake> {
    required("loop count", args)?;
    args.value().map(number::leading)
}

fn required(what: &str, args: &Args<'_>) -> Result<(), Mistake> {
    let missing = || Mistake::new(format!("Error: argument \"{what}\" is required"), USAGE);
    args.peek().map(|_| ()).ok_or_else(missing)
}

/// A word that iproute2 knows and this dialect does not speak.
pub(super) fn not_spoken(given: &str) -> Mistake {
    Mistake::ours(format!(
        "\"{given}\" is known to iproute2 and not to this dialect."
    ))
}

fn unknown(option: &str) -> Mistake {
    let near = nearest(&option[1..], keyword::words(TABLE)).map(|near| format!("-{near}"));
    Mistake::new(
        format!("Option \"{option}\" is unknown, try \"ip -help\"."),
        USAGE,
    )
    .hinting(near)
}

impl fmt::Display for Options {
    /// The full form, each option with a space behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::Unspec => {}
            Family::Inet => f.write_str("-4 ")?,
            Family::Inet6 => f.write_str("-6 ")?,
            Family::Packet => f.write_str("-0 ")?,
            Family::Mpls => f.write_str("-M ")?,
            Family::Bridge => f.write_str("-B ")?,
        }
        for (chosen, option) in [
            (self.details, "-details "),
            (self.oneline, "-oneline "),
            (self.json, "-json "),
            (self.pretty, "-pretty "),
            (self.numeric, "-Numeric "),
            (self.brief, "-brief "),
            (self.human, "-human "),
            (self.iec, "-iec "),
            (self.echo, "-echo "),
        ] {
            if chosen {
                f.write_str(option)?;
            }
        }
        for _ in 0..self.statistics {
            f.write_str("-statistics ")?;
        }
        self.loops
            .map_or(Ok(()), |loops| write!(f, "-loops {loops} "))
    }
}
