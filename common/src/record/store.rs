//! The records of a node: a folder with a file for each sandbox, and how one is found and locked.

use std::fs::{self, DirBuilder, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{Record, RecordError, lines};
use crate::own::{self, NotOurs};

/// Where the records are.
pub const FOLDER: &str = "/run/chainsaw/sandboxes";

/// Between two looks whether a record is free.
const PAUSE: Duration = Duration::from_millis(2);

/// The longest name of a sandbox, in bytes.
const ID_BYTES: usize = 128;

/// The records of a node.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// The records in a folder.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Opens the record of a sandbox, made if it is not there, and waits for its lock.
    ///
    /// # Errors
    /// The id is none, or the system refuses.
    pub fn open(&self, sandbox: &str) -> Result<Record, RecordError> {
        self.opened(sandbox, |file, path| {
            file.lock().map_err(RecordError::io("open", path))
        })
    }

    /// [`Records::open`], but whoever holds it is waited for no longer than this.
    ///
    /// # Errors
    /// The id is none, somebody holds it for longer, or the system refuses.
    pub fn open_until(&self, sandbox: &str, deadline: Instant) -> Result<Record, RecordError> {
        loop {
            match self.opened(sandbox, lock_now) {
                Err(RecordError::Held { .. }) if Instant::now() < deadline => thread::sleep(PAUSE),
                opened => return opened,
            }
        }
    }

    /// Opens the record of a sandbox if there is one and nobody holds it: this never waits.
    ///
    /// # Errors
    /// The id is none, somebody holds it, or the system refuses.
    pub fn find(&self, sandbox: &str) -> Result<Option<Record>, RecordError> {
        let path = self.path(sandbox)?;
        if !self.is_there()? {
            return Ok(None);
        }
        match lines::options().open(&path) {
            Ok(file) => {
                lock_now(&file, &path)?;
                Record::read(file, &path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(RecordError::io("open", &path)(error)),
        }
    }

    /// The sandboxes that have a record.
    #[must_use]
    pub fn sandboxes(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        names
            .filter_map(|entry| entry.file_name().into_string().ok())
            // One that is being written anew is not one yet.
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

    /// The record of a sandbox, by what takes its lock. A file that went meanwhile is none: the next one is.
    fn opened(
        &self,
        sandbox: &str,
        lock: impl Fn(&File, &Path) -> Result<(), RecordError>,
    ) -> Result<Record, RecordError> {
        let path = self.path(sandbox)?;
        loop {
            let file = self.made(&path)?;
            lock(&file, &path)?;
            if let Some(record) = Record::read(file, &path)? {
                return Ok(record);
            }
        }
    }

    /// The file of a record, and the folder, made if they are not there.
    fn made(&self, path: &Path) -> Result<File, RecordError> {
        let failed = RecordError::io("open", path);
        if !self.is_there()? {
            let mut folders = DirBuilder::new();
            let made = folders.recursive(true).mode(0o700).create(&self.folder);
            made.map_err(&failed)?;
            self.is_there()?;
        }
        lines::options().create(true).open(path).map_err(failed)
    }

    /// Whether the folder is there, which has to be ours then, and what it lies in nobody else's. Once that is so, nobody
    /// else can change it: looking by path is enough.
    fn is_there(&self) -> Result<bool, RecordError> {
        let above = self.folder.parent().unwrap_or(&self.folder);
        Ok(is_ours(above, own::parent)? && is_ours(&self.folder, own::folder)?)
    }

    /// The file of a sandbox's record, there or not.
    pub(super) fn path(&self, sandbox: &str) -> Result<PathBuf, RecordError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let valid = sandbox.starts_with(|c: char| c.is_ascii_alphanumeric())
            && sandbox.len() <= ID_BYTES
            && sandbox.chars().all(plain);
        if valid {
            Ok(self.folder.join(sandbox))
        } else {
            Err(RecordError::Id(sandbox.to_owned()))
        }
    }
}

/// Whether a folder is there; it is an error if it is and is not ours.
fn is_ours(
    path: &Path,
    judge: impl Fn(&Metadata) -> Result<(), NotOurs>,
) -> Result<bool, RecordError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => judge(&metadata)
            .map(|()| true)
            .map_err(RecordError::not_ours(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(RecordError::io("look at the folder of", path)(error)),
    }
}

/// Locks a file that nobody holds.
fn lock_now(file: &File, path: &Path) -> Result<(), RecordError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => RecordError::Held {
            path: path.to_owned(),
        },
        TryLockError::Error(source) => RecordError::io("lock", path)(source),
    })
}

#[cfg(test)]
mod tests;
