//! Link-layer addresses as iproute2 reads them: loosely.

use std::net::IpAddr;

use super::mistake::Mistake;
use super::{number, prefix};
use crate::family::Family;

/// How many octets iproute2 has room for in a neighbour.
pub const OF_NEIGHBOUR: usize = 20;

/// How many octets iproute2 has room for in a device: `MAX_ADDR_LEN` (`linux/netdevice.h`).
pub const OF_DEVICE: usize = 32;

/// Octets in hexadecimal with colons, or an IPv4 address, which is what some tunnels have. How long it has to be is the
/// device's to say, and the kernel's to check.
pub fn read(word: &str, most: usize) -> Result<Vec<u8>, Mistake> {
    let invalid = |part: &str| Mistake::new(format!("\"{part}\" is invalid lladdr."), 1);
    if word.contains('.') {
        return match prefix::address(word, Family::Inet) {
            Ok(IpAddr::V4(address)) => Ok(address.octets().to_vec()),
            _ => Err(invalid(word)),
        };
    }
    word.split(':')
        .take(most)
        .map(|part| octet(part).ok_or_else(|| invalid(part)))
        .collect()
}

/// As C's `scanf` reads `%x`: white space, a sign and `0x` may stand before it, what stands behind it is left alone, and
/// of a long number the lower 32 bits count.
fn octet(part: &str) -> Option<u8> {
    let ends = (1..=part.len()).rev();
    let number = ends
        .filter_map(|end| number::hexadecimal(part.get(..end)?))
        .next()?;
    u8::try_from(number & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::{OF_DEVICE, OF_NEIGHBOUR};

    fn read(word: &str) -> Result<Vec<u8>, super::Mistake> {
        super::read(word, OF_NEIGHBOUR)
    }

    #[test]
    fn octets_are_read_loosely() {
        assert_eq!(read("2:0:0:0:1:66").unwrap(), [2, 0, 0, 0, 1, 0x66]);
        assert_eq!(read("02-00").unwrap(), [2]);
        assert_eq!(read("1.2.3.4").unwrap(), [1, 2, 3, 4]);
        assert_eq!(read(" +2:0x:-0:1g:100000001:").unwrap_err().exit, 1);
        assert_eq!(read(" +2:0x:-0:1g:100000001").unwrap(), [2, 0, 0, 1, 1]);
        let long = ["1"; 40].join(":");
        assert_eq!(read(&long).unwrap().len(), 20);
        assert_eq!(super::read(&long, OF_DEVICE).unwrap().len(), 32);
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
