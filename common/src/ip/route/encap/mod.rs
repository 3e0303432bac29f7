//! `encap …`: what a route wraps its packets in. Only what is listed here has a representation; `bpf`, which opens
//! files, has none.

use std::fmt;
use std::net::Ipv6Addr;

use super::super::host::Host;

pub(in crate::ip) mod read;
pub(super) mod request;
pub(super) mod show;

/// One encapsulation as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encap {
    /// `ip`.
    Ip(Tunnel),
    /// `ip6`.
    Ip6(Tunnel),
    /// `mpls`: labels, the outermost first, and a time to live.
    Mpls(Vec<u32>, Option<u8>),
    /// `seg6`: the number of the mode, and the segments in the order in which they are visited.
    Seg6(Option<u32>, Vec<Ipv6Addr>),
}

/// The outer header of an IP tunnel: only what was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// `id`.
    pub id: Option<u64>,
    /// `src`.
    pub src: Option<Host>,
    /// `dst`.
    pub dst: Option<Host>,
    /// `tos`, or `tc` in IPv6.
    pub class: Option<u8>,
    /// `ttl`, or `hoplimit` in IPv6.
    pub hops: Option<u8>,
    /// `key`, `csum`, `seq`: `TUNNEL_*` bits.
    pub flags: u16,
}

/// What a tunnel may carry, by the kernel's bit; iproute2 prints them in this order.
const FLAGS: &[(u16, &str)] = &[(4, "key"), (1, "csum"), (8, "seq")];

/// `SEG6_IPTUN_MODE_*`.
const MODES: &[&str] = &["inline", "encap", "l2encap", "encap.red", "l2encap.red"];

impl Encap {
    /// Its name: `ip`, `ip6`, `mpls`, `seg6`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ip(_) => "ip",
            Self::Ip6(_) => "ip6",
            Self::Mpls(..) => "mpls",
            Self::Seg6(..) => "seg6",
        }
    }
}

impl fmt::Display for Encap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "encap {}", self.word())?;
        match self {
            Self::Ip(tunnel) => tunnel.write(f, "tos", "ttl"),
            Self::Ip6(tunnel) => tunnel.write(f, "tc", "hoplimit"),
            Self::Mpls(labels, ttl) => {
                write!(f, " {}", label_text(labels))?;
                ttl.map_or(Ok(()), |ttl| write!(f, " ttl {ttl}"))
            }
            Self::Seg6(mode, segments) => {
                if let Some(mode) = mode {
                    write!(f, " mode {}", mode_name(*mode))?;
                }
                if segments.is_empty() {
                    return Ok(());
                }
                let segments: Vec<String> = segments.iter().map(Ipv6Addr::to_string).collect();
                write!(f, " segs {}", segments.join(","))
            }
        }
    }
}

impl Tunnel {
    fn write(&self, f: &mut fmt::Formatter<'_>, class: &str, hops: &str) -> fmt::Result {
        if let Some(id) = self.id {
            write!(f, " id {id}")?;
        }
        for (word, host) in [("src", self.src), ("dst", self.dst)] {
            if let Some(host) = host {
                write!(f, " {word} {host}")?;
            }
        }
        if let Some(value) = self.class {
            write!(f, " {class} 0x{value:02x}")?;
        }
        if let Some(value) = self.hops {
            write!(f, " {hops} {value}")?;
        }
        FLAGS
            .iter()
            .filter(|(bit, _)| self.flags & bit != 0)
            .try_for_each(|(_, word)| write!(f, " {word}"))
    }
}

fn mode_name(mode: u32) -> &'static str {
    usize::try_from(mode)
        .ok()
        .and_then(|mode| MODES.get(mode))
        .copied()
        .unwrap_or("<unknown>")
}

fn label_text(labels: &[u32]) -> String {
    let labels: Vec<String> = labels.iter().map(u32::to_string).collect();
    labels.join("/")
}
