//! Words of `ip rule` become an [`Action`].

use super::realms;
use super::selector::{Dscp, FlowLabel, Ports, Uids};
use super::values::{device, ip_protocol, mark, nat_address, positive, tunnel};
use super::{Action, Filter, Rule, Verb};
use crate::ip::args::Args;
use crate::ip::help;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::options::Options;
use crate::ip::verb::{FILE, Meaning, Verbs, spoken};
use crate::uapi::{fr, rtn};

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Asked {
    Show,
    Change(Verb),
    Flush,
}

pub(in crate::ip) const VERBS: Verbs<Asked> = Verbs {
    object: "rule",
    table: &[
        spoken("list", Asked::Show),
        spoken("lst", Asked::Show),
        spoken("show", Asked::Show),
        prefix("save", Meaning::Never(FILE)),
        prefix("restore", Meaning::Never(FILE)),
        spoken("add", Asked::Change(Verb::Add)),
        spoken("delete", Asked::Change(Verb::Del)),
        spoken("flush", Asked::Flush),
        prefix("help", Meaning::Help),
    ],
    none: Asked::Show,
    usage: help::RULE,
};

/// Reads what follows `ip rule`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    match VERBS.read(args)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Flush => Filter::read(args, options).map(Action::Flush),
        Asked::Change(verb) => rule(verb, args, options).map(|rule| Action::Change(verb, rule)),
    }
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    Not,
    From,
    To,
    Priority,
    Tos,
    Mark,
    Realms,
    Protocol,
    TunId,
    Table,
    SuppressPrefixLength,
    SuppressGroup,
    Iif,
    Oif,
    L3mdev,
    Uids,
    Nat,
    IpProto,
    Sport,
    Dport,
    Dscp,
    FlowLabel,
    Kind,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    exact("not", Key::Not),
    exact("from", Key::From),
    exact("to", Key::To),
    prefix("preference", Key::Priority),
    prefix("order", Key::Priority),
    prefix("priority", Key::Priority),
    exact("tos", Key::Tos),
    prefix("dsfield", Key::Tos),
    exact("fwmark", Key::Mark),
    prefix("realms", Key::Realms),
    prefix("protocol", Key::Protocol),
    prefix("tun_id", Key::TunId),
    prefix("table", Key::Table),
    exact("lookup", Key::Table),
    prefix("suppress_prefixlength", Key::SuppressPrefixLength),
    exact("sup_pl", Key::SuppressPrefixLength),
    prefix("suppress_ifgroup", Key::SuppressGroup),
    exact("sup_group", Key::SuppressGroup),
    exact("dev", Key::Iif),
    exact("iif", Key::Iif),
    exact("oif", Key::Oif),
    exact("l3mdev", Key::L3mdev),
    exact("uidrange", Key::Uids),
    exact("nat", Key::Nat),
    prefix("map-to", Key::Nat),
    exact("ipproto", Key::IpProto),
    exact("sport", Key::Sport),
    exact("dport", Key::Dport),
    exact("dscp", Key::Dscp),
    exact("flowlabel", Key::FlowLabel),
    exact("type", Key::Kind),
];

/// What iproute2 says on standard error each time it reads `nat`, whatever becomes of the command.
pub(super) const NAT_WARNING: &str = "Warning: route NAT is deprecated\n";

fn rule(verb: Verb, args: &mut Args<'_>, options: &Options) -> Result<Rule, Mistake> {
    if args.peek().is_none() {
        let text = format!("\"ip rule {}\" requires arguments.", verb.word());
        return Err(Mistake::new(text, 1));
    }
    let mut rule = Rule::new(options.family);
    let mut warnings = 0;
    words(args, &mut rule, &mut warnings).map_err(|mistake| Mistake {
        stderr: NAT_WARNING.repeat(warnings) + &mistake.stderr,
        ..mistake
    })?;
    Ok(rule)
}

fn words(args: &mut Args<'_>, rule: &mut Rule, warnings: &mut usize) -> Result<(), Mistake> {
    while let Some(key) = args.keyword(TABLE, Key::Kind) {
        match key {
            Key::Nat => {
                let word = args.value()?;
                *warnings += 1;
                rule.nat.push(nat_address(word)?);
                rule.kind = Some(rtn::NAT);
            }
            Key::Kind => kind(args, rule)?,
            key => option(key, args, rule)?,
        }
    }
    if rule.l3mdev && rule.table.is_some() {
        let text = "table can not be specified for l3mdev rules";
        return Err(Mistake::new(text, EINVAL));
    }
    Ok(())
}

/// The one exit status of its kind: iproute2 lets the error number itself out.
const EINVAL: u8 = 22;

fn option(key: Key, args: &mut Args<'_>, rule: &mut Rule) -> Result<(), Mistake> {
    match key {
        Key::Not => rule.not = true,
        Key::From => rule.from = Some(args.prefix(rule.family)?),
        Key::To => rule.to = Some(args.prefix(rule.family)?),
        Key::Priority => rule.priority = Some(args.number("preference value is invalid\n")?),
        Key::Tos => rule.tos = Some(args.read(names::dsfield, "TOS value is invalid\n")?),
        Key::Mark => {
            let (mark, mask) = mark(args)?;
            rule.fwmark = Some(mark);
            // A mask that was given before stays: it is an attribute of its own.
            rule.fwmask = mask.or(rule.fwmask);
        }
        Key::Realms => rule.realms = Some(args.read(realms::number_of, "invalid realms\n")?),
        Key::Protocol => {
            let protocol = |word: &str| names::number_of(names::PROTOCOLS, word);
            rule.protocol = Some(args.read(protocol, "\"protocol\" value is invalid\n")?);
        }
        Key::TunId => rule.tun_id = Some(tunnel(args)?),
        Key::Table => table(args, rule)?,
        Key::SuppressPrefixLength => {
            let wrong = "suppress_prefixlength value is invalid\n";
            rule.suppress_prefixlength = Some(args.read(positive, wrong)?);
        }
        Key::SuppressGroup => {
            let group = |word: &str| match word {
                "default" => Some(0),
                _ => positive(word),
            };
            let wrong = "Invalid \"suppress_ifgroup\" value\n";
            rule.suppress_ifgroup = Some(args.read(group, wrong)?);
        }
        Key::Iif => rule.iif = Some(device(args, "\"iif\"/\"dev\"")?),
        Key::Oif => rule.oif = Some(device(args, "\"oif\"")?),
        Key::L3mdev => rule.l3mdev = true,
        Key::Uids => rule.uids = Some(Uids::read(args)?),
        Key::IpProto => rule.ipproto = Some(ip_protocol(args)?),
        Key::Sport => rule.sport = Some(Ports::read(args, rule.sport)?),
        Key::Dport => rule.dport = Some(Ports::read(args, rule.dport)?),
        Key::Dscp => rule.dscp = Some(Dscp::read(args, rule.dscp)?),
        Key::FlowLabel => rule.flowlabel = Some(FlowLabel::read(args)?),
        // The loop that called takes these.
        Key::Nat | Key::Kind => {}
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Kind {
    Help,
    Goto,
    Nop,
}

pub(in crate::ip) const KINDS: &[Keyword<Kind>] = &[
    prefix("help", Kind::Help),
    prefix("goto", Kind::Goto),
    prefix("nop", Kind::Nop),
];

/// `[type] goto N | nop | TYPE`: whatever is no keyword.
fn kind(args: &mut Args<'_>, rule: &mut Rule) -> Result<(), Mistake> {
    let named = args.peek().and_then(|word| args.spelt(KINDS, word));
    let word = args.value()?;
    match named.map(|row| row.key) {
        Some(Kind::Help) => return Err(Mistake::help(help::RULE)),
        Some(Kind::Goto) => {
            rule.goto = Some(args.number("invalid target\n")?);
            rule.kind = Some(fr::ACT_GOTO);
        }
        Some(Kind::Nop) => rule.kind = Some(fr::ACT_NOP),
        None => {
            let near = crate::nearest::nearest(word, crate::ip::keyword::words(TABLE));
            let wrong = Mistake::wrong(word, "Failed to parse rule type");
            let kind = names::route_type(word);
            rule.kind = Some(kind.ok_or_else(|| wrong.hinting(near.map(str::to_owned)))?);
        }
    }
    rule.typed = true;
    Ok(())
}

/// A table above 255 goes in an attribute, which a smaller one behind it does not take back.
fn table(args: &mut Args<'_>, rule: &mut Rule) -> Result<(), Mistake> {
    let table = |word: &str| names::number_of(names::TABLES, word);
    let table: u32 = args.read(table, "invalid table ID\n")?;
    if table >= 256 || rule.table.is_none_or(|before| before < 256) {
        rule.table = Some(table);
    }
    Ok(())
}
