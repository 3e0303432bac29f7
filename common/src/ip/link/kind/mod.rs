//! `type KIND`: the kinds of device that can be made, and the options that belong to each, one file a kind.
//!
//! What is not here cannot be asked for: no kind of a pod's choosing reaches the kernel, which would load a module by
//! that name. For which of these it may is in `ip/modules.rs`.

use std::fmt;

use super::Settings;
use crate::ip::args::Args;
use crate::ip::devices::Devices;
use crate::ip::keyword;
use crate::ip::mistake::{Mistake, USAGE};
use crate::nearest::nearest;
use crate::uapi::ifla;
use crate::wire::Attributes;

mod bond;
mod bridge;
mod bridge_slave;
mod ethertype;
mod ipvlan;
mod listed;
mod macvlan;
mod option;
pub(super) mod printed;
mod shape;
mod veth;
mod vlan;
mod vrf;
mod vxlan;

use listed::Print;
use option::{Setting, Spec};

/// A kind of device and what is set of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    spec: &'static Spec,
    options: Vec<Setting>,
    /// Whether a device is to be made of it.
    make: bool,
    peer: Option<Box<Settings>>,
}

impl Eq for Kind {}

/// The kinds, and what a device may be as a part of another (`_slave`).
const KINDS: &[&Spec] = &[
    &option::plain("dummy"),
    &option::plain("ifb"),
    &option::plain("veth"),
    &bridge::SPEC,
    &bridge_slave::SPEC,
    &vlan::SPEC,
    &macvlan::SPEC,
    &ipvlan::SPEC,
    &vrf::SPEC,
    &vrf::SLAVE,
    &vxlan::SPEC,
    &bond::SPEC,
    &bond::SLAVE,
];

/// They make devices `/dev/tapN` on the node.
const TAPS: [&str; 2] = ["macvtap", "ipvtap"];

/// The words of every kind's options, and `peer`.
pub fn words() -> impl Iterator<Item = &'static str> {
    let tables = KINDS.iter().flat_map(|spec| keyword::words(spec.table));
    tables.chain(veth::WORDS)
}

/// The names of all kinds.
pub fn names() -> Vec<&'static str> {
    KINDS.iter().map(|spec| spec.name).collect()
}

/// The kinds that have options, and the words of each.
pub fn tables() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let tables = KINDS
        .iter()
        .map(|spec| (spec.name, keyword::words(spec.table).collect()));
    tables.chain([("veth", veth::WORDS.to_vec())])
}

/// Whether the kernel may be asked for devices of this kind alone; of others we look at all.
pub(super) fn is_listed(word: &str) -> bool {
    listed::knows(word)
        || KINDS
            .iter()
            .any(|spec| spec.name == word && !spec.is_slave())
}

/// Takes the name of a kind.
pub(super) fn named(args: &mut Args<'_>) -> Result<Kind, Mistake> {
    let word = args.value()?;
    if TAPS.contains(&word) {
        return Err(Mistake::never(
            args.last(),
            word,
            "it makes a character device on the node",
        ));
    }
    let spec = KINDS.iter().find(|spec| spec.name == word).ok_or_else(|| {
        let known = KINDS.iter().map(|spec| spec.name);
        let text = format!("\"{word}\" is not a kind of device that can be made here.");
        Mistake::new(text, USAGE)
            .hinting(nearest(word, known).map(str::to_owned))
            .at(args.last())
    })?;
    args.note_word(&names(), spec.name);
    Ok(Kind {
        spec,
        options: Vec::new(),
        make: false,
        peer: None,
    })
}

impl Kind {
    /// Its name for `ip` and for the kernel.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// The numbers that are given with an option; of a map what is mapped.
    pub(in crate::ip) fn numbers(&self, word: &str) -> impl Iterator<Item = i64> {
        let own = self
            .options
            .iter()
            .filter(move |setting| setting.word == word);
        own.flat_map(|setting| setting.value.numbers())
    }

    /// The device at the other end of a veth.
    pub(in crate::ip) fn peer(&self) -> Option<&Settings> {
        self.peer.as_deref()
    }

    /// Reads the rest of the line. A device is made of what is read, or changed.
    pub(super) fn read_options(&mut self, args: &mut Args<'_>, make: bool) -> Result<(), Mistake> {
        self.make = make;
        if self.spec.name == "veth" {
            self.peer = veth::read(args, make)?;
        } else {
            self.options = option::read(self.spec, args, make)?;
        }
        Ok(())
    }

    /// What iproute2 remarks when such a device is made.
    pub(super) fn remark(&self) -> &'static str {
        match self.spec.name {
            "vxlan" => vxlan::remark(&self.options),
            _ => "",
        }
    }

    /// The value of `IFLA_LINKINFO`.
    pub(super) fn info(&self, devices: &Devices) -> Attributes {
        let mut info = Attributes::default();
        let data = if self.spec.is_slave() {
            // The kernel goes by the master's kind. By this one it would only look for a module, which there is not.
            ifla::INFO_SLAVE_DATA
        } else {
            info.put(ifla::INFO_KIND, self.spec.name.as_bytes());
            ifla::INFO_DATA
        };
        if let Some(peer) = &self.peer {
            info.put_nested(data, &veth::data(peer, devices));
        } else if !self.options.is_empty() {
            info.put_nested(
                data,
                &option::data(self.spec, &self.options, self.make, devices),
            );
        }
        info
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)?;
        for setting in &self.options {
            write!(f, " {setting}")?;
        }
        match &self.peer {
            Some(peer) => write!(f, " peer{peer}"),
            None => Ok(()),
        }
    }
}

/// How a kind's data is printed: a device's own, or with `_slave` behind the name what it is as a part of another. Of a kind
/// that iproute2 says nothing of, there is no way.
pub(super) fn printer(kind: &str) -> Option<Print> {
    let spec = KINDS.iter().find(|spec| spec.name == kind);
    spec.map_or_else(|| listed::printer(kind), |spec| spec.print)
}
