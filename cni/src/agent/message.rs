//! The few fields of which the daemon's messages consist, as protobuf writes them.

/// A field of bytes or text (protobuf's wire type 2); an empty one is an absent one.
pub fn bytes(number: u8, value: &[u8], out: &mut Vec<u8>) {
    if value.is_empty() {
        return;
    }
    out.push(number << 3 | 2);
    let mut length = value.len();
    while length >= 0x80 {
        out.push(low_bits(length) | 0x80);
        length >>= 7;
    }
    out.push(low_bits(length));
    out.extend(value);
}

fn low_bits(length: usize) -> u8 {
    let [low, ..] = length.to_le_bytes();
    low & 0x7f
}

/// A message's field of bytes, where it is the message's first: before a response's payload would be its status, and
/// behind an answer comes what only a newer plugin knows.
pub fn field(number: u8, message: &[u8]) -> Option<&[u8]> {
    let (tag, mut rest) = message.split_first()?;
    if *tag != number << 3 | 2 {
        return None;
    }
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return rest.get(..length);
        }
        shift += 7;
    }
}
