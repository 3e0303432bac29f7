//! The folders in which daemons keep sockets, and what they publish.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use chainsaw_common::own::{self, NotOurs};

/// Makes it, so that it is root's alone: nobody else can come near what is in it, or put another in its place. One that
/// was somebody else's is refused, and so is a link to another: what is in it, or becomes of it, is not ours to decide.
pub fn take(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    own::folder(&fs::symlink_metadata(folder)?).map_err(io::Error::other)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Takes one that somebody made for this daemon alone, and closes it to all others: whoever may write there, as a kubelet
/// lets everybody in an `emptyDir`, may not any more. One that is somebody else's is refused, and so is a link.
pub fn close(folder: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(folder)?;
    if !there.is_dir() {
        return Err(io::Error::other(NotOurs::NoFolder));
    }
    if !own::is_us(there.uid()) {
        return Err(io::Error::other(NotOurs::Owner(there.uid())));
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}
