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
    config: Arc<Config>,
}

/// By what a file is known to be the same: device, inode, length, and the time of its last change in nanoseconds.
type Stamp = (u64, u64, u64, i64, i64);

impl Settings {
    /// Reads it. Without a file it is the built-in default.
    ///
    /// # Errors
    /// It cannot be read, or says something unknown.
    pub fn read(file: &'static str) -> Result<Self, ConfigError> {
        let (stamp, config) = read(file)?;
        let config = Arc::new(config);
        Ok(Self {
            file,
            read: Mutex::new(Read { stamp, config }),
        })
    }

    /// Where it is.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// What is in force now.
    pub fn current(&self) -> Arc<Config> {
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp(self.file) != last.stamp {
            match read(self.file) {
                Ok((stamp, config)) => {
                    info!(
                        file = self.file,
                        "the configuration has changed and is in force"
                    );
                    *last = Read {
                        stamp,
                        config: Arc::new(config),
                    };
                }
                Err(wrong) => {
                    error!(
                        reason = "ConfigurationInvalid",
                        "{wrong}; the last good one stays in force"
                    );
                    last.stamp = stamp(self.file);
                }
            }
        }
        Arc::clone(&last.config)
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

fn read(file: &str) -> Result<(Option<Stamp>, Config), ConfigError> {
    // Before the text: a change in between is seen at the next look.
    let stamp = stamp(file);
    match fs::read_to_string(file) {
        Ok(text) => Ok((stamp, Config::parse(&text, file)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((None, Config::default())),
        Err(error) => Err(ConfigError {
            path: file.to_owned(),
            line: 0,
            why: error.to_string(),
        }),
    }
}
