//! Rules of both families.

use super::Sequence;

const SELECTORS: [&str; 14] = [
    "from 192.0.2.0/24",
    "from all",
    "to 10.0.0.0/8",
    "from 10.1.0.0/16 to 192.0.3.0/24",
    "fwmark 5",
    "fwmark 0x10/0xff",
    "iif eth0",
    "oif eth0p",
    "ipproto 17 dport 53",
    "sport 10-20",
    "uidrange 1-9",
    "tos 0x10",
    "not from 10.0.0.0/8",
    "tun_id 5",
];
const SELECTORS_V6: [&str; 4] = [
    "from 2001:db8::/32",
    "to fd00::/8",
    "fwmark 5",
    "from all iif lo",
];
const ACTIONS: [&str; 9] = [
    "table 100",
    "table main",
    "table 10",
    "blackhole",
    "prohibit",
    "unreachable",
    "goto 32766",
    "nop",
    "table 100 suppress_prefixlength 0",
];

impl Sequence {
    pub(super) fn rule(&mut self) -> String {
        let again = self.conflicts();
        if self.in_ten(3) {
            return match Self::added(&mut self.random, &mut self.rules, !again) {
                Some(rule) => option("del", &rule),
                None => format!("rule del pref {}", self.random.u16(1..50)),
            };
        }
        let there = Self::added(&mut self.random, &mut self.rules, false).filter(|_| again);
        let rule = there.unwrap_or_else(|| {
            let (family, selector) = if self.in_ten(3) {
                ("-6", self.one(&SELECTORS_V6))
            } else {
                ("-4", self.one(&SELECTORS))
            };
            let action = self.one(&ACTIONS);
            let priority = self.random.u16(100..140);
            format!("{family} {selector} priority {priority} {action}")
        });
        self.rules.push(rule.clone());
        option("add", &rule)
    }
}

fn option(verb: &str, rule: &str) -> String {
    let (family, rest) = rule.split_once(' ').unwrap_or(("-4", rule));
    format!("{family} rule {verb} {rest}")
}
