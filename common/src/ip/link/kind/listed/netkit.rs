//! `netkit` (`IFLA_NETKIT_*`, `linux/if_link.h`).

use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

type Words = &'static [(u64, &'static str)];

const MODES: Words = &[(0, "l2"), (1, "l3")];
/// What happens to packets that no program decides on.
const POLICIES: Words = &[(0, "forward"), (2, "blackhole")];
/// Whether what is known of a packet stays behind when it changes sides.
const SCRUBS: Words = &[(0, "none"), (1, "default")];

/// Attribute, key in JSON, words in text, the values' words.
const FIELDS: &[(u16, &str, &str, Words)] = &[
    (5, "mode", "mode", MODES),
    (2, "type", "type", &[(0, "peer"), (1, "primary")]),
    (3, "policy", "policy", POLICIES),
    (4, "peer_policy", "peer policy", POLICIES),
    (6, "scrub", "scrub", SCRUBS),
    (7, "peer_scrub", "peer scrub", SCRUBS),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    for (attribute, key, words, values) in FIELDS {
        let Some(number) = data.number(*attribute) else {
            continue;
        };
        let known = values.iter().find(|(known, _)| *known == number);
        let value = known.map_or("UNKNOWN", |(_, word)| *word);
        entry.put(key, value, format_args!("{words} {value} "));
    }
}
