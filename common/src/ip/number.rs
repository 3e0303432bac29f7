//! Numbers as C's `strtoul` with base 0 reads them: decimal, `0x` hexadecimal, leading `0` octal.

/// Reads all of `text`; `None` if it is no number or does not fit. C passes over white space in front, and takes a
/// negative number for what it is in 64 bits without a sign.
#[must_use]
pub fn unsigned(text: &str) -> Option<u64> {
    unsigned_of(text, 0)
}

/// The same in base 16, where `0x` may stand in front.
#[must_use]
pub fn hexadecimal(text: &str) -> Option<u64> {
    unsigned_of(text, 16)
}

/// The same in base 10.
#[must_use]
pub fn decimal(text: &str) -> Option<u64> {
    unsigned_of(text, 10)
}

fn unsigned_of(text: &str, base: u32) -> Option<u64> {
    let (negative, text) = signed(text);
    let behind = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match behind.filter(|_| base != 10) {
        Some(hex) => (hex, 16),
        None if base == 0 && text.len() > 1 && text.starts_with('0') => (text, 8),
        None if base == 0 => (text, 10),
        None => (text, base),
    };
    // from_str_radix takes a sign of its own, C does not here.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

/// Whether a minus stands in front, and what follows the sign.
fn signed(text: &str) -> (bool, &str) {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// A number that fits `T`.
#[must_use]
pub fn fitting<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(unsigned(text)?).ok()
}

/// A whole number as C's `strtol` with base 0 reads one, if it fits 32 bits with a sign.
#[must_use]
pub fn integer(text: &str) -> Option<i32> {
    let (negative, digits) = signed(text);
    if digits.starts_with(|first: char| !first.is_ascii_digit()) {
        return None;
    }
    let magnitude = i64::try_from(unsigned(digits)?).ok()?;
    i32::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// A number as the C library's `atoi` reads one: as many digits as there are, 0 if there are none, and of a `long` the lower
/// 32 bits.
#[must_use]
pub fn leading(text: &str) -> i32 {
    let (negative, text) = signed(text);
    let digits = text.split(|c: char| !c.is_ascii_digit()).next();
    let digits = digits.unwrap_or_default();
    let magnitude = if digits.is_empty() {
        0
    } else {
        digits.parse().unwrap_or(i64::MAX)
    };
    let long = if negative { -magnitude } else { magnitude };
    let [a, b, c, d, ..] = long.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_digits_in_front_as_atoi_does() {
        for (text, number) in [
            ("5", 5),
            ("256.1.1.1", 256),
            (" +7x", 7),
            ("-7", -7),
            ("0x10", 0),
            ("010", 10),
            ("x", 0),
            ("", 0),
            ("4294967297", 1),
            ("99999999999999999999", -1),
        ] {
            assert_eq!(leading(text), number, "{text}");
        }
    }

    #[test]
    fn reads_the_bases_of_c() {
        assert_eq!(unsigned("010"), Some(8));
        assert_eq!(unsigned("0x1F"), Some(31));
        assert_eq!(unsigned("10"), Some(10));
        assert_eq!(unsigned("0"), Some(0));
    }

    #[test]
    fn takes_the_whole_word_or_nothing() {
        for wrong in [
            "",
            "x",
            "1x",
            "08",
            "0x",
            "+-1",
            "+ 1",
            "1 ",
            "99999999999999999999",
        ] {
            assert_eq!(unsigned(wrong), None, "{wrong}");
        }
        assert_eq!(fitting::<u8>("256"), None);
        assert_eq!(fitting::<u32>("-1"), None);
        assert_eq!(unsigned("-1"), Some(u64::MAX));
        assert_eq!(unsigned(" +1"), Some(1));
        assert_eq!(hexadecimal("0X1f"), Some(31));
        assert_eq!(hexadecimal("010"), Some(16));
        assert_eq!(decimal("010"), Some(10));
        assert_eq!(decimal("0x10"), None);
        assert_eq!(integer("-0x10"), Some(-16));
        assert_eq!(integer("--1"), None);
        assert_eq!(integer("2147483648"), None);
        assert_eq!(fitting::<u32>("0xffffffff"), Some(u32::MAX));
    }
}
