//! Values that rules and filters of rules have in common, and how iproute2 reads them.

use std::net::{IpAddr, Ipv4Addr};

use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::mistake::Mistake;
use crate::ip::prefix::address_or_zeros;
use crate::ip::{ip_protocols, number};

/// `VALUE[/MASK]`.
pub(super) fn mark(args: &mut Args<'_>) -> Result<(u32, Option<u32>), Mistake> {
    let word = args.value()?;
    let (mark, mask) = match word.split_once('/') {
        Some((mark, mask)) => (mark, Some(mask)),
        None => (word, None),
    };
    let number = |word: &str, what: &str| {
        number::fitting(word)
            .ok_or_else(|| Mistake::wrong(word, &format!("{what} value is invalid\n")))
    };
    let value = number(mark, "fwmark")?;
    Ok((value, mask.map(|mask| number(mask, "fwmask")).transpose()?))
}

/// The name of a device that need not exist: 1 to 15 bytes, neither slash nor white space.
pub(super) fn device(args: &mut Args<'_>, word: &str) -> Result<String, Mistake> {
    let name = args.value()?;
    if (1..=15).contains(&name.len()) && !name.contains(|c: char| c == '/' || c.is_whitespace()) {
        Ok(name.to_owned())
    } else {
        Err(Mistake::wrong(name, &format!("{word} not a valid ifname")))
    }
}

/// A tunnel's 64 bits. C takes a minus here, and so counts from the end.
pub(super) fn tunnel(args: &mut Args<'_>) -> Result<u64, Mistake> {
    args.read(number::unsigned, "\"tun_id\" value is invalid\n")
}

/// The number of an IP protocol.
pub(super) fn ip_protocol(args: &mut Args<'_>) -> Result<u8, Mistake> {
    args.read(ip_protocols::number_of, "Invalid \"ipproto\" value\n")
}

/// A number that C's `int` holds.
pub(super) fn positive(word: &str) -> Option<u32> {
    number::fitting(word).filter(|number| i32::try_from(*number).is_ok())
}

/// The address that `nat` takes.
pub(super) fn nat_address(word: &str) -> Result<Ipv4Addr, Mistake> {
    match address_or_zeros(word, Family::Inet) {
        Ok(IpAddr::V4(address)) => Ok(address),
        _ => Err(Mistake::new(
            format!("Error: an IP address is expected rather than \"{word}\""),
            1,
        )),
    }
}
