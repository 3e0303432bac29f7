//! CHECK: whether an attachment is as ADD left it, as far as that is ours to say.

use chainsaw_common::ip::device;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::record::{self, Event, Records};

use crate::environment::Environment;
use crate::error::Error;
use crate::netconf::NetConf;

/// The record, if there is one, says ok, the namespace opens and the interface is in it. Nothing is run again, no route is asserted.
pub fn check(environment: &Environment, conf: &NetConf<'_>) -> Result<(), Error> {
    conf.prev_result()?;
    let (netns, ifname) = (environment.netns()?, environment.ifname()?);
    let record = Records::at(record::FOLDER).find(environment.container()?)?;
    let last = record.as_ref().and_then(|record| record.last(ifname));
    if last.is_some_and(|entry| matches!(entry.event, Event::Begun { .. } | Event::Failed { .. })) {
        return Err(Error::NotOk {
            ifname: ifname.to_owned(),
        });
    }
    Namespace::open(netns.as_ref())?.enter()?;
    let mut socket = Socket::open().map_err(|source| Error::Socket {
        netns: netns.to_owned(),
        source,
    })?;
    match device(ifname, &mut socket) {
        Some(_) => Ok(()),
        None => Err(Error::Gone {
            ifname: ifname.to_owned(),
            netns: netns.to_owned(),
        }),
    }
}
