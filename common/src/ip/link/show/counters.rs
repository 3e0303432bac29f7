//! The counters of a device: `struct rtnl_link_stats64`, or what family inet6 tells of it.

use crate::uapi::ifla;
use crate::wire::Received;

/// One column: place in `struct rtnl_link_stats64`, key in JSON, word in text.
pub type Column = (usize, &'static str, &'static str);

/// Not one of the counters' structure: `IFLA_CARRIER_CHANGES`.
pub const TRANSITIONS: usize = usize::MAX;

/// What the kernel told.
pub struct Counters {
    values: Vec<u64>,
    transitions: Option<u32>,
}

impl Counters {
    /// Those among the attributes of a device.
    pub fn read(attributes: &Received<'_>) -> Option<Self> {
        let values = match attributes.bytes(ifla::STATS64) {
            Some(values) => numbers(values),
            None => {
                let of_family = attributes.nested(ifla::PROTINFO)?;
                of_inet6(&numbers(of_family.bytes(ifla::INET6_STATS)?))
            }
        };
        Some(Self {
            values,
            transitions: attributes.u32(ifla::CARRIER_CHANGES),
        })
    }

    /// Whether the kernel told what a column is of.
    pub fn has(&self, column: &Column) -> bool {
        column.0 != TRANSITIONS || self.transitions.is_some()
    }

    /// What stands in a column.
    pub fn value(&self, column: &Column) -> u64 {
        match column.0 {
            TRANSITIONS => self.transitions.unwrap_or(0).into(),
            place => self.values.get(place).copied().unwrap_or(0),
        }
    }
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    let numbers = bytes.chunks_exact(8);
    numbers
        .filter_map(|bytes| bytes.try_into().ok())
        .map(u64::from_ne_bytes)
        .collect()
}

/// IPv6's own counters (`IPSTATS_MIB_*` of `linux/snmp.h`, by the numbers that iproute2 6.15 has for them), each where that
/// of the device would stand.
const OF_INET6: [(usize, usize); 8] = [
    (1, 0),
    (9, 1),
    (2, 2),
    (10, 3),
    (18, 4),
    (19, 5),
    (28, 8),
    (36, 13),
];

fn of_inet6(counters: &[u64]) -> Vec<u64> {
    let mut values = vec![0; 25];
    for (from, to) in OF_INET6 {
        if let (Some(counter), Some(value)) = (counters.get(from), values.get_mut(to)) {
            *value = *counter;
        }
    }
    values
}
