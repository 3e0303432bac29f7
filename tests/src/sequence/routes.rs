//! Routes of both families.

use super::Sequence;

const V4: [&str; 8] = [
    "default",
    "192.0.3.0/24",
    "198.51.100.0/24",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "203.0.113.7",
    "192.0.2.0/24",
    "172.16/12",
];
const V6: [&str; 5] = [
    "default",
    "2001:db8:9::/48",
    "fd01::/16",
    "2001:db8::77",
    "2001:db8::/32",
];
const GATEWAYS: [&str; 5] = [
    "192.0.2.1",
    "192.0.2.2",
    "10.0.0.2",
    "203.0.113.6",
    "192.0.9.9",
];
const GATEWAYS_V6: [&str; 3] = ["2001:db8::1", "fd00::2", "fe80::1"];
const EXTRAS: [&str; 14] = [
    "",
    "",
    "",
    "metric 7",
    "metric 20",
    "proto static",
    "proto 77",
    "table 100",
    "table 10",
    "mtu 1400",
    "advmss 1300",
    "initcwnd 10 quickack 1",
    "mtu lock 1300 hoplimit 9",
    "congctl reno",
];
const TYPES: [&str; 4] = ["blackhole", "unreachable", "prohibit", "throw"];

impl Sequence {
    pub(super) fn route(&mut self) -> String {
        let verb = self.one(&[
            "add", "add", "add", "append", "prepend", "replace", "change", "del", "del", "del",
            "get",
        ]);
        match verb {
            "del" => {
                let again = self.conflicts();
                match Self::added(&mut self.random, &mut self.routes, !again) {
                    Some(route) if self.in_ten(7) => family("del", &route),
                    Some(route) => {
                        // By the destination alone.
                        let short: Vec<&str> = route.split_whitespace().take(2).collect();
                        family("del", &short.join(" "))
                    }
                    None => format!("route del {}", self.one(&V4)),
                }
            }
            "get" => {
                let to = self.one(&[
                    "192.0.2.1",
                    "198.51.100.7",
                    "8.8.8.8",
                    "2001:db8::1",
                    "127.0.0.1",
                ]);
                let extra = self.one(&[
                    "",
                    "",
                    "fibmatch",
                    "mark 5",
                    "from 192.0.2.10",
                    "oif eth0",
                    "tos 0x10",
                ]);
                format!("route get {to} {extra}")
            }
            _ => {
                let again = self.conflicts();
                let there =
                    Self::added(&mut self.random, &mut self.routes, false).filter(|_| again);
                let route = there.unwrap_or_else(|| self.new_route());
                self.routes.push(route.clone());
                family(verb, &route)
            }
        }
    }

    /// `-4` or `-6`, then the words after the verb.
    fn new_route(&mut self) -> String {
        let extra = self.one(&EXTRAS);
        let device = self.device();
        if self.in_ten(3) {
            let to = self.one(&V6);
            let gateway = self.one(&GATEWAYS_V6);
            return match self.random.u8(..4) {
                0 => format!("-6 {} {to} {extra}", self.one(&TYPES)),
                1 => format!("-6 {to} dev {device} {extra}"),
                2 => format!("-6 {to} via {gateway} dev {device} onlink {extra}"),
                _ => format!("-6 {to} via {gateway} {extra} pref high"),
            };
        }
        let to = self.one(&V4);
        let gateway = self.one(&GATEWAYS);
        match self.random.u8(..6) {
            0 => format!("-4 {} {to} {extra}", self.one(&TYPES)),
            1 => format!("-4 {to} dev {device} scope link {extra}"),
            2 => format!("-4 {to} via {gateway} dev {device} onlink {extra}"),
            3 => {
                let second = self.one(&GATEWAYS);
                format!(
                    "-4 {to} {extra} nexthop via {gateway} weight 2 nexthop via {second} dev {device} onlink"
                )
            }
            4 => format!("-4 {to} dev {device} src 192.0.2.10 tos 0x08 {extra}"),
            _ => format!("-4 {to} via {gateway} {extra}"),
        }
    }
}

/// The family's option goes before the object.
fn family(verb: &str, route: &str) -> String {
    let (family, rest) = route.split_once(' ').unwrap_or(("-4", route));
    format!("{family} route {verb} {rest}")
}
