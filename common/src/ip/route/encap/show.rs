//! An encapsulation as `ip route` prints it.

use serde_json::{Value, json};

use super::super::super::page::Entry;
use super::super::super::prefix::address_text;
use super::{FLAGS, label_text, mode_name};
use crate::uapi::{lwt, rta};
use crate::wire::{Received, address_of, u32_of};

/// What a route or a leg is wrapped in, as text and as one JSON object.
pub(in crate::ip::route) fn print(attributes: &Received<'_>, entry: &mut Entry, inner: Entry) {
    let Some(kind) = attributes
        .bytes(rta::ENCAP_TYPE)
        .and_then(|kind| kind.first_chunk::<2>())
        .map(|kind| u16::from_ne_bytes(*kind))
    else {
        return;
    };
    let received = attributes.nested(rta::ENCAP).unwrap_or_default();
    let mut encap = inner;
    let name = match kind {
        lwt::MPLS => "mpls",
        lwt::IP => "ip",
        lwt::IP6 => "ip6",
        lwt::SEG6 => "seg6",
        _ => "unknown",
    };
    encap.put("encap_type", name, format_args!(" encap {name} "));
    match kind {
        lwt::IP => tunnel(&received, &mut encap, "ttl", "tos"),
        lwt::IP6 => tunnel(&received, &mut encap, "hoplimit", "tc"),
        lwt::MPLS => mpls(&received, &mut encap),
        lwt::SEG6 => seg6(&received, &mut encap),
        _ => {}
    }
    entry.nest("encap", encap);
}

fn tunnel(received: &Received<'_>, encap: &mut Entry, hops: &str, class: &str) {
    if let Some(id) = received.bytes(lwt::IP_ID).and_then(|id| id.first_chunk()) {
        let id = u64::from_be_bytes(*id);
        encap.put("id", id, format_args!("id {id} "));
    }
    for (number, word) in [(lwt::IP_SRC, "src"), (lwt::IP_DST, "dst")] {
        if let Some(address) = received.address(number).map(address_text) {
            encap.put(word, address.clone(), format_args!("{word} {address} "));
        }
    }
    for (number, word) in [(lwt::IP_TTL, hops), (lwt::IP_TOS, class)] {
        if let Some(value) = received.u8(number) {
            encap.put(word, value, format_args!("{word} {value} "));
        }
    }
    let flags = received
        .bytes(lwt::IP_FLAGS)
        .and_then(|flags| flags.first_chunk())
        .map_or(0, |flags| u16::from_be_bytes(*flags));
    for (_, word) in FLAGS.iter().filter(|(bit, _)| flags & bit != 0) {
        encap.put(word, true, format_args!("{word} "));
    }
}

fn mpls(received: &Received<'_>, encap: &mut Entry) {
    if let Some(stack) = received.bytes(lwt::MPLS_DST) {
        let label = |entry: &[u8]| {
            entry
                .first_chunk()
                .map(|entry| u32::from_be_bytes(*entry) >> 12)
        };
        let labels: Vec<u32> = stack.chunks(4).filter_map(label).collect();
        let labels = label_text(&labels);
        encap.put("dst", labels.clone(), format_args!(" {labels} "));
    }
    if let Some(ttl) = received.u8(lwt::MPLS_TTL) {
        encap.put("ttl", ttl, format_args!("ttl {ttl} "));
    }
}

fn seg6(received: &Received<'_>, encap: &mut Entry) {
    let Some(srh) = received.bytes(lwt::SEG6_SRH) else {
        return;
    };
    let mode = mode_name(u32_of(srh).unwrap_or(u32::MAX));
    encap.put("mode", mode, format_args!("mode {mode} "));
    let segments: Vec<String> = srh
        .get(12..)
        .unwrap_or_default()
        .chunks_exact(16)
        .rev()
        .filter_map(address_of)
        .map(address_text)
        .collect();
    encap.text(format_args!(
        "segs {} [ {} ] ",
        segments.len(),
        segments.join(" ")
    ));
    encap.json(
        "segs",
        Value::from_iter(segments.into_iter().map(|segment| json!(segment))),
    );
}
