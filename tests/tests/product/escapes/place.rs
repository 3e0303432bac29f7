//! `/run/chainsaw` in the hands of somebody else: links in the place of its folder and files, owners, modes. What cannot be
//! trusted is not written to, not believed, and nothing runs that could not be recorded.

use std::fs;

use anyhow::{Result, ensure};
use chainsaw_tests::parts;

use super::bed::{Bed, Right};
use super::doors::{Door, Outcome};
use super::picture::Picture;

/// Doors that record what they do.
const RECORD: [Door; 5] = [
    Door::Annotation,
    Door::Arguments,
    Door::Network,
    Door::Sandbox,
    Door::Container,
];

const VALUE: &str = r#"["ip route add 192.0.3.0/24 dev eth0"]"#;

/// Each a script that lays something into the folder's place, and what is said of it. The folder is there, with a socket
/// in it, when it begins; `c1` and `s1` are the next ids.
const FOLDERS: [(&str, &str); 7] = [
    (
        "mv /run/chainsaw /run/elsewhere; ln -s /run/elsewhere /run/chainsaw",
        "/run/chainsaw is no folder",
    ),
    (
        "rm -rf /run/chainsaw/sandboxes; ln -s /run/canary /run/chainsaw/sandboxes",
        "/run/chainsaw/sandboxes is no folder",
    ),
    (
        "rm -rf /run/chainsaw; echo >/run/chainsaw",
        "/run/chainsaw is no folder",
    ),
    (
        "chown 65534 /run/chainsaw",
        "/run/chainsaw belongs to user 65534",
    ),
    (
        "mkdir -p /run/chainsaw/sandboxes; chown 65534 /run/chainsaw/sandboxes",
        "/run/chainsaw/sandboxes belongs to user 65534",
    ),
    (
        "chmod 0777 /run/chainsaw",
        "/run/chainsaw can be written by others (mode 777)",
    ),
    (
        "mkdir -p /run/chainsaw/sandboxes; chmod 0770 /run/chainsaw/sandboxes",
        "/run/chainsaw/sandboxes can be written by others (mode 770)",
    ),
];

#[test]
fn a_folder_of_somebody_elses_is_refused_by_every_door_that_records() -> Result<()> {
    for (script, word) in FOLDERS {
        let bed = Bed::new(["ip link"])?;
        bed.program("sh").args(["-ec", script]).stdout()?;
        let before = Picture::of(&bed)?;
        for door in RECORD {
            let told = bed.put_value(door, VALUE, Right::All)?;
            ensure!(
                told.outcome == Outcome::Failed,
                "{script}: {door:?}: {told:?}"
            );
            ensure!(told.text.contains(word), "{script}: {door:?}: {told:?}");
        }
        before.is(&Picture::of(&bed)?, script)?;
        let del = bed.program(parts::chainsaw()?).env("CNI_COMMAND", "DEL");
        let del = del
            .env("CNI_CONTAINERID", "c1")
            .env("CNI_IFNAME", "eth0")
            .run()?;
        ensure!(del.status == 0, "{script}: {del:?}");
        before.is(&Picture::of(&bed)?, script)?;
    }
    Ok(())
}

/// What lies in the place of a record, and what is said of it.
const FILES: [(&str, &str); 5] = [
    (
        "ln -s /run/canary/secret",
        "Too many levels of symbolic links",
    ),
    ("ln /run/canary/secret", "has another name"),
    ("mkfifo", "is no plain file"),
    ("mkdir", "Is a directory"),
    (
        "install -m 0600 -o 65534 /run/canary/secret",
        "belongs to user 65534",
    ),
];

#[test]
fn a_record_that_is_something_else_is_refused_and_neither_read_nor_written() -> Result<()> {
    for (make, word) in FILES {
        let bed = Bed::new(["ip link"])?;
        for (id, door) in [
            ("c1", Door::Annotation),
            ("s2", Door::Sandbox),
            ("s3", Door::Container),
        ] {
            let script = format!(
                "mkdir -p -m 0700 /run/chainsaw/sandboxes; {make} /run/chainsaw/sandboxes/{id}"
            );
            bed.program("sh").args(["-ec", &script]).stdout()?;
            let before = Picture::of(&bed)?;
            let told = bed.put_value(door, VALUE, Right::All)?;
            ensure!(
                told.outcome == Outcome::Failed,
                "{make}: {door:?}: {told:?}"
            );
            // The daemon has no right left by which root reads what is somebody else's.
            let closed = told.text.contains("Permission denied") && make.contains("-o 65534");
            ensure!(
                told.text.contains(word) || closed,
                "{make}: {door:?}: {told:?}"
            );
            before.is(&Picture::of(&bed)?, make)?;
            fs::remove_file(bed.machine.path(format!("/run/chainsaw/sandboxes/{id}"))).or_else(
                |_| fs::remove_dir(bed.machine.path(format!("/run/chainsaw/sandboxes/{id}"))),
            )?;
        }
    }
    Ok(())
}
