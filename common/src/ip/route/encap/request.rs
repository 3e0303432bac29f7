//! An encapsulation as attributes.

use std::net::Ipv6Addr;

use super::{Encap, Tunnel};
use crate::uapi::{lwt, rta};
use crate::wire::Attributes;

/// Puts the encapsulation and its type among a route's or a leg's attributes.
pub(in crate::ip::route) fn put(attributes: &mut Attributes, encap: &Encap) {
    let mut inner = Attributes::default();
    let kind = match encap {
        Encap::Ip(tunnel) => put_tunnel(&mut inner, tunnel, lwt::IP),
        Encap::Ip6(tunnel) => put_tunnel(&mut inner, tunnel, lwt::IP6),
        Encap::Mpls(labels, ttl) => {
            inner.put(lwt::MPLS_DST, &label_stack(labels));
            if let Some(ttl) = ttl {
                inner.put(lwt::MPLS_TTL, &[*ttl]);
            }
            lwt::MPLS
        }
        Encap::Seg6(mode, segments) => {
            inner.put(lwt::SEG6_SRH, &segment_routing(*mode, segments));
            lwt::SEG6
        }
    };
    attributes.put_nested(rta::ENCAP, &inner);
    attributes.put(rta::ENCAP_TYPE, &kind.to_ne_bytes());
}

fn put_tunnel(inner: &mut Attributes, tunnel: &Tunnel, kind: u16) -> u16 {
    if let Some(id) = tunnel.id {
        inner.put(lwt::IP_ID, &id.to_be_bytes());
    }
    for (number, host) in [(lwt::IP_SRC, tunnel.src), (lwt::IP_DST, tunnel.dst)] {
        if let Some(host) = host {
            inner.put(number, &host.bytes());
        }
    }
    for (number, byte) in [(lwt::IP_TOS, tunnel.class), (lwt::IP_TTL, tunnel.hops)] {
        if let Some(byte) = byte {
            inner.put(number, &[byte]);
        }
    }
    if tunnel.flags != 0 {
        inner.put(lwt::IP_FLAGS, &tunnel.flags.to_be_bytes());
    }
    kind
}

/// RFC 3032: 20 bits of label, and on the last one the bottom-of-stack bit.
fn label_stack(labels: &[u32]) -> Vec<u8> {
    let last = labels.len().saturating_sub(1);
    let entry =
        |(at, label): (usize, &u32)| (label << 12 | u32::from(at == last) << 8).to_be_bytes();
    labels.iter().enumerate().flat_map(entry).collect()
}

/// `struct seg6_iptunnel_encap`: the mode and an RFC 8754 routing header, whose segments stand last to first. Inline, the
/// first one in the list is the packet's own destination, which the kernel fills in.
fn segment_routing(mode: Option<u32>, segments: &[Ipv6Addr]) -> Vec<u8> {
    let mode = mode.unwrap_or(0);
    let own = (mode == 0).then_some(Ipv6Addr::UNSPECIFIED);
    let list: Vec<Ipv6Addr> = own
        .into_iter()
        .chain(segments.iter().rev().copied())
        .collect();
    let count = u8::try_from(list.len()).unwrap_or(u8::MAX);
    let last = count.saturating_sub(1);
    let mut bytes = mode.to_ne_bytes().to_vec();
    // Next header, length in eight bytes, routing type, segments left, last entry, flags, tag.
    bytes.extend([0, count.saturating_mul(2), 4, last, last, 0, 0, 0]);
    bytes.extend(list.iter().flat_map(Ipv6Addr::octets));
    bytes
}
