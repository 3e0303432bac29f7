//! A namespace that looks like a pod's, furnished with the engine's own commands.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chainsaw_common::engine::Value;
use chainsaw_common::ip::device;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::report::Report;
use chainsaw_common::surroundings;
use chainsaw_common::tokens::Surroundings;

/// The sample's interface.
pub const INTERFACE: &str = "eth0";

/// The sample's addresses, for documentation (RFC 5737, RFC 3849).
pub const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10)),
];

/// Its gateways.
pub const GATEWAYS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// A pair of devices is what a pod has; where the kernel has no veth, a dummy will do.
const DEVICES: [&str; 2] = [
    "link add eth0 type veth peer name node0\nlink set node0 up",
    "link add eth0 type dummy",
];

/// The same addresses and gateways, as commands.
const REST: &str = "\
link set lo up
link set eth0 up
address add 192.0.2.10/24 brd + dev eth0
address add 2001:db8::10/64 dev eth0 nodad
route add default via 192.0.2.1
route add default via 2001:db8::1";

/// Furnishes the namespace of `kernel`, which is empty.
///
/// # Errors
/// The first command that failed, in one line.
pub fn furnish(kernel: &mut dyn Kernel) -> Result<Surroundings, String> {
    let [pair, dummy] = DEVICES.map(|device| format!("{device}\n{REST}"));
    let report = Some(run(&pair, kernel))
        .filter(|report| report.outcome.is_good() || device(INTERFACE, kernel).is_some());
    let report = report.unwrap_or_else(|| run(&dummy, kernel));
    match report.headline() {
        None => Ok(surroundings::of_namespace(Some(INTERFACE), kernel)),
        Some(why) => Err(format!(
            "cannot furnish the throw-away namespace: {why}; this kernel may lack veth and dummy devices, or IPv6"
        )),
    }
}

fn run(commands: &str, kernel: &mut dyn Kernel) -> Report {
    let subject = Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "try",
        interface: None,
        mtu: None,
        netns: None,
    };
    let value = Value {
        author: Author::Operator,
        source: "sample".to_owned(),
        text: commands.to_owned(),
    };
    super::serve(&subject, &[value], &Surroundings::default(), kernel)
}
