//! Addresses and prefixes as `ip` reads and writes them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::mistake::Mistake;
use super::number;
use crate::family::Family;

/// An address with a length, or a word for every address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Its family. A word for every address has that of the command, which may not be known.
    pub family: Family,
    /// The address; `None` is a word for every address.
    pub address: Option<IpAddr>,
    /// The length in bits.
    pub len: u8,
    /// Whether a length was written. `default` counts as one that was, `any` and `all` do not: iproute2 sends nothing
    /// for them.
    pub explicit: bool,
}

impl Prefix {
    /// Reads a prefix, of `family` if one is chosen (`get_prefix` in iproute2's terms).
    ///
    /// # Errors
    /// iproute2's sentence that a prefix is expected.
    pub fn read(word: &str, family: Family) -> Result<Self, Mistake> {
        if family == Family::Packet {
            return Err(Mistake::new(
                format!(
                    "Error: \"{word}\" may be inet prefix, but it is not allowed in this context."
                ),
                1,
            ));
        }
        Self::parse(word, family).ok_or_else(|| {
            let kind = family_adjective(family);
            Mistake::new(
                format!("Error: {kind} prefix is expected rather than \"{word}\"."),
                1,
            )
        })
    }

    fn parse(word: &str, family: Family) -> Option<Self> {
        if let Some(None) = address_of(word, family) {
            return Some(Self {
                family,
                address: None,
                len: 0,
                explicit: word == "default",
            });
        }
        let (address, len) = match word.split_once('/') {
            Some((address, len)) => (address, Some(len)),
            None => (word, None),
        };
        // A word for every address has no length.
        let address = address_of(address, family)??;
        let family = Family::of(address);
        let len = match len {
            Some(text) => prefix_len(text).filter(|len| *len <= family.bits())?,
            None => family.bits(),
        };
        Some(Self {
            family,
            address: Some(address),
            len,
            explicit: word.contains('/'),
        })
    }

    /// The address as it goes out: that of `default` is all zeros where the family is known.
    pub(super) fn sent(&self) -> Option<IpAddr> {
        self.address
            .or_else(|| self.explicit.then(|| zeros(self.family)).flatten())
    }

    /// What is left of two values of one keyword where iproute2 puts both into the message: the last address that there
    /// is, with the last length.
    pub(super) fn over(self, earlier: Self) -> Self {
        match (self.sent(), earlier.sent()) {
            (_, None) => self,
            (own, Some(address)) => {
                let address = own.unwrap_or(address);
                Self {
                    family: Family::of(address),
                    address: Some(address),
                    explicit: self.explicit || own.is_none(),
                    ..self
                }
            }
        }
    }

    /// Where it stands in a full form, for it to be read in the same family again: a word for every address of no family
    /// before what has one (0), one of a family behind that (2), anything else between (1).
    pub(super) fn place(&self) -> u8 {
        match (self.address, self.family) {
            (None, Family::Unspec) => 0,
            (None, _) => 2,
            _ => 1,
        }
    }

    /// Whether its length counts: `any` and `all` where no family is chosen set no bound.
    pub(super) fn is_bound(&self) -> bool {
        self.explicit || self.family != Family::Unspec
    }

    /// Whether it names one host.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.address.is_some() && self.len == self.family.bits()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            None if self.explicit => f.write_str("default"),
            // `any` would be read as the route type anycast.
            None => f.write_str("all"),
            Some(address) if self.is_host() && !self.explicit => {
                f.write_str(&address_text(address))
            }
            Some(address) => write!(f, "{}/{}", address_text(address), self.len),
        }
    }
}

pub(super) fn zeros(family: Family) -> Option<IpAddr> {
    match family {
        Family::Inet => Some(Ipv4Addr::UNSPECIFIED.into()),
        Family::Inet6 => Some(Ipv6Addr::UNSPECIFIED.into()),
        _ => None,
    }
}

/// Reads an address, of `family` if one is chosen (`get_addr`).
///
/// # Errors
/// iproute2's sentence that an address is expected.
pub fn address(word: &str, family: Family) -> Result<IpAddr, Mistake> {
    match address_of(word, family) {
        Some(Some(address)) => Ok(address),
        _ => Err(no_address(word, family)),
    }
}

/// The same; a word for every address is all zeros.
///
/// # Errors
/// iproute2's sentence that an address is expected.
pub fn address_or_zeros(word: &str, family: Family) -> Result<IpAddr, Mistake> {
    match address_of(word, family) {
        Some(address) => address.or(zeros(family)),
        None => None,
    }
    .ok_or_else(|| no_address(word, family))
}

pub(super) fn no_address(word: &str, family: Family) -> Mistake {
    Mistake::new(
        format!(
            "Error: {} address is expected rather than \"{word}\".",
            family_adjective(family)
        ),
        1,
    )
}

fn family_adjective(family: Family) -> &'static str {
    match family {
        Family::Unspec => "any valid",
        named => named.name(),
    }
}

/// `Some(None)` is one of the words for every address. There is none for MPLS.
pub(super) fn address_of(word: &str, family: Family) -> Option<Option<IpAddr>> {
    if matches!(word, "default" | "any" | "all") {
        return (family != Family::Mpls).then_some(None);
    }
    if word.contains(':') {
        return match family {
            Family::Unspec | Family::Inet6 => {
                word.parse::<Ipv6Addr>().ok().map(|v6| Some(v6.into()))
            }
            _ => None,
        };
    }
    match family {
        Family::Unspec | Family::Inet => ipv4(word).map(|v4| Some(v4.into())),
        _ => None,
    }
}

/// Up to four parts, each in C's bases; what is missing on the right is zero, so `10.1` is `10.1.0.0`.
fn ipv4(word: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = word.split('.');
    for octet in &mut octets {
        match parts.next() {
            Some(part) => *octet = number::fitting(part)?,
            None => break,
        }
    }
    parts.next().is_none().then(|| octets.into())
}

/// A length, or a netmask of contiguous ones.
fn prefix_len(text: &str) -> Option<u8> {
    if let Some(len) = number::fitting::<u8>(text) {
        return Some(len);
    }
    let mask = u32::from(text.contains('.').then(|| ipv4(text)).flatten()?);
    let len = mask.leading_ones();
    (mask.checked_shl(len).unwrap_or(0) == 0).then(|| u8::try_from(len).unwrap_or(32))
}

/// An address as `inet_ntop` writes it. Rust writes `::1.2.3.4` (RFC 4291, 2.5.5.1) in hexadecimal, C does not.
#[must_use]
pub fn address_text(address: IpAddr) -> String {
    match address {
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
                format!(
                    "::{}",
                    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
                )
            }
            _ => v6.to_string(),
        },
        IpAddr::V4(v4) => v4.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        Prefix::read(word, Family::Unspec)
            .map_or_else(|mistake| mistake.stderr, |prefix| prefix.to_string())
    }

    #[test]
    fn reads_short_and_octal_and_hexadecimal_ipv4() {
        assert_eq!(shown("10.1"), "10.1.0.0");
        assert_eq!(shown("10"), "10.0.0.0");
        assert_eq!(shown("010"), "8.0.0.0");
        assert!(shown("10.").starts_with("Error: any valid prefix"));
        assert_eq!(shown("0x0a.1/16"), "10.1.0.0/16");
    }

    #[test]
    fn reads_lengths_and_masks() {
        assert_eq!(shown("192.0.2.0/255.255.255.0"), "192.0.2.0/24");
        assert_eq!(shown("2001:db8::/32"), "2001:db8::/32");
        assert!(shown("192.0.2.0/255.0.255.0").starts_with("Error: any valid prefix"));
        assert!(shown("192.0.2.0/33").starts_with("Error: any valid prefix"));
    }

    #[test]
    fn a_chosen_family_refuses_the_other() {
        let mistake = Prefix::read("2001:db8::", Family::Inet).unwrap_err();
        assert_eq!(
            mistake.stderr,
            "Error: inet prefix is expected rather than \"2001:db8::\".\n"
        );
        assert_eq!(mistake.exit, 1);
        assert!(address("192.0.2.1", Family::Inet6).is_err());
    }

    #[test]
    fn writes_compatible_addresses_as_c_does() {
        assert_eq!(shown("::1.2.3.4"), "::1.2.3.4");
        assert_eq!(shown("::1"), "::1");
        assert_eq!(shown("::ffff:1.2.3.4"), "::ffff:1.2.3.4");
    }
}
