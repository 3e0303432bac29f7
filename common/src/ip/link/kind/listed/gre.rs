//! GRE over IPv4 and over IPv6, with frames in it or packets, and ERSPAN (`IFLA_GRE_*`, `linux/if_tunnel.h`).

use super::tunnel::{
    COPIES_DSCP, MAY_BE_LOCAL, big_endian, encapsulation, end, external, flag, hops, key, lower,
    mark, outer, outer_mark, tos,
};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

const IN_FLAGS: u16 = 2;
const OUT_FLAGS: u16 = 3;
const FWMARK: u16 = 20;

/// Flags of the GRE header (RFC 2784, RFC 2890).
const CHECKSUM: u32 = 0x8000;
const KEY: u32 = 0x2000;
const SEQUENCE: u32 = 0x1000;

/// `gre`, `gretap`, `erspan`.
pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    ends(data, "ttl", entry, names);
    tos(data, 9, entry);
    match data.u8(10) {
        None => {}
        Some(0) => entry.put("pmtudisc", false, format_args!("nopmtudisc ")),
        Some(_) => entry.json("pmtudisc", true),
    }
    if data.u8(19).is_some_and(|on| on != 0) {
        entry.put("ignore_df", true, format_args!("ignore-df "));
    }
    header(data, entry);
    mark(data, FWMARK, entry);
    erspan(data, entry);
    encapsulation(data, 14, entry);
}

/// `ip6gre`, `ip6gretap`, `ip6erspan`.
pub fn print6(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    ends(data, "hoplimit", entry, names);
    let flags = data.u32(13).unwrap_or(0);
    outer(data, flags, 11, 12, entry);
    flag(flags, COPIES_DSCP, entry);
    header(data, entry);
    flag(flags, MAY_BE_LOCAL, entry);
    outer_mark(data, flags, FWMARK, entry);
    erspan(data, entry);
    encapsulation(data, 14, entry);
}

fn ends(data: &Received<'_>, limit: &str, entry: &mut Entry, names: &mut dyn Names) {
    external(data, 18, entry);
    end(data, 7, "remote", entry);
    end(data, 6, "local", entry);
    lower(data, 1, entry, names);
    hops(data, 8, limit, entry);
}

/// What GRE's own header has, each way.
fn header(data: &Received<'_>, entry: &mut Entry) {
    let ways = [(IN_FLAGS, "i", 4), (OUT_FLAGS, "o", 5)];
    let has = |flags, bit| big_endian(data, flags).unwrap_or(0) & bit != 0;
    for (flags, way, attribute) in ways {
        if has(flags, KEY) {
            key(data, attribute, &format!("{way}key"), entry);
        }
    }
    for (bit, word) in [(SEQUENCE, "seq"), (CHECKSUM, "csum")] {
        for (_, way, _) in ways.iter().filter(|(flags, ..)| has(*flags, bit)) {
            let word = format!("{way}{word}");
            entry.put(&word, true, format_args!("{word} "));
        }
    }
}

/// A mirrored port's session (`IFLA_GRE_ERSPAN_*`).
fn erspan(data: &Received<'_>, entry: &mut Entry) {
    for (attribute, word) in [(21, "erspan_index"), (22, "erspan_ver")] {
        if let Some(number) = data.number(attribute) {
            entry.put(word, number, format_args!("{word} {number} "));
        }
    }
    if let Some(direction) = data.u8(23) {
        let word = if direction == 0 { "ingress" } else { "egress" };
        entry.put("erspan_dir", word, format_args!("erspan_dir {word} "));
    }
    if let Some(id) = data.number(24) {
        let id = format!("{id:#x}");
        entry.put("erspan_hwid", id.clone(), format_args!("erspan_hwid {id} "));
    }
}
