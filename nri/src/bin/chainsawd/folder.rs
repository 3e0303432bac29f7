//! The folder in which the daemon keeps its socket and what it publishes.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use chainsaw_common::own;

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
