//! Words of `ip link` become an [`Action`].

use super::super::args::{Args, Must};
use super::super::keyword::{Keyword, prefix};
use super::super::mistake::{Mistake, USAGE};
use super::super::options::Options;
use super::super::verb::{Meaning, Verbs, spoken};
use super::{Action, AltNames, Filter, Settings};
use crate::ip::help;

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Asked {
    Show,
    Add,
    Replace,
    Set,
    Del,
    Property,
}

pub(in crate::ip) const VERBS: Verbs<Asked> = Verbs {
    object: "link",
    table: &[
        spoken("add", Asked::Add),
        spoken("set", Asked::Set),
        spoken("change", Asked::Set),
        spoken("replace", Asked::Replace),
        spoken("delete", Asked::Del),
        spoken("show", Asked::Show),
        spoken("lst", Asked::Show),
        spoken("list", Asked::Show),
        prefix("xstats", Meaning::NotYet),
        prefix("afstats", Meaning::NotYet),
        spoken("property", Asked::Property),
        prefix("help", Meaning::Help),
    ],
    none: Asked::Show,
    usage: help::LINK,
};

/// Reads what follows `ip link`.
pub fn action(args: &mut Args<'_>, options: &Options) -> Result<Action, Mistake> {
    match VERBS.read(args)? {
        Asked::Show => Filter::read(args, options).map(Action::Show),
        Asked::Add => new(args).map(Action::Add),
        Asked::Replace => new(args).map(Action::Replace),
        Asked::Set => old(args).map(Action::Set),
        Asked::Del => old(args).map(Action::Del),
        Asked::Property => property(args),
    }
}

/// A new device is named by `name` or by a bare word, not both.
fn name_once(settings: &mut Settings) -> Result<(), Mistake> {
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

fn new(args: &mut Args<'_>) -> Result<Settings, Mistake> {
    let mut settings = made(args, false)?;
    match &mut settings.kind {
        Some(kind) => kind.read_options(args, true)?,
        None => {
            let text = "Not enough information: \"type\" argument is required";
            return Err(Mistake::new(text, 1));
        }
    }
    Ok(settings)
}

fn old(args: &mut Args<'_>) -> Result<Settings, Mistake> {
    let mut settings = changed(args, false)?;
    if let Some(kind) = &mut settings.kind {
        kind.read_options(args, false)?;
    }
    Ok(settings)
}

/// A device that is to be made; `peer` if it is that of a veth.
pub(super) fn made(args: &mut Args<'_>, peer: bool) -> Result<Settings, Mistake> {
    let mut settings = Settings::read(args, peer)?;
    name_once(&mut settings)?;
    if settings.dev.is_empty() && settings.group.is_some() {
        nothing_follows(args)?;
        let text = "group cannot be used when creating devices.";
        return Err(Mistake::new(text, USAGE));
    }
    if let Some(link) = &settings.link {
        args.look_up(link, Mistake::no_device(link));
    }
    Ok(settings)
}

/// A device that is there, or all of a group; `peer` if it is that of a veth.
pub(super) fn changed(args: &mut Args<'_>, peer: bool) -> Result<Settings, Mistake> {
    let mut settings = Settings::read(args, peer)?;
    // A name is the device's, where no other word names that.
    if settings.dev.is_empty() {
        settings.dev = settings.rename.take().unwrap_or_default();
    }
    let dev = settings.dev.as_str();
    if let Some(address) = settings.address.as_ref().filter(|_| !dev.is_empty()) {
        let must = Must::HaveAddressOf(address.len());
        args.look_at(dev, must, Mistake::no_device(dev));
    }
    if settings.index.is_some() {
        let text =
            "index can be used only when creating devices or when moving device to another netns.";
        return Err(Mistake::new(text, USAGE));
    }
    if !dev.is_empty() {
        args.look_up(dev, Mistake::no_device(dev));
    } else if settings.group.is_some() {
        nothing_follows(args)?;
        settings.kind = None;
    } else {
        return Err(Mistake::no_dev(USAGE));
    }
    Ok(settings)
}

/// Devices of a group have no kind in common, so no options of one.
fn nothing_follows(args: &mut Args<'_>) -> Result<(), Mistake> {
    args.take().map_or(Ok(()), |word| {
        let word = &word.text;
        let text = format!("Garbage instead of arguments \"{word} ...\". Try \"ip link help\".");
        Err(Mistake::new(text, USAGE))
    })
}

/// Whether names are added.
pub(in crate::ip) const OPERATORS: &[Keyword<bool>] = &[prefix("add", true), prefix("del", false)];

/// `add` or `del`, then a device and its names.
fn property(args: &mut Args<'_>) -> Result<Action, Mistake> {
    let word = args.take().ok_or_else(|| Mistake::help(help::LINK))?;
    match args.spelt(OPERATORS, word).map(|row| row.key) {
        Some(true) => AltNames::read(args).map(Action::AddNames),
        Some(false) => AltNames::read(args).map(Action::DelNames),
        None => Err(Mistake::new("Operator required", USAGE)),
    }
}
