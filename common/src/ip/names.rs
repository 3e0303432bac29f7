//! Names for numbers: routing tables, protocols, scopes, DS fields, groups, route types.
//!
//! The engine ships iproute2 6.15's own defaults as data; no file of the node is read, so a node cannot change what a
//! pod's words mean.

use super::keyword::{self, Keyword, exact, prefix};
use super::number;
use crate::uapi::rtn;

/// Names of one kind of number, in the order of iproute2's files.
pub type Names = &'static [(u32, &'static str)];

/// `rt_tables`.
pub const TABLES: Names = &[
    (255, "local"),
    (254, "main"),
    (253, "default"),
    (0, "unspec"),
];

/// `rt_protos`.
pub const PROTOCOLS: Names = &[
    (0, "unspec"),
    (1, "redirect"),
    (2, "kernel"),
    (3, "boot"),
    (4, "static"),
    (8, "gated"),
    (9, "ra"),
    (10, "mrt"),
    (11, "zebra"),
    (12, "bird"),
    (13, "dnrouted"),
    (14, "xorp"),
    (15, "ntk"),
    (16, "dhcp"),
    (18, "keepalived"),
    (42, "babel"),
    (84, "ovn"),
    (99, "openr"),
    (186, "bgp"),
    (187, "isis"),
    (188, "ospf"),
    (189, "rip"),
    (192, "eigrp"),
];

/// `rt_scopes`.
pub const SCOPES: Names = &[
    (0, "global"),
    (255, "nowhere"),
    (254, "host"),
    (253, "link"),
    (200, "site"),
];

/// `rt_realms`.
pub const REALMS: Names = &[(0, "cosmos")];

/// `group`.
pub const GROUPS: Names = &[(0, "default")];

/// `rt_addrprotos`.
pub const ADDRESS_PROTOCOLS: Names = &[
    (0, "unspec"),
    (1, "kernel_lo"),
    (2, "kernel_ra"),
    (3, "kernel_ll"),
];

/// `rt_dsfield`.
pub const DSFIELDS: Names = &[
    (0x00, "default"),
    (0x28, "AF11"),
    (0x30, "AF12"),
    (0x38, "AF13"),
    (0x48, "AF21"),
    (0x50, "AF22"),
    (0x58, "AF23"),
    (0x68, "AF31"),
    (0x70, "AF32"),
    (0x78, "AF33"),
    (0x88, "AF41"),
    (0x90, "AF42"),
    (0x98, "AF43"),
    (0x20, "CS1"),
    (0x40, "CS2"),
    (0x60, "CS3"),
    (0x80, "CS4"),
    (0xa0, "CS5"),
    (0xc0, "CS6"),
    (0xe0, "CS7"),
    (0xb8, "EF"),
];

/// The number of a name, or the number itself if it fits `T`.
#[must_use]
pub fn number_of<T: TryFrom<u64>>(names: Names, word: &str) -> Option<T> {
    match names.iter().find(|(_, name)| *name == word) {
        Some((number, _)) => T::try_from(u64::from(*number)).ok(),
        None => number::fitting(word),
    }
}

/// The DS field of a name, or of a number, which is hexadecimal with or without `0x`.
#[must_use]
pub fn dsfield(word: &str) -> Option<u8> {
    match DSFIELDS.iter().find(|(_, name)| *name == word) {
        Some((number, _)) => u8::try_from(*number).ok(),
        None => u8::try_from(number::hexadecimal(word)?).ok(),
    }
}

/// The name of a number, or the number in decimal.
#[must_use]
pub fn name_of(names: Names, number: u32) -> String {
    known(names, number).map_or_else(|| number.to_string(), str::to_owned)
}

/// The name of a number that is written as `0x…` where it has none: DS fields.
#[must_use]
pub fn name_or_hex(names: Names, number: u32) -> String {
    known(names, number).map_or_else(|| format!("0x{number:02x}"), str::to_owned)
}

fn known(names: Names, number: u32) -> Option<&'static str> {
    names
        .iter()
        .find(|(known, _)| *known == number)
        .map(|(_, name)| *name)
}

/// Route types, in the order in which iproute2 compares them.
const ROUTE_TYPES: &[Keyword<u8>] = &[
    exact("local", rtn::LOCAL),
    exact("nat", rtn::NAT),
    prefix("broadcast", rtn::BROADCAST),
    exact("brd", rtn::BROADCAST),
    prefix("anycast", rtn::ANYCAST),
    prefix("multicast", rtn::MULTICAST),
    prefix("prohibit", 8),
    prefix("unreachable", 7),
    prefix("blackhole", 6),
    prefix("xresolve", 11),
    prefix("unicast", rtn::UNICAST),
    exact("throw", 9),
];

/// The route type of a word or a number.
#[must_use]
pub fn route_type(word: &str) -> Option<u8> {
    keyword::find(ROUTE_TYPES, word)
        .map(|row| row.key)
        .or_else(|| number::fitting(word))
}

/// A route type as it can be read again: what 0 is called where it is printed, `none`, is no word for it.
#[must_use]
pub fn route_type_word(kind: u8) -> String {
    match kind {
        rtn::UNSPEC => kind.to_string(),
        _ => route_type_name(kind),
    }
}

/// A route type as it is printed.
#[must_use]
pub fn route_type_name(kind: u8) -> String {
    match kind {
        rtn::UNSPEC => "none".to_owned(),
        _ => ROUTE_TYPES
            .iter()
            .find(|row| row.key == kind)
            .map_or_else(|| kind.to_string(), |row| row.word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_number_are_the_same() {
        assert_eq!(number_of::<u32>(TABLES, "main"), Some(254));
        assert_eq!(number_of::<u32>(TABLES, "0x100"), Some(256));
        assert_eq!(number_of::<u8>(PROTOCOLS, "256"), None);
        assert_eq!(name_of(TABLES, 100), "100");
    }

    #[test]
    fn ds_fields_are_hexadecimal() {
        assert_eq!(dsfield("10"), Some(16));
        assert_eq!(dsfield("EF"), Some(0xb8));
        assert_eq!(name_or_hex(DSFIELDS, 4), "0x04");
    }

    #[test]
    fn any_is_an_abbreviation_of_anycast() {
        assert_eq!(route_type("any"), Some(rtn::ANYCAST));
        assert_eq!(route_type("default"), None);
        assert_eq!(route_type_name(6), "blackhole");
    }
}
