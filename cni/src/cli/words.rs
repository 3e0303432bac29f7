//! The tool's own words.

use std::ffi::OsString;

use lexopt::prelude::*;

use super::given::Given;
use super::help;

/// What was asked of the tool.
#[derive(Debug)]
pub enum Words {
    /// `--help`, or `help`: what to say.
    Help(&'static str),
    /// `--version`.
    Version,
    /// `try`.
    Try(Given),
    /// `run`.
    Run {
        /// What to run.
        given: Given,
        /// Where.
        netns: String,
    },
    /// `check`.
    Check(Given),
    /// `ip`: the words behind it are iproute2's, not ours.
    Ip(Vec<String>),
}

/// The options that a verb takes, beside `--help`.
pub(super) const TAKEN: [(&str, &[&str]); 3] = [
    ("try", &["output"]),
    ("run", &["output", "netns", "interface"]),
    (
        "check",
        &[
            "output",
            "file",
            "interface",
            "mtu",
            "address",
            "gateway",
            "policy",
            "namespace",
            "label",
            "entrance",
            "explain",
        ],
    ),
];

/// What is wrong with the words, and which verb's help says how it is right.
#[derive(Debug)]
pub struct Misuse {
    /// The verb, if it got that far.
    pub verb: Option<&'static str>,
    /// What is wrong.
    pub why: String,
}

impl Misuse {
    fn of(verb: Option<&'static str>) -> impl Fn(lexopt::Error) -> Self {
        move |error| Self {
            verb,
            why: error.to_string(),
        }
    }
}

impl Words {
    /// Reads the words behind the program's name.
    pub fn read(given: Vec<OsString>) -> Result<Self, Misuse> {
        let mut parser = lexopt::Parser::from_args(given);
        let first = parser.next().map_err(Misuse::of(None))?;
        let word = match first {
            Some(Short('h') | Long("help")) => return Ok(Self::Help(help::TOOL)),
            Some(Short('V') | Long("version")) => return Ok(Self::Version),
            Some(lexopt::Arg::Value(word)) => word.to_string_lossy().into_owned(),
            Some(other) => return Err(Misuse::of(None)(other.unexpected())),
            None => {
                return Err(Misuse::of(None)(
                    format!("a verb is needed: {VERBS}").into(),
                ));
            }
        };
        match word.as_str() {
            "help" => helped(&mut parser).map_err(Misuse::of(None)),
            "ip" => ip(&mut parser).map_err(Misuse::of(Some("ip"))),
            word => {
                let row = TAKEN.iter().find(|(verb, _)| *verb == word);
                let (verb, taken) = row.ok_or_else(|| Misuse::of(None)(no_verb(word)))?;
                served(verb, taken, &mut parser).map_err(Misuse::of(Some(verb)))
            }
        }
    }
}

/// The verbs, for whoever has named none of them.
const VERBS: &str = "use try, run, check, ip or help";

fn no_verb(word: &str) -> lexopt::Error {
    format!("there is no verb {word:?}: {VERBS}").into()
}

/// What is behind `help`: a verb, or nothing.
fn helped(parser: &mut lexopt::Parser) -> Result<Words, lexopt::Error> {
    let text = match parser.next()? {
        None | Some(Short('h') | Long("help")) => help::TOOL,
        Some(lexopt::Arg::Value(word)) => {
            let word = word.to_string_lossy();
            help::of(&word).ok_or_else(|| no_verb(&word))?
        }
        Some(other) => return Err(other.unexpected()),
    };
    match parser.next()? {
        None => Ok(Words::Help(text)),
        Some(more) => Err(more.unexpected()),
    }
}

/// What is behind `ip`: iproute2's words, but for one that asks what this verb is.
fn ip(parser: &mut lexopt::Parser) -> Result<Words, lexopt::Error> {
    let words: Vec<String> = parser
        .raw_args()?
        .map(ValueExt::string)
        .collect::<Result<_, _>>()?;
    match words.as_slice() {
        [only] if only == "--help" => Ok(Words::Help(help::IP)),
        _ => Ok(Words::Ip(words)),
    }
}

/// What is behind one of the others.
fn served(
    verb: &'static str,
    taken: &[&str],
    parser: &mut lexopt::Parser,
) -> Result<Words, lexopt::Error> {
    let mut given = Given::default();
    let mut netns = None;
    while let Some(argument) = parser.next()? {
        let name = match &argument {
            Short('h') | Long("help") => {
                return Ok(Words::Help(help::of(verb).unwrap_or(help::TOOL)));
            }
            Short('f') => "file".to_owned(),
            Short('n') => "namespace".to_owned(),
            Short('o') => "output".to_owned(),
            Long(name) => (*name).to_owned(),
            lexopt::Arg::Value(word) => {
                given.value(&word.to_string_lossy());
                continue;
            }
            Short(_) => return Err(argument.unexpected()),
        };
        if !taken.contains(&name.as_str()) {
            return Err(format!("{verb} does not take --{name}").into());
        }
        if name == "explain" {
            given.explain = true;
            continue;
        }
        let value = parser.value()?.string()?;
        match name.as_str() {
            "netns" => netns = Some(value),
            _ => given.option(&name, value)?,
        }
    }
    given.is_enough(verb)?;
    match (verb, netns) {
        ("try", _) => Ok(Words::Try(given)),
        ("check", _) => Ok(Words::Check(given)),
        (_, Some(netns)) if !netns.contains('/') => {
            Err(format!("--netns takes a path: /run/netns/{netns}?").into())
        }
        (_, Some(netns)) => Ok(Words::Run { given, netns }),
        (_, None) => Err("run needs --netns PATH, the namespace to run in".into()),
    }
}
