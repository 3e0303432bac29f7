//! Words behind `encap`.

use std::net::IpAddr;

use super::super::super::args::Args;
use super::super::super::keyword::{self, Keyword, exact};
use super::super::super::mistake::{Mistake, USAGE};
use super::super::super::options::not_spoken;
use super::super::super::prefix::{address_or_zeros, no_address};
use super::super::super::{names, number};
use super::{Encap, MODES, Tunnel};
use crate::family::Family;

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Kind {
    Ip,
    Ip6,
    Mpls,
    Seg6,
    Never(&'static str),
    NotYet,
}

const FILE: &str = "it reads a program from a file of the node";

pub(in crate::ip) const KINDS: &[Keyword<Kind>] = &[
    exact("mpls", Kind::Mpls),
    exact("ip", Kind::Ip),
    exact("ip6", Kind::Ip6),
    exact("ila", Kind::NotYet),
    exact("bpf", Kind::Never(FILE)),
    exact("seg6", Kind::Seg6),
    exact("seg6local", Kind::NotYet),
    exact("rpl", Kind::NotYet),
    exact("ioam6", Kind::NotYet),
    exact("xfrm", Kind::NotYet),
];

/// Reads an encapsulation; `encap` has just been taken. What is no word of it is left to the route.
pub(in crate::ip::route) fn encap(args: &mut Args<'_>) -> Result<Encap, Mistake> {
    let word = args.value()?;
    let row = keyword::find(KINDS, word);
    args.note(KINDS, row);
    let row = row.ok_or_else(|| Mistake::wrong(word, "\"encap type\" value is invalid\n"))?;
    if let Kind::Never(reason) = row.key {
        return Err(Mistake::never(args.last(), word, reason));
    }
    // iproute2 wants two more words, whatever they are.
    args.value()?;
    if args.peek().is_none() {
        return Err(Mistake::new(
            "Error: argument \"encap type\" is required",
            USAGE,
        ));
    }
    args.put_back();
    match row.key {
        Kind::Ip => tunnel(args, Family::Inet, IP).map(Encap::Ip),
        Kind::Ip6 => tunnel(args, Family::Inet6, IP6).map(Encap::Ip6),
        Kind::Mpls => mpls(args),
        Kind::Seg6 => seg6(args),
        Kind::Never(_) | Kind::NotYet => Err(not_spoken(word)),
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Id,
    Dst,
    Src,
    Class,
    Hops,
    Flag(u16),
    NotYet,
}

pub(in crate::ip) const IP: &[Keyword<Key>] = &[
    exact("id", Key::Id),
    exact("dst", Key::Dst),
    exact("src", Key::Src),
    exact("tos", Key::Class),
    exact("ttl", Key::Hops),
    exact("key", Key::Flag(4)),
    exact("csum", Key::Flag(1)),
    exact("seq", Key::Flag(8)),
    exact("geneve_opts", Key::NotYet),
    exact("vxlan_opts", Key::NotYet),
    exact("erspan_opts", Key::NotYet),
];

pub(in crate::ip) const IP6: &[Keyword<Key>] = &[
    exact("id", Key::Id),
    exact("dst", Key::Dst),
    exact("src", Key::Src),
    exact("tc", Key::Class),
    exact("hoplimit", Key::Hops),
    exact("key", Key::Flag(4)),
    exact("csum", Key::Flag(1)),
    exact("seq", Key::Flag(8)),
    exact("geneve_opts", Key::NotYet),
    exact("vxlan_opts", Key::NotYet),
    exact("erspan_opts", Key::NotYet),
];

fn tunnel(
    args: &mut Args<'_>,
    family: Family,
    table: &'static [Keyword<Key>],
) -> Result<Tunnel, Mistake> {
    let mut tunnel = Tunnel::default();
    while let Some(row) = args.peek().and_then(|word| args.spelt(table, word)) {
        args.take();
        option(row.word, row.key, args, family, &mut tunnel)?;
    }
    Ok(tunnel)
}

fn option(
    word: &'static str,
    key: Key,
    args: &mut Args<'_>,
    family: Family,
    tunnel: &mut Tunnel,
) -> Result<(), Mistake> {
    let given = match key {
        Key::Flag(bit) => tunnel.flags & bit != 0,
        Key::Id => tunnel.id.is_some(),
        Key::Dst => tunnel.dst.is_some(),
        Key::Src => tunnel.src.is_some(),
        Key::Class => tunnel.class.is_some(),
        Key::Hops => tunnel.hops.is_some(),
        Key::NotYet => return Err(not_spoken(word)),
    };
    if let (Key::Flag(bit), false) = (key, given) {
        tunnel.flags |= bit;
        return Ok(());
    }
    if given {
        let second = match key {
            Key::Flag(_) => word,
            _ => args.value()?,
        };
        return Err(Mistake::garbage(word, second));
    }
    let wrong = format!("\"{word}\" value is invalid\n");
    match key {
        Key::Id => tunnel.id = Some(args.number(&wrong)?),
        Key::Dst => tunnel.dst = Some(args.host(family)?),
        Key::Src => tunnel.src = Some(args.host(family)?),
        Key::Class => tunnel.class = Some(args.read(names::dsfield, &wrong)?),
        Key::Hops => tunnel.hops = Some(args.number(&wrong)?),
        Key::Flag(_) | Key::NotYet => {}
    }
    Ok(())
}

/// `LABEL[/LABEL…] [ttl N]`.
fn mpls(args: &mut Args<'_>) -> Result<Encap, Mistake> {
    let word = args.value()?;
    let label = |text: &str| number::fitting::<u32>(text).filter(|label| *label < 1 << 20);
    let labels: Option<Vec<u32>> = word.split('/').map(label).collect();
    let labels = labels.ok_or_else(|| no_address(word, Family::Mpls))?;
    let mut ttl = None;
    if args.take_exact("ttl") {
        ttl = Some(args.number("\"ttl\" value is invalid\n")?);
    }
    Ok(Encap::Mpls(labels, ttl))
}

/// `[mode MODE] segs ADDRESS[,ADDRESS…]`, in any order.
fn seg6(args: &mut Args<'_>) -> Result<Encap, Mistake> {
    let (mut mode, mut segments) = (None, Vec::new());
    while let Some(word) = args.peek().filter(|word| !word.replaced) {
        match word.text.as_str() {
            "mode" => {
                args.take();
                let number = |word: &str| MODES.iter().position(|mode| *mode == word);
                let number = args.read(number, "\"mode\" value is invalid\n")?;
                mode = u32::try_from(number).ok();
            }
            "segs" => {
                args.take();
                for segment in args.value()?.split(',') {
                    match address_or_zeros(segment, Family::Inet6)? {
                        IpAddr::V6(segment) => segments.push(segment),
                        IpAddr::V4(_) => return Err(no_address(segment, Family::Inet6)),
                    }
                }
            }
            "hmac" | "cleanup" => return Err(not_spoken(&word.text)),
            _ => break,
        }
    }
    Ok(Encap::Seg6(mode, segments))
}
