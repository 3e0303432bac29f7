//! What ran in which sandbox, under `/run/chainsaw`: one file a sandbox, owned by whoever holds its lock.
//!
//! A file is a row of JSON lines and only ever grows, until the sandbox has gone. A line that a crash cut off is no
//! line: what it would have said did not happen.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use siphasher::sip128::SipHasher24;

/// Where the records are.
pub const FOLDER: &str = "/run/chainsaw/sandboxes";

/// The longest name of a sandbox, in bytes.
const ID_BYTES: usize = 128;

/// A record that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The sandbox's id is none (CNI spec, section 3: an alphanumeric, then those and `_.-`).
    #[error(
        "{0:?} is not the id of a sandbox: the runtime gives one of letters, digits, _ . and -"
    )]
    Id(String),
    /// The system refuses.
    #[error("cannot {what} the record {path}: {source}; nothing is run that could not be recorded")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// One line: what happened to one piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The CNI network, by name; none at the NRI entrance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The attachment's interface.
    pub interface: String,
    /// Where the value came from.
    pub source: String,
    /// The value's hash.
    pub value: String,
    /// What happened.
    pub event: Event,
}

/// What happened to a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It is about to run.
    Begun,
    /// It ran.
    Ok,
    /// It ran and failed, or was refused.
    Failed,
    /// The attachment is gone.
    Gone,
}

/// The records of a node.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

/// One sandbox's record, locked while this lives.
#[derive(Debug)]
pub struct Record {
    file: File,
    path: PathBuf,
    entries: Vec<Entry>,
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
        let path = self.path(sandbox)?;
        let failed = |source| RecordError::Io {
            what: "open",
            path: path.clone(),
            source,
        };
        loop {
            let file = match options().create(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    DirBuilder::new()
                        .recursive(true)
                        .mode(0o700)
                        .create(&self.folder)
                        .map_err(failed)?;
                    options().create(true).open(&path)
                }
                opened => opened,
            };
            let file = file.map_err(failed)?;
            file.lock().map_err(failed)?;
            if let Some(record) = Record::read(file, &path)? {
                return Ok(record);
            }
        }
    }

    /// Opens the record of a sandbox if there is one and nobody holds it: this never waits.
    ///
    /// # Errors
    /// The id is none, somebody holds it, or the system refuses.
    pub fn find(&self, sandbox: &str) -> Result<Option<Record>, RecordError> {
        let path = self.path(sandbox)?;
        let failed = |source| RecordError::Io {
            what: "open",
            path: path.clone(),
            source,
        };
        match options().open(&path) {
            Ok(file) => {
                file.try_lock().map_err(|error| failed(error.into()))?;
                Record::read(file, &path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The sandboxes that have a record.
    #[must_use]
    pub fn sandboxes(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }

    fn path(&self, sandbox: &str) -> Result<PathBuf, RecordError> {
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

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits());
    options
}

impl Record {
    /// Reads a locked file; nothing if it was removed while the lock was waited for.
    fn read(mut file: File, path: &Path) -> Result<Option<Self>, RecordError> {
        let failed = |what| {
            move |source| RecordError::Io {
                what,
                path: path.to_owned(),
                source,
            }
        };
        let metadata = file.metadata().map_err(failed("read"))?;
        if metadata.nlink() == 0 {
            return Ok(None);
        }
        let mut text = String::new();
        if metadata.len() > 0 {
            file.read_to_string(&mut text).map_err(failed("read"))?;
        }
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            // What a crash cut off must not run into the next line.
            file.set_len(whole as u64).map_err(failed("mend"))?;
            text.truncate(whole);
        }
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        Ok(Some(Self {
            file,
            path: path.to_owned(),
            entries,
        }))
    }

    /// What has happened, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds what happens now.
    ///
    /// # Errors
    /// The system refuses, as a full disk does.
    pub fn add(&mut self, entry: Entry) -> Result<(), RecordError> {
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        let failed = |source| RecordError::Io {
            what: "write",
            path: self.path.clone(),
            source,
        };
        self.file.write_all(&line).map_err(failed)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Another attachment at which the same value of the same source ran, by its interface.
    #[must_use]
    pub fn ran_elsewhere(&self, interface: &str, source: &str, value: &str) -> Option<&str> {
        let same = |entry: &&Entry| {
            entry.interface != interface
                && (entry.source.as_str(), entry.value.as_str()) == (source, value)
        };
        let last = self.entries.iter().rfind(same)?;
        (last.event == Event::Ok).then_some(last.interface.as_str())
    }

    /// Whether this value of this source ran, or was about to, at an attachment that is not gone.
    #[must_use]
    pub fn ran_here(&self, interface: &str, source: &str, value: &str) -> bool {
        let here = self
            .entries
            .iter()
            .filter(|entry| entry.interface == interface);
        let since = here.rev().take_while(|entry| entry.event != Event::Gone);
        since
            .into_iter()
            .any(|entry| (entry.source.as_str(), entry.value.as_str()) == (source, value))
    }

    /// The last thing that happened at an interface.
    #[must_use]
    pub fn last(&self, interface: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .rfind(|entry| entry.interface == interface)
    }

    /// Forgets an attachment; the file goes with the last one.
    ///
    /// # Errors
    /// The system refuses.
    pub fn forget(mut self, interface: &str) -> Result<(), RecordError> {
        if let Some(last) = self
            .last(interface)
            .filter(|last| last.event != Event::Gone)
            .cloned()
        {
            self.add(Entry {
                event: Event::Gone,
                ..last
            })?;
        }
        let interfaces: Vec<&str> = self
            .entries
            .iter()
            .map(|entry| entry.interface.as_str())
            .collect();
        let all_gone = interfaces.iter().all(|name| {
            self.last(name)
                .is_some_and(|last| last.event == Event::Gone)
        });
        if !all_gone {
            return Ok(());
        }
        fs::remove_file(&self.path).map_err(|source| RecordError::Io {
            what: "remove",
            path: self.path,
            source,
        })
    }
}

/// The hash by which a record knows a value again: SipHash-2-4 of 128 bits, with the key 0.
///
/// Nobody gains by two values of the same hash, since whoever writes the one may write the other. What it must be is
/// the same in every version, and cheap to start: a hash that looks what the processor can do asks CPUID, and in a
/// virtual machine that alone costs a tenth of an ADD.
#[must_use]
pub fn hash(value: &str) -> String {
    let hash = SipHasher24::new().hash(value.as_bytes());
    format!("{:032x}", hash.as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(interface: &str, event: Event) -> Entry {
        Entry {
            network: Some("n".into()),
            interface: interface.into(),
            source: "k".into(),
            value: hash("v"),
            event,
        }
    }

    fn records() -> (tempfile::TempDir, Records) {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::at(folder.path().join("sandboxes"));
        (folder, records)
    }

    #[test]
    fn what_was_added_is_there_afterwards() {
        let (_folder, records) = records();
        records
            .open("c1")
            .unwrap()
            .add(entry("eth0", Event::Ok))
            .unwrap();
        let record = records.find("c1").unwrap().unwrap();
        assert_eq!(record.entries(), [entry("eth0", Event::Ok)]);
        assert_eq!(record.ran_elsewhere("net1", "k", &hash("v")), Some("eth0"));
        assert_eq!(record.ran_elsewhere("eth0", "k", &hash("v")), None);
        assert_eq!(record.ran_elsewhere("net1", "k", &hash("w")), None);
    }

    #[test]
    fn a_line_that_was_cut_off_anywhere_is_no_line_and_loses_no_other() {
        let (_folder, records) = records();
        records
            .open("c1")
            .unwrap()
            .add(entry("eth0", Event::Ok))
            .unwrap();
        let path = records.path("c1").unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let torn = [&whole[..], &whole[..cut]].concat();
            fs::write(&path, torn).unwrap();
            let mut record = records.find("c1").unwrap().unwrap();
            assert_eq!(record.entries().len(), 1, "cut at {cut}");
            record.add(entry("net1", Event::Begun)).unwrap();
            drop(record);
            assert_eq!(
                records.find("c1").unwrap().unwrap().entries().len(),
                2,
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn the_file_goes_with_the_last_attachment() {
        let (_folder, records) = records();
        records
            .open("c1")
            .unwrap()
            .add(entry("eth0", Event::Ok))
            .unwrap();
        records
            .open("c1")
            .unwrap()
            .add(entry("net1", Event::Failed))
            .unwrap();
        records.find("c1").unwrap().unwrap().forget("eth0").unwrap();
        assert_eq!(records.sandboxes(), ["c1"]);
        records.find("c1").unwrap().unwrap().forget("net1").unwrap();
        assert!(records.sandboxes().is_empty());
        assert!(records.find("c1").unwrap().is_none());
    }

    #[test]
    fn a_value_has_the_same_hash_in_every_version() {
        assert_eq!(hash("ip route"), "fb6507c29f83f9c811b22417c063fd8d");
        assert_ne!(hash("ip route"), hash("ip route "));
    }

    #[test]
    fn an_id_that_leads_elsewhere_is_none() {
        let (_folder, records) = records();
        for id in ["", "..", "../x", "a/b", ".hidden", "a b", &"a".repeat(129)] {
            assert!(matches!(records.open(id), Err(RecordError::Id(_))), "{id}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_record_is_not_followed() {
        let (folder, records) = records();
        fs::create_dir_all(folder.path().join("sandboxes")).unwrap();
        let canary = folder.path().join("canary");
        fs::write(&canary, "").unwrap();
        std::os::unix::fs::symlink(&canary, records.path("c1").unwrap()).unwrap();
        assert!(matches!(records.open("c1"), Err(RecordError::Io { .. })));
        assert_eq!(fs::read(&canary).unwrap(), b"");
    }

    #[test]
    fn one_owner_at_a_time() {
        let (_folder, records) = records();
        let first = records.open("c1").unwrap();
        let other = records.clone();
        let waiting = std::thread::spawn(move || other.open("c1").unwrap().entries().len());
        let mut first = first;
        first.add(entry("eth0", Event::Ok)).unwrap();
        drop(first);
        assert_eq!(waiting.join().unwrap(), 1);
    }
}
