//! Kinds of device that are listed and cannot be made here. A namespace has such devices without anyone's asking: where a
//! tunnel's module is loaded the kernel puts a device of it into each.

use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

mod geneve;
mod gre;
mod gtp;
mod hsr;
mod ip6_tunnel;
mod ip_tunnel;
mod macsec;
mod netkit;
mod tun;
mod tunnel;
mod vti;

/// Prints what the kernel sent of a device.
pub type Print = fn(&Received<'_>, &mut Entry, &mut dyn Names);

/// Each kind's name, and how its data is printed: not at all where iproute2 has nothing to say of it.
const KINDS: &[(&str, Option<Print>)] = &[
    ("amt", None),
    ("bareudp", None),
    ("batadv", None),
    ("can", None),
    ("dsa", None),
    ("erspan", Some(gre::print)),
    ("geneve", Some(geneve::print)),
    ("gre", Some(gre::print)),
    ("gretap", Some(gre::print)),
    ("gtp", Some(gtp::print)),
    ("hsr", Some(hsr::print)),
    ("ip6erspan", Some(gre::print6)),
    ("ip6gre", Some(gre::print6)),
    ("ip6gretap", Some(gre::print6)),
    ("ip6tnl", Some(ip6_tunnel::print)),
    ("ipip", Some(ip_tunnel::print)),
    ("ipoib", None),
    ("ipvtap", Some(super::ipvlan::print)),
    ("macsec", Some(macsec::print)),
    ("macvtap", Some(super::macvlan::print)),
    ("netkit", Some(netkit::print)),
    ("nlmon", None),
    ("sit", Some(ip_tunnel::print)),
    ("team", None),
    ("tun", Some(tun::print)),
    ("vcan", None),
    ("vsockmon", None),
    ("vti", Some(vti::print)),
    ("vti6", Some(vti::print)),
    ("vxcan", None),
    ("wireguard", None),
    ("xfrm", Some(vti::print_xfrm)),
];

/// Whether a kind is one of these.
pub fn knows(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// How a kind's data is printed.
pub fn printer(kind: &str) -> Option<Print> {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    known.and_then(|(_, print)| *print)
}
