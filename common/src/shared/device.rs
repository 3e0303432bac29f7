//! Where a device ends: in its own namespace, or elsewhere.

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST};

use super::Why;
use crate::ip::{by_index, by_name};
use crate::kernel::{Answer, Kernel};
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Received, Reply, Request, u32_of};

/// `struct ifinfomsg`.
const HEADER: usize = 16;
/// `ENODEV`.
const NO_DEVICE: i32 = 19;
/// More devices than the kernel stacks (`MAX_NEST_DEV`).
const DEEPEST: usize = 8;
/// How often a listing is asked for that changed meanwhile.
const TRIES: usize = 4;

/// `IFLA_MACVLAN_MODE`, and its value for passthru.
const MACVLAN_MODE: (u16, u32) = (1, 8);

/// Two ends that are independent devices: what one is set to is its own, wherever the other is.
const PAIRS: &[&str] = &["veth", "netkit", "vxcan"];

/// Kinds without a lower link. What a bridge or a bond has are ports.
const ALONE: &[&str] = &[
    "dummy", "ifb", "bridge", "bond", "team", "vrf", "nlmon", "vcan",
];

/// Kinds whose `get_link_net` has the kernel send `IFLA_LINK_NETNSID` where the lower link or the underlay lies elsewhere.
const TELLING: &[&str] = &[
    "macvlan",
    "macvtap",
    "ipvlan",
    "ipvtap",
    "vlan",
    "macsec",
    "vxlan",
    "gre",
    "gretap",
    "erspan",
    "ip6gre",
    "ip6gretap",
    "ip6erspan",
    "ipip",
    "ip6tnl",
    "sit",
    "vti",
    "vti6",
    "xfrm",
];

/// A device as the kernel lists it, as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub name: String,
    pub kind: Option<String>,
    /// `ifi_flags`.
    pub flags: u32,
    pub group: u32,
    link: Option<u32>,
    is_elsewhere: bool,
    is_passthru: bool,
}

/// A device that is shared.
pub(super) struct End {
    pub why: Why,
    /// Whether it, or one below it in the namespace, is a macvlan in mode passthru.
    pub is_passthru: bool,
}

impl Device {
    fn read(reply: &Reply) -> Option<Self> {
        let flags = reply.body.get(8..).and_then(u32_of)?;
        let attributes = Received::behind(&reply.body, HEADER);
        let info = attributes.nested(ifla::LINKINFO).unwrap_or_default();
        let kind = info.text(ifla::INFO_KIND);
        let data = info.nested(ifla::INFO_DATA).unwrap_or_default();
        let (mode, passthru) = MACVLAN_MODE;
        let is_macvlan = matches!(kind.as_deref(), Some("macvlan" | "macvtap"));
        Some(Self {
            name: attributes.text(ifla::IFNAME).unwrap_or_default(),
            flags,
            group: attributes.u32(ifla::GROUP).unwrap_or_default(),
            link: attributes.u32(ifla::LINK).filter(|link| *link != 0),
            is_elsewhere: attributes.bytes(ifla::LINK_NETNSID).is_some(),
            is_passthru: is_macvlan && data.u32(mode) == Some(passthru),
            kind,
        })
    }

    /// The device of an index; none if there is no such device.
    ///
    /// # Errors
    /// Why the kernel does not tell.
    pub(super) fn of(index: u32, kernel: &mut dyn Kernel) -> Result<Option<Self>, String> {
        one(kernel.exchange(&by_index(index, false)))
    }

    /// The device of a name or an altname.
    ///
    /// # Errors
    /// Why the kernel does not tell.
    pub(super) fn named(name: &str, kernel: &mut dyn Kernel) -> Result<Option<Self>, String> {
        one(kernel.exchange(&by_name(name)))
    }

    /// All devices of a group.
    ///
    /// # Errors
    /// Why the kernel does not tell.
    pub(super) fn grouped(group: u32, kernel: &mut dyn Kernel) -> Result<Vec<Self>, String> {
        let mut attributes = Attributes::default();
        attributes.put_u32(ifla::EXT_MASK, ifla::FILTER_SKIP_STATS);
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let list = Request::new(rtm::GETLINK, flags, &[0; HEADER], &attributes);
        for _ in 0..TRIES {
            let answer = kernel.exchange(&list);
            if let Some(refusal) = answer.refusal {
                return Err(untold(&refusal.strerror()));
            }
            if !answer.interrupted {
                let all = answer.replies.iter().filter_map(Self::read);
                return Ok(all.filter(|device| device.group == group).collect());
            }
        }
        Err(untold("its devices change all the time; try again"))
    }

    pub(super) fn is_kind(&self, kinds: &[&str]) -> bool {
        let kind = self.kind.as_deref();
        kind.is_some_and(|kind| kinds.contains(&kind))
    }

    /// Follows its lower links; nothing if it ends in this namespace.
    ///
    /// # Errors
    /// Why the kernel does not tell.
    pub(super) fn end(&self, kernel: &mut dyn Kernel) -> Result<Option<End>, String> {
        let mut device = self.clone();
        let mut is_passthru = false;
        for depth in 0..=DEEPEST {
            is_passthru |= device.is_passthru;
            let shared = |why| Ok(Some(End { why, is_passthru }));
            let Device { name, kind, .. } = &device;
            if device.is_kind(PAIRS) {
                return Ok(None);
            }
            if device.is_elsewhere && depth == 0 {
                return shared(Why::Itself);
            }
            if device.is_elsewhere {
                return shared(Why::Below(name.clone()));
            }
            let untold = |kind: &str| shared(Why::Untold(name.clone(), kind.to_owned()));
            let link = match (kind, device.link) {
                _ if device.is_kind(ALONE) => return Ok(None),
                (Some(_), link) if device.is_kind(TELLING) => link,
                (Some(kind), _) => return untold(kind),
                // Hardware, which says of no namespace where its conduit is.
                (None, Some(_)) => return untold("hardware"),
                (None, None) => None,
            };
            let Some(link) = link else {
                return Ok(None);
            };
            match Self::of(link, kernel)? {
                Some(below) => device = below,
                None => return untold(kind.as_deref().unwrap_or_default()),
            }
        }
        Err(untold("too many devices are stacked on each other"))
    }
}

fn one(answer: Answer) -> Result<Option<Device>, String> {
    match answer.refusal {
        Some(refusal) if refusal.errno == NO_DEVICE => Ok(None),
        Some(refusal) => Err(untold(&refusal.strerror())),
        None => match answer.replies.first().and_then(Device::read) {
            Some(device) => Ok(Some(device)),
            None => Err(untold("the kernel's answer has no device")),
        },
    }
}

fn untold(why: &str) -> String {
    format!("cannot tell whether the device is shared with other pods and the node: {why}")
}
