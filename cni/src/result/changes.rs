//! What the commands changed of an interface, as far as a result can speak of it.

use chainsaw_common::interface::{Address, Destination, Interface, Route};

/// What became otherwise of an interface.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// Its new hardware address.
    pub mac: Option<&'a [u8]>,
    /// Its new MTU, in bytes.
    pub mtu: Option<u32>,
    /// The addresses that it lost.
    pub gone: Vec<Address>,
    /// The addresses that it got.
    pub new: Vec<Address>,
    /// Where routes have come, gone or changed.
    pub destinations: Vec<Destination>,
    /// All its routes, as they are now.
    pub routes: &'a [Route],
}

impl<'a> Changes<'a> {
    /// Between two looks. What commands did to routes before the first is known by their destinations.
    pub fn between(
        before: &Interface,
        after: &'a Interface,
        mut destinations: Vec<Destination>,
    ) -> Self {
        let differing = |ours: &[Route], others: &[Route]| {
            let differ = ours.iter().filter(|route| !others.contains(route));
            differ.map(|route| route.destination).collect::<Vec<_>>()
        };
        destinations.extend(differing(&before.routes, &after.routes));
        destinations.extend(differing(&after.routes, &before.routes));
        let without = |ours: &[Address], others: &[Address]| {
            let lost = |one: &&Address| !others.iter().any(|other| other.is_same(one));
            ours.iter().filter(lost).copied().collect()
        };
        let (old, new) = (&before.link, &after.link);
        Self {
            mac: (old.mac != new.mac).then_some(new.mac.as_slice()),
            mtu: (old.mtu != new.mtu).then_some(new.mtu),
            gone: without(&before.addresses, &after.addresses),
            new: without(&after.addresses, &before.addresses),
            destinations,
            routes: &after.routes,
        }
    }

    /// Of routes to these destinations, by the routes that there are now.
    pub fn of_routes(routes: &'a [Route], destinations: Vec<Destination>) -> Self {
        Self {
            destinations,
            routes,
            ..Self::default()
        }
    }
}
