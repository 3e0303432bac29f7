//! The one file of the product that starts a program: its own `chainsaw-lookup`, with a limit on all that it may take.

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::ApiError;
use crate::environment::Environment;

/// The program, beside the plugin.
pub const NAME: &str = "chainsaw-lookup";

/// The longest answer that is read.
const ANSWER_BYTES: usize = 1 << 20;

/// Beside the plugin, however it was reached; else where the runtime looks for plugins.
pub fn find(environment: &Environment) -> Result<PathBuf, ApiError> {
    let own = std::env::current_exe().ok();
    let own = own
        .iter()
        .filter_map(|path| path.parent().map(Path::to_owned));
    let path = environment.path.as_deref().unwrap_or_default();
    let others = path
        .split(':')
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let places: Vec<PathBuf> = own.chain(others).collect();
    let found = places
        .iter()
        .map(|place| place.join(NAME))
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        let shown: Vec<_> = places
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        ApiError::Absent {
            places: shown.join(", "),
        }
    })
}

/// Starts the program with nothing of ours but standard error, which is the runtime's log, and reads what it answers.
/// When this returns, it has ended.
pub fn ask(program: &Path, words: &[OsString], limit: Duration) -> Result<Vec<u8>, ApiError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file of the product that starts a program: our own, and only when the API is asked"
    )]
    let started = Command::new(program)
        .args(words)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|source| ApiError::Start {
        program: program.display().to_string(),
        source,
    })?;
    let answer = listen(program, &mut child, limit);
    // By its handle, so whoever has its number since is safe. One that has ended is only waited for.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

/// Reads to the end of standard output, or to a limit.
fn listen(program: &Path, child: &mut Child, limit: Duration) -> Result<Vec<u8>, ApiError> {
    let end = Instant::now() + limit;
    let shown = || program.display().to_string();
    let wrong = |why: String| ApiError::Answer {
        program: shown(),
        why,
    };
    let Some(mut pipe) = child.stdout.take() else {
        return Err(wrong("it has no standard output".to_owned()));
    };
    let (mut answer, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        match poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], wait) {
            Ok(0) => {
                return Err(ApiError::Overrun {
                    program: shown(),
                    limit,
                });
            }
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(wrong(errno.to_string())),
        }
        match pipe.read(&mut chunk) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) => return Err(wrong(error.to_string())),
        }
        if answer.len() > ANSWER_BYTES {
            return Err(wrong(format!("it is longer than {ANSWER_BYTES} bytes")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_overruns_is_ended() {
        let (start, limit) = (Instant::now(), Duration::from_millis(50));
        let error = ask(Path::new("/bin/sleep"), &["1000".into()], limit).unwrap_err();
        assert_eq!(error.reason(), "TimedOut");
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
    }

    #[test]
    fn a_program_that_never_stops_talking_is_ended() {
        let error = ask(Path::new("/usr/bin/yes"), &[], Duration::from_secs(60)).unwrap_err();
        assert!(
            error.to_string().contains("longer than 1048576 bytes"),
            "{error}"
        );
    }

    #[test]
    fn a_program_sees_nothing_of_our_environment() {
        let seen = ask(Path::new("/usr/bin/env"), &[], Duration::from_secs(60)).unwrap();
        assert_eq!(seen, b"");
    }

    #[test]
    fn a_program_that_cannot_be_started_is_named() {
        let error = ask(Path::new("/nowhere/lookup"), &[], Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.reason(), "LookupNotStarted");
        assert!(error.to_string().contains("/nowhere/lookup"), "{error}");
    }

    #[test]
    fn without_the_program_every_place_is_named() {
        let environment = Environment {
            path: Some("/nowhere/a:relative:/nowhere/b".to_owned()),
            ..Environment::default()
        };
        let said = find(&environment).unwrap_err().to_string();
        assert!(said.contains("/nowhere/a, /nowhere/b: copy it"), "{said}");
    }
}
