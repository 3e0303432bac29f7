//! A vxlan as it is printed.

use serde_json::{Value as Json, json};

use super::value::DF_WORDS;
use super::{
    DF, GBP, GPE, GROUP, ID, LABEL, LEARNING, LINK, LOCAL, LOCALBYPASS, METADATA, PORT, PORT_RANGE,
    RESERVED_BITS, TOS, TTL, TTL_INHERIT, VNIFILTER,
};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::Received;

/// Prints what the kernel sent; text has what is not the default, JSON all.
pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    if let Some(id) = data.u32(ID) {
        entry.put("id", id, format_args!("id {id} "));
    }
    addresses(data, entry);
    if let Some(link) = data.u32(LINK).filter(|link| *link != 0) {
        let link = names.name(link);
        entry.put("link", link.clone(), format_args!("dev {link} "));
    }
    numbers(data, entry);
    marks(data, entry);
    flags(data, entry);
}

fn addresses(data: &Received<'_>, entry: &mut Entry) {
    for (v4, v6, word) in [(GROUP, 16, "remote"), (LOCAL, 17, "local")] {
        let four = data.address(v4).filter(|address| !address.is_unspecified());
        let address = four.or_else(|| data.address(v6).filter(|a| !a.is_unspecified()));
        let Some(address) = address else { continue };
        let word = match word {
            "remote" if address.is_multicast() => "group",
            word => word,
        };
        let key = if address.is_ipv6() {
            format!("{word}6")
        } else {
            word.to_owned()
        };
        let text = address_text(address);
        entry.put(&key, text.clone(), format_args!("{word} {text} "));
    }
}

fn numbers(data: &Received<'_>, entry: &mut Entry) {
    if let Some([a, b, c, d]) = data.bytes(PORT_RANGE) {
        let (low, high) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        entry.text(format_args!("srcport {low} {high} "));
        entry.json("port_range", json!({"low": low, "high": high}));
    }
    if let Some([high, low]) = data.bytes(PORT) {
        let port = u16::from_be_bytes([*high, *low]);
        entry.put("port", port, format_args!("dstport {port} "));
    }
    match data.u8(TOS) {
        None | Some(0) => {}
        Some(1) => entry.put("tos", "0x1", format_args!("tos inherit ")),
        Some(tos) => entry.put("tos", format!("{tos:#x}"), format_args!("tos {tos:#x} ")),
    }
    let inherits = data.u8(TTL_INHERIT).is_some_and(|on| on != 0);
    match data.u8(TTL) {
        _ if inherits => entry.text(format_args!("ttl inherit ")),
        Some(ttl) if ttl != 0 => entry.put("ttl", ttl, format_args!("ttl {ttl} ")),
        _ => entry.put("ttl", 0, format_args!("ttl auto ")),
    }
    if let Some(df) = data.u8(DF) {
        let word = super::super::printed::word(&DF_WORDS, df.into());
        entry.json("df", word.clone());
        if df != 0 {
            entry.text(format_args!("df {word} "));
        }
    }
    if let Some(bytes) = data.bytes(LABEL).and_then(|bytes| bytes.try_into().ok()) {
        let label = u32::from_be_bytes(bytes);
        if label != 0 {
            let text = format!("{label:#x}");
            entry.put("label", text.clone(), format_args!("flowlabel {text} "));
        }
    }
}

fn marks(data: &Received<'_>, entry: &mut Entry) {
    if let Some(age) = data.u32(8) {
        if age == 0 {
            entry.put("ageing", 0, format_args!("ageing none "));
        } else {
            entry.put("ageing", age, format_args!("ageing {age} "));
        }
    }
    if let Some(limit) = data.u32(9).filter(|limit| *limit != 0) {
        entry.put("limit", limit, format_args!("maxaddr {limit} "));
    }
    if let Some(bytes) = data.bytes(RESERVED_BITS).and_then(|b| b.try_into().ok()) {
        let text = super::super::printed::mask(u64::from_be_bytes(bytes));
        entry.put(
            "reserved_bits",
            text.clone(),
            format_args!("reserved_bits {text} "),
        );
    }
    for (attribute, word) in [(GBP, "gbp"), (GPE, "gpe")] {
        if data.bytes(attribute).is_some() {
            entry.put(word, Json::Null, format_args!("{word} "));
        }
    }
}

/// Attribute, key in JSON, word in text when on, word in text when off. Text has what is not the default.
const FLAGS: &[(u16, &str, &str, &str)] = &[
    (METADATA, "external", "external ", ""),
    (VNIFILTER, "vnifilter", "vnifilter ", ""),
    (LEARNING, "learning", "", "nolearning "),
    (11, "proxy", "proxy ", ""),
    (12, "rsc", "rsc ", ""),
    (13, "l2miss", "l2miss ", ""),
    (14, "l3miss", "l3miss ", ""),
    (18, "udp_csum", "", "noudp_csum "),
    (19, "udp_zero_csum6_tx", "udp_zero_csum6_tx ", ""),
    (20, "udp_zero_csum6_rx", "udp_zero_csum6_rx ", ""),
    (21, "remcsum_tx", "remcsum_tx ", ""),
    (22, "remcsum_rx", "remcsum_rx ", ""),
    (LOCALBYPASS, "localbypass", "", "nolocalbypass "),
];

fn flags(data: &Received<'_>, entry: &mut Entry) {
    for (attribute, key, on, off) in FLAGS {
        if let Some(set) = data.u8(*attribute).map(|value| value != 0) {
            entry.put(key, set, format_args!("{}", if set { on } else { off }));
        }
    }
}
