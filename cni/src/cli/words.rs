//! The tool's own words.

use std::ffi::OsString;

use chainsaw_common::engine::Value;
use chainsaw_common::plan::Author;
use lexopt::prelude::*;

/// What was asked of the tool.
#[derive(Debug)]
pub enum Words {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// `try`.
    Try {
        /// What to run.
        values: Vec<Value>,
        /// How to tell.
        form: Form,
    },
    /// `ip`: the words behind it are iproute2's, not ours.
    Ip(Vec<String>),
    /// `run`.
    Run {
        /// What to run.
        values: Vec<Value>,
        /// How to tell.
        form: Form,
        /// Where.
        netns: String,
        /// The current interface.
        interface: Option<String>,
    },
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A transcript.
    #[default]
    Text,
    /// The report as JSON, on one line.
    Json,
}

impl Words {
    /// Reads the words behind the program's name.
    pub fn read(given: Vec<OsString>) -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(given);
        let mut verb: Option<String> = None;
        let mut texts: Vec<String> = Vec::new();
        let (mut form, mut netns, mut interface) = (Form::Text, None, None);
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Short('V') | Long("version") => return Ok(Self::Version),
                Short('o') | Long("output") => form = Form::named(&parser.value()?.string()?)?,
                Long("netns") => netns = Some(parser.value()?.string()?),
                Long("interface") => interface = Some(parser.value()?.string()?),
                lexopt::Arg::Value(word) if verb.is_none() && word == "ip" => {
                    return parser
                        .raw_args()?
                        .map(ValueExt::string)
                        .collect::<Result<_, _>>()
                        .map(Self::Ip);
                }
                lexopt::Arg::Value(word) if verb.is_none() => verb = Some(word.string()?),
                lexopt::Arg::Value(word) => texts.push(word.string()?),
                other => return Err(other.unexpected()),
            }
        }
        let values = (1..)
            .zip(texts)
            .map(|(n, text)| Value {
                source: format!("argument {n}"),
                author: Author::Operator,
                text,
            })
            .collect::<Vec<_>>();
        let verb = verb.unwrap_or_default();
        if values.is_empty() && matches!(verb.as_str(), "try" | "run") {
            return Err(format!(
                "{verb} needs a value: a JSON array of commands, or one command a line"
            )
            .into());
        }
        match (verb.as_str(), netns) {
            ("try", None) => Ok(Self::Try { values, form }),
            ("try", Some(_)) => {
                Err("try makes a namespace of its own: leave --netns out, or use run".into())
            }
            ("run", Some(netns)) => Ok(Self::Run {
                values,
                form,
                netns,
                interface,
            }),
            ("run", None) => Err("run needs --netns PATH, the namespace to run in".into()),
            (other, _) => {
                Err(format!("there is no command {other:?} here: use try, run or ip").into())
            }
        }
    }

    /// How to print the report.
    pub fn form(&self) -> Form {
        match self {
            Self::Try { form, .. } | Self::Run { form, .. } => *form,
            Self::Help | Self::Version | Self::Ip(_) => Form::Text,
        }
    }
}

impl Form {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(format!("{name} is no form of output: use json or text")),
        }
    }
}
