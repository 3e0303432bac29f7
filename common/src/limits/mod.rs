//! How much commands may leave in one sandbox: kernel memory is the node's, and not all of it is charged to the pod.
//!
//! What counts is what commands made and what of it is in the kernel now. What the runtime, the main plugin and the
//! kernel itself put there does not count, and running again does not add up:
//!
//! * Before a command makes something, what it makes is told to the record, by what the kernel tells it apart from others
//!   by ([`Thing`]): so it is known even if the process dies at once. [`Made`] is all of that, and never less than what is
//!   really there.
//! * As long as that is within the limit, nobody asks the kernel anything: a plan of few commands costs no listing.
//! * Where it would get beyond, the kernel's lists say how much of it is still there ([`count`]). Only if that leaves no
//!   room is the command refused, before it runs ([`Limited`]).
//! * A plan that gets beyond by itself is refused as a whole, before its first command ([`beyond`]).
//! * What the queues of devices take of the kernel's memory is added up over all that commands made ([`queues`]).

use std::fmt;

mod ahead;
mod count;
mod limited;
mod made;
pub(crate) mod queues;
#[cfg(test)]
mod tests;
mod thing;

pub(crate) use ahead::{Step, beyond};
pub(crate) use limited::{Limited, Room, Stop};
pub use made::Made;
pub use thing::{Making, Thing};

/// The most that an operator may set: what makes a listing stay small.
pub const MOST: u32 = 1024;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Routes; all ways of one are one.
    Routes,
    /// Rules.
    Rules,
    /// Neighbours, proxied ones too.
    Neighbours,
    /// Addresses.
    Addresses,
    /// Devices; a veth is two.
    Links,
    /// Memory of the queues of devices, in MiB.
    Queues,
}

impl Kind {
    /// Those that are counted one by one.
    pub const ALL: [Self; 5] = [
        Self::Routes,
        Self::Rules,
        Self::Neighbours,
        Self::Addresses,
        Self::Links,
    ];

    /// Its key under `[limits]`, which is also its name for people.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Routes => "routes",
            Self::Rules => "rules",
            Self::Neighbours => "neighbours",
            Self::Addresses => "addresses",
            Self::Links => "links",
            Self::Queues => "queues",
        }
    }

    /// The object of the command that takes one away.
    fn object(self) -> &'static str {
        match self {
            Self::Routes => "route",
            Self::Rules => "rule",
            Self::Neighbours => "neigh",
            Self::Addresses => "address",
            Self::Links | Self::Queues => "link",
        }
    }
}

/// How many of each kind commands may have made in one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Routes, of all tables and families.
    pub routes: u32,
    /// Rules.
    pub rules: u32,
    /// Neighbours.
    pub neighbours: u32,
    /// Addresses.
    pub addresses: u32,
    /// Devices.
    pub links: u32,
    /// Memory of the queues of all these devices, in MiB.
    pub queues: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            routes: 64,
            rules: 32,
            neighbours: 16,
            addresses: 16,
            links: 8,
            queues: 16,
        }
    }
}

impl Limits {
    /// That of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Routes => self.routes,
            Kind::Rules => self.rules,
            Kind::Neighbours => self.neighbours,
            Kind::Addresses => self.addresses,
            Kind::Links => self.links,
            Kind::Queues => self.queues,
        }
    }

    /// Sets that of a kind.
    pub(crate) fn set(&mut self, kind: Kind, limit: u32) {
        *match kind {
            Kind::Routes => &mut self.routes,
            Kind::Rules => &mut self.rules,
            Kind::Neighbours => &mut self.neighbours,
            Kind::Addresses => &mut self.addresses,
            Kind::Links => &mut self.links,
            Kind::Queues => &mut self.queues,
        } = limit;
    }
}

/// The limits in force, and the file that can change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// How many.
    pub limits: Limits,
    /// The configuration.
    pub file: String,
}

/// A command that would make more than a sandbox may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Of what.
    pub kind: Kind,
    /// How many there may be.
    pub limit: u32,
    /// How many that commands made are in the sandbox, or how many MiB there would be; without, the values alone make too
    /// many.
    pub there: Option<u32>,
    /// The configuration.
    pub file: String,
}

impl Excess {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        let Self { kind, file, .. } = self;
        let (key, object) = (kind.key(), kind.object());
        if *kind == Kind::Queues {
            return format!(
                "give devices fewer queues or shorter ones (numtxqueues, numrxqueues, txqueuelen), take some away before it with ip {object} del, or allow more MiB in {file}:\n[limits]\n{key} = NUMBER"
            );
        }
        format!(
            "take some away before it with ip {object} del, or allow more in {file}:\n[limits]\n{key} = NUMBER"
        )
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind, limit, there, ..
        } = self;
        let key = kind.key();
        match there {
            Some(there) if *kind == Kind::Queues => write!(
                f,
                "over the limit of {limit} MiB of queues: with this command those of the devices that commands made in this sandbox may take {there} MiB of the node's memory (limits.{key})"
            ),
            None if *kind == Kind::Queues => write!(
                f,
                "over the limit of {limit} MiB of queues: with this command the values make devices whose queues may take more of the node's memory (limits.{key})"
            ),
            Some(there) => write!(
                f,
                "over the limit of {limit} {key}: commands made {there} that are in this sandbox (limits.{key})"
            ),
            None => write!(
                f,
                "over the limit of {limit} {key}: with this command the values make more (limits.{key})"
            ),
        }
    }
}
