//! The operator's file as it is now, and whether somebody may still be writing it.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use super::{BYTES, unread};
use crate::config::ConfigError;

/// A file that was changed less than this ago may be half of what it will be, and half of it may grant more than the
/// whole.
pub const SETTLED: Duration = Duration::from_secs(2);

/// A file, as it was read.
pub struct Written {
    /// What it says.
    pub text: String,
    /// When it was changed last, since 1970.
    changed: Duration,
}

impl Written {
    /// Whether nobody has changed it lately. A time to come tells nothing, and is no reason to wait for it.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        now.duration_since(UNIX_EPOCH + self.changed)
            .map_or(true, |age| age >= SETTLED)
    }
}

/// What the file says now; nothing if it is absent.
pub fn written(file: &str) -> Result<Option<Written>, ConfigError> {
    match look(file) {
        Ok(written) => Ok(Some(written)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(file, &error.to_string())),
    }
}

fn look(file: &str) -> io::Result<Written> {
    // A pipe in its place must not make anybody wait.
    let open = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(file)?;
    let metadata = open.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no plain file; put one there"));
    }
    let size = usize::try_from(metadata.len().min(BYTES)).unwrap_or_default();
    let mut text = String::with_capacity(size.saturating_add(1));
    // Of what grows meanwhile a byte too many is enough to tell.
    open.take(BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES {
        let why = "it is longer than 1 MiB, the most that is taken; shorten it";
        return Err(io::Error::other(why));
    }
    // Not the time of modification, which a copy takes over from what it was copied from.
    let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
    let nanos = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
    let changed = Duration::new(seconds, nanos);
    Ok(Written { text, changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_changed_is_not_settled_yet() {
        let written = Written {
            text: String::new(),
            changed: Duration::from_secs(1000),
        };
        let at = |millis| written.is_settled(UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(
            [at(1_000_000), at(1_001_900), at(1_002_000), at(900_000)],
            [false, false, true, true]
        );
    }
}
