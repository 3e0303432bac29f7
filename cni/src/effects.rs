//! What the commands did to the attachment's interface, and how the result says so.

use chainsaw_common::family::Family;
use chainsaw_common::interface::{Address, Destination, Interface, Link, routes, unsettled};
use chainsaw_common::kernel::{Answer, Kernel};
use chainsaw_common::uapi::rtm;
use chainsaw_common::wire::Request;

use crate::error::Error;
use crate::result::changes::Changes;
use crate::result::update::{NoAddressLeft, updated};
use crate::settle::{Settled, settle};

/// A kernel that is watched: every change goes by here. Before the first that can change devices or addresses, and with
/// them anything, the interface is looked at; of changes of routes their destinations are noted, which is enough.
pub struct Watch<'k> {
    kernel: &'k mut dyn Kernel,
    ifname: &'k str,
    link: Option<Link>,
    before: Option<Before>,
    destinations: Vec<Destination>,
}

struct Before {
    interface: Option<Interface>,
    unsettled: Vec<(u32, Address)>,
}

impl Kernel for Watch<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        match request.kind {
            rtm::NEWROUTE | rtm::DELROUTE => {
                self.destinations.extend(Destination::of(&request.body))
            }
            rtm::NEWLINK | rtm::DELLINK | rtm::NEWADDR | rtm::DELADDR => self.look(),
            // Of the others a result says nothing.
            _ => {}
        }
        self.kernel.exchange(request)
    }
}

impl<'k> Watch<'k> {
    /// Of the interface of this name, which was just read; there may be none.
    pub fn over(kernel: &'k mut dyn Kernel, ifname: &'k str, link: Option<Link>) -> Self {
        Self {
            kernel,
            ifname,
            link,
            before: None,
            destinations: Vec::new(),
        }
    }

    fn look(&mut self) {
        if self.before.is_some() {
            return;
        }
        let link = self.link.clone();
        self.before = Some(Before {
            interface: link.map(|link| Interface::behind(link, self.kernel)),
            unsettled: unsettled(self.kernel),
        });
    }

    /// The result with what has changed; nothing if it stays as it is.
    pub fn told_on(self, prev_result: &str, log: &mut String) -> Result<Option<String>, Error> {
        let Self {
            kernel,
            ifname,
            link,
            before,
            destinations,
        } = self;
        let name = || ifname.to_owned();
        let last_address = |NoAddressLeft| Error::LastAddress { ifname: name() };
        if let Some(before) = before {
            settled(&before, kernel, log)?;
            let Some(interface) = before.interface else {
                return Ok(None);
            };
            let link = Link::named(ifname, kernel);
            let link = link.ok_or_else(|| Error::InterfaceTaken { ifname: name() })?;
            let after = Interface::behind(link, kernel);
            let changes = Changes::between(&interface, &after, destinations);
            return updated(prev_result, ifname, &changes).map_err(last_address);
        }
        // Routes come and go, and their device stays as it is.
        let Some(link) = link.filter(|_| !destinations.is_empty()) else {
            return Ok(None);
        };
        let family = Family::of_all(destinations.iter().map(|one| one.address));
        let routes = routes(link.index, family, kernel);
        let changes = Changes::of_routes(&routes, destinations);
        updated(prev_result, ifname, &changes).map_err(last_address)
    }
}

fn settled(before: &Before, kernel: &mut dyn Kernel, log: &mut String) -> Result<(), Error> {
    match settle(&before.unsettled, kernel) {
        Settled::Yes => {}
        Settled::Duplicate(Address { address, .. }) => return Err(Error::Duplicate { address }),
        Settled::NotYet(Address { address, .. }) => log.push_str(&format!(
            "chainsaw: {address} is still tentative, is its device up?\n"
        )),
    }
    Ok(())
}
