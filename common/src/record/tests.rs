//! Records in files of their own: crashes, growth, owners.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::limits::Making;
use crate::pod::Entrance;

const FAILED: Event = Event::Failed { command: None };
const BEGUN: Event = Event::Begun { command: 0 };

fn work(interface: &str, value: &str) -> Work {
    Work {
        entrance: Entrance::Cni,
        network: Some("n".into()),
        interface: interface.into(),
        container: None,
        source: "k".into(),
        value: hash(value),
    }
}

fn entry(interface: &str, event: Event) -> Entry {
    Entry::new(work(interface, "v"), event)
}

fn records() -> (tempfile::TempDir, Records) {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::at(folder.path().join("sandboxes"));
    (folder, records)
}

/// As one that opened what is there.
fn is_of(record: &mut Record, netns: &Path) {
    let there = fs::metadata(netns).ok();
    record.is_of(netns, there.map(|metadata| metadata.ino()));
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
    assert_eq!(record.ran_elsewhere(&work("net1", "v")), Some("eth0"));
    assert_eq!(record.ran_elsewhere(&work("eth0", "v")), None);
    assert_eq!(record.ran_elsewhere(&work("net1", "w")), None);
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
    let line = whole
        .split_inclusive(|byte| *byte == b'\n')
        .next_back()
        .unwrap();
    for cut in 0..line.len() {
        let torn = [&whole[..], &line[..cut]].concat();
        fs::write(&path, torn).unwrap();
        let mut record = records.find("c1").unwrap().unwrap();
        assert_eq!(record.entries().len(), 1, "cut at {cut}");
        record.add(entry("net1", BEGUN)).unwrap();
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
        .add(entry("net1", FAILED))
        .unwrap();
    records.find("c1").unwrap().unwrap().forget("eth0").unwrap();
    assert_eq!(records.sandboxes(), ["c1"]);
    records.find("c1").unwrap().unwrap().forget("net1").unwrap();
    assert!(records.sandboxes().is_empty());
    assert!(records.find("c1").unwrap().is_none());
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
fn a_folder_that_others_can_write_to_is_refused_and_stays_as_it_is() {
    let (place, records) = records();
    let folder = place.path().join("sandboxes");
    records.open("c1").unwrap();
    for (path, mode) in [(folder.as_path(), 0o777), (place.path(), 0o770)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for refused in [records.find("c1").map(drop), records.open("c2").map(drop)] {
            let said = refused.unwrap_err().to_string();
            let expected = format!(
                "{} can be written by others (mode {mode:o})",
                path.display()
            );
            assert!(said.starts_with(&expected), "{said}");
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(records.sandboxes(), ["c1"]);
}

#[test]
fn a_link_in_the_place_of_the_folder_is_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = place.path().join("chainsaw");
    std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
    for folder in [link.clone(), link.join("sandboxes")] {
        let records = Records::at(folder);
        let refused = records.open("c1").unwrap_err();
        assert!(
            matches!(
                refused,
                RecordError::NotOurs {
                    why: NotOurs::NoFolder,
                    ..
                }
            ),
            "{refused}"
        );
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_record_that_is_a_file_of_something_else_too_is_left_alone() {
    let (place, records) = records();
    let canary = place.path().join("canary");
    fs::write(&canary, "a cut line").unwrap();
    fs::set_permissions(&canary, fs::Permissions::from_mode(0o600)).unwrap();
    records.open("c0").unwrap();
    fs::hard_link(&canary, place.path().join("sandboxes/c1")).unwrap();
    let refused = records.open("c1").unwrap_err();
    assert!(
        matches!(
            refused,
            RecordError::NotOurs {
                why: NotOurs::Linked,
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(canary).unwrap(), "a cut line");
}

#[test]
fn a_line_that_was_cut_within_a_character_is_no_line() {
    let (_folder, records) = records();
    let entry = Entry {
        why: Some("für".into()),
        ..entry("eth0", Event::Failed { command: Some(0) })
    };
    records.open("c1").unwrap().add(entry).unwrap();
    let path = records.path("c1").unwrap();
    let whole = fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        fs::write(&path, [&whole[..], &whole[..cut]].concat()).unwrap();
        let found = records.find("c1").unwrap().unwrap();
        assert_eq!(found.entries().len(), 1, "cut at {cut}");
    }
    fs::write(&path, [&whole[..], b"garbage\n"].concat()).unwrap();
    assert!(matches!(
        records.find("c1"),
        Err(RecordError::Format { .. })
    ));
}

#[test]
fn a_record_does_not_grow_with_every_start_of_a_container() {
    let (_folder, records) = records();
    let start = |container: usize, event| {
        let mut entry = entry("eth0", event);
        entry.work.entrance = Entrance::Nri;
        entry.work.container = Some(container.to_string());
        records.open("c1").unwrap().add(entry).unwrap();
    };
    for container in 0..2000 {
        start(container, BEGUN);
        start(container, Event::Ok);
    }
    start(2000, BEGUN);
    let length = fs::metadata(records.path("c1").unwrap()).unwrap().len();
    assert!(length < 2 * LARGE as u64, "{length}");
    let record = records.find("c1").unwrap().unwrap();
    let progress = |container: &str| {
        let mut work = work("eth0", "v");
        work.entrance = Entrance::Nri;
        work.container = Some(container.into());
        record.progress(&work)
    };
    assert_eq!(
        progress("2000"),
        Progress::InDoubt {
            command: 0,
            again: true
        }
    );
    assert_eq!(progress("2001"), Progress::New { again: true });
    assert_eq!(records.sandboxes(), ["c1"]);
}

#[test]
fn what_tokens_stood_for_first_is_kept() {
    let (_folder, records) = records();
    let around = Around {
        interface: Some("eth0".into()),
        mtu: Some(1500),
        ..Around::default()
    };
    let mut record = records.open("c1").unwrap();
    record.put_around(around.clone());
    record.add(entry("eth0", BEGUN)).unwrap();
    drop(record);
    let mut record = records.open("c1").unwrap();
    is_of(&mut record, Path::new("/proc/self/ns/net"));
    record.add(entry("eth0", Event::Ok)).unwrap();
    drop(record);
    let record = records.find("c1").unwrap().unwrap();
    assert_eq!(record.around(), Some(&around));
    assert!(!record.is_stale());
}

#[test]
fn a_record_of_another_format_is_left_alone() {
    let (_folder, records) = records();
    records
        .open("c1")
        .unwrap()
        .add(entry("eth0", Event::Ok))
        .unwrap();
    let path = records.path("c1").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let newer = text.replacen("\"chainsaw\":1", "\"chainsaw\":2", 1);
    fs::write(&path, &newer).unwrap();
    let refused = records.open("c1").unwrap_err();
    assert!(
        matches!(refused, RecordError::Format { found: 2, .. }),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_record_is_stale_when_its_namespace_has_gone_or_is_another() {
    let (folder, records) = records();
    let stale = |sandbox: &str, netns: &Path| {
        let mut record = records.open(sandbox).unwrap();
        is_of(&mut record, netns);
        record.add(entry("eth0", Event::Ok)).unwrap();
        drop(record);
        records.find(sandbox).unwrap().unwrap().is_stale()
    };
    assert!(!stale("own", Path::new("/proc/self/ns/net")));
    assert!(stale("gone", &folder.path().join("gone")));
    assert!(!stale("elsewhere", Path::new("/nowhere/at/all")));
    // What is not told is not known to be gone, and no more is what this process cannot see as a namespace, or whose
    // folder it cannot see.
    assert!(!stale("untold", Path::new("")));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(!stale("unseen", &file));
    let own = fs::read_to_string(records.path("own").unwrap()).unwrap();
    let inode = fs::metadata("/proc/self/ns/net").unwrap().ino();
    let other = own.replace(&inode.to_string(), "7");
    fs::write(records.path("own").unwrap(), other).unwrap();
    assert!(records.find("own").unwrap().unwrap().is_stale());
}

#[test]
fn who_holds_a_record_is_not_waited_for_for_ever() {
    let (_folder, records) = records();
    let holder = records.open("c1").unwrap();
    let soon = || Instant::now() + Duration::from_millis(20);
    let refused = records.open_until("c1", soon());
    assert!(
        matches!(refused, Err(RecordError::Held { .. })),
        "{refused:?}"
    );
    drop(holder);
    assert!(records.open_until("c1", soon()).is_ok());
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

fn makes(names: &[&str]) -> Vec<Making> {
    let making = |name: &&str| Making::from((*name).to_owned());
    names.iter().map(making).collect()
}

fn made(names: &[&str]) -> Made {
    let mut made = Made::default();
    for making in makes(names) {
        made.add(&making);
    }
    made
}

#[test]
fn what_was_made_is_known_again_whatever_happens_to_the_file() {
    let (_folder, records) = records();
    let begun = |names| Entry {
        makes: makes(names),
        ..entry("eth0", BEGUN)
    };
    let mut record = records.open("c1").unwrap();
    record.add(begun(&["r2.a", "+u2.b"])).unwrap();
    record.add(begun(&["r2.a", "+u2.b", "l0.x"])).unwrap();
    let all = made(&["r2.a", "+u2.b", "+u2.b", "l0.x"]);
    assert_eq!(*record.made(), all);
    // A head that is written anew says it all.
    is_of(&mut record, Path::new("/proc/thread-self/ns/net"));
    record.put_around(Around::default());
    record.add(begun(&["a2.c"])).unwrap();
    drop(record);
    let more = made(&["r2.a", "+u2.b", "+u2.b", "l0.x", "a2.c"]);
    assert_eq!(*records.open("c1").unwrap().made(), more);
    // What was counted takes its place.
    let mut record = records.open("c1").unwrap();
    record.put_made(made(&["r2.a"]));
    record.add(begun(&["+u2.b"])).unwrap();
    drop(record);
    let left = made(&["r2.a", "+u2.b"]);
    assert_eq!(*records.open("c1").unwrap().made(), left);
    // A file that is written anew because it is large forgets nothing of it and counts nothing twice.
    let mut record = records.open("c1").unwrap();
    while record.length < LARGE as u64 {
        record.add(begun(&["r2.a"])).unwrap();
    }
    drop(record);
    for _ in 0..2 {
        let record = records.open("c1").unwrap();
        assert!(record.length < LARGE as u64 / 2);
        assert_eq!(*record.made(), left);
    }
}

#[test]
fn a_record_of_an_older_chainsaw_tells_of_nothing_made() {
    let (_folder, records) = records();
    records.open("c1").unwrap();
    let entry = serde_json::to_string(&entry("eth0", Event::Ok)).unwrap();
    fs::write(
        records.path("c1").unwrap(),
        format!("{{\"chainsaw\":1}}\n{entry}\n"),
    )
    .unwrap();
    let record = records.open("c1").unwrap();
    assert!(record.made().is_empty());
    assert_eq!(record.entries().len(), 1);
}

#[test]
fn what_was_made_is_remembered_until_the_namespace_goes() {
    let (folder, records) = records();
    let netns = folder.path().join("netns");
    fs::write(&netns, "").unwrap();
    let mut record = records.open("c1").unwrap();
    is_of(&mut record, &netns);
    let begun = Entry {
        makes: makes(&["r2.a"]),
        ..entry("eth0", BEGUN)
    };
    record.add(begun).unwrap();
    assert!(record.forget("eth0").unwrap(), "it is left");
    assert!(records.sweep().is_empty());
    let record = records.find("c1").unwrap().unwrap();
    assert_eq!(*record.made(), made(&["r2.a"]));
    assert_eq!(
        record.progress(&work("eth0", "v")),
        Progress::New { again: false }
    );
    fs::remove_file(&netns).unwrap();
    assert!(records.sweep().is_empty(), "somebody holds it");
    drop(record);
    assert_eq!(records.sweep(), ["c1"]);
    assert!(records.sandboxes().is_empty());
}

#[test]
fn nothing_but_a_record_is_swept() {
    let (folder, records) = records();
    drop(records.open("c1").unwrap());
    let canary = folder.path().join("canary");
    fs::write(&canary, "").unwrap();
    std::os::unix::fs::symlink(&canary, records.path("c2").unwrap()).unwrap();
    fs::write(records.path("c3").unwrap(), "something else\n").unwrap();
    assert_eq!(records.sweep(), ["c1"]);
    let mut left = records.sandboxes();
    left.sort();
    assert_eq!(left, ["c2", "c3"]);
}

#[test]
fn an_end_looks_at_a_few_others_and_all_ends_together_at_all() {
    let (_folder, records) = records();
    let gone = records.folder.join("namespace");
    for number in 0..40 {
        let mut record = records.open(&format!("c{number:02}")).unwrap();
        record.is_of(&gone, None);
        record.add(entry("eth0", Event::Ok)).unwrap();
    }
    let swept = records.sweep_behind("c37");
    assert_eq!(
        swept,
        ["c38", "c39", "c00", "c01", "c02", "c03", "c04", "c05"]
    );
    for number in 0..40 {
        records.sweep_behind(&format!("c{number:02}"));
    }
    assert!(records.sandboxes().is_empty());
}
