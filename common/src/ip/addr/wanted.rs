//! Which addresses and devices a filter wants.

use super::filter::Master;
use super::show::Shown;
use super::{Filter, Prefix};
use crate::family::Family;
use crate::ip::devices::Devices;
use crate::ip::link::show::Shown as Link;
use crate::uapi::{ifa, iff, ifla};

/// Whether the filter wants this address of the device of that name.
pub(super) fn wanted(address: &Shown<'_>, filter: &Filter, device: &str) -> bool {
    is_of_family(address, filter)
        && filter.scope.is_none_or(|scope| scope == address.scope)
        && (filter.flags ^ address.flags) & filter.flag_mask == 0
        && filter.to.is_none_or(|to| lies_in(address, &to))
        && filter.label.as_deref().is_none_or(|pattern| {
            let label = address.attributes.text(ifa::LABEL);
            matches(pattern, label.as_deref().unwrap_or(device))
        })
        && filter.protocol.is_none_or(|protocol| {
            let of = address.attributes.u8(ifa::PROTO);
            of.is_none_or(|of| of == protocol)
        })
}

/// Whether the address is of the family asked for.
pub(super) fn is_of_family(address: &Shown<'_>, filter: &Filter) -> bool {
    filter.family == Family::Unspec || filter.family == address.family
}

/// Whether the filter wants this device: what iproute2 filters itself, and what it leaves to the kernel once more.
pub(super) fn wanted_device(link: &Link<'_>, filter: &Filter, devices: &Devices) -> bool {
    let attributes = &link.attributes;
    let info = attributes.nested(ifla::LINKINFO).unwrap_or_default();
    let is = |wanted: &Option<String>, number| wanted.is_none() || info.text(number) == *wanted;
    let master = attributes.u32(ifla::MASTER);
    is_up_as_wanted(link, filter)
        && filter.master.as_ref().is_none_or(|wanted| {
            let (Master::Device(name) | Master::Vrf(name)) = wanted;
            master == Some(devices.index(name))
        })
        && !(filter.nomaster && master.is_some_and(|master| master != 0))
        && filter
            .group
            .is_none_or(|group| attributes.u32(ifla::GROUP).is_none_or(|of| of == group))
        && is(&filter.kind, ifla::INFO_KIND)
        && is(&filter.slave_kind, ifla::INFO_SLAVE_KIND)
        // The link layer has no labels.
        && !(filter.family == Family::Packet && filter.label.is_some())
}

/// `up` and `down`, which also decide about each address.
pub(super) fn is_up_as_wanted(link: &Link<'_>, filter: &Filter) -> bool {
    let up = link.flags & iff::UP != 0;
    !(filter.up && !up || filter.down && up)
}

fn lies_in(address: &Shown<'_>, to: &Prefix) -> bool {
    let Some(wanted) = to.address else {
        return true;
    };
    let local = address.attributes.address(ifa::LOCAL);
    local
        .or(address.attributes.address(ifa::ADDRESS))
        .is_some_and(|local| within(local, wanted, to.len))
}

fn within(address: std::net::IpAddr, of: std::net::IpAddr, len: u8) -> bool {
    use std::net::IpAddr::{V4, V6};
    match (address, of) {
        (V4(a), V4(b)) => {
            (u32::from(a) ^ u32::from(b))
                .checked_shr(32 - u32::from(len))
                .unwrap_or(0)
                == 0
        }
        (V6(a), V6(b)) => {
            (u128::from(a) ^ u128::from(b))
                .checked_shr(128 - u32::from(len))
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

/// `fnmatch` for labels: `*` is any text, `?` any character, `[…]` one of a set, a backslash takes the next as it is.
/// The time is bounded by the product of the lengths: a star that has matched once is not left again but by the next one.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at + 1, seen));
            at += 1;
            continue;
        }
        let one = text
            .get(seen)
            .and_then(|next| step(pattern.get(at..)?, *next));
        match (one, star) {
            (Some(length), _) => {
                at += length;
                seen += 1;
            }
            (None, Some((behind, from))) => {
                star = Some((behind, from + 1));
                (at, seen) = (behind, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

/// How much of the pattern matches this one character; `None` if it does not.
fn step(pattern: &[char], next: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', set @ ..] => match one_of(set, next) {
            Some((length, matched)) => matched.then_some(length + 1),
            // A bracket that is not closed is itself.
            None => (next == '[').then_some(1),
        },
        ['\\', escaped, ..] => (*escaped == next).then_some(2),
        [first, ..] => (*first == next).then_some(1),
        [] => None,
    }
}

/// Whether a set holds the character, and how long the set is, its closing bracket included; `None` if it is not closed.
fn one_of(set: &[char], next: char) -> Option<(usize, bool)> {
    let negated = matches!(set.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let (mut at, mut found) = (start, false);
    loop {
        match set.get(at..)? {
            [']', ..] if at > start => return Some((at + 1, found != negated)),
            [low, '-', high, ..] if *high != ']' => {
                found |= (*low..=*high).contains(&next);
                at += 3;
            }
            [one, ..] => {
                found |= *one == next;
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn labels_match_as_fnmatch_says() {
        for (pattern, text, is) in [
            ("eth0", "eth0", true),
            ("eth*", "eth0:a", true),
            ("*:a", "eth0:a", true),
            ("e?h0", "eth0", true),
            ("eth?", "eth0:a", false),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("[a-f]th0", "eth0", true),
            ("[!a-f]th0", "eth0", false),
            ("eth[", "eth[", true),
            (r"eth\*", "eth*", true),
            (r"eth\*", "eth0", false),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}
