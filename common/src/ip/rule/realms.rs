//! Realms: a route's or a rule's pair of numbers that counters and classifiers know, the source's in the upper half.

use crate::ip::number;

/// The one name that iproute2 6.15 ships (`rt_realms`).
const COSMOS: &str = "cosmos";

/// `[FROM/]TO`, each a name or a number up to 255, or all 32 bits in one number.
pub(super) fn number_of(word: &str) -> Option<u32> {
    if let Some(all) = number::fitting(word) {
        return Some(all);
    }
    match word.split_once('/') {
        // A lone slash says that there is a source, and no more.
        Some((from, "")) => Some(u32::from(realm(from)?) << 16),
        Some((from, to)) => Some(u32::from(realm(from)?) << 16 | u32::from(realm(to)?)),
        None => realm(word).map(u32::from),
    }
}

fn realm(word: &str) -> Option<u8> {
    if word == COSMOS {
        Some(0)
    } else {
        number::fitting(word)
    }
}

/// The name of a realm, or its number.
pub(super) fn name_of(realm: u32, numeric: bool) -> String {
    if realm == 0 && !numeric {
        COSMOS.to_owned()
    } else {
        realm.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_are_a_pair_or_one_number() {
        assert_eq!(number_of("7"), Some(7));
        assert_eq!(number_of("5/6"), Some(0x5_0006));
        assert_eq!(number_of("3/"), Some(0x3_0000));
        assert_eq!(number_of("cosmos/4"), Some(4));
        assert_eq!(number_of("0x10002"), Some(0x1_0002));
        for wrong in ["", "/3", "x", "1/2/3", "256/1"] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }
}
