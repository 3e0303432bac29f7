//! What a namespace's routes say of a neighbour that is about to be changed.

use super::limited::Stop;
use super::on_link::{Reach, Way, routes};
use crate::kernel::Kernel;
use crate::policy::{Condition, Facts};
use crate::uapi::{nda, rtm};
use crate::wire::{Received, Request, u32_of};

/// The condition that holds of a change, if one does.
///
/// # Errors
/// Why the kernel's routes do not tell.
pub(super) fn denied(
    conditions: &[Condition],
    request: &Request,
    kernel: &mut dyn Kernel,
) -> Result<Option<Condition>, Stop> {
    if conditions.is_empty() || !matches!(request.kind, rtm::NEWNEIGH | rtm::DELNEIGH) {
        return Ok(None);
    }
    let there = facts(&request.body, kernel).map_err(Stop::Untold)?;
    let holds = |condition: &&Condition| condition.fact.hold(there);
    Ok(conditions.iter().find(holds).cloned())
}

/// `struct ndmsg`. What is no address is nobody's neighbour.
fn facts(body: &[u8], kernel: &mut dyn Kernel) -> Result<Facts, String> {
    let device = body.get(4..).and_then(u32_of).unwrap_or(0);
    let address = Received::behind(body, 12).address(nda::DST);
    let mut facts = Facts {
        is_gateway: false,
        is_off_link: true,
    };
    for reply in routes(kernel)? {
        let Some(reach) = Reach::of(&reply.body) else {
            continue;
        };
        let is_reached = address.is_some_and(|address| reach.holds(address));
        let is_gateway = |way: &&Way| way.gateway.is_some() && way.gateway == address;
        facts.is_gateway |= reach.ways.iter().any(|way| is_gateway(&way));
        let is_direct = |way: &Way| {
            way.device == device && (is_gateway(&way) || is_reached && way.gateway.is_none())
        };
        facts.is_off_link &= !reach.ways.iter().any(is_direct);
    }
    Ok(facts)
}
