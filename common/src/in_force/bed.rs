//! A configuration that a daemon has just published, in a folder of its own, for the tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A configuration with one rule.
pub const GOOD: &str = "[[rule]]\nnamespaces = [\"a\"]\nprofile = \"route\"\n";

pub struct Bed {
    folder: tempfile::TempDir,
    pub published: PathBuf,
}

impl Bed {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let published = folder.path().join("last-good.toml");
        fs::write(&published, GOOD).unwrap();
        fs::set_permissions(&published, Permissions::from_mode(0o600)).unwrap();
        Self { folder, published }
    }

    /// The operator's file, there or not.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }
}

/// As a path of the product's, which is a constant there.
pub fn leaked(path: &Path) -> &'static str {
    path.to_string_lossy().into_owned().leak()
}
