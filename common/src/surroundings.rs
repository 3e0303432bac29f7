//! What tokens stand for in a namespace that somebody else furnished, as its kernel has it.

use std::net::IpAddr;

use crate::family::Family;
use crate::interface::{addresses, list};
use crate::ip::device;
use crate::kernel::Kernel;
use crate::tokens::Surroundings;
use crate::uapi::{iff, ifla, rt, rta, rtm, rtn};
use crate::wire::{Attributes, Received, Reply, u32_of};

/// The interface that is named, else the device of the default route (IPv4, then IPv6), else the first that is no
/// loopback; its global addresses and its gateways.
pub fn of_namespace(interface: Option<&str>, kernel: &mut dyn Kernel) -> Surroundings {
    let interface = interface
        .map(str::to_owned)
        .or_else(|| default_device(kernel))
        .or_else(|| first_device(kernel));
    let Some(name) = interface else {
        return Surroundings::default();
    };
    let index = device(&name, kernel).unwrap_or(0);
    let addresses = addresses(index, kernel)
        .iter()
        .map(|address| address.address)
        .collect();
    let gateways = gateways(&name, kernel);
    Surroundings {
        interface: Some(name),
        addresses,
        gateways,
        ..Surroundings::default()
    }
}

/// The gateways of the default routes that leave by `dev`: IPv4 before IPv6, lowest metric first.
pub fn gateways(dev: &str, kernel: &mut dyn Kernel) -> Vec<IpAddr> {
    let Some(index) = device(dev, kernel) else {
        return Vec::new();
    };
    let routes = default_routes(kernel)
        .into_iter()
        .filter(|route| route.device == index);
    routes.filter_map(|route| route.gateway).collect()
}

struct DefaultRoute {
    device: u32,
    gateway: Option<IpAddr>,
}

fn default_routes(kernel: &mut dyn Kernel) -> Vec<DefaultRoute> {
    [Family::Inet, Family::Inet6]
        .into_iter()
        .flat_map(|family| default_routes_of(family, kernel))
        .collect()
}

fn default_routes_of(family: Family, kernel: &mut dyn Kernel) -> Vec<DefaultRoute> {
    let mut attributes = Attributes::default();
    attributes.put_u32(rta::TABLE, rt::TABLE_MAIN);
    let header = [family.number(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut found: Vec<(u32, DefaultRoute)> = list(rtm::GETROUTE, &header, &attributes, kernel)
        .iter()
        .filter_map(default_route)
        .collect();
    found.sort_by_key(|(metric, _)| *metric);
    found.into_iter().map(|(_, route)| route).collect()
}

/// A unicast route with a destination of no bits.
fn default_route(reply: &Reply) -> Option<(u32, DefaultRoute)> {
    let [_, dst_len, _, _, _, _, _, kind] = *reply.body.first_chunk::<8>()?;
    let route = Received::behind(&reply.body, 12);
    let device = route
        .u32(rta::OIF)
        .filter(|_| dst_len == 0 && kind == rtn::UNICAST)?;
    Some((
        route.u32(rta::PRIORITY).unwrap_or(0),
        DefaultRoute {
            device,
            gateway: route.address(rta::GATEWAY),
        },
    ))
}

fn default_device(kernel: &mut dyn Kernel) -> Option<String> {
    let index = default_routes(kernel).first()?.device;
    links(kernel)
        .into_iter()
        .find(|link| link.index == index)
        .map(|link| link.name)
}

fn first_device(kernel: &mut dyn Kernel) -> Option<String> {
    links(kernel)
        .into_iter()
        .find(|link| link.flags & iff::LOOPBACK == 0)
        .map(|link| link.name)
}

struct Link {
    index: u32,
    flags: u32,
    name: String,
}

fn links(kernel: &mut dyn Kernel) -> Vec<Link> {
    let link = |reply: &Reply| {
        let field = |at: usize| reply.body.get(at..).and_then(u32_of);
        Some(Link {
            index: field(4)?,
            flags: field(8)?,
            name: Received::behind(&reply.body, 16).text(ifla::IFNAME)?,
        })
    };
    list(rtm::GETLINK, &[0; 16], &Attributes::default(), kernel)
        .iter()
        .filter_map(link)
        .collect()
}
