use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::*;

const GOOD: &str = "[[rule]]\nnamespaces = [\"a\"]\nprofile = \"route\"\n";
const BETTER: &str = "[[rule]]\nnamespaces = [\"a\", \"b\"]\nprofile = \"route\"\n";

struct Node {
    folder: tempfile::TempDir,
    file: &'static str,
    published: &'static str,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| -> &'static str {
            let path = folder.path().join(name);
            path.to_string_lossy().into_owned().leak()
        };
        Self {
            file: path("config.toml"),
            published: path("run/last-good.toml"),
            folder,
        }
    }

    fn daemon(&self) -> Settings {
        Settings::of(self.file, self.published)
    }

    fn write(&self, text: &str) {
        fs::write(self.file, text).unwrap();
    }

    fn published(&self) -> String {
        fs::read_to_string(self.published).unwrap()
    }

    fn temporary(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.folder.path().join("run")).unwrap();
        let paths = folder.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.as_path() != Path::new(self.published))
            .collect()
    }
}

fn standing(settings: &Settings) -> Standing {
    settings.health().borrow().standing.clone()
}

fn namespaces(settings: &Settings) -> usize {
    let config = settings.current().unwrap();
    config
        .rules
        .iter()
        .map(|rule| rule.who.namespaces.len())
        .sum()
}

/// Two looks: a change has been left alone.
fn settled(settings: &Settings) {
    settings.look();
    settings.look();
}

#[test]
fn what_is_in_force_is_published_for_root_alone_and_a_change_follows() {
    let node = Node::new();
    node.write(GOOD);
    let daemon = node.daemon();
    assert_eq!(node.published(), GOOD);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let path = Path::new(node.published);
    assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
    node.write(BETTER);
    settled(&daemon);
    assert_eq!(
        (node.published().as_str(), namespaces(&daemon)),
        (BETTER, 2)
    );
    assert_eq!(node.temporary(), Vec::<PathBuf>::new());
    // No file is the built-in default, and that is published as well.
    fs::remove_file(node.file).unwrap();
    settled(&daemon);
    assert_eq!((node.published().as_str(), namespaces(&daemon)), ("", 0));
    assert_eq!(standing(&daemon), Standing::Absent(node.file));
    assert_eq!(daemon.failures(), 0);
    node.write(GOOD);
    settled(&daemon);
    assert_eq!(standing(&daemon), Standing::File);
}

/// What a daemon says at its start, behind its version.
fn begun(daemon: &Settings) -> String {
    let said = daemon.begun("nri", &standing(daemon));
    let version = format!("chainsawd {} serves nri: ", env!("CARGO_PKG_VERSION"));
    said.strip_prefix(&version).unwrap().to_owned()
}

#[test]
fn a_daemon_says_at_its_start_what_is_in_force() {
    let node = Node::new();
    let file = node.file;
    let builtin = "is not there, what is built in is in force (0 rules, 0 applies, mode enforce)";
    assert_eq!(begun(&node.daemon()), format!("{file} {builtin}"));
    fs::remove_file(node.published).unwrap();
    let apply = "[[apply]]\nnamespaces = [\"a\"]\nentrance = \"nri\"\ncommands = '''ip route'''\n";
    node.write(&format!("mode = \"report\"\n{GOOD}{GOOD}{apply}"));
    let counts = "is in force (2 rules, 1 apply, mode report)";
    assert_eq!(begun(&node.daemon()), format!("{file} {counts}"));
    node.write(GOOD);
    let waits = format!(
        "is looked at again in a moment, until then {LAST_GOOD} is in force (2 rules, 1 apply, mode report)"
    );
    assert_eq!(begun(&node.daemon()), format!("{file} {waits}"));
    fs::remove_file(node.published).unwrap();
    let daemon = node.daemon();
    node.write("\nrul = 1\n");
    settled(&daemon);
    let older =
        format!("cannot be taken, {LAST_GOOD} is in force (1 rule, 0 applies, mode enforce)");
    assert_eq!(begun(&daemon), format!("{file} {older}"));
    fs::remove_file(node.published).unwrap();
    let nothing = "cannot be taken, and nothing is in force";
    assert_eq!(begun(&node.daemon()), format!("{file} {nothing}"));
}

#[test]
fn a_file_that_is_still_being_written_never_counts() {
    let node = Node::new();
    node.write(GOOD);
    let daemon = node.daemon();
    for half in [
        "",
        "[[rule]]\n",
        "[[rule]]\nnamespaces = [\"*\"]\nprofile = \"net-admin\"\n",
    ] {
        node.write(half);
        daemon.look();
        assert_eq!((node.published().as_str(), namespaces(&daemon)), (GOOD, 1));
    }
    node.write(BETTER);
    settled(&daemon);
    assert_eq!(namespaces(&daemon), 2);
}

#[test]
fn a_file_that_cannot_be_taken_keeps_the_last_good_one_and_the_health_says_its_line() {
    let node = Node::new();
    node.write(GOOD);
    let daemon = node.daemon();
    let mut health = daemon.health();
    assert_eq!(health.borrow_and_update().standing, Standing::File);
    node.write("\nrul = 1\n");
    settled(&daemon);
    assert!(health.has_changed().unwrap());
    assert!(
        matches!(&health.borrow_and_update().standing, Standing::LastGood(wrong) if wrong.line == Some(2))
    );
    assert_eq!((node.published().as_str(), namespaces(&daemon)), (GOOD, 1));
    assert_eq!(daemon.file(), LAST_GOOD);
    let first = format!(
        "{} line 2 cannot be taken, so an older configuration is in force: mend that first",
        node.file
    );
    assert_eq!(daemon.mend(), Some(first));
    settled(&daemon);
    assert!(!health.has_changed().unwrap(), "told again");
    node.write(BETTER);
    settled(&daemon);
    assert_eq!(standing(&daemon), Standing::File);
    assert_eq!((daemon.file(), daemon.mend()), (node.file, None));
}

#[test]
fn without_a_good_one_nothing_is_published_until_there_is_one() {
    let node = Node::new();
    node.write("rul = 1\n");
    let daemon = node.daemon();
    assert!(matches!(standing(&daemon), Standing::Nobody(_)));
    assert!(daemon.current().is_err() && !Path::new(node.published).exists());
    node.write(GOOD);
    settled(&daemon);
    assert_eq!(
        (standing(&daemon), namespaces(&daemon)),
        (Standing::File, 1)
    );
    assert_eq!(node.published(), GOOD);
}

#[test]
fn the_swap_of_a_config_map_is_a_change() {
    let node = Node::new();
    let map = |name: &str, text: &str| {
        let folder = node.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    };
    map("..1", GOOD);
    map("..2", BETTER);
    symlink("..1", node.folder.path().join("..data")).unwrap();
    symlink("..data/config.toml", node.file).unwrap();
    let daemon = node.daemon();
    assert_eq!(namespaces(&daemon), 1);
    symlink("..2", node.folder.path().join("..new")).unwrap();
    fs::rename(
        node.folder.path().join("..new"),
        node.folder.path().join("..data"),
    )
    .unwrap();
    settled(&daemon);
    assert_eq!(
        (node.published().as_str(), namespaces(&daemon)),
        (BETTER, 2)
    );
}

#[test]
fn of_two_daemons_the_one_that_took_a_change_last_has_published_it() {
    let node = Node::new();
    node.write(GOOD);
    let (older, newer) = (node.daemon(), node.daemon());
    settled(&older);
    node.write(BETTER);
    settled(&newer);
    assert_eq!(node.published(), BETTER);
    older.look();
    assert_eq!(node.published(), BETTER, "the older one put its own back");
    older.look();
    drop(newer);
    settled(&older);
    assert_eq!((node.published().as_str(), namespaces(&older)), (BETTER, 2));
}

#[test]
fn what_a_daemon_that_is_gone_has_left_and_what_somebody_took_away_is_put_back() {
    let node = Node::new();
    node.write(GOOD);
    let daemon = node.daemon();
    fs::remove_file(node.published).unwrap();
    daemon.look();
    assert_eq!(node.published(), GOOD);
    fs::remove_file(node.published).unwrap();
    fs::write(node.published, "mode = \"report\"\n").unwrap();
    let touched = |ago| {
        let file = fs::File::options().write(true).open(node.published);
        let then = SystemTime::now() - Duration::from_secs(ago);
        file.unwrap().set_modified(then).unwrap();
    };
    touched(60);
    daemon.look();
    assert_eq!(node.published(), GOOD);
    // Each look says that somebody is there.
    touched(60);
    daemon.look();
    let modified = fs::metadata(node.published).unwrap().modified().unwrap();
    assert!(modified.elapsed().unwrap() < Duration::from_secs(30));
}

#[test]
fn what_cannot_be_published_is_told_and_tried_again() {
    let node = Node::new();
    node.write(GOOD);
    fs::write(node.folder.path().join("run"), "in the way").unwrap();
    let daemon = node.daemon();
    let unpublished = || daemon.health().borrow().unpublished.clone();
    assert!(
        unpublished().is_some_and(|why| why.starts_with("cannot publish the configuration at"))
    );
    assert_eq!(namespaces(&daemon), 1);
    fs::remove_file(node.folder.path().join("run")).unwrap();
    daemon.look();
    assert_eq!((unpublished(), node.published().as_str()), (None, GOOD));
}

#[test]
fn a_daemon_that_starts_over_a_wrong_file_goes_on_with_what_is_published() {
    let node = Node::new();
    node.write(GOOD);
    drop(node.daemon());
    node.write("rul = 1\n");
    let daemon = node.daemon();
    // The file may still be written: that it is wrong is said when it is done.
    assert_eq!(namespaces(&daemon), 1);
    settled(&daemon);
    assert!(matches!(standing(&daemon), Standing::LastGood(_)));
    assert_eq!((node.published().as_str(), namespaces(&daemon)), (GOOD, 1));
}

#[test]
fn a_daemon_without_a_file_is_not_kept_by_what_one_long_gone_has_left() {
    let node = Node::new();
    node.write(GOOD);
    drop(node.daemon());
    fs::remove_file(node.file).unwrap();
    let left = fs::File::options()
        .write(true)
        .open(node.published)
        .unwrap();
    let long_ago = SystemTime::now() - in_force::COUNTS_FOR - Duration::from_secs(60);
    left.set_modified(long_ago).unwrap();
    assert!(in_force::read(node.file, node.published).is_err());
    let daemon = node.daemon();
    assert_eq!(standing(&daemon), Standing::Absent(node.file));
    assert_eq!(namespaces(&daemon), 0);
    assert_eq!(node.published(), "");
}
