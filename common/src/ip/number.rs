//! Numbers as C's `strtoul` with base 0 reads them: decimal, `0x` hexadecimal, leading `0` octal.

/// Reads all of `text`; `None` if it is no number or does not fit.
#[must_use]
pub fn unsigned(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) =
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            (hex, 16)
        } else if text.len() > 1 && text.starts_with('0') {
            (&text[1..], 8)
        } else {
            (text, 10)
        };
    // from_str_radix takes a sign of its own, C does not here.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// A number that fits `T`.
#[must_use]
pub fn fitting<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(unsigned(text)?).ok()
}

/// A whole number as C's `strtol` with base 0 reads one, if it fits 32 bits with a sign.
#[must_use]
pub fn integer(text: &str) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) if !digits.starts_with('+') => (true, digits),
        Some(_) => return None,
        None => (false, text),
    };
    let magnitude = i64::try_from(unsigned(digits)?).ok()?;
    i32::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "-1",
            "+-1",
            "99999999999999999999",
        ] {
            assert_eq!(unsigned(wrong), None, "{wrong}");
        }
        assert_eq!(fitting::<u8>("256"), None);
        assert_eq!(integer("-0x10"), Some(-16));
        assert_eq!(integer("--1"), None);
        assert_eq!(integer("2147483648"), None);
        assert_eq!(fitting::<u32>("0xffffffff"), Some(u32::MAX));
    }
}
