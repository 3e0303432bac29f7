//! The legs of a multipath route as `ip route` prints them.

use serde_json::Value;

use super::show::{flags, gateway, realms, wrapping};
use crate::ip::devices::Names;
use crate::ip::options::Options;
use crate::ip::page::Entry;
use crate::uapi::rta;
use crate::wire::{Received, u32_of};

/// Prints rows of `struct rtnexthop`.
pub(super) fn print(mut legs: &[u8], options: &Options, entry: &mut Entry, names: &mut dyn Names) {
    let mut array = Vec::new();
    while let Some((length, flags_, hops, index)) = leg_header(legs) {
        let Some((leg, behind)) = legs.split_at_checked(length) else {
            break;
        };
        let mut nexthop = Entry::new(options);
        nexthop.break_line();
        nexthop.text(format_args!("\tnexthop "));
        let received = Received::behind(leg, 8);
        wrapping(&received, options, &mut nexthop);
        gateway(&received, false, &mut nexthop);
        if let Some(flow) = received.u32(rta::FLOW) {
            realms(flow, options, &mut nexthop);
        }
        let name = names.name(index);
        nexthop.put("dev", name.clone(), format_args!("dev {name} "));
        let weight = u32::from(hops) + 1;
        nexthop.put("weight", weight, format_args!("weight {weight} "));
        flags(flags_.into(), &mut nexthop);
        if options.json {
            array.push(nexthop.into_json());
        } else {
            entry.text(format_args!("{}", nexthop.into_text()));
        }
        legs = behind
            .get(length.next_multiple_of(4) - length..)
            .unwrap_or_default();
    }
    entry.json("nexthops", Value::Array(array));
}

fn leg_header(legs: &[u8]) -> Option<(usize, u8, u8, u32)> {
    let [low, high, flags, hops] = *legs.first_chunk::<4>()?;
    let length = usize::from(u16::from_ne_bytes([low, high]));
    let index = legs.get(4..).and_then(u32_of)?;
    (length >= 8).then_some((length, flags, hops, index))
}
