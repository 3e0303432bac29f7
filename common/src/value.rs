//! A value, as somebody wrote it, becomes lines: one command each, numbered, not yet split into words.
//!
//! A value is a JSON array whose items are strings or `{"run": "…", "ignore_failure": true}`, or text with one command a
//! line, blank lines and `#` comments allowed. Size and count are bounded before anything is parsed.

use serde::Deserialize;
use serde_json::value::RawValue;

mod json;

/// The longest value, in bytes.
pub const VALUE_BYTES: usize = 16 * 1024;
/// The most commands in one value.
pub const COMMANDS: usize = 64;
/// The longest command, in bytes.
pub const COMMAND_BYTES: usize = 1024;

/// One command of a value, as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The user's own text, trimmed.
    pub text: String,
    /// Whether later commands run although this one failed.
    pub ignore_failure: bool,
}

/// Why a value could not be taken apart. Commands count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The value is over [`VALUE_BYTES`].
    #[error("the value is {0} bytes long and {VALUE_BYTES} is the limit: ask for fewer commands")]
    TooLong(usize),
    /// The value has more than [`COMMANDS`] commands.
    #[error("the value has {0} commands and {COMMANDS} is the limit: ask for fewer")]
    TooMany(usize),
    /// A command is over [`COMMAND_BYTES`].
    #[error("command {command} is {bytes} bytes long and {COMMAND_BYTES} is the limit: split it")]
    CommandTooLong {
        /// Which command.
        command: usize,
        /// How long it is.
        bytes: usize,
    },
    /// The value begins as JSON and is not a JSON array.
    #[error("the value is not a JSON array ({why}): {instead}")]
    NotAnArray {
        /// What the JSON parser said.
        why: String,
        /// What to write.
        instead: String,
    },
    /// The value is a JSON string: its quotes would be the command's.
    #[error(
        "the value is a JSON string: write an array, [\"ip …\", \"ip …\"], or lines without quotes around them"
    )]
    AString,
    /// An item of the array is not a command.
    #[error(
        "command {command} is not a command ({why}): write \"ip …\" or {{\"run\": \"ip …\", \"ignore_failure\": true}}"
    )]
    NotACommand {
        /// Which command.
        command: usize,
        /// What the JSON parser said.
        why: String,
    },
    /// An item of the array has several lines.
    #[error("command {0} has more than one line: write one command an item")]
    Lines(usize),
    /// A command has no words.
    #[error("command {0} is empty: write a command or take the item out")]
    Empty(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    run: String,
    #[serde(default)]
    ignore_failure: bool,
}

/// Takes a value apart. An empty array and a text without commands are no commands, not an error.
///
/// # Errors
/// Everything that is wrong with the value, in order.
pub fn lines(value: &str) -> Result<Vec<Line>, Vec<ValueError>> {
    if value.len() > VALUE_BYTES {
        return Err(vec![ValueError::TooLong(value.len())]);
    }
    let found: Vec<Result<Line, ValueError>> = match value.trim_start().as_bytes().first() {
        Some(b'[' | b'{') => json_lines(value).map_err(|wrong| vec![wrong])?,
        Some(b'"') if serde_json::from_str::<String>(value).is_ok() => {
            return Err(vec![ValueError::AString]);
        }
        _ => text_lines(value).map(Ok).collect(),
    };
    if found.len() > COMMANDS {
        return Err(vec![ValueError::TooMany(found.len())]);
    }
    let mut lines = Vec::with_capacity(found.len());
    let mut wrong = Vec::new();
    for (command, line) in (1..).zip(found) {
        match line.and_then(|line| bounded(command, line)) {
            Ok(line) => lines.push(line),
            Err(error) => wrong.push(error),
        }
    }
    if wrong.is_empty() {
        Ok(lines)
    } else {
        Err(wrong)
    }
}

fn bounded(command: usize, line: Line) -> Result<Line, ValueError> {
    match line.text.len() {
        0 => Err(ValueError::Empty(command)),
        _ if line.text.contains('\n') => Err(ValueError::Lines(command)),
        bytes if bytes > COMMAND_BYTES => Err(ValueError::CommandTooLong { command, bytes }),
        _ => Ok(line),
    }
}

fn text_lines(value: &str) -> impl Iterator<Item = Line> + '_ {
    value
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Line {
            text: line.to_owned(),
            ignore_failure: false,
        })
}

fn json_lines(value: &str) -> Result<Vec<Result<Line, ValueError>>, ValueError> {
    let items: Vec<&RawValue> =
        serde_json::from_str(value).map_err(|error| ValueError::NotAnArray {
            why: error.to_string(),
            instead: json::instead(value, &error),
        })?;
    Ok((1..)
        .zip(items)
        .map(|(command, item)| json_line(command, item.get()))
        .collect())
}

fn json_line(command: usize, item: &str) -> Result<Line, ValueError> {
    let not = |why: String| ValueError::NotACommand { command, why };
    let (run, ignore_failure) = match item.as_bytes().first() {
        Some(b'{') => {
            serde_json::from_str::<Item>(item).map(|item| (item.run, item.ignore_failure))
        }
        Some(b'"') => serde_json::from_str::<String>(item).map(|run| (run, false)),
        Some(b'[') => return Err(not("an array".to_owned())),
        Some(b'n') => return Err(not("null".to_owned())),
        Some(b't' | b'f') => return Err(not("true or false".to_owned())),
        _ => return Err(not("a number".to_owned())),
    }
    .map_err(|error| not(error.to_string()))?;
    Ok(Line {
        text: run.trim().to_owned(),
        ignore_failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> Vec<String> {
        lines(value)
            .unwrap()
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    #[test]
    fn takes_a_json_array() {
        assert_eq!(
            texts(r#" ["ip route", "ip addr"] "#),
            ["ip route", "ip addr"]
        );
        assert!(texts("[]").is_empty());
    }

    #[test]
    fn takes_lines_with_comments() {
        assert_eq!(
            texts("# why\nip route\n\n  ip addr  \n"),
            ["ip route", "ip addr"]
        );
        assert!(texts(" \n# nothing\n").is_empty());
    }

    #[test]
    fn takes_an_object_that_ignores_failure() {
        let lines =
            lines(r#"[{"run": "ip route", "ignore_failure": true}, {"run": "ip a"}]"#).unwrap();
        assert!(lines[0].ignore_failure);
        assert!(!lines[1].ignore_failure);
    }

    #[test]
    fn reports_every_wrong_item_by_number() {
        let wrong = lines(r#"["ip a", 7, {"run": "ip a", "shell": true}, ""]"#).unwrap_err();
        assert!(
            matches!(wrong[0], ValueError::NotACommand { command: 2, .. }),
            "{wrong:?}"
        );
        assert!(wrong[1].to_string().contains("`shell`"), "{wrong:?}");
        assert_eq!(wrong[2], ValueError::Empty(4));
        assert_eq!(wrong.len(), 3);
        assert_eq!(lines(r#"["ip a\nip r"]"#), Err(vec![ValueError::Lines(1)]));
    }

    #[test]
    fn names_the_limit_that_was_passed() {
        assert_eq!(
            lines(&"x".repeat(VALUE_BYTES + 1)),
            Err(vec![ValueError::TooLong(VALUE_BYTES + 1)])
        );
        let many = "ip a\n".repeat(COMMANDS + 1);
        assert_eq!(lines(&many), Err(vec![ValueError::TooMany(COMMANDS + 1)]));
        let long = format!("[\"{}\"]", "x".repeat(COMMAND_BYTES + 1));
        assert!(matches!(
            lines(&long).unwrap_err()[0],
            ValueError::CommandTooLong { command: 1, .. }
        ));
    }

    #[test]
    fn what_is_nearly_json_is_told_with_what_to_write() {
        for (value, part) in [
            ("['ip route']", "JSON has double quotes alone"),
            ("[\"ip route\", 'ip addr']", "JSON has double quotes alone"),
            (
                "[ip route, ip addr]",
                "put double quotes around each command",
            ),
            (
                "[“ip route”]",
                "the “ at column 2 is a LEFT DOUBLE QUOTATION MARK (U+201C)",
            ),
            (
                "[\n\u{a0}\"ip route\"]",
                "NO-BREAK SPACE (U+00A0): write a plain space (line 2)",
            ),
            ("[\n  # the routes\n  \"ip route\"]", "JSON has no comments"),
            (
                "[root@node ~]# ip route",
                "a shell's prompt, leave that out",
            ),
            (
                "{{ .Values.commands }}",
                "a template that nobody has rendered",
            ),
            ("{\"run\": \"ip route\"}", "put brackets around it"),
            ("{ ip route; }", "or one command a line"),
            ("[\"ip route\",]", "trailing comma"),
            (
                "[\"ip link set eth0 alias –\", x]",
                "put double quotes around each",
            ),
            (
                "[\"ip route\" \"ip addr\"]",
                "write [\"ip …\", \"ip …\"], or one command a line",
            ),
        ] {
            let said = lines(value).unwrap_err()[0].to_string();
            assert!(
                said.starts_with("the value is not a JSON array ("),
                "{said}"
            );
            assert!(said.contains(part), "{value}: {said}");
        }
    }

    #[test]
    fn refuses_json_that_is_no_array_and_json_that_is_too_deep() {
        assert!(matches!(
            lines(r#"{"run": "ip a"}"#).unwrap_err()[0],
            ValueError::NotAnArray { .. }
        ));
        assert!(matches!(
            lines("[").unwrap_err()[0],
            ValueError::NotAnArray { .. }
        ));
        assert!(lines(&"[".repeat(VALUE_BYTES)).is_err());
        assert_eq!(lines(" \"ip route\" "), Err(vec![ValueError::AString]));
        assert_eq!(texts("\"ip\" route"), ["\"ip\" route"]);
    }
}
