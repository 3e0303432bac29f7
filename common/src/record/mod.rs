//! What ran in which sandbox, under `/run/chainsaw`: one file a sandbox, owned by whoever holds its lock.
//!
//! A file is a row of JSON lines and only ever grows, until the sandbox has gone. The first says which format it is and
//! of which namespace it speaks; the others say what happens to which piece of work. A line that a crash cut off is no
//! line: what it would have said did not happen.
//!
//! What a record says is believed, and it is written as root. So it has to lie in a folder in which nobody else makes
//! names, and be a file of ours that is nowhere else: see [`own`].

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::mem;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use crate::limits::Made;
use crate::own::{self, NotOurs};

mod entry;
mod head;

pub use entry::{Entry, Event, Progress, Work, hash};
pub use head::Around;
use head::Head;

/// Where the records are.
pub const FOLDER: &str = "/run/chainsaw/sandboxes";

/// How many other records one sandbox's end looks at.
const FEW: usize = 8;

/// A record that is longer than this, in bytes, is written anew with what still counts.
const LARGE: usize = 64 * 1024;

/// Between two looks whether a record is free.
const PAUSE: Duration = Duration::from_millis(2);

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
    /// Another version of Chainsaw wrote it.
    #[error(
        "the record {path} is of format {found}, and this Chainsaw knows {known}: nothing is run that is not known to be new"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Somebody else is at work on it.
    #[error(
        "somebody else holds the record {path}, and did not let go of it in time: is a chainsaw stuck?"
    )]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else may have put it there.
    #[error(
        "{path} {why}: nothing is recorded there, and nothing runs that could not be; remove it, or make it root's alone"
    )]
    NotOurs {
        /// The folder, or the file.
        path: PathBuf,
        /// What it is instead.
        why: NotOurs,
    },
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
    length: u64,
    head: Option<Head>,
    /// Whether the head stands in the file. A new one is written with the entry that follows it, in one write.
    head_stands: bool,
    entries: Vec<Entry>,
    /// What commands may have made, by the head and what follows it.
    made: Made,
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
            let file = self.made(&path)?;
            file.lock().map_err(failed)?;
            if let Some(record) = Record::read(file, &path)? {
                return Ok(record);
            }
        }
    }

    /// The file of a record, and the folder, made if they are not there.
    fn made(&self, path: &Path) -> Result<File, RecordError> {
        let failed = |source| RecordError::Io {
            what: "open",
            path: path.to_owned(),
            source,
        };
        if !self.is_there()? {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder);
            made.map_err(failed)?;
            self.is_there()?;
        }
        options().create(true).open(path).map_err(failed)
    }

    /// Whether the folder is there, which has to be ours then, and what it lies in nobody else's. Once that is so, nobody
    /// else can change it: looking by path is enough.
    fn is_there(&self) -> Result<bool, RecordError> {
        let above = self.folder.parent().unwrap_or(&self.folder);
        Ok(is_ours(above, own::parent)? && is_ours(&self.folder, own::folder)?)
    }

    /// [`Records::open`], but whoever holds it is waited for no longer than this.
    ///
    /// # Errors
    /// The id is none, somebody holds it for longer, or the system refuses.
    pub fn open_until(&self, sandbox: &str, deadline: Instant) -> Result<Record, RecordError> {
        loop {
            match self.open_now(sandbox) {
                Err(RecordError::Held { .. }) if Instant::now() < deadline => thread::sleep(PAUSE),
                opened => return opened,
            }
        }
    }

    /// [`Records::open`], but for a record that somebody holds: this never waits.
    ///
    /// # Errors
    /// The id is none, somebody holds it, or the system refuses.
    pub fn open_now(&self, sandbox: &str) -> Result<Record, RecordError> {
        let path = self.path(sandbox)?;
        loop {
            let file = self.made(&path)?;
            if let Some(record) = at_once(file, &path)? {
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
        if !self.is_there()? {
            return Ok(None);
        }
        match options().open(&path) {
            Ok(file) => at_once(file, &path),
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
            // One that is being written anew is not one yet.
            .filter(|name| !name.starts_with('.'))
            .collect()
    }

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
            let seems = self
                .path(sandbox)
                .is_ok_and(|path| head::seems_stale(&path));
            let stale = |record: &Record| record.is_stale();
            let found = || self.find(sandbox).ok().flatten().filter(stale);
            seems && found().is_some_and(|record| record.remove().is_ok())
        });
        gone
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

/// Whether a folder is there; it is an error if it is and is not ours.
fn is_ours(
    path: &Path,
    judge: impl Fn(&Metadata) -> Result<(), NotOurs>,
) -> Result<bool, RecordError> {
    let path = path.to_owned();
    match fs::symlink_metadata(&path) {
        Ok(metadata) => match judge(&metadata) {
            Ok(()) => Ok(true),
            Err(why) => Err(RecordError::NotOurs { path, why }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(RecordError::Io {
            what: "look at the folder of",
            path,
            source,
        }),
    }
}

/// Reads a file that nobody holds; nothing if it was removed meanwhile.
fn at_once(file: File, path: &Path) -> Result<Option<Record>, RecordError> {
    let path = path.to_owned();
    match file.try_lock() {
        Ok(()) => Record::read(file, &path),
        Err(TryLockError::WouldBlock) => Err(RecordError::Held { path }),
        Err(TryLockError::Error(source)) => Err(RecordError::Io {
            what: "lock",
            path,
            source,
        }),
    }
}

fn line(value: &impl serde::Serialize, bytes: &mut Vec<u8>) {
    bytes.extend(serde_json::to_vec(value).unwrap_or_default());
    bytes.push(b'\n');
}

fn absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
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
        own::file(&metadata).map_err(|why| RecordError::NotOurs {
            path: path.to_owned(),
            why,
        })?;
        let mut bytes = Vec::new();
        if metadata.len() > 0 {
            file.read_to_end(&mut bytes).map_err(failed("read"))?;
        }
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if whole < bytes.len() {
            // What a crash cut off must not run into the next line.
            file.set_len(whole as u64).map_err(failed("mend"))?;
            bytes.truncate(whole);
        }
        let mut record = Self {
            file,
            path: path.to_owned(),
            length: whole as u64,
            head: None,
            head_stands: true,
            entries: Vec::new(),
            made: Made::default(),
        };
        for line in bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            record.take(line)?;
        }
        if whole > LARGE {
            record.shrink()?;
        }
        Ok(Some(record))
    }

    /// Takes note of a line: a head, of which the last counts, or behind one an entry.
    fn take(&mut self, line: &[u8]) -> Result<(), RecordError> {
        if self.head.is_some()
            && let Ok(entry) = serde_json::from_slice(line)
        {
            self.push(entry);
            return Ok(());
        }
        let head = Head::read(line).map_err(|found| RecordError::Format {
            path: self.path.clone(),
            found,
            known: head::FORMAT,
        })?;
        self.made = head.made.clone();
        self.head = Some(head);
        Ok(())
    }

    fn push(&mut self, entry: Entry) {
        for making in &entry.makes {
            self.made.add(making);
        }
        self.entries.push(entry);
    }

    /// Writes it anew with what still counts, in the file's place. Whoever waits for the old file's lock finds that it
    /// has no name any more, and opens the new one.
    fn shrink(&mut self) -> Result<(), RecordError> {
        let failed = |source| RecordError::Io {
            what: "shrink",
            path: self.path.clone(),
            source,
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let path = self.path.with_file_name(format!(".{name}"));
        fs::remove_file(&path).or_else(absent).map_err(failed)?;
        let file = options().create_new(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut new = Self {
            file,
            path: self.path.clone(),
            length: 0,
            head: None,
            head_stands: true,
            entries: Vec::new(),
            made: mem::take(&mut self.made),
        };
        if let Some(head) = self.head.take() {
            new.put_head(head);
        }
        for entry in entry::that_count(&self.entries) {
            new.add(entry)?;
        }
        fs::rename(&path, &self.path).map_err(failed)?;
        *self = new;
        Ok(())
    }

    /// What has happened, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Says of which network namespace it speaks, by the path where it is and by which it was when it was opened there, if
    /// it does not say so yet. It stands in the file from the next entry on: a sandbox in which nothing happens needs no
    /// record.
    pub fn is_of(&mut self, netns: &Path, inode: Option<u64>) {
        let head = self.head.as_ref();
        if !head.is_some_and(Head::tells_where) {
            let around = head.and_then(|head| head.around.clone());
            self.put_head(Head::of(netns, inode, around));
        }
    }

    /// What tokens stood for when something ran in this sandbox for the first time.
    #[must_use]
    pub fn around(&self) -> Option<&Around> {
        self.head.as_ref()?.around.as_ref()
    }

    /// Says what tokens stand for, for good: what runs may change what they would stand for later. It stands in the file
    /// from the next entry on.
    pub fn put_around(&mut self, around: Around) {
        let head = self
            .head
            .clone()
            .unwrap_or_else(|| Head::of(Path::new(""), None, None));
        self.put_head(Head {
            around: Some(around),
            ..head
        });
    }

    /// What commands may have made in this sandbox, whoever ran them.
    #[must_use]
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// That was counted, and this is what there is. It stands in the file from the next entry on.
    pub fn put_made(&mut self, made: Made) {
        self.made = made;
        let head = self.head.clone();
        self.put_head(head.unwrap_or_else(|| Head::of(Path::new(""), None, None)));
    }

    /// A new head tells anew what was made: it counts from there.
    fn put_head(&mut self, head: Head) {
        let made = self.made.clone();
        self.head = Some(Head { made, ..head });
        self.head_stands = false;
    }

    /// Whether its sandbox is gone for certain: nothing is where its network namespace was, or another one is. One that
    /// says nothing at all is of no use either.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.head.as_ref().is_none_or(Head::is_stale)
    }

    /// Adds what happens now.
    ///
    /// # Errors
    /// The system refuses, as a full disk does.
    pub fn add(&mut self, entry: Entry) -> Result<(), RecordError> {
        if self.head.is_none() {
            self.put_head(Head::of(Path::new(""), None, None));
        }
        self.write(&entry)?;
        self.push(entry);
        Ok(())
    }

    fn write(&mut self, entry: &Entry) -> Result<(), RecordError> {
        let mut bytes = Vec::new();
        if let Some(head) = self.head.as_ref().filter(|_| !self.head_stands) {
            line(head, &mut bytes);
        }
        line(entry, &mut bytes);
        let written = self.file.write_all(&bytes);
        if written.is_err() {
            // A part of the line must not run into the next.
            self.file.set_len(self.length).ok();
        } else {
            self.length += bytes.len() as u64;
            self.head_stands = true;
        }
        written.map_err(|source| RecordError::Io {
            what: "write",
            path: self.path.clone(),
            source,
        })
    }

    /// How far a piece of work came.
    #[must_use]
    pub fn progress(&self, work: &Work) -> Progress {
        entry::progress(&self.entries, work)
    }

    /// Another attachment at which the same value of the same source ran, by its interface.
    #[must_use]
    pub fn ran_elsewhere(&self, work: &Work) -> Option<&str> {
        let same = |entry: &&Entry| {
            entry.work.interface != work.interface && entry.work.is_of_the_value_of(work)
        };
        let last = self.entries.iter().rfind(same)?;
        (last.event == Event::Ok).then_some(last.work.interface.as_str())
    }

    /// The last thing that happened at an attachment.
    #[must_use]
    pub fn last(&self, interface: &str) -> Option<&Entry> {
        let here = |entry: &&Entry| entry.work.is_at_attachment(interface);
        self.entries.iter().rfind(here)
    }

    /// Removes it: its sandbox is gone.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(self) -> Result<(), RecordError> {
        fs::remove_file(&self.path).map_err(|source| RecordError::Io {
            what: "remove",
            path: self.path,
            source,
        })
    }

    /// Forgets an attachment. The file goes with the last one, unless something that was made may still be in the
    /// namespace: then it goes with that ([`Records::sweep`]), so that coming and going attachments add nothing up.
    /// Whether it is left for that.
    ///
    /// # Errors
    /// The system refuses.
    pub fn forget(mut self, interface: &str) -> Result<bool, RecordError> {
        let last = self.last(interface).cloned();
        if let Some(last) = last.filter(|last| last.event != Event::Gone) {
            self.add(Entry::new(last.work, Event::Gone))?;
        }
        let mut works = self.entries.iter().map(|entry| &entry.work);
        let all_gone = works.all(|work| {
            work.is_at_attachment(&work.interface)
                && self
                    .last(&work.interface)
                    .is_some_and(|last| last.event == Event::Gone)
        });
        let is_left = all_gone && !(self.made.is_empty() || self.is_stale());
        if all_gone && !is_left {
            self.remove()?;
        }
        Ok(is_left)
    }
}

#[cfg(test)]
mod tests;
