//! Which of the two counts.

use std::fs;
use std::time::Duration;

use super::bed::{Bed, GOOD, leaked};
use super::*;

/// What counts, by the number of its rules, for a file with this text (none: no file) that was changed so long ago.
fn counts(text: Option<&str>, seconds: u64, is_published: bool) -> Result<usize, ConfigError> {
    let bed = Bed::new();
    if !is_published {
        fs::remove_file(&bed.published).unwrap();
    }
    let path = bed.file();
    if let Some(text) = text {
        fs::write(&path, text).unwrap();
    }
    let (file, publication) = (leaked(&path), leaked(&bed.published));
    let now = SystemTime::now() + Duration::from_secs(seconds);
    let last = || published::last_good(publication, now);
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
    assert!(operators("/nowhere/at/all").unwrap().is_unwritten);
}

#[test]
fn a_file_that_is_too_long_or_no_plain_file_is_an_error_at_once() {
    let bed = Bed::new();
    let path = bed.file();
    let file = leaked(&path);
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
    let bed = Bed::new();
    let path = bed.file();
    let file = leaked(&path);
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
