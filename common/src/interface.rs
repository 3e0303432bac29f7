//! An interface as the kernel has it: what a CNI result speaks of, so that a change can be told on.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST};

use crate::family::Family;
use crate::ip::by_name;
use crate::kernel::Kernel;
use crate::uapi::{ifa, ifla, rt, rta, rtm, rtn};
use crate::wire::{Attributes, Received, Reply, Request, u32_of};

/// What `RTM_GETLINK` says of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// Its link-layer address.
    pub mac: Vec<u8>,
    /// Its MTU, in bytes.
    pub mtu: u32,
}

/// One interface, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Itself.
    pub link: Link,
    /// Its addresses, in the kernel's order; link-local ones left out.
    pub addresses: Vec<Address>,
    /// The unicast routes of table main that leave by it.
    pub routes: Vec<Route>,
}

/// One address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// The length of its prefix, in bits.
    pub len: u8,
    /// `IFA_F_…`.
    pub flags: u32,
}

impl Address {
    /// Whether the kernel still looks for duplicates (RFC 4862, 5.4).
    #[must_use]
    pub fn is_tentative(&self) -> bool {
        self.flags & ifa::F_TENTATIVE != 0 && self.flags & ifa::F_DADFAILED == 0
    }

    /// Whether the kernel found a duplicate.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.flags & ifa::F_DADFAILED != 0
    }

    /// Whether both are the same address with the same prefix, whatever their flags.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.address, self.len) == (other.address, other.len)
    }
}

/// One route that leaves by an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub destination: Destination,
    /// The gateway, if there is one.
    pub gateway: Option<IpAddr>,
}

/// Where a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The address; `0.0.0.0` or `::` with length 0 is the default.
    pub address: IpAddr,
    /// The length of its prefix, in bits.
    pub len: u8,
}

impl Destination {
    /// Where a route of table main leads to, by a message that lists it or changes it; nothing if it is another table's.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        let [family, len, _, _, table, ..] = *body.first_chunk::<8>()?;
        let received = Received::behind(body, 12);
        let any = match Family::from_number(family) {
            Family::Inet => IpAddr::from([0; 4]),
            Family::Inet6 => IpAddr::from([0; 16]),
            _ => return None,
        };
        let table = received.u32(rta::TABLE).unwrap_or(table.into());
        let address = received.address(rta::DST).unwrap_or(any);
        // The kernel keeps an IPv6 destination without its host's bits, however it was given.
        let address = masked(address, len);
        (table == rt::TABLE_MAIN).then_some(Self { address, len })
    }
}

/// The first bits of an address.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(bits.min(32)))
                .unwrap_or(0);
            IpAddr::from((v4.to_bits() & mask).to_be_bytes())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(bits.min(128)))
                .unwrap_or(0);
            IpAddr::from((v6.to_bits() & mask).to_be_bytes())
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

impl Link {
    /// Reads the interface of that name; nothing if there is none.
    pub fn named(name: &str, kernel: &mut dyn Kernel) -> Option<Self> {
        let answer = kernel.exchange(&by_name(name));
        let reply = answer.replies.first()?;
        let received = Received::behind(&reply.body, 16);
        Some(Self {
            index: reply.body.get(4..).and_then(u32_of)?,
            mac: received.bytes(ifla::ADDRESS).unwrap_or_default().to_vec(),
            mtu: received.u32(ifla::MTU).unwrap_or(0),
        })
    }
}

impl Interface {
    /// Reads what else there is of an interface that was just read.
    pub fn behind(link: Link, kernel: &mut dyn Kernel) -> Self {
        Self {
            addresses: addresses(link.index, kernel),
            routes: routes(link.index, Family::Unspec, kernel),
            link,
        }
    }
}

/// The addresses of the device `index`; link-local ones left out.
pub fn addresses(index: u32, kernel: &mut dyn Kernel) -> Vec<Address> {
    let mut header = [0; 8];
    let (_, device) = header.split_at_mut(4);
    device.copy_from_slice(&index.to_ne_bytes());
    list(rtm::GETADDR, &header, &Attributes::default(), kernel)
        .iter()
        .filter_map(|reply| address(reply, index))
        .collect()
}

fn address(reply: &Reply, index: u32) -> Option<Address> {
    let [_, len, flags, scope] = *reply.body.first_chunk::<4>()?;
    let received = Received::behind(&reply.body, 8);
    let address = received
        .address(ifa::LOCAL)
        .or_else(|| received.address(ifa::ADDRESS))?;
    let here = reply.body.get(4..).and_then(u32_of) == Some(index) && scope != rt::SCOPE_LINK;
    here.then_some(Address {
        address,
        len,
        flags: received.u32(ifa::FLAGS).unwrap_or(flags.into()),
    })
}

/// The unicast routes of table main that leave by the device `index`, of one family or of both.
pub fn routes(index: u32, family: Family, kernel: &mut dyn Kernel) -> Vec<Route> {
    let mut attributes = Attributes::default();
    attributes
        .put_u32(rta::TABLE, rt::TABLE_MAIN)
        .put_u32(rta::OIF, index);
    let header = [family.number(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    list(rtm::GETROUTE, &header, &attributes, kernel)
        .iter()
        .filter_map(route)
        .collect()
}

/// Routes that the kernel made itself, for an address or an advertisement, go with what they were made for.
fn route(reply: &Reply) -> Option<Route> {
    let [_, _, _, _, _, protocol, _, kind] = *reply.body.first_chunk::<8>()?;
    let ours = kind == rtn::UNICAST && !matches!(protocol, rt::PROTOCOL_KERNEL | rt::PROTOCOL_RA);
    Some(Route {
        destination: Destination::of(&reply.body).filter(|_| ours)?,
        gateway: Received::behind(&reply.body, 12).address(rta::GATEWAY),
    })
}

/// The IPv6 addresses of the whole namespace that are still looked for duplicates of, and those that have one;
/// link-local ones left out. Devices by index.
pub fn unsettled(kernel: &mut dyn Kernel) -> Vec<(u32, Address)> {
    let all = list(
        rtm::GETADDR,
        &[Family::Inet6.number(), 0, 0, 0, 0, 0, 0, 0],
        &Attributes::default(),
        kernel,
    );
    let unsettled = |reply: &Reply| {
        let index = reply.body.get(4..).and_then(u32_of)?;
        let address = address(reply, index)?;
        (address.is_tentative() || address.is_duplicate()).then_some((index, address))
    };
    all.iter().filter_map(unsettled).collect()
}

/// Every reply to a listing.
pub(crate) fn list(
    kind: u16,
    header: &[u8],
    attributes: &Attributes,
    kernel: &mut dyn Kernel,
) -> Vec<Reply> {
    kernel
        .exchange(&Request::new(
            kind,
            NLM_F_REQUEST | NLM_F_DUMP,
            header,
            attributes,
        ))
        .replies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_without_its_hosts_bits() {
        let of = |family: u8, len: u8, dst: &[u8]| {
            let mut attributes = Attributes::default();
            attributes.put(rta::DST, dst);
            let header = [family, len, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0];
            let body = [header.as_slice(), &attributes.bytes()].concat();
            Destination::of(&body).unwrap().to_string()
        };
        let v6 = "2001:db8:2::5"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets();
        assert_eq!(of(10, 64, &v6), "2001:db8:2::/64");
        assert_eq!(of(10, 128, &v6), "2001:db8:2::5/128");
        assert_eq!(of(10, 0, &v6), "::/0");
        assert_eq!(of(2, 24, &[192, 0, 2, 0]), "192.0.2.0/24");
        assert_eq!(of(2, 0, &[0; 4]), "0.0.0.0/0");
    }
}
