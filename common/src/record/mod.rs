//! What ran in which sandbox, under `/run/chainsaw`: one file a sandbox, owned by whoever holds its lock.
//!
//! A file is a row of JSON lines and only ever grows, until the sandbox has gone. The first says which format it is and
//! of which namespace it speaks; the others say what happens to which piece of work. A line that a crash cut off is no
//! line: what it would have said did not happen.
//!
//! What a record says is believed, and it is written as root. So it has to lie in a folder in which nobody else makes
//! names, and be a file of ours that is nowhere else: see [`own`](crate::own).

use std::fs::File;
use std::path::Path;

use crate::limits::Made;

mod entry;
mod error;
mod head;
mod lines;
mod progress;
mod store;
mod sweep;

#[cfg(test)]
mod bed;

pub use entry::{Entry, Event, Work, hash};
pub use error::RecordError;
pub use head::Around;
use head::Head;
use lines::Lines;
pub use progress::Progress;
pub use store::{FOLDER, Records};

/// A record that is longer than this, in bytes, is written anew with what still counts.
const LARGE: u64 = 64 * 1024;

/// One sandbox's record, locked while this lives.
#[derive(Debug)]
pub struct Record {
    lines: Lines,
    head: Option<Head>,
    /// Whether the head stands in the file. A new one is written with the entry that follows it, in one write.
    head_stands: bool,
    entries: Vec<Entry>,
    /// What commands may have made, by the head and what follows it.
    made: Made,
}

impl Record {
    /// Reads a locked file; nothing if it was removed while the lock was waited for.
    fn read(file: File, path: &Path) -> Result<Option<Self>, RecordError> {
        let Some((lines, bytes)) = Lines::read(file, path)? else {
            return Ok(None);
        };
        let mut record = Self {
            lines,
            head: None,
            head_stands: true,
            entries: Vec::new(),
            made: Made::default(),
        };
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            record.take(line)?;
        }
        if record.lines.length() > LARGE {
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
            path: self.lines.path().to_owned(),
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

    /// Writes it anew with what still counts.
    fn shrink(&mut self) -> Result<(), RecordError> {
        self.change_head(|_| {});
        self.entries = progress::that_count(&self.entries);
        let mut bytes = Vec::new();
        self.put_head(&mut bytes);
        for entry in &self.entries {
            put(entry, &mut bytes);
        }
        self.lines.replace(&bytes)?;
        self.head_stands = true;
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
        if !self.head.as_ref().is_some_and(Head::tells_where) {
            self.change_head(|head| head.put_where(netns, inode));
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
        self.change_head(|head| head.around = Some(around));
    }

    /// What commands may have made in this sandbox, whoever ran them.
    #[must_use]
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// That was counted, and this is what there is. It stands in the file from the next entry on.
    pub fn put_made(&mut self, made: Made) {
        self.made = made;
        self.change_head(|_| {});
    }

    /// A new head tells anew what was made: it counts from there.
    fn change_head(&mut self, change: impl FnOnce(&mut Head)) {
        let head = self.head.get_or_insert_default();
        change(head);
        head.made = self.made.clone();
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
            self.change_head(|_| {});
        }
        let mut bytes = Vec::new();
        if !self.head_stands {
            self.put_head(&mut bytes);
        }
        put(&entry, &mut bytes);
        self.lines.append(&bytes)?;
        self.head_stands = true;
        self.push(entry);
        Ok(())
    }

    fn put_head(&self, bytes: &mut Vec<u8>) {
        if let Some(head) = &self.head {
            put(head, bytes);
        }
    }

    /// How far a piece of work came.
    #[must_use]
    pub fn progress(&self, work: &Work) -> Progress {
        progress::progress(&self.entries, work)
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
        self.lines.remove()
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

/// Puts a line behind others.
fn put(value: &impl serde::Serialize, lines: &mut Vec<u8>) {
    lines.extend(serde_json::to_vec(value).unwrap_or_default());
    lines.push(b'\n');
}

#[cfg(test)]
mod tests;
