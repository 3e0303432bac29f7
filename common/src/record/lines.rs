//! The file of a record: locked while it is held, and only ever longer, until it is written anew or goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::RecordError;
use crate::own;

/// A file of whole lines, behind which the next one goes.
#[derive(Debug)]
pub struct Lines {
    file: File,
    path: PathBuf,
    length: u64,
}

/// How such a file is opened: a link in its place is not followed.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits());
    options
}

impl Lines {
    /// Reads a locked file; nothing if it was removed while the lock was waited for.
    pub fn read(mut file: File, path: &Path) -> Result<Option<(Self, Vec<u8>)>, RecordError> {
        let metadata = file.metadata().map_err(RecordError::io("read", path))?;
        if metadata.nlink() == 0 {
            return Ok(None);
        }
        own::file(&metadata).map_err(RecordError::not_ours(path))?;
        let mut bytes = Vec::new();
        if metadata.len() > 0 {
            file.read_to_end(&mut bytes)
                .map_err(RecordError::io("read", path))?;
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(0, |end| end + 1);
        if whole < bytes.len() {
            // What a crash cut off must not run into the next line.
            file.set_len(whole as u64)
                .map_err(RecordError::io("mend", path))?;
            bytes.truncate(whole);
        }
        let lines = Self {
            file,
            path: path.to_owned(),
            length: whole as u64,
        };
        Ok(Some((lines, bytes)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Puts lines behind the last, in one write.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), RecordError> {
        let written = self.file.write_all(lines);
        if written.is_err() {
            // A part of a line must not run into the next.
            self.file.set_len(self.length).ok();
        } else {
            self.length += lines.len() as u64;
        }
        written.map_err(RecordError::io("write", &self.path))
    }

    /// Puts a new file of these lines in its place. Whoever waits for the old file's lock finds that it has no name any
    /// more, and opens the new one.
    pub fn replace(&mut self, lines: &[u8]) -> Result<(), RecordError> {
        let failed = RecordError::io("shrink", &self.path);
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = self.path.with_file_name(format!(".{name}"));
        fs::remove_file(&beside).or_else(absent).map_err(&failed)?;
        let file = options().create_new(true).open(&beside).map_err(&failed)?;
        file.lock().map_err(&failed)?;
        let mut new = Self {
            file,
            path: self.path.clone(),
            length: 0,
        };
        new.append(lines)?;
        fs::rename(&beside, &self.path).map_err(failed)?;
        *self = new;
        Ok(())
    }

    /// Takes it away.
    pub fn remove(self) -> Result<(), RecordError> {
        fs::remove_file(&self.path).map_err(RecordError::io("remove", &self.path))
    }
}

fn absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests;
