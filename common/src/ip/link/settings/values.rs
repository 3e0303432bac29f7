//! Values of a device's settings: switches, words for modes, link-layer addresses.

use crate::ip::lladdr;
use crate::ip::mistake::Mistake;
use crate::uapi::iff;

/// Keyword, flag, and whether `on` takes the flag away. `up` has two keywords.
pub const SWITCHES: &[(&str, u32, bool)] = &[
    ("up", iff::UP, false),
    ("multicast", iff::MULTICAST, false),
    ("allmulticast", iff::ALLMULTI, false),
    ("promisc", iff::PROMISC, false),
    ("trailers", iff::NOTRAILERS, true),
    ("arp", iff::NOARP, true),
    ("dynamic", iff::DYNAMIC, false),
];

/// Words for a mode: what iproute2 says of others, whether case counts, the words and their numbers.
pub struct Words {
    pub wrong: &'static str,
    pub exact: bool,
    pub table: &'static [(&'static str, u8)],
}

impl Words {
    /// The word and its number.
    pub fn find(&self, given: &str) -> Result<(&'static str, u8), Mistake> {
        let same = |word: &str| {
            if self.exact {
                word == given
            } else {
                word.eq_ignore_ascii_case(given)
            }
        };
        self.table
            .iter()
            .find(|(word, _)| same(word))
            .copied()
            .ok_or_else(|| Mistake::wrong(given, self.wrong))
    }
}

/// `IF_LINK_MODE_*`.
pub static LINK_MODES: Words = Words {
    wrong: "Invalid link mode\n",
    exact: false,
    table: &[("default", 0), ("dormant", 1)],
};

/// `IF_OPER_*` (RFC 2863).
pub static STATES: Words = Words {
    wrong: "Invalid operstate\n",
    exact: false,
    table: &[
        ("unknown", 0),
        ("notpresent", 1),
        ("down", 2),
        ("lowerlayerdown", 3),
        ("testing", 4),
        ("dormant", 5),
        ("up", 6),
    ],
};

/// `IN6_ADDR_GEN_MODE_*`.
pub static ADDRESS_MODES: Words = Words {
    wrong: "Invalid address generation mode\n",
    exact: false,
    table: &[
        ("eui64", 0),
        ("none", 1),
        ("stable_secret", 2),
        ("random", 3),
    ],
};

/// `on` or `off`.
pub fn on_off(key: &str, given: &str) -> Result<bool, Mistake> {
    match given {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Mistake::new(
            format!("Error: argument of \"{key}\" must be \"on\" or \"off\", not \"{given}\""),
            1,
        )),
    }
}

/// The same, where iproute2 has a newer sentence, and for some keywords another exit status.
pub fn switch(key: &str, given: &str, exit: u8) -> Result<bool, Mistake> {
    on_off(key, given).map_err(|_| {
        let must = "must be one of \"off\", \"on\"";
        Mistake::new(
            format!("Error: argument of \"{key}\" {must}, not \"{given}\""),
            exit,
        )
    })
}

/// Hexadecimal bytes with colons, or an IPv4 address. How many bytes are right is for the device's type to say.
pub fn lladdr(given: &str) -> Result<Vec<u8>, Mistake> {
    lladdr::read(given, lladdr::OF_DEVICE)
}

/// Bytes in hexadecimal with colons.
#[must_use]
pub fn link_address(bytes: &[u8]) -> String {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(":")
}
