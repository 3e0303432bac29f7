//! The configuration: read anew when its file has changed; one that cannot be taken keeps the last good one in force.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainsaw_common::config::{Config, ConfigError};
use tracing::{error, info};

/// The configuration in force.
#[derive(Debug)]
pub struct Settings {
    file: &'static str,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    stamp: Option<Stamp>,
    /// What is in force; until there was a first good one, why there is none.
    config: Result<Arc<Config>, ConfigError>,
    /// Why the file, as it is now, cannot be taken.
    wrong: Option<ConfigError>,
    /// How often one could not be taken.
    failures: u64,
}

/// How the file, as it is now, stands to what is in force.
#[derive(Debug, Clone)]
pub enum Validity {
    /// It is in force.
    Good,
    /// It cannot be taken, and the last good one is in force.
    LastGood(ConfigError),
    /// It cannot be taken, and there was no good one yet: whoever asks for something is refused.
    None(ConfigError),
}

/// By what a file is known to be the same: device, inode, length, and the time of its last change in nanoseconds.
type Stamp = (u64, u64, u64, i64, i64);

impl Settings {
    /// Of a file, read now. Without the file it is the built-in default.
    pub fn of(file: &'static str) -> Self {
        // Before the text: a change in between is seen at the next look.
        let stamp = stamp(file);
        let config = read(file).map(Arc::new);
        Self {
            file,
            read: Mutex::new(Read {
                stamp,
                wrong: config.as_ref().err().cloned(),
                failures: config.is_err().into(),
                config,
            }),
        }
    }

    /// Where it is.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// What is in force now.
    ///
    /// # Errors
    /// There was none yet that could be taken: whoever asks for something is refused until there is.
    pub fn current(&self) -> Result<Arc<Config>, ConfigError> {
        self.looked_at().config.clone()
    }

    /// How the file, as it is now, stands to what is in force.
    pub fn validity(&self) -> Validity {
        let last = self.looked_at();
        match (&last.wrong, &last.config) {
            (None, _) => Validity::Good,
            (Some(wrong), Ok(_)) => Validity::LastGood(wrong.clone()),
            (Some(wrong), Err(_)) => Validity::None(wrong.clone()),
        }
    }

    /// How often a configuration could not be taken.
    pub fn failures(&self) -> u64 {
        self.looked_at().failures
    }

    /// What was read last, after a look whether there is something new.
    fn looked_at(&self) -> MutexGuard<'_, Read> {
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(self.file);
        if now != last.stamp {
            last.stamp = now;
            let read = read(self.file);
            last.wrong = read.as_ref().err().cloned();
            last.failures += u64::from(read.is_err());
            match (read, &last.config) {
                (Ok(config), _) => {
                    info!(
                        file = self.file,
                        "the configuration has changed and is in force"
                    );
                    last.config = Ok(Arc::new(config));
                }
                (Err(wrong), Ok(_)) => error!(
                    reason = "ConfigurationInvalid",
                    "{} line {}: {}; the last good configuration stays in force",
                    wrong.path,
                    wrong.line,
                    wrong.why
                ),
                (Err(wrong), Err(_)) => {
                    error!(reason = "ConfigurationInvalid", "{wrong}");
                    last.config = Err(wrong);
                }
            }
        }
        last
    }
}

fn stamp(file: &str) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((
        metadata.dev(),
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    ))
}

fn read(file: &str) -> Result<Config, ConfigError> {
    match fs::read_to_string(file) {
        Ok(text) => Config::parse(&text, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(ConfigError {
            path: file.to_owned(),
            line: 0,
            why: error.to_string(),
        }),
    }
}
