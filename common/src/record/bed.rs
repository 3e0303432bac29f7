//! Records in a folder of their own, for the tests.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Entry, Event, Record, Records, Work, hash};
use crate::limits::{Made, Making};
use crate::pod::Entrance;

pub const BEGUN: Event = Event::Begun { command: 0 };

pub struct Bed {
    place: tempfile::TempDir,
    pub records: Records,
}

impl Bed {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let records = Records::at(place.path().join("sandboxes"));
        Self { place, records }
    }

    /// What the folder of the records lies in.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// Something beside the folder of the records.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place().join(name)
    }

    /// A file beside the folder of the records that says this.
    pub fn canary(&self, text: &str) -> PathBuf {
        let canary = self.beside("canary");
        fs::write(&canary, text).unwrap();
        canary
    }

    /// The file of a record, there or not.
    pub fn path(&self, sandbox: &str) -> PathBuf {
        self.records.path(sandbox).unwrap()
    }

    pub fn open(&self, sandbox: &str) -> Record {
        self.records.open(sandbox).unwrap()
    }

    /// The record, which is there.
    pub fn found(&self, sandbox: &str) -> Record {
        self.records.find(sandbox).unwrap().unwrap()
    }

    /// A record that says that something happened at an attachment.
    pub fn told(&self, sandbox: &str, interface: &str, event: Event) {
        self.open(sandbox).add(entry(interface, event)).unwrap();
    }
}

/// As one that opened what is there.
pub fn is_of(record: &mut Record, netns: &Path) {
    let there = fs::metadata(netns).ok();
    record.is_of(netns, there.map(|metadata| metadata.ino()));
}

pub fn work(interface: &str, value: &str) -> Work {
    Work {
        entrance: Entrance::Cni,
        network: Some("n".into()),
        interface: interface.into(),
        container: None,
        source: "k".into(),
        value: hash(value),
    }
}

pub fn entry(interface: &str, event: Event) -> Entry {
    Entry::new(work(interface, "v"), event)
}

fn makes(names: &[&str]) -> Vec<Making> {
    let making = |name: &&str| Making::from((*name).to_owned());
    names.iter().map(making).collect()
}

pub fn made(names: &[&str]) -> Made {
    let mut made = Made::default();
    for making in makes(names) {
        made.add(&making);
    }
    made
}

/// A command that makes these is about to run.
pub fn begun(names: &[&str]) -> Entry {
    Entry {
        makes: makes(names),
        ..entry("eth0", BEGUN)
    }
}
