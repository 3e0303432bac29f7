//! Stretches of addresses, and which of them a command speaks of.

use std::fmt;
use std::net::IpAddr;

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

/// Whether everything that a command names, and what it does, lies within the stretches. What cannot be seen to does not.
pub fn within(command: &Command, stretches: &[Stretch]) -> bool {
    let inside = |one: Option<Stretch>| {
        one.is_some_and(|one| stretches.iter().any(|stretch| stretch.contains(one)))
    };
    is_told(command) && named(command).into_iter().all(inside)
}

/// The stretches that a command names, if they are all that it has an effect on.
pub fn told(command: &Command) -> Option<Vec<Stretch>> {
    if !is_told(command) {
        return None;
    }
    let named = named(command).into_iter();
    named.map(|one| one.map(Stretch::whole)).collect()
}

/// Whether everything that a command names, and what it does, lies outside of the stretches.
pub fn outside(command: &Command, stretches: &[Stretch], looks: bool) -> bool {
    let apart = |one: Option<Stretch>| {
        one.is_some_and(|one| !stretches.iter().any(|stretch| stretch.touches(one)))
    };
    (looks || is_told(command)) && named(command).into_iter().all(apart)
}

/// Whether the addresses that a command names are all that it has an effect on. Of a flush, of a link, of a nexthop
/// object and of a rule for everything else that cannot be said.
fn is_told(command: &Command) -> bool {
    match &command.action {
        Action::Addr(addr::Action::Change(_, address)) => {
            address.local.is_some_and(|local| local.address.is_some())
        }
        Action::Neigh(action) => matches!(**action, neigh::Action::Change(..)),
        Action::Route(action) => match &**action {
            route::Action::Change(_, route) => route.dst.address.is_some() && route.nhid.is_none(),
            _ => false,
        },
        Action::Rule(action) => match &**action {
            rule::Action::Change(_, rule) => {
                let named = [rule.from, rule.to].into_iter().flatten();
                !rule.not && named.filter(|one| one.address.is_some()).count() > 0
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
