//! What a test and the program `chainsaw-guest` say to each other: one JSON value a line, a reply to each request.
//!
//! The program runs commands in network namespaces: on this machine, or as process 1 of another kernel under emulation.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a test asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Makes a network namespace; answered by [`Reply::Namespace`].
    Namespace,
    /// Lets go of a namespace.
    Release(PathBuf),
    /// Runs the judge, and answers by [`Reply::Ended`].
    Judge(Judged),
    /// Runs a program, and answers by [`Reply::Ended`].
    Run(Program),
    /// Runs the same words by the judge in `judges`, by the judge again in `control`, and by `chainsaw ip` in `ours`.
    /// Answered by [`Reply::Compared`].
    Compare {
        /// The judge's namespace.
        judges: PathBuf,
        /// Where the judge runs a second time, so that what it does not repeat is seen.
        control: PathBuf,
        /// Our namespace.
        ours: PathBuf,
        /// What follows `ip`.
        words: Vec<String>,
    },
}

/// A command for the judge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Judged {
    /// The network namespace.
    pub netns: PathBuf,
    /// What follows `ip`.
    pub words: Vec<String>,
    /// Standard input.
    pub stdin: String,
}

impl Judged {
    /// With nothing on standard input.
    #[must_use]
    pub fn of(netns: PathBuf, words: &[String]) -> Self {
        Self {
            netns,
            words: words.to_vec(),
            stdin: String::new(),
        }
    }
}

/// A program to run to its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Program {
    /// The network namespace; the guest's own if there is none.
    pub netns: Option<PathBuf>,
    /// The program, by its path, and its arguments.
    pub words: Vec<String>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Standard input.
    pub stdin: String,
}

/// What the guest answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// It is there: requests may come. With the kernel's release (`uname -r`).
    Ready(String),
    /// A network namespace, by a path that programs in the guest can open.
    Namespace(PathBuf),
    /// It was done.
    Done,
    /// The program ended.
    Ended(Output),
    /// Three runs of the same words; none of them if all were alike.
    Compared(Option<Box<Compared>>),
    /// It could not be done, and why.
    Failed(String),
}

/// What three runs of the same words gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compared {
    /// The judge's.
    pub judges: Output,
    /// The judge's, the second time.
    pub control: Output,
    /// Ours.
    pub ours: Output,
}

/// How a program that ran to its end ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The exit status; 128 plus the signal's number if a signal ended it, as shells say it.
    pub status: i32,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

/// Where the guest of another kernel finds what it runs. On this machine, paths are given in the environment.
pub mod place {
    /// The judge's `ip`.
    pub const JUDGE: &str = "/judge/ip";
    /// What makes of the judge a server of its commands.
    pub const SERVER: &str = "/judge/server.so";
    /// The plugin, which is the command line.
    pub const CHAINSAW: &str = "/opt/cni/bin/chainsaw";
    /// Modules to load, a path a line, in order.
    pub const MODULES: &str = "/modules";
    /// The serial line on which a test speaks with the guest; the first one is the console.
    pub const LINE: &str = "/dev/ttyS1";
}

/// Names of the environment's variables by which a guest on this machine is told where things are.
pub mod variable {
    /// The judge's `ip`.
    pub const JUDGE: &str = "GUEST_JUDGE";
    /// The command line `chainsaw`.
    pub const CHAINSAW: &str = "GUEST_CHAINSAW";
}
