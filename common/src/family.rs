//! Address families, by the kernel's numbers (`linux/socket.h`).

use std::net::IpAddr;

/// An address family that `ip` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// None chosen.
    #[default]
    Unspec,
    /// IPv4.
    Inet,
    /// IPv6.
    Inet6,
    /// The link layer.
    Packet,
    /// MPLS.
    Mpls,
    /// Bridging.
    Bridge,
}

impl Family {
    /// The kernel's number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unspec => 0,
            Self::Inet => 2,
            Self::Bridge => 7,
            Self::Inet6 => 10,
            Self::Packet => 17,
            Self::Mpls => 28,
        }
    }

    /// The family of a kernel message, if we know it.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        match number {
            2 => Self::Inet,
            7 => Self::Bridge,
            10 => Self::Inet6,
            17 => Self::Packet,
            28 => Self::Mpls,
            _ => Self::Unspec,
        }
    }

    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() {
            Self::Inet
        } else {
            Self::Inet6
        }
    }

    /// The family that all of these addresses have; none where they differ.
    #[must_use]
    pub fn of_all(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let mut families = addresses.into_iter().map(Self::of);
        let first = families.next().unwrap_or_default();
        if families.all(|family| family == first) {
            first
        } else {
            Self::Unspec
        }
    }

    /// The name `ip` prints and reads: `inet`, `inet6`, `link`, `mpls`, `bridge`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspec => "unspec",
            Self::Inet => "inet",
            Self::Inet6 => "inet6",
            Self::Packet => "link",
            Self::Mpls => "mpls",
            Self::Bridge => "bridge",
        }
    }

    /// The family of that name, as `-family` and `via` read it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Inet,
            Self::Inet6,
            Self::Packet,
            Self::Mpls,
            Self::Bridge,
        ]
        .into_iter()
        .find(|family| family.name() == name)
    }

    /// How many bits an address has: 32, 128, or 0 where there are no addresses.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Self::Inet => 32,
            Self::Inet6 => 128,
            _ => 0,
        }
    }
}
