//! Stretches of addresses, and which of them a command affects.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::facts::Facts;
use crate::ip::{Action, Command, addr, neigh, route, rule};
use crate::words;

/// A stretch of addresses: a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    address: IpAddr,
    len: u32,
}

impl Stretch {
    /// Reads `ADDRESS/LENGTH`, or an address.
    ///
    /// # Errors
    /// It is none, or has bits behind its length.
    pub fn read(word: &str) -> Result<Self, String> {
        let stretch = Self::find(word)
            .ok_or_else(|| format!("{word:?} is no prefix: write 10.0.0.0/8 or 2001:db8::/32"))?;
        let net = stretch.net();
        if net == bits(stretch.address).0 {
            Ok(stretch)
        } else {
            Err(format!(
                "{word:?} has bits behind its length: which addresses are meant?"
            ))
        }
    }

    /// The stretch that a word of a command names.
    fn find(word: &str) -> Option<Self> {
        let (address, len) = match word.split_once('/') {
            Some((address, len)) => (address, Some(len)),
            None => (word, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = bits(address).1;
        let len = len.map_or(Some(most), |len| len.parse().ok())?;
        (len <= most).then_some(Self { address, len })
    }

    fn net(self) -> u128 {
        let (address, most) = bits(self.address);
        address & mask(self.len, most)
    }

    /// Itself without what stands behind its length.
    fn whole(self) -> Self {
        let address = match self.address {
            IpAddr::V4(_) => {
                u32::try_from(self.net()).map_or(self.address, |net| IpAddr::V4(net.into()))
            }
            IpAddr::V6(_) => IpAddr::V6(self.net().into()),
        };
        Self { address, ..self }
    }

    /// Whether another lies within it.
    pub(super) fn contains(self, other: Self) -> bool {
        self.len <= other.len && self.touches(other)
    }

    fn touches(self, other: Self) -> bool {
        let (most, others) = (bits(self.address).1, bits(other.address).1);
        let len = self.len.min(other.len);
        let shared = |one: Self| bits(one.address).0 & mask(len, most);
        most == others && shared(self) == shared(other)
    }

    /// Whether two name the same, whatever stands behind the length.
    pub(super) fn same(word: &str, other: &str) -> bool {
        match (Self::find(word), Self::find(other)) {
            (Some(one), Some(other)) => one.len == other.len && one.touches(other),
            _ => false,
        }
    }

    /// Whether a word stands for every address of a family, or of all.
    pub(super) fn is_all(word: &str) -> bool {
        matches!(word, "default" | "all" | "any")
            || Self::find(word).is_some_and(|one| one.len == 0)
    }
}

/// An IPv6 prefix whose addresses stand for IPv4 addresses.
struct Mapping {
    prefix: u128,
    len: u32,
    /// How many bits stand before the IPv4 address; none where that depends on a translator.
    before: Option<u32>,
}

const MAPPINGS: [Mapping; 4] = [
    // ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
    Mapping {
        prefix: 0xffff << 32,
        len: 96,
        before: Some(96),
    },
    // 64:ff9b::/96 (RFC 6052, 2.1).
    Mapping {
        prefix: 0x0064_ff9b << 96,
        len: 96,
        before: Some(96),
    },
    // 64:ff9b:1::/48 (RFC 8215): a translator's own length.
    Mapping {
        prefix: 0x0064_ff9b_0001 << 80,
        len: 48,
        before: None,
    },
    // 2002::/16 (RFC 3056, 2).
    Mapping {
        prefix: 0x2002 << 112,
        len: 16,
        before: Some(16),
    },
];

impl Mapping {
    fn stretch(&self) -> Stretch {
        Stretch {
            address: IpAddr::V6(self.prefix.into()),
            len: self.len,
        }
    }

    /// The IPv4 addresses that a stretch stands for by it.
    fn image(&self, one: Stretch) -> Option<Stretch> {
        if !self.stretch().touches(one) {
            return None;
        }
        let inside = self.before.filter(|_| one.len > self.len);
        let (len, bits) = inside.map_or((0, 0), |before| {
            let shifted = (one.net() << before) >> 96;
            ((one.len.saturating_sub(before)).min(32), shifted)
        });
        let address = Ipv4Addr::from(u32::try_from(bits).unwrap_or(0));
        Some(Stretch {
            address: IpAddr::V4(address),
            len,
        })
    }
}

impl Stretch {
    fn lies_within(self, stretches: &[Self]) -> bool {
        let holds = |one: Self| stretches.iter().any(|own| own.contains(one));
        let mut is_mapped = false;
        for mapping in &MAPPINGS {
            let Some(image) = mapping.image(self) else {
                continue;
            };
            let kind = mapping.stretch();
            is_mapped |= kind.contains(self);
            let shared = if kind.contains(self) { self } else { kind };
            let is_named = |own: &Self| kind.contains(*own) && own.contains(shared);
            if !holds(image) && !stretches.iter().any(is_named) {
                return false;
            }
        }
        is_mapped || holds(self)
    }

    fn lies_apart(self, stretches: &[Self]) -> bool {
        let images = MAPPINGS.iter().filter_map(|mapping| mapping.image(self));
        let mut all = images.chain([self]);
        // A prefix of a rule stands for what it maps, too.
        let touches = |one: Self| {
            stretches.iter().any(|own| {
                let images = MAPPINGS.iter().filter_map(|mapping| {
                    mapping
                        .image(*own)
                        .filter(|_| mapping.stretch().contains(*own))
                });
                own.touches(one) || images.into_iter().any(|image| image.touches(one))
            })
        };
        !all.any(touches)
    }
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u32::from(v4).into(), 32),
        IpAddr::V6(v6) => (v6.into(), 128),
    }
}

fn mask(len: u32, most: u32) -> u128 {
    let all = u128::MAX >> (128 - most);
    all & !all.checked_shr(len).unwrap_or(0)
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

/// Whether everything that a command affects, and all that it names, lies within the stretches. What cannot be seen to
/// does not. An IPv6 stretch that stands for IPv4 addresses lies within if those do, or if its kind is named as such.
pub fn within(command: &Command, facts: Facts, stretches: &[Stretch]) -> bool {
    let inside = |one: Option<Stretch>| one.is_some_and(|one| one.lies_within(stretches));
    is_told(command, facts) && named(command).into_iter().all(inside)
}

/// The stretches that a command names, if they are all that it has an effect on.
pub fn told(command: &Command, facts: Facts) -> Option<Vec<Stretch>> {
    if !is_told(command, facts) {
        return None;
    }
    let named = named(command).into_iter();
    named.map(|one| one.map(Stretch::whole)).collect()
}

/// Whether everything that a command affects, and all that it names, lies outside of the stretches.
pub fn outside(command: &Command, facts: Facts, stretches: &[Stretch], looks: bool) -> bool {
    let apart = |one: Option<Stretch>| one.is_some_and(|one| one.lies_apart(stretches));
    (looks || is_told(command, facts)) && named(command).into_iter().all(apart)
}

/// Whether the addresses that a command names are all that it has an effect on. Of a flush, of a link, of a nexthop
/// object, of a gateway's neighbour and of a rule that does not say to where that cannot be said.
fn is_told(command: &Command, facts: Facts) -> bool {
    match &command.action {
        Action::Addr(addr::Action::Change(_, address)) => {
            address.local.is_some_and(|local| local.address.is_some())
        }
        Action::Neigh(action) => matches!(**action, neigh::Action::Change(..)) && !facts.is_gateway,
        Action::Route(action) => match &**action {
            route::Action::Change(_, route) => route.dst.address.is_some() && route.nhid.is_none(),
            _ => false,
        },
        Action::Rule(action) => match &**action {
            rule::Action::Change(_, rule) => {
                !rule.not && rule.to.is_some_and(|to| to.address.is_some())
            }
            _ => false,
        },
        Action::Addr(_) | Action::Link(_) => false,
    }
}

/// The stretches that the full form names; nothing for a word that stands for every address. A device's name that looks
/// like an address counts as one, which can but make it stricter.
fn named(command: &Command) -> Vec<Option<Stretch>> {
    let full = command.action.to_string();
    let words = words::split(&full).unwrap_or_default();
    let words = words.iter().flat_map(|word| word.text.split(','));
    let stretch = |word: &str| match Stretch::find(word) {
        None if !Stretch::is_all(word) => None,
        found => Some(found),
    };
    words.filter_map(stretch).collect()
}
