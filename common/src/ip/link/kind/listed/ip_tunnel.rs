//! `ipip` and `sit`: tunnels over IPv4 (`IFLA_IPTUN_*`, `linux/if_tunnel.h`).

use super::tunnel::{encapsulation, end, external, hops, lower, mark, tos};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::Received;

const FLAGS: u16 = 8;
const PREFIX: u16 = 11;
const RELAY_PREFIX: u16 = 12;
const PREFIX_LEN: u16 = 13;
const RELAY_PREFIX_LEN: u16 = 14;
/// `SIT_ISATAP`.
const ISATAP: u64 = 1;

/// `IPPROTO_*`, and what is then in the tunnel.
const PROTOCOLS: [(u8, &str); 4] = [(4, "ipip"), (41, "ip6ip"), (137, "mplsip"), (0, "any")];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    external(data, 19, entry);
    inside(data, 9, &PROTOCOLS, entry);
    end(data, 3, "remote", entry);
    end(data, 2, "local", entry);
    lower(data, 1, entry, names);
    hops(data, 4, "ttl", entry);
    tos(data, 5, entry);
    let discovers = data.u8(10).is_some_and(|on| on != 0);
    let no = if discovers { "" } else { "no" };
    entry.put("pmtudisc", discovers, format_args!("{no}pmtudisc "));
    if data.number(FLAGS).unwrap_or(0) & ISATAP != 0 {
        entry.put("isatap", true, format_args!("isatap "));
    }
    rapid_deployment(data, entry);
    mark(data, 20, entry);
    encapsulation(data, 15, entry);
}

/// What is in the tunnel; of other protocols nothing is said.
pub fn inside(data: &Received<'_>, attribute: u16, known: &[(u8, &str)], entry: &mut Entry) {
    let number = data.u8(attribute);
    if let Some((_, word)) = known.iter().find(|(known, _)| Some(*known) == number) {
        entry.put("proto", *word, format_args!("{word} "));
    }
}

/// The prefixes of 6rd (RFC 5969).
fn rapid_deployment(data: &Received<'_>, entry: &mut Entry) {
    let prefix = data.address(PREFIX).map(address_text);
    let len = data.number(PREFIX_LEN).filter(|len| *len != 0);
    let Some((prefix, len)) = prefix.zip(len) else {
        return;
    };
    entry.text(format_args!("6rd-prefix {prefix}/{len} "));
    entry.json("prefix", prefix);
    entry.json("prefixlen", len);
    let relay = data
        .address(RELAY_PREFIX)
        .filter(|relay| !relay.is_unspecified());
    if let Some(relay) = relay.map(address_text) {
        let len = data.number(RELAY_PREFIX_LEN).unwrap_or(0);
        entry.text(format_args!("6rd-relay_prefix {relay}/{len} "));
        entry.json("relay_prefix", relay);
        entry.json("relay_prefixlen", len);
    }
}
