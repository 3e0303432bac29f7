//! Shared devices: their lower link or underlay lies in another network namespace, so that other pods and the node use it, too.
//!
//! A macvlan, an ipvlan or a vlan that the main plugin put into a pod is such a device. Its kind's options belong to the port
//! that all pods on the lower link share, and its promiscuity, its address and its VLANs reach the lower link.
//!
//! Which devices are shared is asked in the opened namespace right before each message that would change one, and decided by
//! that message, not by the command's words ([`Fenced`]): a group, an altname, or a device that the commands before have made
//! or renamed hide nothing. A command that sends no such message costs no exchange.

use std::fmt;

use crate::ip::{Action, Command, addr, link};

mod device;
mod fenced;
#[cfg(test)]
mod tests;
mod touch;

pub(crate) use fenced::{Fenced, Stop, Unchanging};

/// Whether what grants a command lets it change shared devices as far as anybody may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch {
    /// A rule says `shared = true`, or the operator wrote the command.
    On,
    /// It does not. This is what an operator writes so that it does.
    Off {
        /// The line, and where it belongs.
        remedy: String,
    },
}

/// Why a device is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// Its own lower link lies elsewhere (`IFLA_LINK_NETNSID`).
    Itself,
    /// That of this device below it does.
    Below(String),
    /// This device, which is itself or below it, is of a kind that does not say where its underlay is.
    Untold(String, String),
}

/// A command that would change a shared device and may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    device: String,
    why: Why,
    /// The words that change it.
    word: &'static str,
    never: Option<Never>,
    remedy: Option<String>,
}

/// What no rule allows on a shared device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Never {
    /// An option of its kind.
    Kind,
    /// Anything that reaches the lower link of a macvlan in mode passthru, whose own settings are the lower link's.
    Passthru,
    /// Another device on top of it than a plain vlan.
    Top,
}

impl Shared {
    /// What to do about it, if anything can be done.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        self.remedy.clone()
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            device, why, word, ..
        } = self;
        write!(f, "{device} is a shared device: ")?;
        match why {
            Why::Itself => f.write_str("its lower link lies in another network namespace")?,
            Why::Below(below) => write!(
                f,
                "the lower link of {below}, on which it is, lies in another network namespace"
            )?,
            Why::Untold(name, kind) if name == device => write!(
                f,
                "its kind, {kind}, does not tell in which network namespace its underlay lies"
            )?,
            Why::Untold(below, kind) => write!(
                f,
                "{below}, on which it is, is of kind {kind}, which does not tell in which network namespace its underlay lies"
            )?,
        }
        match self.never {
            Some(Never::Kind) => write!(
                f,
                "; {word} would change what other pods and the node use, so no rule allows it"
            ),
            Some(Never::Passthru) => write!(
                f,
                "; in mode passthru {word} would change the lower link itself, so no rule allows it"
            ),
            Some(Never::Top) => write!(
                f,
                "; on it no rule allows a new device but a vlan with id and protocol alone"
            ),
            None => write!(
                f,
                "; {word} reaches that lower link, so it takes a rule with shared = true"
            ),
        }
    }
}

impl Switch {
    /// Whether a command may send a message that changes a device which could be shared.
    pub(crate) fn concerns(command: &Command) -> bool {
        match &command.action {
            Action::Addr(action) => matches!(action, addr::Action::Change(..)),
            Action::Link(action) => matches!(
                **action,
                link::Action::Add(_) | link::Action::Replace(_) | link::Action::Set(_)
            ),
            _ => false,
        }
    }

    /// What a command depends on that only the pod's devices can tell.
    pub(crate) fn depends(&self, command: &Command) -> Option<String> {
        let (device, need) = match &command.action {
            Action::Addr(addr::Action::Change(verb, address)) => {
                let adds = !matches!(verb, addr::Verb::Del) && address.dev != "lo";
                (&address.dev, adds.then_some(Need::Ipvlan)?)
            }
            Action::Link(action) => match &**action {
                link::Action::Set(settings) => (&settings.dev, Need::of(settings)?),
                link::Action::Add(settings) | link::Action::Replace(settings) => {
                    let is_vlan = settings.kind.as_ref().map(link::Kind::name) == Some("vlan");
                    let need = if is_vlan { Need::Switch } else { Need::Never };
                    (settings.link.as_ref()?, need)
                }
                _ => return None,
            },
            _ => return None,
        };
        let device = match device.as_str() {
            "" => "a device of the group",
            device => device,
        };
        let where_it_is = match need {
            Need::Ipvlan => "it depends on the pod: if {device} is an ipvlan",
            Need::Switch | Need::Never => "it depends on the pod: if {device} is",
        };
        let so = match (need, self) {
            (Need::Never, _) => "it is refused",
            (_, Self::Off { .. }) => "it takes a rule with shared = true",
            (Need::Ipvlan, Self::On) => return None,
            (Need::Switch, Self::On) => "in mode passthru it is refused",
        };
        let of = match need {
            Need::Ipvlan => "whose lower link lies in another network namespace",
            Need::Switch | Need::Never => {
                "a shared device, whose lower link lies in another network namespace"
            }
        };
        let start = where_it_is.replace("{device}", device);
        Some(format!("{start} {of}, {so}"))
    }
}

/// What a command takes, by its words, if the device is shared.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// The switch, on an ipvlan.
    Ipvlan,
    /// The switch, but in passthru.
    Switch,
    /// Nothing helps.
    Never,
}

impl Need {
    fn of(settings: &link::Settings) -> Option<Self> {
        use crate::uapi::iff;
        if settings.kind.is_some() {
            return Some(Self::Never);
        }
        let flags = settings.flags.change & (iff::PROMISC | iff::ALLMULTI) != 0;
        let master = matches!(settings.master, Some(link::Master::Device(_)));
        (flags || master || settings.address.is_some()).then_some(Self::Switch)
    }
}
