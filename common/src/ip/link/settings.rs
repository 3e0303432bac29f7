//! What `link add` and `link set` give a device.

use std::fmt;

/// Settings of one device: only what was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The device, or for `add` the name of the new one.
    pub dev: String,
    /// `name`: a new name (`set`).
    pub rename: Option<String>,
    /// `up` and `down`.
    pub up: Option<bool>,
    /// `address`, the link-layer address.
    pub address: Option<Vec<u8>>,
    /// `mtu`, in bytes.
    pub mtu: Option<u32>,
    /// `txqueuelen`, in packets.
    pub txqueuelen: Option<u32>,
    /// `master`; `Some(None)` is `nomaster`.
    pub master: Option<Option<String>>,
    /// `alias`.
    pub alias: Option<String>,
    /// `type` and what belongs to it.
    pub kind: Option<Kind>,
}

/// The kinds of device that can be made. What is not here cannot be asked for: no kind of a pod's choosing reaches the
/// kernel, which would load a module by that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A bridge.
    Bridge,
    /// A dummy device.
    Dummy,
    /// An intermediate functional block.
    Ifb,
    /// A pair of devices, both in this namespace.
    Veth {
        /// The other end.
        peer: Option<Box<Settings>>,
    },
}

impl Kind {
    /// Its name for `ip` and for the kernel.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Dummy => "dummy",
            Self::Ifb => "ifb",
            Self::Veth { .. } => "veth",
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dev {}", self.dev)?;
        if let Some(name) = &self.rename {
            write!(f, " name {name}")?;
        }
        if let Some(up) = self.up {
            f.write_str(if up { " up" } else { " down" })?;
        }
        if let Some(address) = &self.address {
            write!(f, " address {}", link_address(address))?;
        }
        if let Some(mtu) = self.mtu {
            write!(f, " mtu {mtu}")?;
        }
        if let Some(length) = self.txqueuelen {
            write!(f, " txqueuelen {length}")?;
        }
        match &self.master {
            Some(Some(master)) => write!(f, " master {master}")?,
            Some(None) => f.write_str(" nomaster")?,
            None => {}
        }
        if let Some(alias) = &self.alias {
            write!(f, " alias {}", quoted(alias))?;
        }
        if let Some(kind) = &self.kind {
            write!(f, " type {}", kind.name())?;
        }
        if let Some(Kind::Veth { peer: Some(peer) }) = &self.kind {
            write!(f, " peer {peer}")?;
        }
        Ok(())
    }
}

/// A word that may have white space in it, so that it is read back as one.
pub(in crate::ip) fn quoted(word: &str) -> String {
    match word {
        "" => "''".to_owned(),
        _ if word.contains('\'') => format!("\"{word}\""),
        _ if word.contains(|c: char| c.is_whitespace() || c == '"') => format!("'{word}'"),
        _ => word.to_owned(),
    }
}

/// Bytes in hexadecimal with colons.
#[must_use]
pub fn link_address(bytes: &[u8]) -> String {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(":")
}
