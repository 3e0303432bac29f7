//! The configuration: read anew when its file has changed; one that cannot be taken keeps the last good one in force.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

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
            read: Mutex::new(Read { stamp, config }),
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
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(self.file);
        if now != last.stamp {
            last.stamp = now;
            match (read(self.file), &last.config) {
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
        last.config.clone()
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
