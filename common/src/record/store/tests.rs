//! Ids that are none, owners, and who waits for whom.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;
use std::time::{Duration, Instant};

use crate::own::NotOurs;
use crate::record::bed::{Bed, entry};
use crate::record::{Event, RecordError, Records};

#[test]
fn an_id_that_leads_elsewhere_is_none() {
    let bed = Bed::new();
    for id in ["", "..", "../x", "a/b", ".hidden", "a b", &"a".repeat(129)] {
        let opened = bed.records.open(id);
        assert!(matches!(opened, Err(RecordError::Id(_))), "{id}");
    }
}

#[test]
fn a_link_in_the_place_of_a_record_is_not_followed() {
    let bed = Bed::new();
    bed.open("c0");
    let canary = bed.canary("");
    symlink(&canary, bed.path("c1")).unwrap();
    let opened = bed.records.open("c1");
    assert!(matches!(opened, Err(RecordError::Io { .. })));
    assert_eq!(fs::read(&canary).unwrap(), b"");
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_and_stays_as_it_is() {
    let bed = Bed::new();
    bed.open("c1");
    let mode = |path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for (path, open) in [(&*bed.beside("sandboxes"), 0o777), (bed.place(), 0o770)] {
        mode(path, open);
        let found = bed.records.find("c1").map(drop);
        for refused in [found, bed.records.open("c2").map(drop)] {
            let said = refused.unwrap_err().to_string();
            let expected = format!(
                "{} can be written by others (mode {open:o})",
                path.display()
            );
            assert!(said.starts_with(&expected), "{said}");
        }
        mode(path, 0o700);
    }
    assert_eq!(bed.records.sandboxes(), ["c1"]);
}

/// What speaks against a record that is refused.
fn why(records: &Records) -> NotOurs {
    match records.open("c1").unwrap_err() {
        RecordError::NotOurs { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[test]
fn a_link_in_the_place_of_the_folder_is_not_followed() {
    let bed = Bed::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = bed.beside("chainsaw");
    symlink(elsewhere.path(), &link).unwrap();
    for folder in [link.clone(), link.join("sandboxes")] {
        assert_eq!(why(&Records::at(folder)), NotOurs::NoFolder);
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_record_that_is_a_file_of_something_else_too_is_left_alone() {
    let bed = Bed::new();
    let canary = bed.canary("a cut line");
    fs::set_permissions(&canary, Permissions::from_mode(0o600)).unwrap();
    bed.open("c0");
    fs::hard_link(&canary, bed.path("c1")).unwrap();
    assert_eq!(why(&bed.records), NotOurs::Linked);
    assert_eq!(fs::read_to_string(canary).unwrap(), "a cut line");
}

#[test]
fn who_holds_a_record_is_not_waited_for_for_ever() {
    let bed = Bed::new();
    let holder = bed.open("c1");
    let until = || {
        let soon = Instant::now() + Duration::from_millis(20);
        bed.records.open_until("c1", soon)
    };
    let refused = until();
    assert!(
        matches!(refused, Err(RecordError::Held { .. })),
        "{refused:?}"
    );
    drop(holder);
    assert!(until().is_ok());
}

#[test]
fn one_owner_at_a_time() {
    let bed = Bed::new();
    let mut first = bed.open("c1");
    let other = bed.records.clone();
    let waiting = thread::spawn(move || other.open("c1").unwrap().entries().len());
    first.add(entry("eth0", Event::Ok)).unwrap();
    drop(first);
    assert_eq!(waiting.join().unwrap(), 1);
}
