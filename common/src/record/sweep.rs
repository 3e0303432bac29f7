//! Records of sandboxes that are gone: a runtime need not say that one went, and nothing else takes them away.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::head::Head;
use super::{Record, Records};

/// How many other records one sandbox's end looks at.
const FEW: usize = 8;

/// The longest head that is read without the record's lock, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;

impl Records {
    /// Removes the records of sandboxes that are gone for certain, and tells which. One that somebody holds is in use, and
    /// none but such is ever locked: nobody waits.
    pub fn sweep(&self) -> Vec<String> {
        self.without_gone(self.sandboxes())
    }

    /// The same of the few that follow a sandbox by name. Names are drawn by chance, so whoever leaves one record behind
    /// and looks at a few others keeps them from adding up, at a cost that does not grow with the node.
    pub fn sweep_behind(&self, sandbox: &str) -> Vec<String> {
        let mut few = self.sandboxes();
        few.sort_unstable();
        let behind = few.partition_point(|name| name.as_str() <= sandbox);
        few.rotate_left(behind);
        few.truncate(FEW);
        self.without_gone(few)
    }

    fn without_gone(&self, mut gone: Vec<String>) -> Vec<String> {
        gone.retain(|sandbox| {
            let seems = self.path(sandbox).is_ok_and(|path| seems_stale(&path));
            let found = || self.find(sandbox).ok().flatten().filter(Record::is_stale);
            seems && found().is_some_and(|record| record.remove().is_ok())
        });
        gone
    }
}

/// Whether a record looks as if its namespace were gone: read in passing, it may be being written.
fn seems_stale(path: &Path) -> bool {
    // What is no plain file is never opened: a pipe would keep whoever opens it.
    let plain = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = plain.then(|| File::open(path).ok()).flatten();
    let mut line = Vec::new();
    let read = file.map(|file| BufReader::new(file.take(HEAD_BYTES)).read_until(b'\n', &mut line));
    match read {
        // One that says nothing is of no use, unless it is about to.
        Some(Ok(0)) => true,
        Some(Ok(_)) => Head::read(&line).is_ok_and(|head| head.is_stale()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
