//! Frames: how the connections of one stream are told apart.
//!
//! A frame is a connection id and a length, both 32 bits and big-endian, and so many bytes. There is no opening and no
//! closing: both ends take for granted that a connection is there (`pkg/net/multiplex` of containerd/nri).

/// How long a frame's header is, in bytes.
pub const HEADER: usize = 8;

/// A Go peer reads the first frame of a ttrpc message through a buffer of this size, in bytes; a longer one closes the
/// connection. What does not fit must follow in one more frame, because the peer's queue holds 256 frames.
pub const FIRST_FRAME: usize = 4096;

/// The longest frame that is read, in bytes: what NRI 0.6 may write, and a ttrpc header.
pub const LONGEST: u32 = (16 << 20) + 10;

/// The header in front of `length` bytes for the connection `id`.
#[must_use]
pub fn header(id: u32, length: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    let (front, back) = bytes.split_at_mut(4);
    front.copy_from_slice(&id.to_be_bytes());
    back.copy_from_slice(&length.to_be_bytes());
    bytes
}

/// The connection id and the length that a header announces.
#[must_use]
pub fn announced(header: [u8; HEADER]) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = header;
    (
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    )
}

/// One ttrpc message as the frames that may carry it: at most [`FIRST_FRAME`] bytes, and the rest in one.
pub fn frames(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = message.split_at(message.len().min(FIRST_FRAME));
    [first, rest].into_iter().filter(|frame| !frame.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_announces_what_it_was_made_of() {
        assert_eq!(header(1, 0x0102), [0, 0, 0, 1, 0, 0, 1, 2]);
        assert_eq!(announced(header(2, 4096)), (2, 4096));
    }

    #[test]
    fn a_message_takes_at_most_two_frames_and_the_first_is_short() {
        let lengths = |size: usize| frames(&vec![7; size]).map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(10), [10]);
        assert_eq!(lengths(4096), [4096]);
        assert_eq!(lengths(4097), [4096, 1]);
        assert_eq!(lengths(20_773), [4096, 16_677]);
    }
}
