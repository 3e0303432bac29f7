//! `geneve` (`IFLA_GENEVE_*`, `linux/if_link.h`).

use super::super::printed::word;
use super::tunnel::{big_endian, external, tos};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::Received;

/// `GENEVE_DF_*`.
const DF_WORDS: [&str; 3] = ["unset", "set", "inherit"];

/// Attribute, key in JSON, word in text.
const CHECKSUMS: [(u16, &str, &str); 3] = [
    (8, "udp_csum", "udpcsum"),
    (9, "udp_zero_csum6_tx", "udp6zerocsumtx"),
    (10, "udp_zero_csum6_rx", "udp6zerocsumrx"),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    external(data, 6, entry);
    if let Some(id) = data.u32(1) {
        entry.put("id", id, format_args!("id {id} "));
    }
    for (attribute, key) in [(2, "remote"), (7, "remote6")] {
        let end = data.address(attribute).filter(|end| !end.is_unspecified());
        if let Some(end) = end.map(address_text) {
            entry.put(key, end.clone(), format_args!("remote {end} "));
        }
    }
    if data.u8(12).is_some_and(|inherits| inherits != 0) {
        entry.text(format_args!("ttl inherit "));
    } else {
        match data.u8(3).unwrap_or(0) {
            0 => entry.put("ttl", 0, format_args!("ttl auto ")),
            ttl => entry.put("ttl", ttl, format_args!("ttl {ttl} ")),
        }
    }
    tos(data, 4, entry);
    if let Some(df) = data.u8(13) {
        let word = word(&DF_WORDS, df.into());
        entry.json("df", word.clone());
        if df != 0 {
            entry.text(format_args!("df {word} "));
        }
    }
    if let Some(label) = big_endian(data, 11).filter(|label| *label != 0) {
        let label = format!("{label:#x}");
        entry.put("label", label.clone(), format_args!("flowlabel {label} "));
    }
    if let Some(port) = big_endian(data, 5) {
        entry.put("port", port, format_args!("dstport {port} "));
    }
    for (attribute, key, word) in CHECKSUMS {
        if let Some(on) = data.u8(attribute).map(|on| on != 0) {
            let no = if on { "" } else { "no" };
            entry.put(key, on, format_args!("{no}{word} "));
        }
    }
    if data.bytes(14).is_some() {
        entry.put(
            "inner_proto_inherit",
            true,
            format_args!("innerprotoinherit "),
        );
    }
}
