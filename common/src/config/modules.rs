//! `[modules]`: which kernel modules commands may have loaded.

use serde::Deserialize;
use toml::Spanned;

use super::Wrong;
use crate::ip::modules::{Module, all};
use crate::modules::Named;
use crate::nearest::nearest;

/// The table as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    load: Vec<Spanned<String>>,
}

/// Each has to be a module that commands need.
pub(super) fn checked(written: Written) -> Result<Named, Wrong> {
    let named = |name: Spanned<String>| {
        let at = name.span().start;
        known(name.get_ref()).ok_or_else(|| (at, unknown(name.get_ref())))
    };
    written.load.into_iter().map(named).collect()
}

fn known(name: &str) -> Option<&'static str> {
    let mut names = all().map(|module| module.name);
    names.find(|known| !known.is_empty() && *known == name)
}

fn unknown(name: &str) -> String {
    let names = || all().filter(|module| module.must_be_named());
    // Who knows the command and not its module writes the command's word.
    let word = all().find(|module| module.word == name && !module.name.is_empty());
    let near = || nearest(name, names().map(|module| module.name));
    let meant = match word.map(|module| module.name).or_else(near) {
        Some(meant) => format!("did you mean {meant}?"),
        None => {
            let names: Vec<&str> = names().map(|module: &Module| module.name).collect();
            format!("known are {}", names.join(", "))
        }
    };
    format!("{name:?} is not a module that commands need, {meant}")
}
