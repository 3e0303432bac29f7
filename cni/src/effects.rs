//! What the commands did to the attachment's interface, and how the result says so.

use chainsaw_common::interface::{Address, Interface, Link, unsettled};
use chainsaw_common::kernel::Kernel;
use chainsaw_common::plan::Touch;

use crate::error::Error;
use crate::result::update::updated;
use crate::settle::{Settled, settle};

/// Looks at the interface before the first change and after the last.
#[derive(Debug)]
pub struct Watch<'a> {
    ifname: &'a str,
    link: Option<Link>,
    before: Option<Before>,
}

#[derive(Debug)]
struct Before {
    touch: Touch,
    interface: Option<Interface>,
    unsettled: Vec<(u32, Address)>,
}

impl<'a> Watch<'a> {
    /// Of the interface of this name, which was just read; there may be none.
    pub fn of(ifname: &'a str, link: Option<Link>) -> Self {
        Self {
            ifname,
            link,
            before: None,
        }
    }

    /// Something is about to change.
    pub fn before_change(&mut self, touch: Touch, kernel: &mut dyn Kernel) {
        let link = self.link.clone();
        let interface = link.map(|link| Interface::behind(link, touch, kernel));
        let unsettled = if touch == Touch::Everything {
            unsettled(kernel)
        } else {
            Vec::new()
        };
        self.before = Some(Before {
            touch,
            interface,
            unsettled,
        });
    }

    /// The result with what has changed; nothing if it stays as it is.
    pub fn told_on(
        &self,
        prev_result: &str,
        kernel: &mut dyn Kernel,
        log: &mut String,
    ) -> Result<Option<String>, Error> {
        let Some(before) = &self.before else {
            return Ok(None);
        };
        let settled = match before.touch {
            Touch::Everything => settle(&before.unsettled, kernel),
            _ => Settled::Yes,
        };
        match settled {
            Settled::Yes => {}
            Settled::Duplicate(Address { address, .. }) => {
                return Err(Error::Duplicate { address });
            }
            Settled::NotYet(Address { address, .. }) => {
                log.push_str(&format!(
                    "chainsaw: {address} is still tentative, is its device up?\n"
                ));
            }
        }
        let Some(interface) = &before.interface else {
            return Ok(None);
        };
        let link = match before.touch {
            Touch::Everything => Link::named(self.ifname, kernel),
            // Routes come and go, and their device stays as it is.
            Touch::Routes | Touch::Nothing => Some(interface.link.clone()),
        };
        let ifname = || self.ifname.to_owned();
        let link = link.ok_or_else(|| Error::InterfaceTaken { ifname: ifname() })?;
        let after = Interface::behind(link, before.touch, kernel);
        updated(prev_result, self.ifname, interface, &after)
            .map_err(|_| Error::LastAddress { ifname: ifname() })
    }
}
