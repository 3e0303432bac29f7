//! What a message would change of devices that may be shared.

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};

use crate::uapi::{iff, ifla, rtm};
use crate::wire::{Received, Request, u32_of};

/// `struct ifinfomsg`.
const HEADER: usize = 16;

/// `IFLA_VLAN_ID` and `IFLA_VLAN_PROTOCOL`: all that a vlan on a shared device may be made with.
const PLAIN: [u16; 2] = [1, 5];

/// What a message would change.
#[derive(Debug, Default)]
pub(super) struct Touch {
    /// Of devices that are there.
    pub there: Option<(Which, Vec<Change>)>,
    /// A new device on top of the device of this index.
    pub top: Option<(u32, Top)>,
}

/// Which devices the kernel takes a message to mean.
#[derive(Debug, Default)]
pub(super) struct Which {
    pub index: u32,
    pub name: Option<String>,
    pub group: Option<u32>,
}

/// One thing that is changed of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Options of its kind, or of a port of its master's kind.
    Kind,
    /// Its link-layer address.
    Address,
    /// Of these flags those whose values differ from these.
    Flag(u32, u32),
    /// It becomes a part of the device of this index.
    Master(u32),
    /// An IP address, which on an ipvlan is an entry of the port's table.
    IpAddress,
}

/// What is made on top of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    /// A vlan with an id and a protocol.
    PlainVlan,
    /// Anything else.
    Other,
}

impl Change {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Kind => "type and what follows it",
            Self::Address => "address",
            Self::Flag(iff::PROMISC, _) => "promisc",
            Self::Flag(..) => "allmulticast",
            Self::Master(_) => "master",
            Self::IpAddress => "an address",
        }
    }
}

impl Touch {
    /// What of it is to be asked; nothing for most messages.
    pub(super) fn of(request: &Request) -> Self {
        match request.kind {
            rtm::NEWADDR => Self {
                there: Some((Which::indexed(&request.body), vec![Change::IpAddress])),
                top: None,
            },
            rtm::NEWLINK => Self::link(request),
            _ => Self::default(),
        }
    }

    fn link(request: &Request) -> Self {
        let attributes = Received::behind(&request.body, HEADER);
        let link = attributes.u32(ifla::LINK).filter(|link| *link != 0);
        let top = link.map(|link| (link, Top::of(&attributes)));
        let only_new = NLM_F_CREATE | NLM_F_EXCL;
        if request.flags & only_new == only_new {
            return Self { there: None, top };
        }
        let changes = changes(&request.body, &attributes);
        let name = attributes.text(ifla::IFNAME);
        let which = Which {
            name: name.or_else(|| attributes.text(ifla::ALT_IFNAME)),
            group: attributes
                .u32(ifla::GROUP)
                .filter(|_| request.flags & NLM_F_CREATE == 0),
            ..Which::indexed(&request.body)
        };
        Self {
            there: (!changes.is_empty()).then_some((which, changes)),
            top,
        }
    }
}

impl Which {
    /// `ifi_index` and `ifa_index` stand in the same place.
    fn indexed(body: &[u8]) -> Self {
        Self {
            index: body.get(4..).and_then(u32_of).unwrap_or(0),
            ..Self::default()
        }
    }
}

impl Top {
    fn of(attributes: &Received<'_>) -> Self {
        let info = attributes.nested(ifla::LINKINFO).unwrap_or_default();
        let data = info.nested(ifla::INFO_DATA).unwrap_or_default();
        let is_vlan = info.text(ifla::INFO_KIND).as_deref() == Some("vlan");
        if is_vlan && data.iter().all(|(kind, _)| PLAIN.contains(&kind)) {
            Self::PlainVlan
        } else {
            Self::Other
        }
    }
}

fn changes(body: &[u8], attributes: &Received<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if attributes.bytes(ifla::LINKINFO).is_some() {
        changes.push(Change::Kind);
    }
    if attributes.bytes(ifla::ADDRESS).is_some() {
        changes.push(Change::Address);
    }
    let values = body.get(8..).and_then(u32_of).unwrap_or(0);
    let mask = match body.get(12..).and_then(u32_of).unwrap_or(0) {
        // As `rtnl_dev_combine_flags` has it.
        0 if values != 0 => u32::MAX,
        mask => mask,
    };
    for flag in [iff::PROMISC, iff::ALLMULTI] {
        if mask & flag != 0 {
            changes.push(Change::Flag(flag, values & flag));
        }
    }
    if let Some(master) = attributes.u32(ifla::MASTER).filter(|master| *master != 0) {
        changes.push(Change::Master(master));
    }
    changes
}
