//! Whether a device is there with certain settings (`struct ifinfomsg`).

use netlink_packet_core::NLM_F_REQUEST;

use super::holds;
use crate::kernel::Kernel;
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Received, Request, text_of, u32_of};

const HEADER: usize = 16;

/// Whether the device that the message is about, by index or by the name of a new one, has all of its settings.
pub(super) fn is_there(request: &Request, kernel: &mut dyn Kernel) -> bool {
    let wanted = Received::behind(&request.body, HEADER);
    let field = |body: &[u8], at: usize| body.get(at..).and_then(u32_of).unwrap_or(0);
    let mut header = [0; HEADER];
    let mut attributes = Attributes::default();
    match (field(&request.body, 4), wanted.text(ifla::IFNAME)) {
        (0, Some(name)) => drop(attributes.put_text(ifla::IFNAME, &name)),
        // A new device without a name is another one each time.
        (0, None) => return false,
        (index, _) => {
            let (_, fields) = header.split_at_mut(4);
            let (field, _) = fields.split_at_mut(4);
            field.copy_from_slice(&index.to_ne_bytes());
        }
    }
    let answer = kernel.exchange(&Request::new(
        rtm::GETLINK,
        NLM_F_REQUEST,
        &header,
        &attributes,
    ));
    let Some(reply) = answer.replies.first() else {
        return false;
    };
    let change = field(&request.body, 12);
    let flags = field(&request.body, 8) & change == field(&reply.body, 8) & change;
    flags && has_settings(&wanted, &Received::behind(&reply.body, HEADER))
}

fn has_settings(wanted: &Received<'_>, found: &Received<'_>) -> bool {
    // What is sent with or without a NUL, as nothing or as 0, and what only its making knows, is compared here.
    let text = |kind| {
        wanted
            .bytes(kind)
            .is_none_or(|wanted| found.text(kind).unwrap_or_default() == text_of(wanted))
    };
    let master = wanted
        .u32(ifla::MASTER)
        .is_none_or(|master| found.u32(ifla::MASTER).unwrap_or(0) == master);
    text(ifla::IFNAME)
        && text(ifla::IFALIAS)
        && master
        && has_kind(wanted, found)
        && holds(
            wanted,
            found,
            &[ifla::IFNAME, ifla::IFALIAS, ifla::MASTER, ifla::LINKINFO],
        )
}

/// The kind by name; its data where the kernel lists it, which it does not for the peer of a veth.
fn has_kind(wanted: &Received<'_>, found: &Received<'_>) -> bool {
    let Some(wanted) = wanted.nested(ifla::LINKINFO) else {
        return true;
    };
    let Some(found) = found.nested(ifla::LINKINFO) else {
        return false;
    };
    let kind = wanted.text(ifla::INFO_KIND);
    kind == found.text(ifla::INFO_KIND)
        && (kind.as_deref() == Some("veth") || holds(&wanted, &found, &[ifla::INFO_KIND]))
}
