//! Which configuration counts: the operator's file, or the last good one that `chainsawd` has published.
//!
//! The file counts if it can be taken and nobody may still be writing it. Otherwise what the daemon published counts, as
//! long as that daemon, or the next one, has been there lately. A file that is absent on a node whose daemon reads
//! another one (a ConfigMap's) is such a case as well. Only if nothing is published the file alone decides. What is there
//! and does not count (any more) speaks of a configuration that nobody knows: then no file is not the built-in default.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use crate::config::{Config, ConfigError};
use crate::own;

/// Where the last good configuration is published: the text of a file, as it was taken.
pub const PUBLISHED: &str = "/run/chainsaw/last-good.toml";

/// By what name a denial speaks of its lines, which are no longer those of the operator's file.
pub const LAST_GOOD: &str = "the configuration as last taken (/run/chainsaw/last-good.toml)";

/// A file that was changed less than this ago may be half of what it will be, and half of it may grant more than the
/// whole.
pub const SETTLED: Duration = Duration::from_secs(2);

/// How long a published configuration counts after a daemon has last touched it: long enough for a daemon to be
/// replaced, and not so long that one from days ago comes back.
pub const COUNTS_FOR: Duration = Duration::from_secs(600);

/// By what name a denial speaks of the built-in default where it is in force for want of anything else.
pub const UNWRITTEN: &str = "/etc/chainsaw/config.toml (absent, and chainsawd has published none)";

/// The longest configuration that is taken, in bytes.
const BYTES: u64 = 1 << 20;

/// A configuration that counts.
#[derive(Debug)]
pub struct InForce {
    /// What it says.
    pub config: Config,
    /// Its text.
    pub text: String,
    /// Where its lines are, for denials: the operator's file, or [`LAST_GOOD`].
    pub file: &'static str,
    /// What is wrong with the operator's file, if it was passed over for that.
    pub passed_over: Option<ConfigError>,
    /// Whether nobody wrote it: there is neither a file nor anything published.
    pub is_unwritten: bool,
}

/// The configuration that counts now. Without any it is the built-in default.
///
/// # Errors
/// The operator's file cannot be taken, and none is published; or there is none, and what is published does not count.
pub fn read(file: &'static str, published: &'static str) -> Result<InForce, ConfigError> {
    let now = SystemTime::now();
    chosen(file, now, || last_good(published, now)).map_err(|(mut wrong, doubt)| {
        if let Some(doubt) = doubt {
            wrong.why = format!("{} ({published} does not count: {doubt})", wrong.why);
        }
        wrong
    })
}

/// The file if it counts, else what is published, else the file after all; an error comes with why what is published
/// does not count either. What is published is looked at only where it may count.
fn chosen(
    file: &'static str,
    now: SystemTime,
    published: impl FnOnce() -> Result<Option<InForce>, String>,
) -> Result<InForce, (ConfigError, Option<String>)> {
    let (counts, own) = match written(file) {
        Ok(Some(written)) => (written.is_settled(now), taken(written.text, file)),
        Ok(None) => return without(file, published()),
        Err(wrong) => (true, Err(wrong)),
    };
    if counts && own.is_ok() {
        return own.map_err(|wrong| (wrong, None));
    }
    match published() {
        // The same words are better told by where the operator has written them.
        Ok(Some(last)) if own.as_ref().is_ok_and(|own| own.text == last.text) => {
            own.map_err(|wrong| (wrong, None))
        }
        Ok(Some(last)) => Ok(InForce {
            // Half of a file may well be wrong: that is told when it is done.
            passed_over: own.err().filter(|_| counts),
            ..last
        }),
        Ok(None) => own.map_err(|wrong| (wrong, None)),
        Err(doubt) => own.map_err(|wrong| (wrong, Some(doubt))),
    }
}

/// What counts where there is no file.
fn without(
    file: &'static str,
    published: Result<Option<InForce>, String>,
) -> Result<InForce, (ConfigError, Option<String>)> {
    match published {
        Ok(Some(last)) => Ok(last),
        Ok(None) => Ok(InForce {
            is_unwritten: true,
            ..taken(String::new(), file).map_err(|wrong| (wrong, None))?
        }),
        Err(doubt) => Err((
            unread(file, "it is absent; write it, or start chainsawd"),
            Some(doubt),
        )),
    }
}

/// The operator's file alone, written to its end or not. Without it, it is the built-in default.
///
/// # Errors
/// It cannot be read or taken.
pub fn operators(file: &'static str) -> Result<InForce, ConfigError> {
    let written = written(file)?;
    taken(written.map(|one| one.text).unwrap_or_default(), file)
}

/// A file's text, and when it was changed last.
struct Written {
    text: String,
    changed: Duration,
}

impl Written {
    /// Whether nobody has changed it lately. A time to come tells nothing, and is no reason to wait for it.
    fn is_settled(&self, now: SystemTime) -> bool {
        now.duration_since(UNIX_EPOCH + self.changed)
            .map_or(true, |age| age >= SETTLED)
    }
}

fn written(file: &str) -> Result<Option<Written>, ConfigError> {
    let read = || {
        // A pipe in its place must not make anybody wait.
        let open = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(file)?;
        let metadata = open.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no plain file; put one there"));
        }
        let size = usize::try_from(metadata.len().min(BYTES)).unwrap_or_default();
        let mut text = String::with_capacity(size.saturating_add(1));
        // Of what grows meanwhile a byte too many is enough to tell.
        open.take(BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > BYTES {
            return Err(io::Error::other(
                "it is longer than 1 MiB, the most that is taken; shorten it",
            ));
        }
        // Not the time of modification, which a copy takes over from what it was copied from.
        let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
        let nanos = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
        let changed = Duration::new(seconds, nanos);
        Ok(Written { text, changed })
    };
    match read() {
        Ok(written) => Ok(Some(written)),
        Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(file, &error.to_string())),
    }
}

fn unread(file: &str, why: &str) -> ConfigError {
    ConfigError {
        path: file.to_owned(),
        line: None,
        why: why.to_owned(),
    }
}

fn taken(text: String, file: &'static str) -> Result<InForce, ConfigError> {
    Ok(InForce {
        config: Config::parse(&text, file)?,
        text,
        file,
        passed_over: None,
        is_unwritten: false,
    })
}

/// What is published, if it counts; an error is what speaks against it.
fn last_good(published: &'static str, now: SystemTime) -> Result<Option<InForce>, String> {
    let text = match published_text(Path::new(published), now) {
        Ok(text) => text,
        Err(Doubt::Absent) => return Ok(None),
        Err(Doubt::Told(why)) => return Err(why),
    };
    let taken = taken(text, LAST_GOOD).map_err(|wrong| wrong.what())?;
    Ok(Some(taken))
}

/// Why what is published is not taken.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// It is not there.
    Absent,
    /// For a person.
    Told(String),
}

impl From<io::Error> for Doubt {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            _ => Self::Told(error.to_string()),
        }
    }
}

/// The text of a file that is its owner's alone and was touched lately. It is opened once, and all of that is checked on
/// the descriptor.
fn published_text(path: &Path, now: SystemTime) -> Result<String, Doubt> {
    let folder = fs::symlink_metadata(path.parent().unwrap_or(path))?;
    own::folder(&folder).map_err(|why| Doubt::Told(format!("its folder {why}")))?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    let doubt = |why: &str| Err(Doubt::Told(why.to_owned()));
    own::file(&metadata).map_err(|why| Doubt::Told(format!("it {why}")))?;
    if metadata.mode() & 0o7777 != 0o600 {
        return doubt("others can read it (it has to be 0600)");
    }
    if metadata.len() > BYTES {
        return doubt("it is too long");
    }
    if !is_kept(metadata.modified()?, now, COUNTS_FOR) {
        return doubt("no daemon has been there for ten minutes");
    }
    let mut text = String::new();
    file.take(BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether a daemon touched it within this time. A time to come is no daemon's.
#[must_use]
pub fn is_kept(touched: SystemTime, now: SystemTime, within: Duration) -> bool {
    now.duration_since(touched).is_ok_and(|age| age <= within)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const GOOD: &str = "[[rule]]\nnamespaces = [\"a\"]\nprofile = \"route\"\n";

    struct Published {
        _folder: tempfile::TempDir,
        path: std::path::PathBuf,
    }

    fn published() -> Published {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-good.toml");
        fs::write(&path, GOOD).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Published {
            _folder: folder,
            path,
        }
    }

    impl Published {
        fn text(&self, now: SystemTime) -> Result<String, Doubt> {
            published_text(&self.path, now)
        }

        fn doubt(&self) -> String {
            match self.text(SystemTime::now()) {
                Err(Doubt::Told(why)) => why,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_is_roots_alone_and_kept_counts() {
        let published = published();
        assert_eq!(published.text(SystemTime::now()), Ok(GOOD.to_owned()));
    }

    #[test]
    fn a_published_file_of_others_or_open_to_others_does_not_count() {
        let published = published();
        for mode in [0o644, 0o660, 0o602, 0o4600] {
            fs::set_permissions(&published.path, Permissions::from_mode(mode)).unwrap();
            let doubt = published.doubt();
            assert!(
                doubt.contains("mode") || doubt.contains("0600"),
                "{mode:o}: {doubt}"
            );
        }
        fs::set_permissions(&published.path, Permissions::from_mode(0o600)).unwrap();
        let folder = published.path.parent().unwrap();
        fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
        assert!(
            published
                .doubt()
                .contains("its folder can be written by others")
        );
    }

    #[test]
    fn a_symbolic_link_a_folder_and_a_pipe_do_not_count() {
        let published = published();
        let real = published.path.with_extension("real");
        fs::rename(&published.path, &real).unwrap();
        symlink(&real, &published.path).unwrap();
        assert!(matches!(
            published.text(SystemTime::now()),
            Err(Doubt::Told(_))
        ));
        fs::remove_file(&published.path).unwrap();
        fs::create_dir(&published.path).unwrap();
        assert!(published.doubt().contains("is no plain file"));
        fs::remove_dir(&published.path).unwrap();
        nix::unistd::mkfifo(&published.path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(published.doubt().contains("is no plain file"));
        fs::remove_file(&published.path).unwrap();
        assert_eq!(published.text(SystemTime::now()), Err(Doubt::Absent));
    }

    #[test]
    fn what_no_daemon_keeps_does_not_count() {
        let published = published();
        let later = SystemTime::now() + COUNTS_FOR + Duration::from_secs(1);
        assert!(matches!(published.text(later), Err(Doubt::Told(_))));
        let earlier = SystemTime::now() - Duration::from_secs(60);
        assert!(matches!(published.text(earlier), Err(Doubt::Told(_))));
    }

    #[test]
    fn a_file_that_was_just_changed_is_not_settled_yet() {
        let written = Written {
            text: String::new(),
            changed: Duration::from_secs(1000),
        };
        let at = |seconds| written.is_settled(UNIX_EPOCH + Duration::from_millis(seconds));
        assert_eq!(
            [at(1_000_000), at(1_001_900), at(1_002_000), at(900_000)],
            [false, false, true, true]
        );
    }

    /// What counts, by the number of its rules, for a file with this text (none: no file) that was changed so long ago.
    fn counts(text: Option<&str>, seconds: u64, is_published: bool) -> Result<usize, ConfigError> {
        let published = published();
        if !is_published {
            fs::remove_file(&published.path).unwrap();
        }
        let path = published.path.with_file_name("config.toml");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let leak = |path: &Path| -> &'static str { path.to_string_lossy().into_owned().leak() };
        let (file, publication) = (leak(&path), leak(&published.path));
        let now = SystemTime::now() + Duration::from_secs(seconds);
        let last = || last_good(publication, now);
        let chosen = chosen(file, now, last).map_err(|(wrong, _)| wrong)?;
        assert_eq!(chosen.is_unwritten, text.is_none() && !is_published);
        assert_eq!(
            chosen.passed_over.is_some(),
            text == Some("wrong") && seconds > 2
        );
        Ok(chosen.config.rules.len())
    }

    #[test]
    fn the_file_counts_when_it_is_done_and_right_and_else_what_is_published() {
        let two = GOOD.repeat(2);
        let two = Some(two.as_str());
        let wrong = Some("wrong");
        for (text, seconds, is_published, rules) in [
            (two, 3, true, 2),
            (two, 0, true, 1),
            (two, 0, false, 2),
            (wrong, 3, true, 1),
            (wrong, 0, true, 1),
            (None, 3, true, 1),
            (None, 3, false, 0),
        ] {
            let counts = counts(text, seconds, is_published);
            assert_eq!(counts, Ok(rules), "{text:?} {seconds} {is_published}");
        }
        for seconds in [0, 3] {
            assert_eq!(counts(wrong, seconds, false).unwrap_err().line, Some(1));
        }
    }

    #[test]
    fn without_a_file_what_is_published_and_does_not_count_is_no_default() {
        let stale = COUNTS_FOR.as_secs() + 1;
        let wrong = counts(None, stale, true).unwrap_err();
        assert_eq!(wrong.reason(), "ConfigurationUnreadable");
        assert!(wrong.to_string().contains("it is absent"), "{wrong}");
        // The daemon's own file decides for the daemon: one that is absent is the built-in default there.
        assert!(operators("/nowhere/at/all").is_ok());
    }

    #[test]
    fn a_file_that_is_too_long_or_no_plain_file_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let file: &'static str = path.to_string_lossy().into_owned().leak();
        let refused = |why: &str| {
            let wrong = operators(file).unwrap_err().to_string();
            assert!(wrong.contains(why), "{wrong}");
        };
        let most = "#".repeat(1 << 20);
        fs::write(&path, &most).unwrap();
        assert_eq!(operators(file).unwrap().text, most);
        fs::write(&path, most + "#").unwrap();
        refused("longer than 1 MiB");
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        refused("no plain file");
    }

    #[test]
    fn a_file_is_taken_with_its_text_and_none_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let file: &'static str = path.to_string_lossy().into_owned().leak();
        let none = operators(file).unwrap();
        assert_eq!((none.config, none.text), (Config::default(), String::new()));
        fs::write(&path, GOOD).unwrap();
        let nowhere = "/nowhere/at/all";
        for taken in [operators(file).unwrap(), read(file, nowhere).unwrap()] {
            assert_eq!((taken.text.as_str(), taken.file), (GOOD, file));
            assert_eq!(taken.config.rules.len(), 1);
        }
        fs::write(&path, "rul = 1\n").unwrap();
        assert_eq!(read(file, nowhere).unwrap_err().line, Some(1));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let unread = read(file, nowhere).unwrap_err();
        assert!(
            unread.line.is_none() && unread.to_string().starts_with("cannot read "),
            "{unread}"
        );
    }
}
