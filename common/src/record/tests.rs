//! What a record remembers, from one opening to the next.

use std::fs;
use std::path::Path;

use super::bed::{BEGUN, Bed, begun, entry, is_of, made, work};
use super::*;
use crate::pod::Entrance;

#[test]
fn what_was_added_is_there_afterwards() {
    let bed = Bed::new();
    bed.told("c1", "eth0", Event::Ok);
    let record = bed.found("c1");
    assert_eq!(record.entries(), [entry("eth0", Event::Ok)]);
    assert_eq!(record.ran_elsewhere(&work("net1", "v")), Some("eth0"));
    assert_eq!(record.ran_elsewhere(&work("eth0", "v")), None);
    assert_eq!(record.ran_elsewhere(&work("net1", "w")), None);
}

#[test]
fn the_file_goes_with_the_last_attachment() {
    let bed = Bed::new();
    bed.told("c1", "eth0", Event::Ok);
    bed.told("c1", "net1", Event::Failed { command: None });
    bed.found("c1").forget("eth0").unwrap();
    assert_eq!(bed.records.sandboxes(), ["c1"]);
    bed.found("c1").forget("net1").unwrap();
    assert!(bed.records.sandboxes().is_empty());
    assert!(bed.records.find("c1").unwrap().is_none());
}

#[test]
fn a_record_does_not_grow_with_every_start_of_a_container() {
    let bed = Bed::new();
    let start_of = |container: &str| Work {
        entrance: Entrance::Nri,
        container: Some(container.to_owned()),
        ..work("eth0", "v")
    };
    let start = |container: usize, event| {
        let entry = Entry::new(start_of(&container.to_string()), event);
        bed.open("c1").add(entry).unwrap();
    };
    for container in 0..2000 {
        start(container, BEGUN);
        start(container, Event::Ok);
    }
    start(2000, BEGUN);
    let length = fs::metadata(bed.path("c1")).unwrap().len();
    assert!(length < 2 * LARGE, "{length}");
    let record = bed.found("c1");
    let in_doubt = Progress::InDoubt {
        command: 0,
        again: true,
    };
    assert_eq!(record.progress(&start_of("2000")), in_doubt);
    let new = Progress::New { again: true };
    assert_eq!(record.progress(&start_of("2001")), new);
    assert_eq!(bed.records.sandboxes(), ["c1"]);
}

#[test]
fn what_tokens_stood_for_first_is_kept() {
    let bed = Bed::new();
    let around = Around {
        interface: Some("eth0".into()),
        mtu: Some(1500),
        ..Around::default()
    };
    let mut record = bed.open("c1");
    record.put_around(around.clone());
    record.add(entry("eth0", BEGUN)).unwrap();
    drop(record);
    let mut record = bed.open("c1");
    is_of(&mut record, Path::new("/proc/self/ns/net"));
    record.add(entry("eth0", Event::Ok)).unwrap();
    drop(record);
    let record = bed.found("c1");
    assert_eq!(record.around(), Some(&around));
    assert!(!record.is_stale());
}

#[test]
fn a_record_of_another_format_is_left_alone() {
    let bed = Bed::new();
    bed.told("c1", "eth0", Event::Ok);
    let text = fs::read_to_string(bed.path("c1")).unwrap();
    let newer = text.replacen("\"chainsaw\":1", "\"chainsaw\":2", 1);
    fs::write(bed.path("c1"), &newer).unwrap();
    let refused = bed.records.open("c1").unwrap_err();
    assert!(
        matches!(refused, RecordError::Format { found: 2, .. }),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(bed.path("c1")).unwrap(), newer);
}

#[test]
fn a_record_of_an_older_chainsaw_tells_of_nothing_made() {
    let bed = Bed::new();
    bed.open("c1");
    let entry = serde_json::to_string(&entry("eth0", Event::Ok)).unwrap();
    let text = format!("{{\"chainsaw\":1}}\n{entry}\n");
    fs::write(bed.path("c1"), text).unwrap();
    let record = bed.open("c1");
    assert!(record.made().is_empty());
    assert_eq!(record.entries().len(), 1);
}

#[test]
fn what_was_made_is_known_again_whatever_else_the_head_says() {
    let bed = Bed::new();
    let mut record = bed.open("c1");
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
    assert_eq!(*bed.open("c1").made(), more);
    // What was counted takes its place.
    let mut record = bed.open("c1");
    record.put_made(made(&["r2.a"]));
    record.add(begun(&["+u2.b"])).unwrap();
    drop(record);
    assert_eq!(*bed.open("c1").made(), made(&["r2.a", "+u2.b"]));
}

#[test]
fn a_file_that_is_written_anew_because_it_is_large_forgets_nothing_and_counts_nothing_twice() {
    let bed = Bed::new();
    let mut record = bed.open("c1");
    is_of(&mut record, Path::new("/proc/thread-self/ns/net"));
    record.put_around(Around::default());
    record.add(begun(&["+u2.b"])).unwrap();
    while record.lines.length() <= LARGE {
        record.add(begun(&["r2.a"])).unwrap();
    }
    drop(record);
    for _ in 0..2 {
        let record = bed.open("c1");
        assert!(record.lines.length() < LARGE / 2);
        assert_eq!(*record.made(), made(&["r2.a", "+u2.b"]));
        assert_eq!(record.around(), Some(&Around::default()));
    }
}
