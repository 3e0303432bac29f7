//! Which configuration counts: the operator's file, or the last good one that `chainsawd` has published.
//!
//! The file counts if it can be taken and nobody may still be writing it. Otherwise what the daemon published counts, as
//! long as that daemon, or the next one, has been there lately. A file that is absent on a node whose daemon reads
//! another one (a ConfigMap's) is such a case as well. Only if nothing is published the file alone decides. What is there
//! and does not count (any more) speaks of a configuration that nobody knows: then no file is not the built-in default.

use std::time::SystemTime;

use crate::config::{Config, ConfigError};

#[cfg(test)]
mod bed;
mod published;
mod written;

pub use published::{COUNTS_FOR, LAST_GOOD, PUBLISHED, is_kept};
pub use written::SETTLED;
use written::written;

/// By what name a denial speaks of the built-in default where it is in force for want of anything else.
pub const UNWRITTEN: &str = "/etc/chainsaw/config.toml (absent, and chainsawd has published none)";

/// The longest configuration that is taken, in bytes.
const BYTES: u64 = 1 << 20;

/// A configuration that counts.
#[derive(Debug)]
pub struct InForce {
    /// What it says.
    pub config: Config,
    /// Its text.
    pub text: String,
    /// Where its lines are, for denials: the operator's file, or [`LAST_GOOD`].
    pub file: &'static str,
    /// What is wrong with the operator's file, if it was passed over for that.
    pub passed_over: Option<ConfigError>,
    /// Whether nobody wrote it: there is no file, nor anything published that counts instead.
    pub is_unwritten: bool,
}

/// The configuration that counts now. Without any it is the built-in default.
///
/// # Errors
/// The operator's file cannot be taken, and none is published; or there is none, and what is published does not count.
pub fn read(file: &'static str, published: &'static str) -> Result<InForce, ConfigError> {
    let now = SystemTime::now();
    chosen(file, now, || published::last_good(published, now)).map_err(|(mut wrong, doubt)| {
        if let Some(doubt) = doubt {
            wrong.why = format!("{} ({published} does not count: {doubt})", wrong.why);
        }
        wrong
    })
}

/// The file if it counts, else what is published, else the file after all; an error comes with why what is published
/// does not count either. What is published is looked at only where it may count.
fn chosen(
    file: &'static str,
    now: SystemTime,
    published: impl FnOnce() -> Result<Option<InForce>, String>,
) -> Result<InForce, (ConfigError, Option<String>)> {
    let (counts, own) = match written(file) {
        Ok(Some(written)) => (written.is_settled(now), taken(written.text, file)),
        Ok(None) => return without(file, published()),
        Err(wrong) => (true, Err(wrong)),
    };
    if counts && own.is_ok() {
        return own.map_err(|wrong| (wrong, None));
    }
    match published() {
        // The same words are better told by where the operator has written them.
        Ok(Some(last)) if own.as_ref().is_ok_and(|own| own.text == last.text) => {
            own.map_err(|wrong| (wrong, None))
        }
        Ok(Some(last)) => Ok(InForce {
            // Half of a file may well be wrong: that is told when it is done.
            passed_over: own.err().filter(|_| counts),
            ..last
        }),
        Ok(None) => own.map_err(|wrong| (wrong, None)),
        Err(doubt) => own.map_err(|wrong| (wrong, Some(doubt))),
    }
}

/// What counts where there is no file.
fn without(
    file: &'static str,
    published: Result<Option<InForce>, String>,
) -> Result<InForce, (ConfigError, Option<String>)> {
    match published {
        Ok(Some(last)) => Ok(last),
        Ok(None) => Ok(InForce {
            is_unwritten: true,
            ..taken(String::new(), file).map_err(|wrong| (wrong, None))?
        }),
        Err(doubt) => Err((
            unread(file, "it is absent; write it, or start chainsawd"),
            Some(doubt),
        )),
    }
}

/// The operator's file alone, written to its end or not. Without it, it is the built-in default.
///
/// # Errors
/// It cannot be read or taken.
pub fn operators(file: &'static str) -> Result<InForce, ConfigError> {
    let written = written(file)?;
    let is_unwritten = written.is_none();
    let taken = taken(written.map(|one| one.text).unwrap_or_default(), file)?;
    Ok(InForce {
        is_unwritten,
        ..taken
    })
}

/// What is to be done about a file that was passed over, before anything else is written into it.
#[must_use]
pub fn mend_first(wrong: &ConfigError) -> String {
    let line = wrong.line.map(|line| format!(" line {line}"));
    format!(
        "{}{} cannot be taken, so an older configuration is in force: mend that first",
        wrong.path,
        line.unwrap_or_default()
    )
}

fn unread(file: &str, why: &str) -> ConfigError {
    ConfigError {
        path: file.to_owned(),
        line: None,
        why: why.to_owned(),
    }
}

fn taken(text: String, file: &'static str) -> Result<InForce, ConfigError> {
    Ok(InForce {
        config: Config::parse(&text, file)?,
        text,
        file,
        passed_over: None,
        is_unwritten: false,
    })
}

#[cfg(test)]
mod tests;
