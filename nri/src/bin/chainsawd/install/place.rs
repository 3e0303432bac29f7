//! A file is put in place by its name: written under another one beside it, brought to the disk, and renamed over what is
//! there. So nobody ever sees half of it, and a plugin that runs keeps the file that it was started from.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::InstallError;

/// Before the name of a file that is being written.
pub const NEW: &str = ".chainsaw-new.";

/// Whether the file is there with this content and mode.
pub fn is_so(path: &Path, content: &[u8], mode: u32) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    metadata.is_file()
        && metadata.permissions().mode() & 0o7777 == mode
        && fs::read(path).is_ok_and(|found| found == content)
}

/// Puts a file in place, whole, on the disk before this returns.
pub fn write_down(path: &Path, content: &[u8], mode: u32) -> Result<(), InstallError> {
    let new = beside(path, NEW);
    let write = || {
        // One that a killed process left; never through a link that somebody put there.
        gone_is_fine(fs::remove_file(&new))?;
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&new)?;
        moment();
        file.write_all(content)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        drop(file);
        moment();
        fs::rename(&new, path)?;
        sync_folder(path)
    };
    let written = write();
    if written.is_err() {
        fs::remove_file(&new).ok();
    }
    written.map_err(InstallError::io("write", path))
}

/// Makes a folder that only root reads, with those above it.
pub fn make_private_folder(path: &Path) -> Result<(), InstallError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(InstallError::io("make the folder", path))
}

/// Another name beside this one.
pub fn beside(path: &Path, prefix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{prefix}{name}"))
}

/// What was to be removed and is not there is removed.
pub fn gone_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Brings a name to the disk.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

/// Between two changes: where a test ends us, as a SIGKILL would.
#[cfg(not(test))]
pub fn moment() {}

#[cfg(test)]
pub use killed::moment;

#[cfg(test)]
pub mod killed {
    //! Death at a chosen moment.

    use std::cell::Cell;

    thread_local! {
        /// How many moments are left to live; none is for ever.
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Ends this thread if its time has come.
    pub fn moment() {
        LEFT.with(|left| match left.get() {
            Some(0) => panic!("killed"),
            Some(more) => left.set(Some(more - 1)),
            None => {}
        });
    }

    /// Does it, and is killed at the moment of that number, if it comes to it. Says whether it was.
    pub fn at(moment: usize, act: impl FnOnce()) -> bool {
        LEFT.with(|left| left.set(Some(moment)));
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).is_err();
        LEFT.with(|left| left.set(None));
        killed
    }
}
