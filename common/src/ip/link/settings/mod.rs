//! What `link add`, `set` and `delete` say of a device.

use std::fmt;

use super::Kind;
use crate::ip::names;
use crate::words::quoted;

pub(in crate::ip) mod read;
mod request;
mod values;

pub(super) use read::is_name;
pub use request::{below, change, peer};
pub use values::{link_address, lladdr, on_off, switch};

/// Settings of one device: only what was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The device, or for a new one its name; empty if none was given.
    pub dev: String,
    /// `name`: a new name.
    pub rename: Option<String>,
    /// `index` of a new device.
    pub index: Option<u32>,
    /// `link`: the device below a new one.
    pub link: Option<String>,
    /// `up`, `promisc` and so on: `IFF_…`.
    pub flags: Flags,
    /// `address`, the link-layer address.
    pub address: Option<Vec<u8>>,
    /// `broadcast`, the link-layer's.
    pub broadcast: Option<Vec<u8>>,
    /// `mtu`, `txqueuelen`, queues and offload sizes, in the order given.
    pub numbers: Vec<Number>,
    /// `carrier`, `mode`, `state`, `protodown`, `addrgenmode`, in the order given.
    pub modes: Vec<Mode>,
    /// `protodown_reason`: which, and whether it holds.
    pub protodown_reasons: Vec<(u32, bool)>,
    /// `master`, `nomaster`, `vrf`.
    pub master: Option<Master>,
    /// `group`: where a device is to be, or without a device all that are in it.
    pub group: Option<u32>,
    /// `parentdev`.
    pub parentdev: Option<String>,
    /// `alias`.
    pub alias: Option<String>,
    /// `type` and what belongs to it.
    pub kind: Option<Kind>,
}

/// Flags that are switched, and to what (`ifi_flags`, `ifi_change`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// The values.
    pub values: u32,
    /// Which are meant.
    pub change: u32,
}

/// A number of a device: keyword, attribute, value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The keyword in full.
    pub word: &'static str,
    /// `IFLA_…`.
    pub attribute: u16,
    /// The value; some may be below zero.
    pub value: i64,
}

impl Number {
    /// The value as the 32 bits that the kernel takes.
    #[must_use]
    pub fn bits(&self) -> u32 {
        let negative = i32::try_from(self.value).map(i32::cast_unsigned);
        u32::try_from(self.value).or(negative).unwrap_or(u32::MAX)
    }
}

/// A mode of a device: keyword, attribute, the value's word, the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mode {
    /// The keyword.
    pub word: &'static str,
    /// `IFLA_…`; for `addrgenmode` that of `AF_SPEC`.
    pub attribute: u16,
    /// The value's word.
    pub value: &'static str,
    /// The value.
    pub number: u8,
}

/// What a device is to be a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Master {
    /// `nomaster`.
    None,
    /// `master`.
    Device(String),
    /// `vrf`.
    Vrf(String),
}

impl fmt::Display for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("nomaster"),
            Self::Device(master) => write!(f, "master {}", quoted(master)),
            Self::Vrf(vrf) => write!(f, "vrf {}", quoted(vrf)),
        }
    }
}

impl fmt::Display for Settings {
    /// The full form, a space before each word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, text) in [
            ("dev", Some(&self.dev).filter(|dev| !dev.is_empty())),
            ("name", self.rename.as_ref()),
            ("link", self.link.as_ref()),
        ] {
            if let Some(text) = text {
                write!(f, " {word} {}", quoted(text))?;
            }
        }
        if let Some(index) = self.index {
            write!(f, " index {index}")?;
        }
        write!(f, "{}", self.flags)?;
        for (word, bytes) in [("address", &self.address), ("broadcast", &self.broadcast)] {
            if let Some(bytes) = bytes {
                write!(f, " {word} {}", link_address(bytes))?;
            }
        }
        for number in &self.numbers {
            write!(f, " {} {}", number.word, number.value)?;
        }
        for mode in &self.modes {
            write!(f, " {} {}", mode.word, mode.value)?;
        }
        for (reason, on) in &self.protodown_reasons {
            write!(
                f,
                " protodown_reason {reason} {}",
                if *on { "on" } else { "off" }
            )?;
        }
        if let Some(master) = &self.master {
            write!(f, " {master}")?;
        }
        if let Some(group) = self.group {
            write!(f, " group {}", names::name_of(names::GROUPS, group))?;
        }
        for (word, text) in [("parentdev", &self.parentdev), ("alias", &self.alias)] {
            if let Some(text) = text {
                write!(f, " {word} {}", quoted(text))?;
            }
        }
        self.kind
            .as_ref()
            .map_or(Ok(()), |kind| write!(f, " type {kind}"))
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, bit, inverted) in values::SWITCHES {
            if self.change & bit == 0 {
                continue;
            }
            let on = (self.values & bit != 0) != *inverted;
            match (*word, on) {
                ("up", true) => f.write_str(" up")?,
                ("up", false) => f.write_str(" down")?,
                (word, on) => write!(f, " {word} {}", if on { "on" } else { "off" })?,
            }
        }
        Ok(())
    }
}
