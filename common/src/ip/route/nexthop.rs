//! `nexthop …`: one leg of a multipath route.

use super::super::args::Args;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::{Mistake, USAGE};
use super::super::number;
use super::given::via_text;
use super::{Encap, Host, encap, realms, realms_text};
use crate::family::Family;
use crate::words::quoted;

/// One leg.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nexthop {
    /// `via`, each that was given: the kernel takes the first.
    pub via: Vec<Host>,
    /// `dev`.
    pub dev: Option<String>,
    /// `weight`, 1 to 256.
    pub weight: Option<u16>,
    /// `onlink`.
    pub onlink: bool,
    /// `realms`, from in the upper half.
    pub realms: Option<u32>,
    /// `encap …`.
    pub encap: Option<Encap>,
    /// `as`.
    pub newdst: Option<Host>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Via,
    Dev,
    Weight,
    Onlink,
    Realms,
    Encap,
    As,
}

pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("via", Key::Via),
    exact("dev", Key::Dev),
    exact("weight", Key::Weight),
    exact("onlink", Key::Onlink),
    prefix("realms", Key::Realms),
    exact("encap", Key::Encap),
    exact("as", Key::As),
];

/// Reads the legs, up to the end of the line; the word `nexthop` has just been taken.
pub(super) fn read(args: &mut Args<'_>, family: &mut Family) -> Result<Vec<Nexthop>, Mistake> {
    let mut nexthops = Vec::new();
    args.put_back();
    while let Some(word) = args.take() {
        if word.text != "nexthop" {
            let text = format!(
                "Error: \"nexthop\" or end of line is expected instead of \"{}\"",
                word.text
            );
            return Err(Mistake::new(text, USAGE));
        }
        if args.peek().is_none() {
            return Err(Mistake::new(
                "Error: unexpected end of line after \"nexthop\"",
                USAGE,
            ));
        }
        nexthops.push(leg(args, family)?);
    }
    Ok(nexthops)
}

fn leg(args: &mut Args<'_>, family: &mut Family) -> Result<Nexthop, Mistake> {
    let mut nexthop = Nexthop::default();
    while let Some(row) = args.peek().and_then(|word| args.spelt(TABLE, word)) {
        args.take();
        match row.key {
            Key::Via => nexthop.via.push(gateway(args, family)?),
            Key::Dev => {
                let dev = args.value()?;
                args.look_up(dev, no_device(dev));
                nexthop.dev = Some(dev.to_owned());
            }
            Key::Weight => {
                let weight =
                    |word: &str| number::fitting(word).filter(|weight| (1..=256).contains(weight));
                nexthop.weight = Some(args.read(weight, "\"weight\" is invalid\n")?);
            }
            Key::Onlink => nexthop.onlink = true,
            Key::Realms => {
                let given = args.read(realms, "\"realm\" value is invalid\n")?;
                // Of two attributes the kernel takes the first.
                nexthop.realms.get_or_insert(given);
            }
            Key::Encap => nexthop.encap = Some(encap::read::encap(args)?),
            Key::As => nexthop.newdst = Some(newdst(args, family)?),
        }
    }
    Ok(nexthop)
}

/// `via [FAMILY] ADDRESS`. The first gateway settles the family of a command that has none.
pub(super) fn gateway(args: &mut Args<'_>, family: &mut Family) -> Result<Host, Mistake> {
    let named = args.peek().and_then(|word| Family::named(&word.text));
    if named.is_some() {
        args.take();
    }
    let address = args.host(named.unwrap_or(*family))?;
    let address = named.map_or(address, |named| address.of(named));
    if *family == Family::Unspec {
        *family = address.family();
    }
    Ok(address)
}

/// `as [to] ADDRESS`.
pub(super) fn newdst(args: &mut Args<'_>, family: &mut Family) -> Result<Host, Mistake> {
    args.take_exact("to");
    let address = args.host(*family)?;
    if *family == Family::Unspec {
        *family = address.family();
    }
    Ok(address)
}

impl Nexthop {
    pub(super) fn shown(&self, family: Family) -> String {
        let mut text = String::from("nexthop");
        if let Some(encap) = &self.encap {
            text.push_str(&format!(" {encap}"));
        }
        for via in &self.via {
            text.push_str(&format!(" {}", via_text(family, *via)));
        }
        if let Some(dev) = &self.dev {
            text.push_str(&format!(" dev {}", quoted(dev)));
        }
        if let Some(weight) = self.weight {
            text.push_str(&format!(" weight {weight}"));
        }
        if self.onlink {
            text.push_str(" onlink");
        }
        if let Some(realms) = self.realms {
            let realms = realms_text(realms, |realm| realm.to_string());
            text.push_str(&format!(" realms {realms}"));
        }
        if let Some(newdst) = self.newdst {
            text.push_str(&format!(" as {newdst}"));
        }
        text
    }
}

/// A leg's device is missing: two lines, and the status of usage.
fn no_device(dev: &str) -> Mistake {
    Mistake::new(
        format!("Cannot find device \"{dev}\"\nError: cannot parse nexthop"),
        USAGE,
    )
}
