//! What to write instead of a value that begins as JSON and is not a JSON array.

use serde::de::IgnoredAny;

use crate::lookalike;

const FORM: &str = "write [\"ip …\", \"ip …\"], or one command a line";

/// What to write, by the place at which the parser stopped.
pub(super) fn instead(value: &str, error: &serde_json::Error) -> String {
    let line = value.lines().nth(error.line().saturating_sub(1));
    let line = line.unwrap_or_default();
    // The parser counts bytes.
    let before = line.get(..error.column().saturating_sub(1));
    let rest = before.and_then(|before| line.get(before.len()..));
    let at = rest.and_then(|rest| rest.chars().next());
    let column = before.map_or(0, |before| before.chars().count() + 1);
    let mut lookalikes = lookalike::all(line);
    let text = value.trim_start();
    let is_prompt = |end: &str| text.lines().next().is_some_and(|line| line.contains(end));
    let said = if let Some(found) = lookalikes.find(|found| found.column == column) {
        let of_line = match error.line() {
            1 => String::new(),
            number => format!(" (line {number})"),
        };
        return format!("{}{of_line}", found.with_more(0));
    } else if text.starts_with("{{") || text.starts_with("{%") {
        "this is a template that nobody has rendered: apply what it renders to (helm template shows that)"
    } else if is_prompt("]# ") || is_prompt("]$ ") {
        "if it begins with a shell's prompt, leave that out: write one command a line"
    } else if text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        "put brackets around it: [{\"run\": \"ip …\"}]"
    } else if at == Some('\'') {
        "JSON has double quotes alone: write [\"ip …\", \"ip …\"]"
    } else if at.is_some_and(char::is_alphabetic) {
        "put double quotes around each command: [\"ip …\", \"ip …\"]"
    } else if matches!(at, Some('#' | '/')) {
        "JSON has no comments: take it out, or write one command a line"
    } else {
        FORM
    };
    said.to_owned()
}
