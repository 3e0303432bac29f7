//! Crashes between two bytes.

use std::fs;

use crate::record::bed::{BEGUN, Bed, entry};
use crate::record::{Entry, Event, RecordError};

#[test]
fn a_line_that_was_cut_off_anywhere_is_no_line_and_loses_no_other() {
    let bed = Bed::new();
    bed.told("c1", "eth0", Event::Ok);
    let whole = fs::read(bed.path("c1")).unwrap();
    let mut lines = whole.split_inclusive(|byte| *byte == b'\n');
    let line = lines.next_back().unwrap();
    for cut in 0..line.len() {
        let torn = [&whole[..], &line[..cut]].concat();
        fs::write(bed.path("c1"), torn).unwrap();
        let mut record = bed.found("c1");
        assert_eq!(record.entries().len(), 1, "cut at {cut}");
        record.add(entry("net1", BEGUN)).unwrap();
        drop(record);
        assert_eq!(bed.found("c1").entries().len(), 2, "cut at {cut}");
    }
}

#[test]
fn a_line_that_was_cut_within_a_character_is_no_line() {
    let bed = Bed::new();
    let entry = Entry {
        why: Some("für".into()),
        ..entry("eth0", Event::Failed { command: Some(0) })
    };
    bed.open("c1").add(entry).unwrap();
    let whole = fs::read(bed.path("c1")).unwrap();
    for cut in 1..whole.len() {
        fs::write(bed.path("c1"), [&whole[..], &whole[..cut]].concat()).unwrap();
        assert_eq!(bed.found("c1").entries().len(), 1, "cut at {cut}");
    }
    fs::write(bed.path("c1"), [&whole[..], b"garbage\n"].concat()).unwrap();
    let found = bed.records.find("c1");
    assert!(matches!(found, Err(RecordError::Format { .. })));
}
