//! A file of YAML or JSON, and what is wrong with one that is neither, said for people who write Kubernetes objects.

use std::collections::HashMap;

use chainsaw_common::lookalike;
use chainsaw_common::report::line as on_one_line;
use serde_json::Value;
use serde_saphyr::granit_parser::{Event, Parser};
use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

/// The documents of a text; `path` is how the file is called.
///
/// # Errors
/// It is no YAML: what is wrong, where, and what to write.
pub fn documents(path: &str, text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple(text).map_err(|error| {
        let error = error.without_snippet();
        let twice = match error {
            Error::DuplicateMappingKey { .. } => twice(text),
            _ => Vec::new(),
        };
        if twice.is_empty() {
            return wrong(path, text, error);
        }
        let told: Vec<String> = twice.iter().map(|twice| twice.told(path)).collect();
        told.join("\n")
    })
}

/// A key that is twice in one mapping, and the lines on which it is.
struct Twice {
    key: String,
    first: usize,
    again: usize,
}

impl Twice {
    fn told(&self, path: &str) -> String {
        let Self { key, first, again } = self;
        format!(
            "{path}: the key {} stands at line {first} and again at line {again}, and only one of them can count: put what belongs to both under one key, and take the other out",
            on_one_line(key)
        )
    }
}

/// A collection that is being read.
enum Open {
    Sequence,
    /// The keys so far, with their lines, and whether the next node is a key.
    Mapping(HashMap<String, usize>, bool),
}

/// Every key that is twice, as far as the text can be read.
fn twice(text: &str) -> Vec<Twice> {
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else {
            break;
        };
        match event {
            Event::Scalar(text, ..) => {
                let line = span.start.line();
                if let Some(Open::Mapping(keys, true)) = open.last_mut()
                    && let Some(first) = keys.insert(text.to_string(), line)
                {
                    let key = text.into_owned();
                    found.push(Twice {
                        key,
                        first,
                        again: line,
                    });
                }
                node_is_over(&mut open);
            }
            Event::Alias(_) => node_is_over(&mut open),
            Event::SequenceStart(..) => open.push(Open::Sequence),
            Event::MappingStart(..) => open.push(Open::Mapping(HashMap::new(), true)),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                node_is_over(&mut open);
            }
            _ => {}
        }
    }
    found
}

/// Behind a key comes its value, and behind that the next key.
fn node_is_over(open: &mut [Open]) {
    if let Some(Open::Mapping(_, is_key)) = open.last_mut() {
        *is_key = !*is_key;
    }
}

/// What else is wrong, with the line, a caret, and what to write.
fn wrong(path: &str, text: &str, error: &Error) -> String {
    let why = UserMessageFormatter.format_message(error);
    let Some(location) = error.location() else {
        return format!("{path} is not YAML: {why}");
    };
    let number = usize::try_from(location.line()).unwrap_or_default();
    let column = usize::try_from(location.column()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let line_of = |number: usize| lines.get(number.checked_sub(1)?).copied();
    let line = line_of(number).unwrap_or_default();
    let start: String = line.chars().take(column.saturating_sub(1)).collect();
    // It may have gone wrong on a line beside the one at which it is noticed.
    let near = [Some(number), number.checked_sub(1), number.checked_add(1)].into_iter();
    let mut near = near
        .flatten()
        .filter_map(|number| Some((number, line_of(number)?)));
    let of_a_line = near.find_map(|(number, line)| {
        let said = instead(line)?;
        Some(format!("line {number}: {said}"))
    });
    format!(
        "{path} line {number}, column {column}: this is not YAML: {why}\n    {}\n    {}^\n    {}",
        on_one_line(line),
        " ".repeat(on_one_line(&start).chars().count()),
        of_a_line.unwrap_or_else(|| by_message(&why).to_owned())
    )
}

/// What to write instead of something on a line.
fn instead(line: &str) -> Option<String> {
    if let Some(found) = lookalike::all(line).next() {
        return Some(found.with_more(0));
    }
    let indented = line.chars().take_while(|c| c.is_whitespace());
    if let Some((column, _)) = (1..).zip(indented).find(|(_, c)| *c == '\t') {
        return Some(format!(
            "YAML is indented by spaces, and column {column} is a tab"
        ));
    }
    let is_template = line.contains("{{") || line.contains("{%");
    is_template.then(|| "this is a template: check what it renders to, for example helm template … | chainsaw check -f -".to_owned())
}

/// What to write, by a part of what the parser says.
const BY_MESSAGE: [(&str, &str); 4] = [
    (
        "trailing content after",
        "the value ends where its first quote comes again: put an array in single quotes, and have double quotes inside, '[\"ip …\", \"ip …\"]'",
    ),
    (
        "unclosed quote",
        "the quote that begins here is not closed: close it",
    ),
    (
        "did not find expected key",
        "keys of one map begin at the same column: indent this line as the one above it",
    ),
    (
        "mapping values are not allowed",
        "a value with a colon and a space in it needs single quotes around it",
    ),
];

fn by_message(why: &str) -> &'static str {
    let row = BY_MESSAGE.iter().find(|(part, _)| why.contains(part));
    row.map_or(
        "put the value in single quotes, or write it behind |, each line of it indented deeper than its key",
        |(_, instead)| instead,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        documents("x.yaml", text).unwrap_err()
    }

    #[test]
    fn a_key_twice_is_told_with_both_lines_and_all_of_them_are() {
        assert_eq!(
            said("a:\n  b: 1\n  c: 2\n  b: 3\n---\nd: 1\nd: 2\n"),
            "x.yaml: the key b stands at line 2 and again at line 4, and only one of them can count: put what belongs to both under one key, and take the other out\n\
             x.yaml: the key d stands at line 6 and again at line 7, and only one of them can count: put what belongs to both under one key, and take the other out"
        );
        // Keys of a list's items, of values that are mappings, and of an alias are others.
        let right = "a: [{b: 1}, {b: 2}]\nc: {b: {b: 1}}\nd: &x {e: 1}\nf: *x\ng: *x\nb: b\n";
        assert!(documents("x.yaml", right).is_ok());
        assert!(said("{\"a\": 1,\n \"a\": 2}").contains("line 1 and again at line 2"));
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place_and_what_to_write() {
        for (text, parts) in [
            (
                "a:\n  b: {{ .Values.net }}\n",
                ["line 2, column ", "line 2: this is a template"],
            ),
            (
                "a:\n\tb: 1\n",
                [
                    "line 2",
                    "line 2: YAML is indented by spaces, and column 1 is a tab",
                ],
            ),
            (
                "a: '['ip route']'\n",
                ["line 1, column 7", "have double quotes inside"],
            ),
            (
                "a: '[\"ip\"\nb: 1\n",
                ["line 1, column 4", "is not closed: close it"],
            ),
            (
                "a:\n    b: 1\n   c: 1\n",
                ["line 3, column 4", "begin at the same column"],
            ),
            (
                "a: ip link mtu: 1\n",
                ["line 1, column ", "needs single quotes around it"],
            ),
            (
                "a: |\n\tip route\n",
                ["line 1, column 4", "line 2: YAML is indented by spaces"],
            ),
            (
                "a: `ip route`\n",
                ["line 1, column 4", "put the value in single quotes"],
            ),
            (
                "a:\n  b: |\n  ip route\nc: 1\n",
                [
                    "is not YAML",
                    "each line of it indented deeper than its key",
                ],
            ),
            (
                "a: “ip route”: b: c\n",
                ["is not YAML", "LEFT DOUBLE QUOTATION MARK (U+201C)"],
            ),
        ] {
            let said = said(text);
            for part in parts {
                assert!(said.contains(part), "{text}: {said}");
            }
            assert!(!said.contains("Options"), "{said}");
        }
    }

    #[test]
    fn a_byte_order_mark_before_yaml_is_no_part_of_it() {
        let value = documents("x.yaml", "\u{feff}a: 1\n").unwrap();
        assert_eq!(value[0]["a"], 1);
    }
}
