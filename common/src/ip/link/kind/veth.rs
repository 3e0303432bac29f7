//! `type veth`: the other end is a device of its own, so `peer` reads the whole of a device's settings again, and
//! refuses again what is refused.

use crate::ip::args::Args;
use crate::ip::devices::Devices;
use crate::ip::link::Settings;
use crate::ip::link::read::{changed, made};
use crate::ip::link::request;
use crate::ip::mistake::Mistake;
use crate::uapi::ifla;
use crate::wire::Attributes;

/// Its one option.
pub const WORDS: [&str; 1] = ["peer"];

/// Reads `peer` and what follows.
pub fn read(args: &mut Args<'_>, make: bool) -> Result<Option<Box<Settings>>, Mistake> {
    let Some(word) = args.take() else {
        return Ok(None);
    };
    if word.text != "peer" || word.replaced {
        let text = "Usage: ip link add ... type veth [ peer OPTION... ]";
        return Err(Mistake::new(text, 1).hinting(Some("peer".to_owned())));
    }
    args.note_word(&WORDS, "peer");
    let peer = if make {
        made(args, true)?
    } else {
        changed(args, true)?
    };
    Ok(Some(Box::new(peer)))
}

/// The kind's data: a whole message for the peer within the device's own.
pub fn data(peer: &Settings, devices: &Devices) -> Attributes {
    let mut data = Attributes::default();
    data.put(ifla::VETH_PEER, &request::peer(peer, devices));
    data
}
