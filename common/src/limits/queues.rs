//! What the queues of devices take of the kernel's memory: an estimate that is never too low.
//!
//! Measured on Debian's 6.12 (`tests/tests/product/kernels/bounds.rs` holds it), with as much again for machines with many
//! processors, since counters are kept for each:
//!
//! * A transmit or receive queue is its structure, and a folder of some ten files below `/sys/class/net`.
//! * Where a device has a queueing discipline, each transmit queue has one: `fq_codel` is some 70 KiB, `pfifo_fast` three
//!   rings of pointers as long as `txqueuelen`. Virtual devices have none (`IFF_NO_QUEUE`) but `ifb`.
//!
//! What the runtime and the main plugin made does not count. Of a device that is about to be made only what the command says
//! is known: how many queues the kernel gives it otherwise is its own choice.

use netlink_packet_core::NLM_F_CREATE;

use super::{Kind, Made, count};
use crate::kernel::Kernel;
use crate::uapi::{ifla, rtm};
use crate::wire::{Received, Reply, Request, u32_of};

/// A queue of either direction, in bytes.
const QUEUE: u64 = 8 * 1024;
/// A queueing discipline whatever its length, in bytes.
const DISCIPLINE: u64 = 96 * 1024;
/// The rings of `pfifo_fast`.
const RINGS: u64 = 3;
/// A packet's place in one, in bytes.
const PLACE: u64 = 8;
/// How long a queue is where nothing else is said (`DEFAULT_TX_QUEUE_LEN`), in packets.
const LENGTH: u32 = 1000;

/// The kinds of the dialect that have no queueing discipline of their own accord.
const WITHOUT_DISCIPLINE: &[&str] = &[
    "dummy", "veth", "bridge", "vlan", "macvlan", "ipvlan", "vrf", "vxlan", "bond",
];

/// So many MiB in bytes.
pub(crate) fn bytes(mebibytes: u32) -> u64 {
    u64::from(mebibytes) << 20
}

/// So many bytes in MiB, rounded up.
pub(crate) fn mebibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX)
}

/// Whether a message makes queues, or makes them longer.
pub(super) fn sizes(request: &Request) -> bool {
    let longer = || {
        Received::behind(&request.body, 16)
            .u32(ifla::TXQLEN)
            .is_some()
    };
    request.kind == rtm::NEWLINK && (request.flags & NLM_F_CREATE != 0 || longer())
}

/// What the queues of the device that a message makes take, its other end's too, in bytes.
pub(super) fn made(request: &Request) -> u64 {
    if request.kind != rtm::NEWLINK || request.flags & NLM_F_CREATE == 0 {
        return 0;
    }
    let own = Received::behind(&request.body, 16);
    let info = own.nested(ifla::LINKINFO).unwrap_or_default();
    let kind = info.text(ifla::INFO_KIND).unwrap_or_default();
    let mut all = device(&own, &kind, None);
    if kind == "veth" {
        let data = info.nested(ifla::INFO_DATA).unwrap_or_default();
        let peer = data.bytes(ifla::VETH_PEER).unwrap_or_default();
        all = all.saturating_add(device(&Received::behind(peer, 16), &kind, None));
    }
    all
}

/// What the queues of all devices that commands made take after a message, in bytes; nothing if it is about none of them.
///
/// # Errors
/// Why the kernel does not tell.
pub(super) fn after(
    request: &Request,
    ours: &Made,
    kernel: &mut dyn Kernel,
) -> Result<Option<u64>, String> {
    let is_new = request.flags & NLM_F_CREATE != 0;
    if ours.bound(Kind::Links) == 0 {
        return Ok(is_new.then(|| made(request)));
    }
    let mut all = made(request);
    let mut is_ours = is_new;
    for reply in count::devices(kernel)? {
        let has = Received::behind(&reply.body, 16);
        let name = has.text(ifla::IFNAME).unwrap_or_default();
        if !ours.of(Kind::Links).any(|(thing, _)| thing.is_named(&name)) {
            continue;
        }
        let length = length_for(request, &reply, &name);
        is_ours |= length.is_some();
        let info = has.nested(ifla::LINKINFO).unwrap_or_default();
        let kind = info.text(ifla::INFO_KIND).unwrap_or_default();
        all = all.saturating_add(device(&has, &kind, length));
    }
    Ok(is_ours.then_some(all))
}

/// The length that a message gives the queues of a listed device, if it is about it.
fn length_for(request: &Request, listed: &Reply, name: &str) -> Option<u32> {
    let said = Received::behind(&request.body, 16);
    let index = |body: &[u8]| body.get(4..).and_then(u32_of).unwrap_or(0);
    let is_it = match (index(&request.body), said.text(ifla::IFNAME)) {
        (0, Some(given)) => given == name,
        // A group: it may be in it.
        (0, None) => true,
        (own, _) => own == index(&listed.body),
    };
    said.u32(ifla::TXQLEN).filter(|_| is_it)
}

/// What a device's queues take, in bytes; `length` if it is about to change.
fn device(has: &Received<'_>, kind: &str, length: Option<u32>) -> u64 {
    let number = |attribute| u64::from(has.u32(attribute).unwrap_or(1));
    let (sent, received) = (number(ifla::NUM_TX_QUEUES), number(ifla::NUM_RX_QUEUES));
    let length = length.or(has.u32(ifla::TXQLEN)).unwrap_or(LENGTH);
    let discipline = match WITHOUT_DISCIPLINE.contains(&kind) {
        true => 0,
        // The kernel's allocator rounds a ring up to a power of two.
        false => DISCIPLINE.max(RINGS * (PLACE * u64::from(length)).next_power_of_two()),
    };
    let sent = sent.saturating_mul(QUEUE + discipline);
    sent.saturating_add(received.saturating_mul(QUEUE))
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, Limits, beyond};
    use super::*;
    use crate::ip;
    use crate::words;

    /// The number of the first command that makes too many queues.
    fn first(queues: u32, lines: &[&str]) -> Option<usize> {
        let bounds = Bounds {
            limits: Limits {
                queues,
                ..Limits::default()
            },
            file: "c.toml".into(),
        };
        let read = |line: &&str| ip::read(&words::split(line).unwrap());
        let read: Vec<_> = lines.iter().map(read).collect();
        let steps = read.iter().map(|reading| {
            let command = reading.command.as_ref().unwrap();
            Some((command, reading.lookups.as_slice(), false))
        });
        let told = beyond(&bounds, steps);
        let place = told.iter().position(Option::is_some)?;
        assert_eq!(told[place].as_ref()?.kind, Kind::Queues);
        Some(place)
    }

    #[test]
    fn a_plan_has_as_many_queues_as_all_its_devices() {
        let ifb = "link add numtxqueues 16 numrxqueues 16 txqueuelen 10000 type ifb";
        assert_eq!(first(16, &[ifb, ifb]), None);
        assert_eq!(first(16, &[ifb, ifb, ifb]), Some(2));
        assert_eq!(first(0, &["link add type dummy"]), Some(0));
        assert_eq!(first(6, &[ifb]), Some(0));
        assert_eq!(first(7, &[ifb]), None);
    }

    #[test]
    fn both_ends_of_a_veth_count_and_one_without_a_discipline_by_its_queues_alone() {
        let veth = "link add numtxqueues 16 numrxqueues 16 txqueuelen 10000 type veth peer numtxqueues 16 numrxqueues 16";
        assert_eq!(first(1, &[veth, veth]), None);
        assert_eq!(first(1, &[veth, veth, veth]), Some(2));
    }

    #[test]
    fn what_a_command_between_may_take_away_is_not_sure() {
        let ifb = "link add numtxqueues 16 numrxqueues 16 txqueuelen 10000 type ifb";
        assert_eq!(first(16, &[ifb, ifb, "link del ifb0", ifb]), None);
        assert_eq!(
            first(16, &[ifb, ifb, "address add 10.0.0.1/32 dev lo", ifb]),
            Some(3)
        );
    }
}
