//! The last good configuration, where the plugin finds it: written beside and renamed, so that there is never half of
//! one, and touched at every look, so that one whose daemon is gone for good stops to count.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chainsaw_common::in_force::is_kept;

use crate::folder;

/// A daemon that has not touched its own for this long is gone.
const KEPT: Duration = Duration::from_secs(10);

/// What this daemon publishes.
#[derive(Debug)]
pub struct Publication {
    path: PathBuf,
    /// What is in force here; nothing until there was a good one.
    text: Option<String>,
    /// Whether that has not been there yet.
    is_new: bool,
    /// Our file, as long as nobody has put another in its place.
    ours: Option<File>,
}

impl Publication {
    /// At a path, where nothing is changed yet.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            text: None,
            is_new: false,
            ours: None,
        }
    }

    /// Says what is to be published from the next [`Publication::keep`] on.
    pub fn holds(&mut self, text: String) {
        self.text = Some(text);
        self.is_new = true;
    }

    /// Publishes what is new, keeps up what is there, and replaces what a daemon that is gone has left. Another daemon's
    /// is left alone: of two, the one that took a change last has published it.
    ///
    /// # Errors
    /// What was tried, for a person.
    pub fn keep(&mut self) -> Result<(), String> {
        let Some(text) = &self.text else {
            return Ok(());
        };
        if !self.is_new && self.is_kept() {
            return Ok(());
        }
        let put = put(&self.path, text);
        self.ours = Some(put.map_err(|error| {
            let path = self.path.display();
            format!("cannot publish the configuration at {path}: {error}")
        })?);
        self.is_new = false;
        Ok(())
    }

    /// Touches our own; whether that, or another daemon's, is there.
    fn is_kept(&self) -> bool {
        let Ok(there) = fs::symlink_metadata(&self.path) else {
            return false;
        };
        let now = SystemTime::now();
        if let Some(ours) = &self.ours
            && ours.metadata().is_ok_and(|ours| {
                (ours.dev(), ours.ino(), 0o600) == (there.dev(), there.ino(), there.mode() & 0o7777)
            })
        {
            return ours.set_modified(now).is_ok();
        }
        there
            .modified()
            .is_ok_and(|touched| is_kept(touched, now, KEPT))
    }
}

/// Puts a file of its owner's alone at the path, whatever is there.
fn put(path: &Path, text: &str) -> io::Result<File> {
    let folder = path.parent().unwrap_or(path);
    folder::take(folder)?;
    let own = folder.join(format!(".last-good.{:016x}", fastrand::u64(..)));
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&own)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&own, path)?;
        Ok(file)
    };
    let file = written();
    if file.is_err() {
        fs::remove_file(&own).ok();
    }
    file
}
