//! The lines of an answer that goes on for minutes.

use std::error::Error;

use http_body_util::BodyExt;
use kube::client::Body;

/// The longest line: an object has at most some 1.5 MiB in the API server's store, and JSON escapes some of it.
pub(super) const LINE_BYTES: usize = 4 << 20;

/// Why there is no further line.
#[derive(Debug)]
pub(super) enum Broken {
    /// It is longer than is read.
    TooLong,
    /// The connection broke.
    Connection(Box<dyn Error + Send + Sync>),
}

/// An answer's lines.
pub(super) struct Lines {
    body: Body,
    read: Vec<u8>,
    /// As far as there is no end of a line.
    searched: usize,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body,
            read: Vec::new(),
            searched: 0,
        }
    }

    /// The next line that is not empty; none at the end. What stands behind the last line's end is half a line.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        loop {
            if let Some(line) = self.take() {
                if !line.trim_ascii().is_empty() {
                    return Ok(Some(line));
                }
                continue;
            }
            if self.read.len() > LINE_BYTES {
                return Err(Broken::TooLong);
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.read.extend_from_slice(data);
                    }
                }
                Some(Err(error)) => return Err(Broken::Connection(error.into())),
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let new = self.read.get(self.searched..)?;
        let Some(end) = new.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.read.len();
            return None;
        };
        let rest = self.read.split_off(self.searched + end + 1);
        self.searched = 0;
        // The line takes the buffer with it, so that none stays as large as the longest line.
        Some(std::mem::replace(&mut self.read, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(text: &str) -> Vec<String> {
        let mut lines = Lines::of(Body::from(text.as_bytes().to_vec()));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(String::from_utf8(line).unwrap());
        }
        all
    }

    #[tokio::test]
    async fn lines_end_where_they_end() {
        assert_eq!(all("a\n\nb\r\n\r\nhalf").await, ["a\n", "b\r\n"]);
        assert!(all("").await.is_empty());
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_not_read_for_ever() {
        let mut lines = Lines::of(Body::from(vec![b'x'; LINE_BYTES + 1]));
        assert!(matches!(lines.next().await, Err(Broken::TooLong)));
    }
}
