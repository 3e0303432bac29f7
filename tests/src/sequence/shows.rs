//! Listings, with options and filters of all sorts.

use super::Sequence;

const OPTIONS: [&str; 14] = [
    "", "", "-j", "-d", "-d -j", "-o", "-br", "-j -p", "-N", "-d -o", "-br -j", "-4", "-6", "-6 -j",
];
const LINKS: [&str; 9] = [
    "link show",
    "link show up",
    "link show type vlan",
    "link show type bond",
    "link show type dummy",
    "link show group 5",
    "link show vrf VRF",
    "link show master VRF",
    "link show dev DEV",
];
const ADDRESSES: [&str; 9] = [
    "addr",
    "addr show dev DEV",
    "addr show up",
    "addr show scope link",
    "addr show to 192.0.2.0/24",
    "addr show label eth*",
    "addr show type ipvlan",
    "addr show permanent",
    "addr show master VRF",
];
const ROUTES: [&str; 11] = [
    "route",
    "route show table all",
    "route show table 100",
    "route show table 10",
    "route show dev DEV",
    "route show default",
    "route show root 10.0.0.0/8",
    "route show match 10.1.2.3",
    "route show proto static",
    "route show type blackhole",
    "route show vrf VRF",
];
const RULES: [&str; 5] = [
    "rule",
    "rule show from 192.0.2.0/24",
    "rule show table 100",
    "rule show iif eth0",
    "rule show fwmark 5",
];

impl Sequence {
    pub(super) fn show(&mut self) -> String {
        let form = match self.random.u8(..4) {
            0 => self.one(&LINKS),
            1 => self.one(&ADDRESSES),
            2 => self.one(&ROUTES),
            _ => self.one(&RULES),
        };
        let options = self.one(&OPTIONS);
        let device = self.device();
        let vrfs: Vec<String> = self
            .devices
            .iter()
            .filter(|device| device.kind == "vrf")
            .map(|device| device.name.clone())
            .collect();
        let vrf = self.random.choice(&vrfs).cloned();
        let vrf = vrf.unwrap_or_else(|| device.clone());
        let form = form.replace("DEV", &device).replace("VRF", &vrf);
        format!("{options} {form}")
    }
}
