//! What is said to whoever asks for help: our own words, by what is spoken here.

/// `ip help`.
pub const IP: &str = "\
Usage: ip [ OPTION ]... OBJECT [ COMMAND | help ]
Objects: link, address, route, rule, neigh
Options: -4 -6 -family FAMILY -json -pretty -oneline -brief -details -statistics -human -iec -Numeric
Words may be abbreviated as iproute2 takes them; what else iproute2 knows is refused by name.";

/// `ip link help`.
pub const LINK: &str = "\
Usage: ip link [ show ] [ DEVICE ] [ up | down ] [ master DEV | nomaster ] [ vrf NAME ] [ type KIND ] [ group GROUP ]
       ip link { add | replace } [ name ] NAME [ link DEV ] [ SETTING ]... type KIND [ KIND'S OPTION ]...
       ip link { set | change } { DEVICE | group GROUP } [ SETTING ]...
       ip link delete { DEVICE | group GROUP } [ type KIND ]
       ip link property { add | del } DEVICE altname NAME...
Settings: up down name NAME, address LLADDR, mtu BYTES, master DEV, nomaster, txqueuelen PACKETS, alias TEXT, group GROUP,
          { arp | multicast | allmulticast | promisc | dynamic | trailers } { on | off }, addrgenmode MODE, and more
Kinds:    bridge, vlan, macvlan, ipvlan, veth, vrf, dummy, ifb, vxlan, bond; `type KIND help` has a kind's usage";

/// `ip address help`.
pub const ADDRESS: &str = "\
Usage: ip address [ show | flush ] [ dev DEVICE ] [ to PREFIX ] [ scope SCOPE ] [ label PATTERN ] [ up ] [ FLAG ]...
       ip address { add | change | replace } PREFIX [ peer PREFIX ] [ broadcast { ADDRESS | + | - } ] [ scope SCOPE ]
               [ label LABEL ] [ valid_lft SECONDS ] [ preferred_lft SECONDS ] [ FLAG ]... dev DEVICE
       ip address del PREFIX dev DEVICE
Flags: nodad, home, mngtmpaddr, noprefixroute, autojoin; show and flush: permanent, dynamic, tentative, deprecated, and more";

/// `ip route help`.
pub const ROUTE: &str = "\
Usage: ip route [ show | flush ] [ [ to ] PREFIX ] [ dev DEVICE ] [ via ADDRESS ] [ table TABLE ] [ proto PROTOCOL ] ...
       ip route get ADDRESS [ from ADDRESS ] [ iif DEVICE ] [ oif DEVICE ] [ mark MARK ] ...
       ip route { add | change | replace | append | prepend | test | del } [ TYPE ] PREFIX [ via ADDRESS ] [ dev DEVICE ]
               [ src ADDRESS ] [ metric NUMBER ] [ table TABLE ] [ mtu BYTES ] [ nexthop via ADDRESS weight NUMBER ]... ...
Types: unicast, blackhole, unreachable, prohibit, throw, local, broadcast, multicast, anycast";

/// `ip rule help`.
pub const RULE: &str = "\
Usage: ip rule [ show | flush ] [ SELECTOR ]...
       ip rule { add | del } [ not ] [ SELECTOR ]... [ priority NUMBER ] [ ACTION ]
Selectors: from PREFIX, to PREFIX, iif DEVICE, oif DEVICE, fwmark MARK[/MASK], tos TOS, uidrange N-N, ipproto PROTOCOL,
           sport N[-N], dport N[-N], dscp DSCP[/MASK], flowlabel LABEL[/MASK], tun_id NUMBER, l3mdev
Actions:   table TABLE, goto NUMBER, nop, blackhole, unreachable, prohibit, nat ADDRESS
Besides:   protocol PROTOCOL, realms [FROM/]TO, suppress_prefixlength LENGTH, suppress_ifgroup GROUP";

/// `ip neigh help`.
pub const NEIGH: &str = "\
Usage: ip neigh [ show | flush ] [ to PREFIX ] [ dev DEVICE ] [ nud STATE ] [ proxy ] [ unused ]
       ip neigh get ADDRESS dev DEVICE
       ip neigh { add | change | replace } ADDRESS [ lladdr LLADDR ] [ nud STATE ] [ FLAG ]... dev DEVICE
       ip neigh del ADDRESS dev DEVICE
States: permanent, noarp, stale, reachable, none, incomplete, delay, probe, failed; flags: router, use, managed, extern_learn";
