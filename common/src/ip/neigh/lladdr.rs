//! Link-layer addresses as iproute2 reads them: loosely.

use std::net::IpAddr;

use crate::family::Family;
use crate::ip::mistake::Mistake;
use crate::ip::prefix;

/// How many octets iproute2 has room for.
const OCTETS: usize = 20;

/// Octets in hexadecimal with colons, or an IPv4 address, which is what some tunnels have. How long it has to be is the
/// device's to say, and the kernel's to check.
pub(super) fn read(word: &str) -> Result<Vec<u8>, Mistake> {
    let invalid = |part: &str| Mistake::new(format!("\"{part}\" is invalid lladdr."), 1);
    if word.contains('.') {
        return match prefix::address(word, Family::Inet) {
            Ok(IpAddr::V4(address)) => Ok(address.octets().to_vec()),
            _ => Err(invalid(word)),
        };
    }
    word.split(':')
        .take(OCTETS)
        .map(|part| octet(part).ok_or_else(|| invalid(part)))
        .collect()
}

/// As C's `scanf` reads `%x`: `0x` may stand before it, and what stands behind it is left alone.
fn octet(part: &str) -> Option<u8> {
    let part = part.trim_start();
    let part = part.strip_prefix('+').unwrap_or(part);
    let behind = part
        .strip_prefix("0x")
        .or_else(|| part.strip_prefix("0X"))
        .filter(|behind| behind.starts_with(|c: char| c.is_ascii_hexdigit()));
    let digits = behind.unwrap_or(part);
    let end = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    u8::try_from(u64::from_str_radix(digits.get(..end)?, 16).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn octets_are_read_loosely() {
        assert_eq!(read("2:0:0:0:1:66").unwrap(), [2, 0, 0, 0, 1, 0x66]);
        assert_eq!(read("02-00").unwrap(), [2]);
        assert_eq!(read("1.2.3.4").unwrap(), [1, 2, 3, 4]);
        assert_eq!(read(&["1"; 30].join(":")).unwrap().len(), 20);
    }

    #[test]
    fn the_part_that_is_none_is_named() {
        for (word, part) in [
            ("02:zz", "zz"),
            ("02:", ""),
            ("02:100", "100"),
            ("1.2.3.4.5", "1.2.3.4.5"),
        ] {
            assert_eq!(
                read(word).unwrap_err().stderr,
                format!("\"{part}\" is invalid lladdr.\n")
            );
        }
    }
}
