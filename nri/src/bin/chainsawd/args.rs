//! The daemon's command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use chainsaw_common::config;
use chainsaw_nri::Identity;
use lexopt::Arg::{Long, Short, Value};

use crate::install::{self, Verb};
use crate::{NAME, ready};

/// What a person may write.
pub const USAGE: &str = "\
chainsawd runs the ip commands that pods ask for, at the events of their life that the runtime tells by NRI.

    chainsawd [OPTION]…        serves until SIGTERM
    chainsawd ready            asks a daemon whether it is ready: chainsawd ready --help
    chainsawd install          puts the CNI plugin on this node: chainsawd install --help
    chainsawd uninstall        takes it away: chainsawd uninstall --help
    chainsawd help VERB        what a verb takes; chainsawd VERB --help is the same

        --hooks LIST         the entrances it serves: cni, nri, or cni,nri (nri)
        --config FILE        its configuration (/etc/chainsaw/config.toml); without the file, pods may only look
        --socket PATH        where the runtime listens for NRI plugins (/var/run/nri/nri.sock)
        --index NN           its place among NRI plugins, two digits (90)
        --ready-socket PATH  where it answers `chainsawd ready`, in a folder that no other daemon has
                             (/run/chainsawd/ready.sock, and nowhere if that folder is not there)
    -h, --help               prints this
    -V, --version            prints the version

Started by the runtime from its folder of plugins, as NN-chainsaw, it takes its place from there.

Examples:
    chainsawd
    chainsawd --hooks cni,nri --config /etc/chainsaw/config.toml

It ends with 0 when it was told to stop, 1 if it cannot serve, 2 for a wrong use.
";

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args {
    /// Whether it serves the NRI entrance.
    pub nri: bool,
    /// Whether it serves the CNI entrance.
    pub cni: bool,
    /// Its configuration.
    pub config: String,
    /// Where the runtime listens.
    pub socket: String,
    /// Its place among NRI plugins.
    pub index: String,
    /// Where it answers whether it is ready, if that is said.
    pub ready_socket: Option<PathBuf>,
}

impl Args {
    /// The entrances, as they are said.
    pub fn hooks(&self) -> &'static str {
        match (self.cni, self.nri) {
            (true, true) => "cni,nri",
            (true, false) => "cni",
            (false, _) => "nri",
        }
    }
}

/// What a command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// To run.
    Run(Args),
    /// To explain itself, in these words.
    Help(&'static str),
    /// To say its version.
    Version,
}

/// Reads the words behind the program's name.
///
/// # Errors
/// What is wrong with them, for a person.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Said, lexopt::Error> {
    let mut args = Args {
        nri: true,
        cni: false,
        config: config::PATH.to_owned(),
        socket: chainsaw_nri::trunk::SOCKET.to_owned(),
        index: "90".to_owned(),
        ready_socket: None,
    };
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        let text = |parser: &mut lexopt::Parser| {
            parser
                .value()?
                .into_string()
                .map_err(lexopt::Error::NonUnicodeValue)
        };
        match word {
            Long("hooks") => (args.cni, args.nri) = hooks(&text(&mut parser)?)?,
            Long("config") => args.config = text(&mut parser)?,
            Long("socket") => args.socket = text(&mut parser)?,
            Long("index") => args.index = text(&mut parser)?,
            Long("ready-socket") => args.ready_socket = Some(parser.value()?.into()),
            Long("help") | Short('h') => return Ok(Said::Help(USAGE)),
            Long("version") | Short('V') => return Ok(Said::Version),
            Value(word) if word == "help" => return help(&mut parser).map(Said::Help),
            Value(word) => return Err(misplaced(&word).into()),
            other => return Err(other.unexpected()),
        }
    }
    Identity::new(NAME, &args.index).map_err(|wrong| format!("--index: {wrong}"))?;
    Ok(Said::Run(args))
}

/// A word where none belongs: a verb is read before all else.
fn misplaced(word: &OsStr) -> String {
    let known = word
        .to_str()
        .filter(|word| *word == ready::VERB || Verb::of(word).is_some());
    match known {
        Some(verb) => format!("a verb comes first: chainsawd {verb}"),
        None => format!("there is no verb {word:?}: {VERBS}"),
    }
}

/// The verbs, for whoever has named none of them.
const VERBS: &str = "use ready, install, uninstall or help, or options alone to serve";

/// What is behind `help`: a verb, or nothing.
fn help(parser: &mut lexopt::Parser) -> Result<&'static str, lexopt::Error> {
    let text = match parser.next()? {
        None | Some(Long("help") | Short('h')) => USAGE,
        Some(Value(word)) if word == ready::VERB => ready::USAGE,
        Some(Value(word)) if word == "help" => USAGE,
        Some(Value(word)) => match word.to_str().and_then(Verb::of) {
            Some(verb) => install::words::usage(verb),
            None => return Err(format!("there is no verb {word:?}: {VERBS}").into()),
        },
        Some(other) => return Err(other.unexpected()),
    };
    match parser.next()? {
        None => Ok(text),
        Some(more) => Err(more.unexpected()),
    }
}

/// Whether the list names `cni`, and `nri`.
fn hooks(list: &str) -> Result<(bool, bool), lexopt::Error> {
    let mut found = (false, false);
    for name in list.split(',') {
        match name {
            "cni" => found.0 = true,
            "nri" => found.1 = true,
            other => {
                let wrong = format!("--hooks takes cni, nri, or cni,nri, and not {other:?}");
                return Err(wrong.into());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Result<Said, String> {
        read(words.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    fn args(words: &[&str]) -> Args {
        match said(words) {
            Ok(Said::Run(args)) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_is_the_nri_entrance() {
        let args = args(&[]);
        assert_eq!(
            (args.cni, args.nri, args.index.as_str()),
            (false, true, "90")
        );
        assert_eq!(args.ready_socket, None);
    }

    #[test]
    fn where_it_answers_whether_it_is_ready_can_be_said() {
        let args = args(&["--ready-socket", "/run/mine/ready.sock"]);
        assert_eq!(
            args.ready_socket.as_deref(),
            Some(std::path::Path::new("/run/mine/ready.sock"))
        );
    }

    #[test]
    fn entrances_are_a_list() {
        let hooks = |list| (args(&["--hooks", list]).cni, args(&["--hooks", list]).nri);
        for list in ["cni", "nri", "cni,nri"] {
            assert_eq!(args(&["--hooks", list]).hooks(), list);
        }
        assert_eq!(hooks("cni"), (true, false));
        assert_eq!(hooks("cni,nri"), (true, true));
        assert!(
            said(&["--hooks", "cri"])
                .unwrap_err()
                .contains("cni, nri, or cni,nri")
        );
        assert!(said(&["--hooks", ""]).is_err());
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error() {
        assert!(said(&["--frob"]).unwrap_err().contains("frob"));
        assert!(said(&["frob"]).is_err());
        for verb in ["ready", "install", "uninstall"] {
            let wrong = said(&["--config", "/c", verb]).unwrap_err();
            assert_eq!(wrong, format!("a verb comes first: chainsawd {verb}"));
        }
        for index in ["9", "900", "xx", ""] {
            let wrong = said(&["--index", index]).unwrap_err();
            assert!(
                wrong.contains("--index: ") && wrong.contains("two digits"),
                "{wrong}"
            );
        }
        assert_eq!(said(&["-h"]), Ok(Said::Help(USAGE)));
        let wrong = said(&["help", "frob"]).unwrap_err();
        assert!(wrong.contains("install, uninstall"), "{wrong}");
    }
}
