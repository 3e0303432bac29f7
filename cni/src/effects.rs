//! What the commands did to the attachment's interface, and how the result says so.

use chainsaw_common::interface::{Address, Interface, unsettled};
use chainsaw_common::kernel::Kernel;
use chainsaw_common::plan::Touch;

use crate::error::Error;
use crate::result::update::updated;
use crate::settle::{Settled, settle};

/// Looks at the interface before the first change and after the last.
#[derive(Debug)]
pub struct Watch<'a> {
    ifname: &'a str,
    before: Option<Before>,
}

#[derive(Debug)]
struct Before {
    touch: Touch,
    interface: Option<Interface>,
    unsettled: Vec<(u32, Address)>,
}

impl<'a> Watch<'a> {
    /// Of this interface, at which nothing was looked yet.
    pub fn of(ifname: &'a str) -> Self {
        Self {
            ifname,
            before: None,
        }
    }

    /// Something is about to change.
    pub fn before_change(&mut self, touch: Touch, kernel: &mut dyn Kernel) {
        let interface = Interface::read(self.ifname, touch, kernel);
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
        let ifname = self.ifname.to_owned();
        let after = Interface::read(self.ifname, before.touch, kernel)
            .ok_or(Error::InterfaceTaken { ifname })?;
        updated(prev_result, self.ifname, interface, &after).map_err(|_| Error::LastAddress {
            ifname: self.ifname.to_owned(),
        })
    }
}
