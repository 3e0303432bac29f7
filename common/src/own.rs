//! What is our own under `/run`: it counts only where nobody else could have put it, or could put another there.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use nix::unistd::geteuid;

/// Who may write beside the owner: group and others.
const OTHERS: u32 = 0o022;
/// In such a folder only the owner of a name takes it away (`S_ISVTX`).
const STICKY: u32 = 0o1000;

/// Why something is not taken for ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It is something else, or a symbolic link to one.
    #[error("is no folder")]
    NoFolder,
    /// It is something else.
    #[error("is no plain file")]
    NoFile,
    /// Somebody else's.
    #[error("belongs to user {0}")]
    Owner(u32),
    /// Others can write there.
    #[error("can be written by others (mode {0:o})")]
    Writable(u32),
    /// It has a second name, by which it is somewhere else too.
    #[error("has another name, so that it may be a file of something else")]
    Linked,
}

/// Whether a user is the one as whom this process runs: root, where it matters.
#[must_use]
pub fn is_us(user: u32) -> bool {
    geteuid().as_raw() == user
}

/// Takes a folder, looked at without following a link, in which only we make names.
///
/// # Errors
/// It is none, or somebody else could make names there.
pub fn folder(metadata: &Metadata) -> Result<(), NotOurs> {
    if !metadata.is_dir() {
        return Err(NotOurs::NoFolder);
    }
    written_by_us_alone(metadata)
}

/// Takes a folder in which nobody else takes our names away: root's or ours, like `/run`, or sticky, like `/tmp`.
///
/// # Errors
/// It is none, or somebody else could put another in our folder's place.
pub fn parent(metadata: &Metadata) -> Result<(), NotOurs> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if !metadata.is_dir() {
        Err(NotOurs::NoFolder)
    } else if owner != 0 && !is_us(owner) {
        Err(NotOurs::Owner(owner))
    } else if mode & OTHERS != 0 && mode & STICKY == 0 {
        Err(NotOurs::Writable(mode))
    } else {
        Ok(())
    }
}

/// Takes a file, looked at by its descriptor, that only we write and that is nowhere else.
///
/// # Errors
/// It is none, or somebody else's, or has another name.
pub fn file(metadata: &Metadata) -> Result<(), NotOurs> {
    if !metadata.is_file() {
        return Err(NotOurs::NoFile);
    }
    if metadata.nlink() > 1 {
        return Err(NotOurs::Linked);
    }
    written_by_us_alone(metadata)
}

fn written_by_us_alone(metadata: &Metadata) -> Result<(), NotOurs> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if !is_us(owner) {
        Err(NotOurs::Owner(owner))
    } else if mode & OTHERS != 0 {
        Err(NotOurs::Writable(mode))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::*;

    fn of(path: &Path) -> Metadata {
        fs::symlink_metadata(path).unwrap()
    }

    fn with_mode(path: &Path, mode: u32) -> Metadata {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        of(path)
    }

    #[test]
    fn a_folder_is_ours_if_nobody_else_makes_names_in_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path();
        for mode in [0o700, 0o755] {
            assert_eq!(folder(&with_mode(path, mode)), Ok(()));
        }
        for mode in [0o770, 0o777, 0o702, 0o1777] {
            assert_eq!(folder(&with_mode(path, mode)), Err(NotOurs::Writable(mode)));
        }
    }

    #[test]
    fn a_parent_may_be_sticky() {
        let place = tempfile::tempdir().unwrap();
        for mode in [0o700, 0o755, 0o1777] {
            assert_eq!(parent(&with_mode(place.path(), mode)), Ok(()));
        }
        let open = with_mode(place.path(), 0o777);
        assert_eq!(parent(&open), Err(NotOurs::Writable(0o777)));
    }

    #[test]
    fn a_link_is_neither_a_folder_nor_a_file() {
        let place = tempfile::tempdir().unwrap();
        let link = place.path().join("link");
        symlink(place.path(), &link).unwrap();
        assert_eq!(folder(&of(&link)), Err(NotOurs::NoFolder));
        assert_eq!(parent(&of(&link)), Err(NotOurs::NoFolder));
        assert_eq!(file(&of(&link)), Err(NotOurs::NoFile));
    }

    #[test]
    fn a_file_that_is_elsewhere_too_is_not_ours() {
        let place = tempfile::tempdir().unwrap();
        let (path, again) = (place.path().join("file"), place.path().join("again"));
        fs::write(&path, "").unwrap();
        assert_eq!(file(&with_mode(&path, 0o600)), Ok(()));
        assert_eq!(
            file(&with_mode(&path, 0o620)),
            Err(NotOurs::Writable(0o620))
        );
        fs::hard_link(&path, &again).unwrap();
        assert_eq!(file(&of(&path)), Err(NotOurs::Linked));
    }
}
