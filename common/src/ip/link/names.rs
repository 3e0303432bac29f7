//! `ip link property`: further names of a device.

use crate::ip::help;
use std::fmt;

use super::settings::is_name;
use crate::ip::args::Args;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::{Mistake, USAGE};
use crate::words::quoted;

/// A device and altnames.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AltNames {
    /// The device.
    pub dev: String,
    /// The altnames, in the order given.
    pub altnames: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::ip) enum Key {
    AltName,
    Help,
    Dev,
}

/// In iproute2's order.
pub(in crate::ip) const TABLE: &[Keyword<Key>] = &[
    prefix("altname", Key::AltName),
    prefix("help", Key::Help),
    exact("dev", Key::Dev),
];

impl AltNames {
    /// Reads what follows `ip link property add`.
    pub(super) fn read(args: &mut Args<'_>) -> Result<Self, Mistake> {
        let mut names = Self::default();
        while let Some(key) = args.keyword(TABLE, Key::Dev) {
            match key {
                Key::AltName => {
                    let name = args.value()?;
                    if !is_name(name) {
                        return Err(Mistake::wrong(name, "not a valid altname"));
                    }
                    names.altnames.push(name.to_owned());
                }
                Key::Help => return Err(Mistake::help(help::LINK)),
                Key::Dev => {
                    let dev = args.value()?;
                    if !names.dev.is_empty() {
                        return Err(Mistake::garbage("dev", dev));
                    }
                    dev.clone_into(&mut names.dev);
                }
            }
        }
        if names.dev.is_empty() {
            let text = "Not enough of information: \"dev\" argument is required.";
            return Err(Mistake::new(text, USAGE));
        }
        args.look_up(&names.dev, Mistake::no_device(&names.dev));
        Ok(names)
    }
}

impl fmt::Display for AltNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dev {}", quoted(&self.dev))?;
        self.altnames
            .iter()
            .try_for_each(|name| write!(f, " altname {}", quoted(name)))
    }
}
