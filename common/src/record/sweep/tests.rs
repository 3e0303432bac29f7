//! Which records go, and which stay.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::record::bed::{Bed, begun, entry, is_of, made, work};
use crate::record::{Event, Progress};

#[test]
fn a_record_is_stale_when_its_namespace_has_gone_or_is_another() {
    let bed = Bed::new();
    let stale = |sandbox: &str, netns: &Path| {
        let mut record = bed.open(sandbox);
        is_of(&mut record, netns);
        record.add(entry("eth0", Event::Ok)).unwrap();
        drop(record);
        bed.found(sandbox).is_stale()
    };
    assert!(!stale("own", Path::new("/proc/self/ns/net")));
    assert!(stale("gone", &bed.beside("gone")));
    assert!(!stale("elsewhere", Path::new("/nowhere/at/all")));
    // What is not told is not known to be gone, and no more is what this process cannot see as a namespace, or whose
    // folder it cannot see.
    assert!(!stale("untold", Path::new("")));
    assert!(!stale("unseen", &bed.canary("")));
    let own = fs::read_to_string(bed.path("own")).unwrap();
    let inode = fs::metadata("/proc/self/ns/net").unwrap().ino();
    let other = own.replace(&inode.to_string(), "7");
    fs::write(bed.path("own"), other).unwrap();
    assert!(bed.found("own").is_stale());
}

#[test]
fn what_was_made_is_remembered_until_the_namespace_goes() {
    let bed = Bed::new();
    let netns = bed.canary("");
    let mut record = bed.open("c1");
    is_of(&mut record, &netns);
    record.add(begun(&["r2.a"])).unwrap();
    assert!(record.forget("eth0").unwrap(), "it is left");
    assert!(bed.records.sweep().is_empty());
    let record = bed.found("c1");
    assert_eq!(*record.made(), made(&["r2.a"]));
    let progress = record.progress(&work("eth0", "v"));
    assert_eq!(progress, Progress::New { again: false });
    fs::remove_file(&netns).unwrap();
    assert!(bed.records.sweep().is_empty(), "somebody holds it");
    drop(record);
    assert_eq!(bed.records.sweep(), ["c1"]);
    assert!(bed.records.sandboxes().is_empty());
}

#[test]
fn nothing_but_a_record_is_swept() {
    let bed = Bed::new();
    drop(bed.open("c1"));
    symlink(bed.canary(""), bed.path("c2")).unwrap();
    fs::write(bed.path("c3"), "something else\n").unwrap();
    assert_eq!(bed.records.sweep(), ["c1"]);
    let mut left = bed.records.sandboxes();
    left.sort();
    assert_eq!(left, ["c2", "c3"]);
}

#[test]
fn an_end_looks_at_a_few_others_and_all_ends_together_at_all() {
    let bed = Bed::new();
    let gone = bed.beside("gone");
    for number in 0..40 {
        let mut record = bed.open(&format!("c{number:02}"));
        record.is_of(&gone, None);
        record.add(entry("eth0", Event::Ok)).unwrap();
    }
    let swept = bed.records.sweep_behind("c37");
    assert_eq!(
        swept,
        ["c38", "c39", "c00", "c01", "c02", "c03", "c04", "c05"]
    );
    for number in 0..40 {
        bed.records.sweep_behind(&format!("c{number:02}"));
    }
    assert!(bed.records.sandboxes().is_empty());
}
