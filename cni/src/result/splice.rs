//! Edits of JSON text that leave every other byte as it was.

use std::ops::Range;

use serde_json::value::RawValue;

/// Edits to be made to one text.
#[derive(Debug)]
pub struct Edits<'a> {
    text: &'a str,
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// None so far.
    pub fn of(text: &'a str) -> Self {
        Self {
            text,
            edits: Vec::new(),
        }
    }

    /// Puts `new` in the place of a value of the text.
    pub fn replace(&mut self, value: &'a RawValue, new: String) {
        self.edits.push((self.span(value.get()), new));
    }

    /// Adds members to the end of an object, or items to the end of an array, of the text.
    pub fn append(&mut self, container: &'a str, items: &[String]) {
        let span = self.span(container);
        let end = span.end.saturating_sub(1);
        let inside = self.text.get(span.start + 1..end).unwrap_or_default();
        let comma = if inside.trim().is_empty() { "" } else { "," };
        let at = span.start + 1 + inside.trim_end().len();
        self.edits
            .push((at..at, format!("{comma}{}", items.join(","))));
    }

    /// The text with the edits made; nothing if there are none.
    pub fn made(mut self) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut made = String::with_capacity(self.text.len());
        let mut done = 0;
        for (range, new) in self.edits {
            made.push_str(self.text.get(done..range.start).unwrap_or_default());
            made.push_str(&new);
            done = range.end;
        }
        made.push_str(self.text.get(done..).unwrap_or_default());
        Some(made)
    }

    /// Where a part of the text, borrowed from it, stands in it.
    fn span(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        start..start + part.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_byte_stays() {
        let text = "{ \"a\" : 1,\t\"b\":[ 1 , 2 ],\n\"c\":[] , \"d\": 1.50}";
        #[derive(serde::Deserialize)]
        struct Parts<'a> {
            #[serde(borrow)]
            a: &'a RawValue,
            #[serde(borrow)]
            b: &'a RawValue,
            #[serde(borrow)]
            c: &'a RawValue,
        }
        let parts: Parts<'_> = serde_json::from_str(text).unwrap();
        let mut edits = Edits::of(text);
        edits.append(text, &["\"e\":5".into()]);
        edits.append(parts.c.get(), &["3".into(), "4".into()]);
        edits.append(parts.b.get(), &["3".into()]);
        edits.replace(parts.a, "7".into());
        let made = edits.made().unwrap();
        assert_eq!(
            made,
            "{ \"a\" : 7,\t\"b\":[ 1 , 2,3 ],\n\"c\":[3,4] , \"d\": 1.50,\"e\":5}"
        );
    }

    #[test]
    fn no_edit_is_no_new_text() {
        assert_eq!(Edits::of("{}").made(), None);
    }
}
