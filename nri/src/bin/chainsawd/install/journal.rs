//! What an installation changes, step by step. A step is written down before it is done, and says how it is undone.
//!
//! What was there before stays beside the new file, under a name of its own, until every step is done.
//!
//! Whoever is killed leaves the journal. The next installation goes on from there, and has still what was there at first
//! if it has to go back; the next uninstallation goes back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::InstallError;
use super::place::{NEW, beside, gone_is_fine, is_so, moment, sync_folder, write_down};

/// The journal's name, in the folder of plugins.
const NAME: &str = ".chainsaw-install.journal";

/// Before the name of what was there.
const BEFORE: &str = ".chainsaw-before.";

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    /// A file is about to change.
    Step { path: PathBuf, was_there: bool },
    /// All of them have: what was there is not needed any more.
    Done,
}

#[derive(Debug)]
struct Step {
    path: PathBuf,
    was_there: bool,
}

/// The journal of a folder of plugins, which nobody else changes while this lives.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    steps: Vec<Step>,
    _lock: File,
}

impl Journal {
    /// Waits until nobody else is at work there, and takes up what the last one left.
    pub fn open(folder: &Path) -> Result<Self, InstallError> {
        if !folder.is_dir() {
            return Err(InstallError::NoFolder(folder.to_owned()));
        }
        let lock = File::open(folder).map_err(InstallError::io("open", folder))?;
        lock.lock().map_err(InstallError::io("lock", folder))?;
        let path = folder.join(NAME);
        let (steps, done) = read(&path)?;
        let mut journal = Self {
            path,
            steps,
            _lock: lock,
        };
        if done {
            journal.tidy()?;
        }
        Ok(journal)
    }

    /// Puts a file in place, and says whether that changed anything.
    pub fn put(&mut self, path: &Path, content: &[u8], mode: u32) -> Result<bool, InstallError> {
        if is_so(path, content, mode) {
            return Ok(false);
        }
        if self.step(path)? && !there(&beside(path, BEFORE)) {
            let before = beside(path, BEFORE);
            fs::hard_link(path, &before).map_err(InstallError::io("keep", path))?;
            moment();
        }
        write_down(path, content, mode)?;
        moment();
        Ok(true)
    }

    /// Takes a file away, if it is there.
    pub fn take(&mut self, path: &Path) -> Result<(), InstallError> {
        if !there(path) {
            return Ok(());
        }
        if self.step(path)? {
            fs::rename(path, beside(path, BEFORE)).map_err(InstallError::io("take", path))?;
            moment();
        }
        Ok(())
    }

    /// Says that every step is done, and forgets what was there before.
    pub fn complete(mut self) -> Result<(), InstallError> {
        if self.steps.is_empty() {
            return self.tidy();
        }
        self.add(&Line::Done)?;
        moment();
        self.tidy()
    }

    /// Goes back through the steps, the last one first, to what was there before.
    pub fn undo(&mut self) -> Result<(), InstallError> {
        for step in self.steps.iter().rev() {
            let (path, before) = (&step.path, beside(&step.path, BEFORE));
            if step.was_there {
                // Not kept yet, or back already: what is there is what was there.
                gone_is_fine(fs::rename(&before, path)).map_err(InstallError::io("undo", path))?;
            } else {
                gone_is_fine(fs::remove_file(path)).map_err(InstallError::io("undo", path))?;
            }
            moment();
        }
        self.tidy()
    }

    /// Writes a step down, unless it is, and says whether something was there before it.
    fn step(&mut self, path: &Path) -> Result<bool, InstallError> {
        if let Some(step) = self.steps.iter().find(|step| step.path == path) {
            return Ok(step.was_there);
        }
        let (path, was_there) = (path.to_owned(), there(path));
        self.add(&Line::Step {
            path: path.clone(),
            was_there,
        })?;
        self.steps.push(Step { path, was_there });
        moment();
        Ok(was_there)
    }

    /// Adds a line, on the disk before this returns.
    fn add(&self, line: &Line) -> Result<(), InstallError> {
        let mut text = serde_json::to_vec(line).unwrap_or_default();
        text.push(b'\n');
        let add = || {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(&self.path)?;
            file.write_all(&text)?;
            file.sync_all()?;
            sync_folder(&self.path)
        };
        add().map_err(InstallError::io("write", &self.path))
    }

    /// Removes the names that only the steps needed, and the journal at last.
    fn tidy(&mut self) -> Result<(), InstallError> {
        for step in &self.steps {
            for name in [NEW, BEFORE] {
                let path = beside(&step.path, name);
                gone_is_fine(fs::remove_file(&path)).map_err(InstallError::io("remove", &path))?;
                moment();
            }
        }
        let tidied = gone_is_fine(fs::remove_file(&self.path));
        tidied.map_err(InstallError::io("remove", &self.path))?;
        self.steps.clear();
        Ok(())
    }
}

fn there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Reads the steps, and whether all were done. A last line without an end was never acted on.
fn read(path: &Path) -> Result<(Vec<Step>, bool), InstallError> {
    let mut text = String::new();
    match File::open(path).and_then(|mut file| file.read_to_string(&mut text)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), false)),
        read => read.map_err(InstallError::io("read", path))?,
    };
    let mut steps = Vec::new();
    let mut done = false;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    // What was cut off must not stand before the next line.
    if whole != text.len() {
        let cut = OpenOptions::new().write(true).open(path);
        let cut = cut.and_then(|file| file.set_len(whole.try_into().unwrap_or(u64::MAX)));
        cut.map_err(InstallError::io("mend", path))?;
    }
    for (index, line) in text.get(..whole).unwrap_or_default().lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(Line::Step { path, was_there }) => steps.push(Step { path, was_there }),
            Ok(Line::Done) => done = true,
            Err(_) => {
                return Err(InstallError::Journal {
                    path: path.to_owned(),
                    line: index + 1,
                });
            }
        }
    }
    Ok((steps, done))
}
