//! What a `show` prints, as text and as JSON from one description: an entry an object, put on a page.

use std::fmt::{self, Write as _};
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use super::options::Options;

/// One object of a listing. Only the form that was asked for is kept.
#[derive(Debug)]
pub struct Entry {
    as_json: bool,
    /// Whether numbers stand where there are names for them.
    pub numeric: bool,
    line_end: &'static str,
    text: String,
    json: Map<String, Value>,
}

impl Entry {
    /// An empty entry in the form that `options` ask for.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let line_end = if options.oneline { "\\" } else { "\n" };
        Self {
            as_json: options.json,
            numeric: options.numeric,
            line_end,
            text: String::new(),
            json: Map::new(),
        }
    }

    /// An empty entry of the same form, to be put [within](Self::nest) this one.
    #[must_use]
    pub fn within(&self) -> Self {
        Self {
            text: String::new(),
            json: Map::new(),
            ..*self
        }
    }

    /// Whether nothing was put into it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.json.is_empty()
    }

    /// A field that both forms have.
    pub fn put(&mut self, key: &str, value: impl Into<Value>, text: fmt::Arguments<'_>) {
        if self.as_json {
            self.json(key, value)
        } else {
            self.text(text)
        }
    }

    /// A field that only JSON has, or has differently.
    pub fn json(&mut self, key: &str, value: impl Into<Value>) {
        if self.as_json {
            self.json.insert(key.to_owned(), value.into());
        }
    }

    /// An entry within this one: its text as it is, its JSON as an object of its own.
    pub fn nest(&mut self, key: &str, inner: Self) {
        if self.as_json {
            self.json(key, inner.into_json());
        } else {
            self.text.push_str(&inner.text);
        }
    }

    /// Words that only text has.
    pub fn text(&mut self, text: fmt::Arguments<'_>) {
        if !self.as_json {
            // Writing to a String cannot fail.
            let _ = self.text.write_fmt(text);
        }
    }

    /// A line's end within the entry: a backslash where one line an entry is asked for.
    pub fn break_line(&mut self) {
        let line_end = self.line_end;
        self.text(format_args!("{line_end}"));
    }

    /// The entry as one JSON object.
    #[must_use]
    pub fn into_json(self) -> Value {
        Value::Object(self.json)
    }

    /// The entry's text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The listing: texts one after the other, or one JSON array and a newline.
#[must_use]
pub fn render(entries: Vec<Entry>, options: &Options) -> String {
    if !options.json {
        return entries.into_iter().map(Entry::into_text).collect();
    }
    let array: Value = entries.into_iter().map(Entry::into_json).collect();
    laid_out(&array, 0, options) + "\n"
}

/// One entry with an object around it that has no key, as iproute2 prints the echo of a route or of a rule: that is no
/// JSON, and not ours to mend.
#[must_use]
pub fn render_within(entry: Entry, options: &Options) -> String {
    if !options.json || entry.is_empty() {
        return render(vec![entry], options);
    }
    let inner = laid_out(&entry.into_json(), 2, options);
    if options.pretty {
        format!("[ {{{inner}\n    }} ]\n")
    } else {
        format!("[{{{inner}}}]\n")
    }
}

/// A value, `depth` deep within others.
fn laid_out(value: &Value, depth: usize, options: &Options) -> String {
    let mut bytes = Vec::new();
    let layout = Layout {
        pretty: options.pretty,
        depth,
        empty: true,
    };
    // Neither a Value nor a Vec can make this fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, layout));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// iproute2's layout of JSON: compact on one line; pretty with four spaces, arrays opened and joined on the same line.
struct Layout {
    pretty: bool,
    depth: usize,
    empty: bool,
}

impl Layout {
    fn new_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        if self.pretty {
            write!(writer, "\n{:width$}", "", width = self.depth * 4)
        } else {
            Ok(())
        }
    }
}

impl Formatter for Layout {
    /// Times are the only fractions, and have two digits.
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write!(writer, "{value:.2}")
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(if self.pretty { b"[ " } else { b"[" })
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(if self.pretty && !self.empty {
            b" ]"
        } else {
            b"]"
        })?;
        self.empty = false;
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b",")
        }
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if !self.empty {
            self.new_line(writer)?;
        }
        self.empty = false;
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.pretty { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(options: &Options) -> String {
        let mut entry = Entry::new(options);
        entry.put("dst", "default", format_args!("default "));
        entry.put("metric", 7, format_args!("metric {} ", 7));
        entry.json("flags", json!(["a", "b"]));
        entry.json("none", json!([]));
        entry.break_line();
        render(vec![entry], options)
    }

    #[test]
    fn one_description_gives_text_and_json() {
        assert_eq!(page(&Options::default()), "default metric 7 \n");
        assert_eq!(
            page(&Options {
                oneline: true,
                ..Options::default()
            }),
            "default metric 7 \\"
        );
        let json = Options {
            json: true,
            ..Options::default()
        };
        assert_eq!(
            page(&json),
            "[{\"dst\":\"default\",\"metric\":7,\"flags\":[\"a\",\"b\"],\"none\":[]}]\n"
        );
    }

    #[test]
    fn an_entry_stands_within_an_object_without_a_key() {
        let within = |pretty, filled| {
            let options = Options {
                json: true,
                pretty,
                ..Options::default()
            };
            let mut entry = Entry::new(&options);
            if filled {
                entry.json("metric", 7);
            }
            render_within(entry, &options)
        };
        assert_eq!(within(false, true), "[{{\"metric\":7}}]\n");
        let pretty = "[ {{\n            \"metric\": 7\n        }\n    } ]\n";
        assert_eq!(within(true, true), pretty);
        assert_eq!(within(true, false), "[ {} ]\n");
    }

    #[test]
    fn pretty_json_is_laid_out_as_iproute2_does() {
        let pretty = Options {
            json: true,
            pretty: true,
            ..Options::default()
        };
        let expected = "[ {\n        \"dst\": \"default\",\n        \"metric\": 7,\n        \"flags\": [ \"a\",\"b\" ],\n        \"none\": [ ]\n    } ]\n";
        assert_eq!(page(&pretty), expected);
        assert_eq!(render(Vec::new(), &pretty), "[ ]\n");
    }
}
