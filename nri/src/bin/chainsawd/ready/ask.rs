//! `chainsawd ready`: asks a daemon whether it is ready, as a probe does.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::Arg::{Long, Short};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::SOCKET;
use crate::metrics::{NOT_READY, READY};
use crate::{complain, say};

/// The word on the command line.
pub const VERB: &str = "ready";

/// How long the daemon may take. The probe of `deployments/kustomize/base/daemonset.yaml` waits longer, so that it is told
/// what was wrong.
const LIMIT: Duration = Duration::from_secs(3);

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: u64 = 64 << 10;

/// What a person may write.
pub const USAGE: &str = "\
chainsawd ready asks the daemon of this container whether it is ready: whether the runtime tells it of events (if its
--hooks has nri), and a good configuration is in force. It prints what /readyz says, of this daemon and of no other.

    chainsawd ready [--ready-socket PATH]

        --ready-socket PATH  where the daemon answers (/run/chainsawd/ready.sock); the daemon has the same option
    -h, --help               prints this

It ends with 0 if the daemon is ready, 1 if it is not or nobody answers within 3 s, 2 for a wrong use.
The daemon makes the socket when it starts, if the folder is there: give each daemon a folder of its own.
";

/// What the words say.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// To ask there.
    Ask(PathBuf),
    /// To explain it.
    Help,
}

/// Why nobody knows whether the daemon is ready.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// There is nobody to ask.
    #[error("nobody answers at {}: {}", path.display(), remedy(path, source))]
    Nobody {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It takes too long.
    #[error(
        "the daemon at {} has not answered within {LIMIT:?}: it hangs, or this node has no time for it",
        .0.display()
    )]
    Late(PathBuf),
    /// There is no verdict in what was read.
    #[error(
        "the answer at {} has no verdict: it broke off after {bytes} bytes; the daemon has just ended, or it is not asked by root",
        path.display()
    )]
    BrokeOff {
        /// Where.
        path: PathBuf,
        /// How much was read.
        bytes: usize,
    },
}

/// What to do where nobody is to be reached.
fn remedy(path: &Path, source: &io::Error) -> String {
    match source.kind() {
        ErrorKind::NotFound if !path.parent().is_some_and(Path::exists) => format!(
            "there is no such folder; make it for this daemon alone (in a pod, an emptyDir mounted in its container), and start \
             the daemon then ({source})"
        ),
        ErrorKind::NotFound => {
            format!(
                "there is no socket; is the daemon running, and what does its log say ({source})?"
            )
        }
        ErrorKind::ConnectionRefused => {
            format!(
                "the daemon that made it has ended; it makes another when it is started again ({source})"
            )
        }
        ErrorKind::PermissionDenied => format!("only root may ask ({source})"),
        _ => format!("{source}; is the daemon running, and does its log say something?"),
    }
}

/// Does what the words behind the verb say.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let path = match read(words) {
        Ok(Said::Help) => return say(USAGE),
        Ok(Said::Ask(path)) => path,
        Err(wrong) => return complain(&format!("{wrong}; see chainsawd ready --help"), 2),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let answer = match runtime {
        Ok(runtime) => runtime.block_on(ask(&path)),
        Err(wrong) => return complain(&format!("cannot ask: {wrong}"), 1),
    };
    match answer {
        Ok((true, text)) => say(&text),
        Ok((false, text)) => {
            say(&text);
            ExitCode::FAILURE
        }
        Err(wrong) => complain(&wrong.to_string(), 1),
    }
}

fn read(words: impl IntoIterator<Item = OsString>) -> Result<Said, lexopt::Error> {
    let mut path = PathBuf::from(SOCKET);
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            Long("ready-socket") => path = parser.value()?.into(),
            Long("help") | Short('h') => return Ok(Said::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Said::Ask(path))
}

/// Whether the daemon is ready, and what it says.
pub(super) async fn ask(path: &Path) -> Result<(bool, String), Unanswered> {
    let answer = timeout(LIMIT, hear(path))
        .await
        .unwrap_or_else(|_| Err(Unanswered::Late(path.to_owned())))?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    match text.lines().next_back() {
        Some(READY) => Ok((true, text)),
        Some(NOT_READY) => Ok((false, text)),
        _ => Err(Unanswered::BrokeOff {
            path: path.to_owned(),
            bytes: answer.len(),
        }),
    }
}

async fn hear(path: &Path) -> Result<Vec<u8>, Unanswered> {
    let nobody = |source| {
        let path = path.to_owned();
        Unanswered::Nobody { path, source }
    };
    let stream = UnixStream::connect(path).await.map_err(nobody)?;
    let mut answer = Vec::new();
    let read = stream.take(ANSWER_BYTES).read_to_end(&mut answer).await;
    // What there is of it has no verdict then.
    read.map(drop).or_else(|wrong| match wrong.kind() {
        ErrorKind::ConnectionReset => Ok(()),
        _ => Err(nobody(wrong)),
    })?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Result<Said, String> {
        read(words.iter().map(OsString::from)).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn nothing_said_is_the_daemons_own_default() {
        assert_eq!(said(&[]), Ok(Said::Ask(SOCKET.into())));
        assert_eq!(
            said(&["--ready-socket", "/x/y.sock"]),
            Ok(Said::Ask("/x/y.sock".into()))
        );
        assert_eq!(said(&["--help"]), Ok(Said::Help));
        for wrong in ["--frob", "now"] {
            assert!(
                said(&[wrong])
                    .unwrap_err()
                    .contains(wrong.trim_start_matches('-'))
            );
        }
        assert!(USAGE.contains(SOCKET) && USAGE.contains(&format!("{LIMIT:?}").replace('s', " s")));
    }
}
