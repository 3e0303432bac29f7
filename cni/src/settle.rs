//! IPv6 addresses that the commands added are waited for: until the kernel has looked for duplicates, a container that
//! binds to one would fail.

use std::thread;
use std::time::{Duration, Instant};

use chainsaw_common::interface::{Address, unsettled};
use chainsaw_common::kernel::Kernel;

/// How long they may take at most. An address of a device without carrier never settles.
const LIMIT: Duration = Duration::from_secs(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What came of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// There was nothing to wait for, or it settled.
    Yes,
    /// Somebody else has this address.
    Duplicate(Address),
    /// This address is still tentative.
    NotYet(Address),
}

/// Waits for the addresses that are unsettled now and were not `before`.
pub fn settle(before: &[(u32, Address)], kernel: &mut dyn Kernel) -> Settled {
    let start = Instant::now();
    loop {
        let mut new = unsettled(kernel);
        new.retain(|(index, one)| {
            !before
                .iter()
                .any(|(known, other)| known == index && other.is_same(one))
        });
        let duplicate = new.iter().find(|(_, address)| address.is_duplicate());
        match (duplicate, new.first()) {
            (Some((_, address)), _) => return Settled::Duplicate(*address),
            (None, None) => return Settled::Yes,
            (None, Some((_, address))) if start.elapsed() >= LIMIT => {
                return Settled::NotYet(*address);
            }
            _ => thread::sleep(PAUSE),
        }
    }
}
