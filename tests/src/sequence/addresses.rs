//! Addresses and neighbours.

use super::Sequence;

const V4: [&str; 7] = [
    "192.0.2.10/24",
    "192.0.2.11/24",
    "198.51.100.1/32",
    "10.0.0.1/8",
    "203.0.113.5/30",
    "127.0.0.9/8",
    "10.1.0.1/16",
];
const V6: [&str; 5] = [
    "2001:db8::10/64",
    "2001:db8:1::1/128",
    "fd00::1/48",
    "fe80::9/64",
    "2001:db8::11/64",
];
const EXTRAS_V4: [&str; 9] = [
    "",
    "",
    "brd +",
    "scope link",
    "metric 7",
    "noprefixroute",
    "peer 10.9.9.9/32",
    "label LABEL",
    "brd 192.0.2.255",
];
const EXTRAS_V6: [&str; 6] = [
    "",
    "",
    "metric 7",
    "noprefixroute",
    "home",
    "peer 2001:db8::99/128",
];

impl Sequence {
    pub(super) fn address(&mut self) -> String {
        let again = self.conflicts();
        match self.random.u8(..10) {
            0..6 => {
                if let Some(there) =
                    Self::added(&mut self.random, &mut self.addresses, false).filter(|_| again)
                {
                    return format!("address add {there}");
                }
                let device = self.device();
                let address = if self.in_ten(6) {
                    let extra = self
                        .one(&EXTRAS_V4)
                        .replace("LABEL", &format!("{device}:x"));
                    format!("{} {extra} dev {device}", self.one(&V4))
                } else {
                    format!(
                        "{} nodad {} dev {device}",
                        self.one(&V6),
                        self.one(&EXTRAS_V6)
                    )
                };
                self.addresses.push(address.clone());
                format!("address add {address}")
            }
            6..8 => match Self::added(&mut self.random, &mut self.addresses, !again) {
                Some(there) => format!("address del {}", there.replace(" nodad", "")),
                None => format!("address del 192.0.2.99/24 dev {}", self.device()),
            },
            8 => {
                let verb = self.one(&["change", "replace"]);
                let extra = self.one(&["metric 9", "noprefixroute", ""]);
                match Self::added(&mut self.random, &mut self.addresses, false) {
                    Some(there) => format!("address {verb} {there} {extra}"),
                    None => format!("address {verb} 192.0.2.77/24 dev {}", self.device()),
                }
            }
            _ => {
                let device = self.device();
                let filter =
                    self.one(&["", "to 10.0.0.0/8", "scope link", "label eth*", "secondary"]);
                format!("address flush dev {device} {filter}")
            }
        }
    }

    pub(super) fn neighbour(&mut self) -> String {
        let device = self.device();
        let address = self.one(&[
            "192.0.2.1",
            "192.0.2.2",
            "2001:db8::1",
            "2001:db8::2",
            "10.0.0.7",
        ]);
        let lladdr = self.one(&[
            "02:00:00:00:00:99",
            "02:00:00:00:00:98",
            "00:00:00:00:00:00",
        ]);
        let extra = self.one(&[
            "",
            "nud permanent",
            "router",
            "protocol static",
            "nud noarp",
        ]);
        let key = format!("{address} dev {device}");
        match self.random.u8(..10) {
            0..5 => {
                self.neighbours.push(key.clone());
                format!("neigh add {key} lladdr {lladdr} {extra}")
            }
            5 => format!("neigh add proxy {key}"),
            6 => format!("neigh replace {key} lladdr {lladdr} {extra}"),
            7 => format!("neigh change {key} lladdr {lladdr}"),
            _ => match Self::added(&mut self.random, &mut self.neighbours, true) {
                Some(there) => format!("neigh del {there}"),
                None => format!("neigh del {key}"),
            },
        }
    }
}
