//! What a command needs, and what a profile allows: each within the next.

use std::fmt;

use serde::Deserialize;

use super::facts::Facts;
use crate::family::Family;
use crate::ip::modules::Module;
use crate::ip::{Action, Command, addr, link, neigh, route, rule};
use crate::pod::Subject;
use crate::uapi::{ifla, ntf, nud, rt, rtn};

/// What a pod may do. Each profile lies within the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Look. The default, also where nothing is configured.
    Inspect,
    /// Routes outside table local, of which those without a gateway are narrow; rules between the kernel's own; permanent
    /// neighbours that are on-link; a smaller MTU, though not below 1280.
    Route,
    /// Any change the dialect knows that stays inside the pod's namespace.
    NetAdmin,
}

impl Profile {
    /// The least profile that allows a command to a subject, whose interface may be given a smaller MTU by profile
    /// [`Route`](Self::Route).
    #[must_use]
    pub fn needed_by(subject: &Subject, command: &Command, facts: Facts) -> Self {
        match Self::needed(command) {
            Self::Route if facts.is_off_link && makes_a_neighbour(command) => Self::NetAdmin,
            Self::NetAdmin if shrinks(subject, command) => Self::Route,
            needed => needed,
        }
    }

    /// The least profile that allows a command to anybody. What no profile allows is no [`Command`].
    #[must_use]
    pub fn needed(command: &Command) -> Self {
        match &command.action {
            Action::Addr(addr::Action::Show(_)) => Self::Inspect,
            Action::Addr(addr::Action::Change(..) | addr::Action::Flush(_)) => Self::NetAdmin,
            Action::Link(action) => match **action {
                link::Action::Show(_) => Self::Inspect,
                _ => Self::NetAdmin,
            },
            Action::Neigh(action) => match &**action {
                neigh::Action::Show(_) | neigh::Action::Get(_) => Self::Inspect,
                neigh::Action::Change(_, neighbour) if is_permanent(neighbour) => Self::Route,
                neigh::Action::Change(..) | neigh::Action::Flush(_) => Self::NetAdmin,
            },
            Action::Route(action) => match &**action {
                route::Action::Show(_) | route::Action::Get(_) => Self::Inspect,
                route::Action::Change(_, route) if is_more_than_a_route(route) => Self::NetAdmin,
                route::Action::Change(verb, route) if is_wide(*verb, route) => Self::NetAdmin,
                route::Action::Flush(filter) if flushes_local(filter) => Self::NetAdmin,
                route::Action::Change(..) | route::Action::Flush(_) => Self::Route,
            },
            Action::Rule(action) => match &**action {
                rule::Action::Show(_) => Self::Inspect,
                rule::Action::Change(verb, rule) if is_own(*verb, rule) => Self::Route,
                rule::Action::Change(..) | rule::Action::Flush(_) => Self::NetAdmin,
            },
        }
    }
}

/// Why a command is beyond profile `route`, where people might think that it is not.
pub fn beyond_route(command: &Command, facts: Facts) -> Option<&'static str> {
    match &command.action {
        Action::Addr(_) => Some(
            "an address on any device is an identity on all of them; a rule grants it by prefixes and allow = [\"address add\"]",
        ),
        Action::Route(action) => match &**action {
            route::Action::Change(verb, route) if is_wide(*verb, route) => Some(
                "without a gateway a route is no wider than /24, or /120 for IPv6; name a gateway with via",
            ),
            _ => None,
        },
        Action::Neigh(_) if facts.is_off_link => {
            Some("no route of the pod reaches this neighbour on that device without a gateway")
        }
        _ => None,
    }
}

fn makes_a_neighbour(command: &Command) -> bool {
    let Action::Neigh(action) = &command.action else {
        return false;
    };
    matches!(&**action, neigh::Action::Change(verb, _) if *verb != neigh::Verb::Del)
}

/// The least length of the prefix of a route without a gateway: so many hosts it brings onto the link, each of which may
/// take an entry of the node's neighbour table.
fn is_wide(verb: route::Verb, route: &route::Route) -> bool {
    let least = match route.family {
        Family::Inet6 => 120,
        Family::Mpls => 0,
        _ => 24,
    };
    !matches!(verb, route::Verb::Del | route::Verb::Test)
        && route.is_on_link()
        && route.dst.len < least
}

/// The smallest MTU that IPv6 works with (RFC 8200, section 5), in bytes.
const SMALLEST_MTU: u32 = 1280;

/// Whether a command does nothing but set the MTU of the subject's interface to no more than it was.
fn shrinks(subject: &Subject, command: &Command) -> bool {
    let (Some(interface), Some(mtu)) = (&subject.interface, subject.mtu) else {
        return false;
    };
    let Action::Link(action) = &command.action else {
        return false;
    };
    let link::Action::Set(settings) = &**action else {
        return false;
    };
    let [number] = settings.numbers.as_slice() else {
        return false;
    };
    let nothing_else = link::Settings {
        dev: interface.clone(),
        numbers: vec![number.clone()],
        ..link::Settings::default()
    };
    *settings == nothing_else
        && number.attribute == ifla::MTU
        && (SMALLEST_MTU..=mtu).contains(&number.bits())
}

/// Table local decides what the namespace takes for its own addresses, and a VRF's table may be that one.
fn is_local(route: &route::Route) -> bool {
    may_be_local(route.table.as_ref())
        || matches!(
            route.kind,
            Some(rtn::LOCAL | rtn::BROADCAST | rtn::ANYCAST | rtn::NAT)
        )
}

/// The kernel's own rules stand at 0, 32766 and 32767, and what is beyond them is never reached. A rule that is added
/// without a priority comes before the second one there is, at 0 at the least, where it stands behind table local's; one
/// that is deleted without may be any, even the kernel's.
fn is_own(verb: rule::Verb, rule: &rule::Rule) -> bool {
    match rule.priority {
        Some(priority) => (1..=32765).contains(&priority),
        None => verb == rule::Verb::Add,
    }
}

/// An entry that stays as it was set. What answers for others, what makes the kernel ask at once or for good, and what
/// another program is said to maintain is more than that.
fn is_permanent(neighbour: &neigh::Neighbour) -> bool {
    neighbour.state == nud::PERMANENT
        && !neighbour.key.proxy
        && !neighbour.managed
        && neighbour.flags & (ntf::USE | ntf::EXT_LEARNED) == 0
}

fn may_be_local(table: Option<&route::Table>) -> bool {
    match table {
        Some(route::Table::Id(id)) => *id == rt::TABLE_LOCAL,
        Some(route::Table::Vrf(_)) => true,
        None => false,
    }
}

/// What wraps packets, or may have the kernel load a module, is more than a route.
fn is_more_than_a_route(route: &route::Route) -> bool {
    is_local(route)
        || route.encap.is_some()
        || route.nexthops.iter().any(|nexthop| nexthop.encap.is_some())
        || route.metrics.iter().any(is_loaded_only_if_named)
}

fn is_loaded_only_if_named(metric: &route::Metric) -> bool {
    metric.control().is_some_and(Module::must_be_named)
}

fn flushes_local(filter: &route::Filter) -> bool {
    filter.all_tables() || may_be_local(filter.table.as_ref())
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inspect => "inspect",
            Self::Route => "route",
            Self::NetAdmin => "net-admin",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{command, subject};
    use super::*;

    #[test]
    fn each_command_needs_its_profile() {
        for (line, profile) in [
            ("route", Profile::Inspect),
            ("address show", Profile::Inspect),
            ("link", Profile::Inspect),
            ("route add 192.0.2.0/24 dev eth0", Profile::Route),
            ("route del default", Profile::Route),
            ("route get 192.0.2.1", Profile::Inspect),
            ("route flush 192.0.2.0/24", Profile::Route),
            ("route flush cache", Profile::Route),
            ("route flush table 100", Profile::Route),
            ("route flush table local", Profile::NetAdmin),
            ("route flush table all proto static", Profile::NetAdmin),
            ("route flush vrf blue", Profile::NetAdmin),
            (
                "route add default via 192.0.2.1 congctl cubic",
                Profile::Route,
            ),
            ("route add default dev eth0 congctl bbr", Profile::NetAdmin),
            (
                "route add default dev eth0 encap ip id 5",
                Profile::NetAdmin,
            ),
            (
                "route add default nexthop dev eth0 encap mpls 5 ttl 5",
                Profile::NetAdmin,
            ),
            ("route add default dev eth0 vrf blue", Profile::NetAdmin),
            ("address flush dev lo", Profile::NetAdmin),
            ("address flush dev eth0", Profile::NetAdmin),
            ("address flush up", Profile::NetAdmin),
            ("address add 192.0.2.1/32 dev lo", Profile::NetAdmin),
            ("route add local 192.0.2.0/24 dev lo", Profile::NetAdmin),
            ("route del 192.0.2.0/24 table local", Profile::NetAdmin),
            ("address add 192.0.2.1/32 dev eth0", Profile::NetAdmin),
            ("link set eth0 down", Profile::NetAdmin),
            ("rule", Profile::Inspect),
            ("rule add from 10.0.0.0/8 table 100", Profile::Route),
            ("rule add pref 1 table 100", Profile::Route),
            ("rule add pref 32765 table 100", Profile::Route),
            ("rule add pref 0 table 100", Profile::NetAdmin),
            ("rule add pref 32766 table 100", Profile::NetAdmin),
            ("rule del pref 100", Profile::Route),
            ("rule del pref 0", Profile::NetAdmin),
            ("rule del table main", Profile::NetAdmin),
            ("rule flush", Profile::NetAdmin),
            ("neigh", Profile::Inspect),
            ("neigh get 192.0.2.1 dev eth0", Profile::Inspect),
            (
                "neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0",
                Profile::Route,
            ),
            ("neigh del 192.0.2.1 dev eth0", Profile::Route),
            ("neigh add 192.0.2.1 dev eth0 nud stale", Profile::NetAdmin),
            ("neigh add 192.0.2.1 dev eth0 use", Profile::NetAdmin),
            ("neigh add proxy 192.0.2.1 dev eth0", Profile::NetAdmin),
            ("neigh flush dev eth0", Profile::NetAdmin),
            ("link property add dev eth0 altname a", Profile::NetAdmin),
            ("link del group 5", Profile::NetAdmin),
        ] {
            assert_eq!(Profile::needed(&command(line)), profile, "{line}");
        }
    }

    #[test]
    fn without_a_gateway_a_route_is_narrow_under_profile_route() {
        for (line, profile) in [
            ("route add 192.0.3.0/24 dev eth0", Profile::Route),
            ("route replace 192.0.2.0/23 dev eth0", Profile::NetAdmin),
            ("route change 10.0.0.0/8 dev eth0", Profile::NetAdmin),
            ("route append 10.0.0.0/8 dev eth0", Profile::NetAdmin),
            ("route prepend 10.0.0.0/8 dev eth0", Profile::NetAdmin),
            (
                "route add 10.0.0.0/8 dev eth0 scope link",
                Profile::NetAdmin,
            ),
            ("route add 10.0.0.0/8 dev eth0 onlink", Profile::NetAdmin),
            ("route add 10.0.0.0/8 dev eth0 table 100", Profile::NetAdmin),
            (
                "route add 10.0.0.0/8 dev eth0 src 192.0.2.1",
                Profile::NetAdmin,
            ),
            ("route add multicast 10.0.0.0/8 dev eth0", Profile::NetAdmin),
            (
                "route add 10.0.0.0/8 via 0.0.0.0 dev eth0",
                Profile::NetAdmin,
            ),
            ("route add 10.0.0.0/8 via any dev eth0", Profile::NetAdmin),
            (
                "route add 10.0.0.0/8 via inet6 :: dev eth0",
                Profile::NetAdmin,
            ),
            ("route add 10.0.0.0/8 nhid 5", Profile::NetAdmin),
            ("route add default dev eth0", Profile::NetAdmin),
            ("-6 route add default dev eth0", Profile::NetAdmin),
            ("route add 2001:db8::/120 dev eth0", Profile::Route),
            ("route add 2001:db8::/119 dev eth0", Profile::NetAdmin),
            ("route add 10.0.0.0/8 nexthop dev eth0", Profile::NetAdmin),
            (
                "route add 10.0.0.0/8 nexthop via 192.0.2.1 nexthop dev eth0",
                Profile::NetAdmin,
            ),
            (
                "route add 10.0.0.0/8 nexthop via 192.0.2.1 nexthop via 192.0.2.2",
                Profile::Route,
            ),
            ("route add 10.0.0.0/8 via 192.0.2.1", Profile::Route),
            (
                "route add 10.0.0.0/8 via 192.0.2.1 dev eth0 onlink",
                Profile::Route,
            ),
            (
                "route add 10.0.0.0/8 via inet6 fe80::1 dev eth0",
                Profile::Route,
            ),
            ("-6 route add default via fe80::1 dev eth0", Profile::Route),
            ("route add blackhole 10.0.0.0/8", Profile::Route),
            ("route add unreachable default", Profile::Route),
            ("route add prohibit default", Profile::Route),
            ("route add throw 10.0.0.0/8", Profile::Route),
            ("route del 10.0.0.0/8 dev eth0", Profile::Route),
            ("route del default dev eth0", Profile::Route),
        ] {
            assert_eq!(Profile::needed(&command(line)), profile, "{line}");
        }
    }

    #[test]
    fn the_mtu_of_the_subjects_own_interface_may_shrink_with_profile_route() {
        let needed =
            |line: &str| Profile::needed_by(&subject("default"), &command(line), Facts::default());
        for line in [
            "link set eth0 mtu 1280",
            "link set dev eth0 mtu 1500",
            "l s eth0 mtu 1400",
        ] {
            assert_eq!(needed(line), Profile::Route, "{line}");
        }
        for line in [
            "link set eth0 mtu 1279",
            "link set eth0 mtu 1501",
            "link set eth0 mtu -1",
            "link set eth1 mtu 1400",
            "link set eth0 mtu 1400 up",
            "link set eth0 mtu 1400 txqueuelen 7",
            "link set eth0 txqueuelen 1400",
            "link set group 0 mtu 1400",
        ] {
            assert_eq!(needed(line), Profile::NetAdmin, "{line}");
        }
        let unknown = Subject {
            mtu: None,
            ..subject("default")
        };
        let line = command("link set eth0 mtu 1400");
        assert_eq!(
            Profile::needed_by(&unknown, &line, Facts::default()),
            Profile::NetAdmin
        );
    }
}
