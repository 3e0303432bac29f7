//! `ip6tnl`: tunnels over IPv6 (`IFLA_IPTUN_*`, `linux/if_tunnel.h`).

use super::ip_tunnel::inside;
use super::tunnel::{
    COPIES_DSCP, IS_MOBILE, MAY_BE_LOCAL, encapsulation, end, external, flag, hops, lower, outer,
    outer_mark,
};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

/// `IPPROTO_*`, and what is then in the tunnel.
const PROTOCOLS: [(u8, &str); 3] = [(4, "ipip6"), (41, "ip6ip6"), (0, "any")];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    external(data, 19, entry);
    inside(data, 9, &PROTOCOLS, entry);
    end(data, 3, "remote", entry);
    end(data, 2, "local", entry);
    lower(data, 1, entry, names);
    hops(data, 4, "hoplimit", entry);
    let flags = data.u32(8).unwrap_or(0);
    outer(data, flags, 6, 7, entry);
    for known in [COPIES_DSCP, IS_MOBILE, MAY_BE_LOCAL] {
        flag(flags, known, entry);
    }
    outer_mark(data, flags, 20, entry);
    encapsulation(data, 15, entry);
}
