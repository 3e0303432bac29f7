//! What tokens stand for at an attachment.

use std::net::IpAddr;

use chainsaw_common::engine::Value;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::surroundings;
use chainsaw_common::tokens::{Surroundings, ask_for_a_gateway};

use crate::result::PrevResult;

/// The current interface is CNI_IFNAME where the namespace has it, else the last one that the result puts in a sandbox;
/// addresses and gateways are the result's, a gateway that it does not tell is the kernel's.
pub fn around(
    named: Option<&str>,
    prev_result: &str,
    values: &[Value],
    kernel: &mut dyn Kernel,
) -> Surroundings {
    let result = PrevResult::read(prev_result);
    let Some(interface) = named.or_else(|| result.last_interface()) else {
        return Surroundings::default();
    };
    let mut gateways = result.gateways(interface);
    if ask_for_a_gateway(values.iter().map(|value| value.text.as_str())) {
        // The result's come first, and the kernel's of a family that it does not tell.
        let told = |v4| {
            gateways
                .iter()
                .any(|gateway: &IpAddr| gateway.is_ipv4() == v4)
        };
        let (v4, v6) = (told(true), told(false));
        let more = surroundings::gateways(interface, kernel).into_iter();
        gateways.extend(more.filter(|gateway| if gateway.is_ipv4() { !v4 } else { !v6 }));
    }
    let addresses = result.addresses(interface);
    Surroundings {
        interface: Some(interface.to_owned()),
        addresses,
        gateways,
        ..Surroundings::default()
    }
}
