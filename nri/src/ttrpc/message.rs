//! Messages: a length, a stream id, a kind, flags, and a payload (`PROTOCOL.md` of containerd/ttrpc).

/// How long a message's header is, in bytes.
pub(crate) const HEADER: usize = 10;

/// The longest payload that is sent, in bytes: a Go peer discards more.
pub(super) const LONGEST_SENT: usize = 4 << 20;

/// The longest payload that is taken, in bytes: containerd 1.7 puts everything it knows into one Synchronize, and the
/// multiplexer of its time carries 16 MiB.
const LONGEST_TAKEN: usize = 16 << 20;

/// The kind of a request.
pub(crate) const REQUEST: u8 = 1;

/// The kind of a response.
pub(crate) const RESPONSE: u8 = 2;

/// The head of a message. Its flags mean nothing to calls of one request and one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Which call of its sender it belongs to.
    pub(crate) stream: u32,
    /// [`REQUEST`], [`RESPONSE`], or something to be ignored.
    pub(crate) kind: u8,
}

/// A message as it arrives: its payload, or none if that was too long and has been dropped.
pub(crate) type Arrived = (Head, Option<Vec<u8>>);

/// One message, as bytes.
pub(crate) fn encode(head: Head, payload: &[u8]) -> Vec<u8> {
    // Who calls keeps payloads below LONGEST_SENT.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(length.to_be_bytes());
    bytes.extend(head.stream.to_be_bytes());
    bytes.extend([head.kind, 0]);
    bytes.extend(payload);
    bytes
}

/// Puts messages together from bytes that are cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    bytes: Vec<u8>,
    /// How much of a message that is too long is still to be dropped.
    unwanted: usize,
}

impl Assembler {
    /// Takes what has arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let (_, wanted) = bytes.split_at(self.unwanted.min(bytes.len()));
        self.unwanted -= bytes.len() - wanted.len();
        self.bytes.extend(wanted);
    }

    /// The next whole message. One that is too long is told as soon as its header is there.
    pub(crate) fn next(&mut self) -> Option<Arrived> {
        let (header, behind) = self.bytes.split_first_chunk::<HEADER>()?;
        let (length, head) = announced(*header);
        if length > LONGEST_TAKEN {
            self.unwanted = length.saturating_sub(behind.len());
            let taken = self.bytes.len().min(HEADER + length);
            self.bytes.drain(..taken);
            return Some((head, None));
        }
        let payload = behind.get(..length)?.to_vec();
        self.bytes.drain(..HEADER + length);
        Some((head, Some(payload)))
    }
}

pub(super) fn announced(header: [u8; HEADER]) -> (usize, Head) {
    let [a, b, c, d, e, f, g, h, kind, _flags] = header;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    let stream = u32::from_be_bytes([e, f, g, h]);
    (length, Head { stream, kind })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gathered(pieces: &[&[u8]]) -> Vec<Arrived> {
        let mut assembler = Assembler::default();
        let mut arrived = Vec::new();
        for piece in pieces {
            assembler.push(piece);
            arrived.extend(std::iter::from_fn(|| assembler.next()));
        }
        assert!(assembler.bytes.is_empty());
        arrived
    }

    proptest! {
        #[test]
        fn messages_are_found_however_they_are_cut(
            messages in prop::collection::vec((any::<u32>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..50)), 0..8),
            size in 1_usize..40,
        ) {
            let messages: Vec<Arrived> = messages
                .into_iter()
                .map(|(stream, kind, payload)| (Head { stream, kind }, Some(payload)))
                .collect();
            let bytes: Vec<u8> = messages
                .iter()
                .flat_map(|(head, payload)| encode(*head, payload.as_deref().unwrap()))
                .collect();
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(gathered(&pieces), messages);
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_dropped_and_the_next_one_found() {
        let long = Head {
            stream: 1,
            kind: REQUEST,
        };
        let short = Head {
            stream: 3,
            kind: REQUEST,
        };
        let payload = vec![0xff; LONGEST_TAKEN + 1];
        let bytes = [encode(long, &payload), encode(short, b"x")].concat();
        let expected = [(long, None), (short, Some(b"x".to_vec()))];
        for size in [11, 65_536, bytes.len()] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(gathered(&pieces), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_empty_message_is_its_header() {
        let head = Head {
            stream: 1,
            kind: RESPONSE,
        };
        assert_eq!(encode(head, b""), [0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
    }
}
