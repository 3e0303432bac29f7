//! An installation, whole and killed at every moment.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;

use tempfile::TempDir;

use super::*;

/// A node's folders, and those of an image.
struct Bed {
    _folder: TempDir,
    words: Words,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["bin", "conf", "image"] {
            fs::create_dir(at(name)).unwrap();
        }
        let words = Words {
            bin_dir: at("bin"),
            conf_dir: at("conf"),
            from: Some(at("image")),
            run_dir: at("run"),
            config: at("config.toml").to_string_lossy().into_owned(),
            ..Words::default()
        };
        let bed = Self {
            _folder: folder,
            words,
        };
        bed.image("1");
        bed
    }

    /// The image's programs are of this version.
    fn image(&self, version: &str) {
        for program in PROGRAMS {
            let path = self.words.from.as_ref().unwrap().join(program);
            fs::write(path, format!("{program} {version}")).unwrap();
        }
    }

    fn bin(&self, name: &str) -> std::path::PathBuf {
        self.words.bin_dir.join(name)
    }

    fn is_of(&self, version: &str) -> bool {
        PROGRAMS
            .iter()
            .all(|name| is_text(&self.bin(name), &format!("{name} {version}")))
    }

    /// All names in the folder of plugins.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.words.bin_dir).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn is_text(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|found| found == text)
}

#[test]
fn the_programs_are_there_and_a_second_time_nothing_is_touched() {
    let bed = Bed::new();
    let told = install(&bed.words).unwrap();
    assert!(
        told.contains("installed ") && told.contains(r#""type": "chainsaw""#),
        "{told}"
    );
    assert!(bed.is_of("1"));
    let stamp = |name| {
        let metadata = fs::metadata(bed.bin(name)).unwrap();
        (
            metadata.ino(),
            metadata.mtime_nsec(),
            metadata.permissions().mode() & 0o7777,
        )
    };
    let before = PROGRAMS.map(stamp);
    assert!(before.iter().all(|stamp| stamp.2 == 0o755));
    let told = install(&bed.words).unwrap();
    assert!(
        told.contains("unchanged ") && !told.contains("installed "),
        "{told}"
    );
    assert_eq!(PROGRAMS.map(stamp), before);
    assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
}

#[test]
fn another_version_is_another_file_so_that_one_that_runs_keeps_its_own() {
    let bed = Bed::new();
    install(&bed.words).unwrap();
    let running = fs::File::open(bed.bin("chainsaw")).unwrap();
    bed.image("2");
    install(&bed.words).unwrap();
    assert!(bed.is_of("2"));
    assert_eq!(std::io::read_to_string(running).unwrap(), "chainsaw 1");
    assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
}

#[test]
fn what_fails_half_way_is_undone() {
    let bed = Bed::new();
    install(&bed.words).unwrap();
    bed.image("2");
    // `chainsaw` comes last, and is not to be had.
    fs::remove_file(bed.words.from.as_ref().unwrap().join("chainsaw")).unwrap();
    let wrong = install(&bed.words).unwrap_err();
    assert!(wrong.to_string().contains("image/chainsaw"), "{wrong}");
    assert!(bed.is_of("1"));
    assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
}

#[test]
fn commands_of_an_entry_that_nobody_trusts_leave_the_old_plugin_and_tell_the_line() {
    let bed = Bed::new();
    install(&bed.words).unwrap();
    bed.image("2");
    let conf = |commands: &str| {
        let text = format!(
            r#"{{"plugins": [{{"type": "bridge"}}, {{"type": "chainsaw", "commands": {commands}}}]}}"#
        );
        fs::write(bed.words.conf_dir.join("10-a.conflist"), text).unwrap();
    };
    conf(r#"["ip route"]"#);
    for (config, said) in [
        (None, "which is not there"),
        (Some("[hooks.cni]\nguard = true\n"), "which does not say so"),
        (Some("[hooks.cni\n"), "which cannot be taken"),
    ] {
        if let Some(config) = config {
            fs::write(&bed.words.config, config).unwrap();
        }
        let wrong = install(&bed.words).unwrap_err().to_string();
        assert!(
            wrong.contains("10-a.conflist plugins[1] has commands")
                && wrong.contains(said)
                && wrong.contains("commands = true below [hooks.cni]"),
            "{wrong}"
        );
        assert!(bed.is_of("1"));
    }
    fs::write(&bed.words.config, "[hooks.cni]\ncommands = true\n").unwrap();
    install(&bed.words).unwrap();
    assert!(bed.is_of("2"));
    // What asks for nothing needs no trust.
    fs::remove_file(&bed.words.config).unwrap();
    conf("[]");
    install(&bed.words).unwrap();
}

/// Kills an act at its first moment, its second, and so on until it lives through all; says how many there were.
fn killed_at_every_moment(begin: impl Fn() -> Bed, act: fn(&Words), judge: impl Fn(&Bed)) -> usize {
    for moment in 0.. {
        let bed = begin();
        let killed = place::killed::at(moment, || act(&bed.words));
        judge(&bed);
        if !killed {
            return moment;
        }
    }
    unreachable!("an act has an end")
}

fn put(words: &Words) {
    install(words).unwrap();
}

fn take(words: &Words) {
    uninstall(words).unwrap();
}

fn fresh() -> Bed {
    Bed::new()
}

fn upgraded() -> Bed {
    let bed = fresh();
    put(&bed.words);
    bed.image("2");
    bed
}

fn uninstalled() -> Bed {
    let bed = upgraded();
    take(&bed.words);
    bed
}

#[test]
fn killed_at_any_moment_the_next_installation_ends_what_was_begun() {
    for begin in [fresh, upgraded, uninstalled] {
        let moments = killed_at_every_moment(begin, put, |bed| {
            put(&bed.words);
            assert!(bed.is_of("1") || bed.is_of("2"));
            assert!(is_text(
                &bed.bin("chainsaw"),
                &fs::read_to_string(bed.words.from.as_ref().unwrap().join("chainsaw")).unwrap()
            ));
            assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
        });
        assert!(moments > 8, "{moments}");
    }
}

#[test]
fn killed_at_any_moment_no_program_is_ever_half_or_gone() {
    let moments = killed_at_every_moment(upgraded, put, |bed| {
        for program in PROGRAMS {
            let whole = ["1", "2"].map(|version| format!("{program} {version}"));
            let found = fs::read_to_string(bed.bin(program)).unwrap();
            assert!(whole.contains(&found), "{found}");
            assert!(fs::metadata(bed.bin(program)).unwrap().permissions().mode() & 0o111 != 0);
        }
    });
    assert!(moments > 8, "{moments}");
}

#[test]
fn killed_at_any_moment_the_next_that_fails_goes_back_to_what_was_there_at_first() {
    killed_at_every_moment(upgraded, put, |bed| {
        if bed
            .names()
            .contains(&".chainsaw-install.journal".to_owned())
            && !bed.is_of("2")
        {
            fs::remove_file(bed.words.from.as_ref().unwrap().join("chainsaw")).unwrap();
            install(&bed.words).unwrap_err();
            assert!(bed.is_of("1"));
            assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
        }
    });
}

#[test]
fn killed_at_any_moment_an_uninstallation_leaves_nothing_but_what_lets_pods_pass() {
    for begin in [fresh, upgraded] {
        killed_at_every_moment(begin, put, |bed| {
            take(&bed.words);
            let left = bed.names();
            assert!(
                left.is_empty() || left == ["chainsaw", UNINSTALLED],
                "{left:?}"
            );
        });
    }
    let moments = killed_at_every_moment(upgraded, take, |bed| {
        take(&bed.words);
        assert_eq!(bed.names(), ["chainsaw", UNINSTALLED]);
    });
    assert!(moments >= 2, "{moments}");
}

#[test]
fn an_undoing_that_is_killed_is_undone_by_the_next() {
    for died in 0..12 {
        killed_at_every_moment(
            || {
                let bed = upgraded();
                place::killed::at(died, || put(&bed.words));
                bed
            },
            take,
            |bed| {
                take(&bed.words);
                assert_eq!(bed.names(), ["chainsaw", UNINSTALLED]);
            },
        );
    }
}

#[test]
fn uninstalled_the_plugin_stays_to_let_pods_pass_unless_it_is_to_go() {
    let bed = upgraded();
    let (told, _) = uninstall(&bed.words).unwrap();
    assert!(
        told.contains("left ") && told.contains("removed ") && !told.contains("nothing of"),
        "{told}"
    );
    assert!(is_text(&bed.bin("chainsaw"), "chainsaw 1"));
    let all = Words {
        remove: true,
        ..bed.words.clone()
    };
    uninstall(&all).unwrap();
    assert!(bed.names().is_empty());
    // Nothing is left to take, and nothing is left behind.
    let (told, _) = uninstall(&bed.words).unwrap();
    let nothing = format!(
        "nothing of chainsaw is in {} (",
        bed.words.bin_dir.display()
    );
    assert!(told.starts_with(&nothing), "{told}");
    assert!(bed.names().is_empty());
}

#[test]
fn a_journal_of_another_version_is_left_to_it() {
    let bed = Bed::new();
    fs::write(bed.bin(".chainsaw-install.journal"), "{\"leap\": 1}\n").unwrap();
    assert_eq!(install(&bed.words).unwrap_err().reason(), "JournalUnknown");
    // One that was cut off was never acted on.
    fs::write(bed.bin(".chainsaw-install.journal"), "{\"step\": {\"pa").unwrap();
    install(&bed.words).unwrap();
    assert_eq!(bed.names(), ["chainsaw", "chainsaw-lookup"]);
}

#[test]
fn without_the_folder_of_plugins_it_says_which_one_to_mount() {
    let words = Words {
        bin_dir: "/nowhere/bin".into(),
        ..Words::default()
    };
    let said = install(&words).unwrap_err().to_string();
    assert!(
        said.contains("/nowhere/bin") && said.contains("--bin-dir"),
        "{said}"
    );
}

/// The service account of one of two pods of a rolling update, with the API's address in the environment.
fn account(bed: &Bed, name: &str) -> Words {
    let folder = bed.words.conf_dir.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ca.crt"), "CA").unwrap();
    let words = Words {
        service_account: folder,
        kubeconfig: Some(bed.words.conf_dir.join("chainsaw.d/chainsaw.kubeconfig")),
        ..bed.words.clone()
    };
    renew(&words, name);
    words
}

fn renew(words: &Words, token: &str) {
    fs::write(words.service_account.join("token"), token).unwrap();
}

#[test]
fn of_two_that_stay_one_writes_the_kubeconfig_and_the_other_goes_on_when_that_one_has_ended() {
    let bed = Bed::new();
    let (older, newer) = (account(&bed, "older"), account(&bed, "newer"));
    let path = older.kubeconfig.clone().unwrap();
    let says = |token: &str| fs::read_to_string(&path).unwrap().contains(token);
    let api = Api {
        host: "192.0.2.1".into(),
        port: "443".into(),
    };
    let look = |words: &Words, turn: &mut Option<Turn>| refresh(&api, words, &path, turn).unwrap();
    let (mut first, mut second) = (None, None);
    assert!(look(&older, &mut first) && says("older"));
    // The other never writes over it, however often both look.
    for _ in 0..3 {
        assert!(!look(&newer, &mut second) && !look(&older, &mut first));
    }
    renew(&older, "renewed");
    assert!(look(&older, &mut first) && says("renewed"));
    renew(&newer, "other");
    assert!(!look(&newer, &mut second) && says("renewed"));
    // It ends, and its token with it.
    first.take();
    assert!(look(&newer, &mut second) && says("other"));
    // What is gone, or somebody else's, is written again.
    fs::write(&path, "nonsense").unwrap();
    assert!(look(&newer, &mut second) && says("other"));
    fs::remove_file(&path).unwrap();
    assert!(look(&newer, &mut second) && says("other"));
    assert!(!look(&newer, &mut second));
    kubeconfig::remove_folder(&path);
    assert!(path.exists(), "it removes nothing but what it made");
    fs::remove_file(&path).unwrap();
    kubeconfig::remove_folder(&path);
    assert!(!path.parent().unwrap().exists());
}

/// What a plugin and a daemon leave behind, the halves of one that was killed too, and something of somebody else's.
fn state(bed: &Bed) {
    let run = &bed.words.run_dir;
    fs::create_dir_all(run.join("sandboxes")).unwrap();
    for name in [
        "last-good.toml",
        ".last-good.1",
        "sandboxes/a",
        "sandboxes/b",
        "theirs",
    ] {
        fs::write(run.join(name), "x").unwrap();
    }
    // What is dropped is a socket at which nobody listens.
    for name in ["agent.sock", "new.1.sock"] {
        let path = run.join(name);
        fs::remove_file(&path).ok();
        drop(UnixListener::bind(path).unwrap());
    }
}

fn left(bed: &Bed) -> Vec<String> {
    let Ok(entries) = fs::read_dir(&bed.words.run_dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn uninstalled_the_records_of_living_sandboxes_are_left_where_plugin_and_daemon_meet() {
    let bed = Bed::new();
    install(&bed.words).unwrap();
    state(&bed);
    let (told, _) = uninstall(&bed.words).unwrap();
    assert_eq!(left(&bed), ["sandboxes", "theirs"]);
    for name in ["last-good.toml", "agent.sock"] {
        let said = format!("removed {}\n", bed.words.run_dir.join(name).display());
        assert!(told.contains(&said), "{told}");
    }
    // As the plugin does at DEL, and somebody else.
    for gone in ["theirs", "sandboxes/a", "sandboxes/b"] {
        fs::remove_file(bed.words.run_dir.join(gone)).unwrap();
    }
    let (again, _) = uninstall(&bed.words).unwrap();
    assert!(!again.contains("/run"), "{again}");
    assert!(!bed.words.run_dir.exists());
    // And where there never was any.
    uninstall(&bed.words).unwrap();
}

#[test]
fn what_a_daemon_needs_that_still_answers_is_left_to_it() {
    let bed = Bed::new();
    install(&bed.words).unwrap();
    state(&bed);
    let before = left(&bed);
    let socket = bed.words.run_dir.join("agent.sock");
    fs::remove_file(&socket).unwrap();
    let daemon = UnixListener::bind(&socket).unwrap();
    let (told, is_whole) = uninstall(&bed.words).unwrap();
    assert!(!is_whole);
    let said = format!(
        "left {}: a daemon still answers there; end it, and run this again\n",
        bed.words.run_dir.display()
    );
    assert!(told.contains(&said), "{told}");
    assert_eq!(left(&bed), before);
    assert_eq!(bed.names(), ["chainsaw", UNINSTALLED]);
    drop(daemon);
    assert!(uninstall(&bed.words).unwrap().1);
    assert_eq!(left(&bed), ["sandboxes", "theirs"]);
}
