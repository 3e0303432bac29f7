//! Addresses as values of keywords.

use std::fmt;
use std::net::IpAddr;

use super::mistake::Mistake;
use super::prefix::{address_of, address_text, no_address, zeros};
use crate::family::Family;

/// An address as the value of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// This one.
    Is(IpAddr),
    /// A word for every address, of a family where that matters: iproute2 sends an empty attribute.
    Any(Family),
}

impl Host {
    /// A word for every address, of a family that is no matter.
    pub(super) const ANY: Self = Self::Any(Family::Unspec);

    /// The same, of this family if it is a word for every address.
    pub(super) fn of(self, family: Family) -> Self {
        match self {
            Self::Any(_) => Self::Any(family),
            address @ Self::Is(_) => address,
        }
    }

    /// Reads an address, of `family` if one is chosen, or a word for every address. `default` is all zeros where the
    /// family is known.
    ///
    /// # Errors
    /// iproute2's sentence that an address is expected.
    pub fn read(word: &str, family: Family) -> Result<Self, Mistake> {
        match address_of(word, family) {
            Some(Some(address)) => Ok(Self::Is(address)),
            Some(None) if word == "default" => Ok(zeros(family).map_or(Self::ANY, Self::Is)),
            Some(None) => Ok(Self::ANY),
            None => Err(no_address(word, family)),
        }
    }

    /// Its family; `Unspec` for a word for every address whose family is no matter.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Is(address) => Family::of(address),
            Self::Any(family) => family,
        }
    }

    /// The address, if it is not a word for every address.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Is(address) => Some(address),
            Self::Any(_) => None,
        }
    }

    /// The bytes of its attribute.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::Is(IpAddr::V4(v4)) => v4.octets().to_vec(),
            Self::Is(IpAddr::V6(v6)) => v6.octets().to_vec(),
            Self::Any(_) => Vec::new(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(address) => f.write_str(&address_text(*address)),
            Self::Any(_) => f.write_str("any"),
        }
    }
}
