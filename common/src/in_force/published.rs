//! The last good configuration that `chainsawd` has published, and whether it (still) counts.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;

use super::{BYTES, InForce, taken};
use crate::own;

/// Where the last good configuration is published: the text of a file, as it was taken.
pub const PUBLISHED: &str = "/run/chainsaw/last-good.toml";

/// By what name a denial speaks of its lines, which are no longer those of the operator's file.
pub const LAST_GOOD: &str = "the configuration as last taken (/run/chainsaw/last-good.toml)";

/// How long a published configuration counts after a daemon has last touched it: long enough for a daemon to be
/// replaced, and not so long that one from days ago comes back.
pub const COUNTS_FOR: Duration = Duration::from_secs(600);

/// What is published, if it counts; an error is what speaks against it.
pub fn last_good(published: &'static str, now: SystemTime) -> Result<Option<InForce>, String> {
    let text = match text(Path::new(published), now) {
        Ok(text) => text,
        Err(Doubt::Absent) => return Ok(None),
        Err(Doubt::Told(why)) => return Err(why),
    };
    let taken = taken(text, LAST_GOOD).map_err(|wrong| wrong.what())?;
    Ok(Some(taken))
}

/// Why what is published is not taken.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// It is not there.
    Absent,
    /// For a person.
    Told(String),
}

impl From<io::Error> for Doubt {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            _ => Self::Told(error.to_string()),
        }
    }
}

/// The text of a file that is its owner's alone and was touched lately. It is opened once, and all of that is checked on
/// the descriptor.
fn text(path: &Path, now: SystemTime) -> Result<String, Doubt> {
    let folder = fs::symlink_metadata(path.parent().unwrap_or(path))?;
    own::folder(&folder).map_err(|why| Doubt::Told(format!("its folder {why}")))?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    let doubt = |why: &str| Err(Doubt::Told(why.to_owned()));
    own::file(&metadata).map_err(|why| Doubt::Told(format!("it {why}")))?;
    if metadata.mode() & 0o7777 != 0o600 {
        return doubt("others can read it (it has to be 0600)");
    }
    if metadata.len() > BYTES {
        return doubt("it is too long");
    }
    if !is_kept(metadata.modified()?, now, COUNTS_FOR) {
        return doubt("no daemon has been there for ten minutes");
    }
    let mut text = String::new();
    file.take(BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a daemon touched it within this time. A time to come is no daemon's.
#[must_use]
pub fn is_kept(touched: SystemTime, now: SystemTime, within: Duration) -> bool {
    now.duration_since(touched).is_ok_and(|age| age <= within)
}

#[cfg(test)]
mod tests;
