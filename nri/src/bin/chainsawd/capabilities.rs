//! What root the daemon keeps: three capabilities, each for what stands beside it. A thread that has entered a pod's
//! namespace keeps only the second (`chainsaw_common::netns`).

use rustix::io::{Errno, Result};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

/// A capability that the daemon needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Capability {
    set: CapabilitySet,
    /// Its name, as `capabilities(7)` has it.
    pub name: &'static str,
    /// What does not work without it.
    pub without: &'static str,
}

/// All that it keeps. A DaemonSet's `capabilities` are `drop: ["ALL"]` and these. What each is needed for is measured by
/// `tests/tests/product/capabilities.rs`, which takes one after the other away.
pub const KEPT: [Capability; 3] = [
    Capability {
        set: CapabilitySet::SYS_ADMIN,
        name: "CAP_SYS_ADMIN",
        without: "no pod's network namespace can be entered (setns), so every pod that asks is refused",
    },
    Capability {
        set: CapabilitySet::NET_ADMIN,
        name: "CAP_NET_ADMIN",
        without: "nothing can be changed in a pod's network namespace, so every command that changes something fails",
    },
    Capability {
        set: CapabilitySet::SYS_PTRACE,
        name: "CAP_SYS_PTRACE",
        without: "namespaces under /proc/PID/ns cannot be read: pods that the runtime tells of by a process are refused, and nobody notices that this is not the node's network namespace",
    },
];

/// Gives up everything but [`KEPT`] in every set, and the way to get it back by running a program. A daemon that works in no
/// pod's namespace (the CNI entrance alone) keeps nothing. Gives what was not there to be kept.
///
/// # Errors
/// The system refuses: then nothing is served.
pub fn confine(works_in_pods: bool) -> Result<impl Iterator<Item = &'static Capability>> {
    let needed: &[Capability] = if works_in_pods { &KEPT } else { &[] };
    let kept = needed
        .iter()
        .fold(CapabilitySet::empty(), |all, one| all | one.set);
    let has = capabilities(None)?.permitted;
    // Bit by bit: a kernel may know of some that have no name here.
    let all = (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
    for one in all.filter(|one| !kept.contains(*one)) {
        match remove_capability_from_bounding_set(one) {
            // One that this kernel does not know; or it is without CAP_SETPCAP, as in a container, where the runtime has
            // set the bounds.
            Ok(()) | Err(Errno::INVAL | Errno::PERM) => {}
            Err(errno) => return Err(errno),
        }
    }
    clear_ambient_capability_set()?;
    set_no_new_privs(true)?;
    let permitted = has & kept;
    let sets = CapabilitySets {
        effective: permitted,
        permitted,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)?;
    Ok(needed.iter().filter(move |one| !has.contains(one.set)))
}
