//! What tunnels have in common as they are printed. Each kind has attribute numbers of its own.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::ip::prefix::address_text;
use crate::wire::Received;

/// That the tunnel is told by others, packet for packet, where to send (`*_COLLECT_METADATA`).
pub fn external(data: &Received<'_>, attribute: u16, entry: &mut Entry) -> bool {
    let external = data.bytes(attribute).is_some();
    if external {
        entry.put("external", true, format_args!("external "));
    }
    external
}

/// One end. Where it is none, any will do.
pub fn end(data: &Received<'_>, attribute: u16, word: &str, entry: &mut Entry) {
    let address = data.address(attribute).filter(|end| !end.is_unspecified());
    let text = address.map_or_else(|| "any".to_owned(), address_text);
    entry.put(word, text.clone(), format_args!("{word} {text} "));
}

/// The device below, if there is one.
pub fn lower(data: &Received<'_>, attribute: u16, entry: &mut Entry, names: &mut dyn Names) {
    if let Some(index) = data.u32(attribute).filter(|index| *index != 0) {
        let name = names.name(index);
        entry.put("link", name.clone(), format_args!("dev {name} "));
    }
}

/// TTL or hop limit; 0 is the inner packet's.
pub fn hops(data: &Received<'_>, attribute: u16, word: &str, entry: &mut Entry) {
    match data.u8(attribute).unwrap_or(0) {
        0 => entry.put("ttl", 0, format_args!("{word} inherit ")),
        hops => entry.put("ttl", hops, format_args!("{word} {hops} ")),
    }
}

/// The DS field; 1 is the inner packet's, 0 is not worth saying.
pub fn tos(data: &Received<'_>, attribute: u16, entry: &mut Entry) {
    match data.u8(attribute) {
        None | Some(0) => {}
        Some(1) => entry.put("tos", "0x1", format_args!("tos inherit ")),
        Some(tos) => entry.put("tos", format!("{tos:#x}"), format_args!("tos {tos:#x} ")),
    }
}

/// The mark that outer packets get.
pub fn mark(data: &Received<'_>, attribute: u16, entry: &mut Entry) {
    if let Some(mark) = data.u32(attribute).filter(|mark| *mark != 0) {
        let mark = format!("{mark:#x}");
        entry.put("fwmark", mark.clone(), format_args!("fwmark {mark} "));
    }
}

/// A key, written like an IPv4 address.
pub fn key(data: &Received<'_>, attribute: u16, word: &str, entry: &mut Entry) {
    if let Some(bytes) = data.bytes(attribute).and_then(|bytes| bytes.first_chunk()) {
        let key = Ipv4Addr::from(*bytes as [u8; 4]).to_string();
        entry.put(word, key.clone(), format_args!("{word} {key} "));
    }
}

/// A number in network byte order.
pub fn big_endian(data: &Received<'_>, attribute: u16) -> Option<u32> {
    let bytes = data.bytes(attribute).filter(|bytes| bytes.len() <= 4)?;
    let number = bytes
        .iter()
        .fold(0, |all, byte| all << 8 | u32::from(*byte));
    Some(number)
}

/// A flag of a tunnel over IPv6 (`IP6_TNL_F_*`): bit, key in JSON, words in text.
pub type Flag = (u32, &'static str, &'static str);

pub const IGNORES_ENCAP_LIMIT: Flag = (1, "ip6_tnl_f_ign_encap_limit", "encaplimit none ");
pub const COPIES_CLASS: Flag = (1 << 1, "ip6_tnl_f_use_orig_tclass", "tclass inherit ");
pub const COPIES_LABEL: Flag = (1 << 2, "ip6_tnl_f_use_orig_flowlabel", "flowlabel inherit ");
pub const IS_MOBILE: Flag = (1 << 3, "ip6_tnl_f_mip6_dev", "mip6 ");
pub const COPIES_DSCP: Flag = (1 << 4, "ip6_tnl_f_rcv_dscp_copy", "dscp inherit ");
pub const COPIES_MARK: Flag = (1 << 5, "ip6_tnl_f_use_orig_fwmark", "fwmark inherit ");
pub const MAY_BE_LOCAL: Flag = (1 << 6, "ip6_tnl_f_allow_local_remote", "allow-localremote ");

/// Prints a flag if it is set.
pub fn flag(flags: u32, (bit, key, words): Flag, entry: &mut Entry) -> bool {
    let set = flags & bit != 0;
    if set {
        entry.put(key, true, format_args!("{words}"));
    }
    set
}

/// What the outer IPv6 header gets: how deep tunnels may lie in each other, traffic class, flow label.
pub fn outer(data: &Received<'_>, flags: u32, limit: u16, flow: u16, entry: &mut Entry) {
    if !flag(flags, IGNORES_ENCAP_LIMIT, entry)
        && let Some(limit) = data.u8(limit)
    {
        entry.put("encap_limit", limit, format_args!("encaplimit {limit} "));
    }
    let flow = big_endian(data, flow);
    if !flag(flags, COPIES_CLASS, entry)
        && let Some(flow) = flow
    {
        let class = format!("{:#04x}", flow >> 20 & 0xff);
        entry.put("tclass", class.clone(), format_args!("tclass {class} "));
    }
    if !flag(flags, COPIES_LABEL, entry)
        && let Some(flow) = flow
    {
        let label = format!("{:#07x}", flow & 0xf_ffff);
        entry.put(
            "flowlabel",
            label.clone(),
            format_args!("flowlabel {label} "),
        );
    }
}

/// The mark of a tunnel over IPv6, which may be the inner packet's.
pub fn outer_mark(data: &Received<'_>, flags: u32, attribute: u16, entry: &mut Entry) {
    if !flag(flags, COPIES_MARK, entry) {
        mark(data, attribute, entry);
    }
}

/// `TUNNEL_ENCAP_FLAG_*`.
const CHECKSUMS: [(u32, &str); 3] = [(1, "csum"), (1 << 1, "csum6"), (1 << 2, "remcsum")];

/// UDP around the tunnel's packets: four attributes in a row, of type (`TUNNEL_ENCAP_*`), flags, and ports.
pub fn encapsulation(data: &Received<'_>, first: u16, entry: &mut Entry) {
    let kind = data.number(first).unwrap_or(0);
    if kind == 0 {
        return;
    }
    let mut inner = entry.within();
    let word = match kind {
        1 => Some("fou"),
        2 => Some("gue"),
        _ => None,
    };
    let json = word.map_or(Value::Null, Value::from);
    inner.put(
        "type",
        json,
        format_args!("encap {} ", word.unwrap_or("unknown")),
    );
    let port = |attribute| big_endian(data, attribute).unwrap_or(0);
    match port(first + 2) {
        0 => inner.put("sport", 0, format_args!("encap-sport auto ")),
        port => inner.put("sport", port, format_args!("encap-sport {port} ")),
    }
    let far = port(first + 3);
    inner.put("dport", far, format_args!("encap-dport {far} "));
    let flags = data.number(first + 1).unwrap_or(0);
    for (bit, word) in CHECKSUMS {
        let set = flags & u64::from(bit) != 0;
        let no = if set { "" } else { "no" };
        inner.put(word, json!(set), format_args!("{no}encap-{word} "));
    }
    entry.nest("encap", inner);
}
