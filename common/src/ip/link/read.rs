//! Words of `ip link` become an [`Action`].

use super::super::args::{Args, is_device_name, spelt};
use super::super::keyword::{self, Keyword, exact, prefix};
use super::super::mistake::{Mistake, USAGE};
use super::super::options::{Options, not_spoken, verb};
use super::{Action, Filter, Settings, kind, not_a_name};
use crate::nearest::nearest;

#[derive(Debug, Clone, Copy)]
enum Asked {
    Show,
    Add,
    Set,
    Del,
    NotYet,
}

/// In iproute2's order.
const VERBS: &[Keyword<Asked>] = &[
    prefix("add", Asked::Add),
    prefix("set", Asked::Set),
    prefix("change", Asked::Set),
    prefix("replace", Asked::NotYet),
    prefix("delete", Asked::Del),
    prefix("show", Asked::Show),
    prefix("lst", Asked::Show),
    prefix("list", Asked::Show),
    prefix("xstats", Asked::NotYet),
    prefix("afstats", Asked::NotYet),
    prefix("property", Asked::NotYet),
    prefix("help", Asked::NotYet),
];

/// Reads what follows `ip link`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    let given = args
        .peek()
        .map(|word| word.text.clone())
        .unwrap_or_default();
    match verb(VERBS, "link", args, Asked::Show)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Add => add(args).map(Action::Add),
        Asked::Set => set(args).map(Action::Set),
        Asked::Del => del(args).map(Action::Del),
        Asked::NotYet => Err(not_spoken(&given)),
    }
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Up(bool),
    Name,
    Address,
    TxQueueLen,
    Mtu,
    Master,
    NoMaster,
    Kind,
    Alias,
    Dev,
    Never(&'static str),
    NotYet,
}

const NAMESPACE: &str = "a device stays in the pod's own network namespace";
const PROGRAM: &str = "no program is loaded for a pod";
const OTHERS: &str = "virtual functions belong to other pods";

/// In iproute2's order.
const TABLE: &[Keyword<Key>] = &[
    exact("up", Key::Up(true)),
    exact("down", Key::Up(false)),
    exact("name", Key::Name),
    exact("index", Key::NotYet),
    prefix("link", Key::NotYet),
    prefix("address", Key::Address),
    prefix("broadcast", Key::NotYet),
    exact("brd", Key::NotYet),
    prefix("txqueuelen", Key::TxQueueLen),
    exact("qlen", Key::TxQueueLen),
    prefix("txqlen", Key::TxQueueLen),
    exact("mtu", Key::Mtu),
    exact("xdpgeneric", Key::Never(PROGRAM)),
    exact("xdpdrv", Key::Never(PROGRAM)),
    exact("xdpoffload", Key::Never(PROGRAM)),
    exact("xdp", Key::Never(PROGRAM)),
    exact("netns", Key::Never(NAMESPACE)),
    exact("multicast", Key::NotYet),
    exact("allmulticast", Key::NotYet),
    exact("promisc", Key::NotYet),
    exact("trailers", Key::NotYet),
    exact("arp", Key::NotYet),
    exact("carrier", Key::NotYet),
    exact("vf", Key::Never(OTHERS)),
    prefix("dynamic", Key::NotYet),
    prefix("master", Key::Master),
    exact("vrf", Key::NotYet),
    prefix("nomaster", Key::NoMaster),
    prefix("type", Key::Kind),
    prefix("alias", Key::Alias),
    exact("group", Key::NotYet),
    exact("mode", Key::NotYet),
    exact("state", Key::NotYet),
    prefix("numtxqueues", Key::NotYet),
    prefix("numrxqueues", Key::NotYet),
    prefix("addrgenmode", Key::NotYet),
    prefix("link-netns", Key::Never(NAMESPACE)),
    prefix("link-netnsid", Key::Never(NAMESPACE)),
    exact("protodown", Key::NotYet),
    exact("protodown_reason", Key::NotYet),
    exact("gso_max_size", Key::NotYet),
    exact("gso_max_segs", Key::NotYet),
    exact("gro_max_size", Key::NotYet),
    exact("gso_ipv4_max_size", Key::NotYet),
    exact("gro_ipv4_max_size", Key::NotYet),
    exact("parentdev", Key::NotYet),
    exact("dev", Key::Dev),
];

pub(super) fn settings(args: &mut Args<'_>) -> Result<Settings, Mistake> {
    let mut settings = Settings::default();
    while let Some(word) = args.peek() {
        let row = spelt(TABLE, word);
        if row.is_some() {
            args.take();
        }
        match row.map_or(Key::Dev, |row| row.key) {
            Key::Dev => device(args, &mut settings)?,
            Key::Never(reason) => return Err(Mistake::never(args.last(), &word.text, reason)),
            Key::NotYet => return Err(not_spoken(&word.text)),
            // A kind takes the rest of the line.
            Key::Kind => {
                settings.kind = Some(kind::read(args)?);
                break;
            }
            key => option(key, args, &mut settings)?,
        }
    }
    Ok(settings)
}

fn device(args: &mut Args<'_>, settings: &mut Settings) -> Result<(), Mistake> {
    let word = args.value()?;
    if !settings.dev.is_empty() {
        return Err(Mistake::garbage("dev", word)
            .hinting(nearest(word, keyword::words(TABLE)).map(str::to_owned)));
    }
    if !is_device_name(word) {
        return Err(not_a_name(word, "dev"));
    }
    word.clone_into(&mut settings.dev);
    Ok(())
}

fn option(key: Key, args: &mut Args<'_>, settings: &mut Settings) -> Result<(), Mistake> {
    match key {
        Key::Up(up) => settings.up = Some(up),
        Key::Name => {
            let name = args.value()?;
            if settings.rename.is_some() {
                return Err(Mistake::duplicate("name", name));
            }
            settings.rename = Some(name.to_owned()).filter(|name| is_device_name(name));
            settings
                .rename
                .as_ref()
                .ok_or_else(|| not_a_name(name, "name"))?;
        }
        Key::Address => settings.address = Some(address(args)?),
        Key::TxQueueLen => {
            settings.txqueuelen = Some(once("txqueuelen", settings.txqueuelen, args)?)
        }
        Key::Mtu => settings.mtu = Some(once("mtu", settings.mtu, args)?),
        Key::Master => {
            let master = args.value()?;
            args.look_up(master, Mistake::wrong(master, "Device does not exist\n"));
            settings.master = Some(Some(master.to_owned()));
        }
        Key::NoMaster => settings.master = Some(None),
        Key::Alias => settings.alias = Some(args.value()?.to_owned()),
        // The loop that called takes these.
        Key::Dev | Key::Kind | Key::Never(_) | Key::NotYet => {}
    }
    Ok(())
}

fn once(key: &str, before: Option<u32>, args: &mut Args<'_>) -> Result<u32, Mistake> {
    let word = args.value()?;
    if before.is_some() {
        return Err(Mistake::duplicate(key, word));
    }
    super::super::number::fitting(word)
        .ok_or_else(|| Mistake::wrong(word, &format!("Invalid \"{key}\" value\n")))
}

/// Hexadecimal bytes with colons. How many are right is for the device's type to say.
fn address(args: &mut Args<'_>) -> Result<Vec<u8>, Mistake> {
    let octet = |part: &str| {
        let byte = u8::from_str_radix(part, 16)
            .ok()
            .filter(|_| !part.starts_with('+'));
        byte.ok_or_else(|| Mistake::new(format!("\"{part}\" is invalid lladdr."), 1))
    };
    args.value()?
        .split(':')
        .take(ADDRESS_BYTES)
        .map(octet)
        .collect()
}

/// `MAX_ADDR_LEN` (`linux/netdevice.h`).
const ADDRESS_BYTES: usize = 32;

/// A new device is named by `name` or by a bare word, not both.
pub(super) fn named_once(settings: &mut Settings) -> Result<(), Mistake> {
    match settings.rename.take() {
        Some(_) if !settings.dev.is_empty() => Err(Mistake::new(
            "both \"name\" and \"dev\" cannot be used when creating devices.",
            USAGE,
        )),
        Some(name) => {
            settings.dev = name;
            Ok(())
        }
        None => Ok(()),
    }
}

fn add(args: &mut Args<'_>) -> Result<Settings, Mistake> {
    let mut settings = settings(args)?;
    named_once(&mut settings)?;
    if settings.kind.is_none() {
        return Err(Mistake::new(
            "Not enough information: \"type\" argument is required",
            1,
        ));
    }
    Ok(settings)
}

fn set(args: &mut Args<'_>) -> Result<Settings, Mistake> {
    let settings = settings(args)?;
    if settings.dev.is_empty() {
        return Err(Mistake::new(
            "Not enough information: \"dev\" argument is required.",
            USAGE,
        ));
    }
    if settings.kind.is_some() {
        return Err(not_spoken("type"));
    }
    args.look_up(&settings.dev, Mistake::no_device(&settings.dev));
    Ok(settings)
}

fn del(args: &mut Args<'_>) -> Result<String, Mistake> {
    let Settings { dev, kind, .. } = settings(args)?;
    if dev.is_empty() {
        return Err(Mistake::new(
            "Not enough information: \"dev\" argument is required.",
            USAGE,
        ));
    }
    if kind.is_some() {
        return Err(not_spoken("type"));
    }
    args.look_up(&dev, Mistake::no_device(&dev));
    Ok(dev)
}
