//! What is said of each habit.

use super::*;
use crate::ip::read;
use crate::words::split;

mod forms;
mod lines;
mod others;

fn wrong(line: &str) -> Mistake {
    let words = split(line).unwrap();
    noticed(read(&words).command.expect_err(line), line, &words)
}

/// Each line is wrong, and this is what is said of it.
fn each_is_told(lines: &[(&str, &str)]) {
    for (line, said) in lines {
        assert_eq!(wrong(line).hint.as_deref(), Some(*said), "{line}");
    }
}

/// What is said of each line has this in it.
fn each_is_told_with(said: &str, lines: &[&str]) {
    for line in lines {
        let hint = wrong(line).hint.unwrap_or_default();
        assert!(hint.contains(said), "{line}: {hint}");
    }
}
