//! Devices: made of every kind, set, renamed, put under a master, deleted.

use super::{Device, Sequence};

/// Settings of any device.
const SETTINGS: [&str; 26] = [
    "up",
    "up",
    "up",
    "down",
    "mtu 1400",
    "mtu 1500",
    "mtu 1280",
    "mtu 100000",
    "txqueuelen 100",
    "alias one",
    "alias 'two'",
    "group 5",
    "group default",
    "promisc on",
    "promisc off",
    "allmulticast on",
    "multicast off",
    "multicast on",
    "arp off",
    "arp on",
    "mtu 1300 up",
    "nomaster",
    "addrgenmode random",
    "addrgenmode none",
    "gso_max_size 30000",
    "carrier on",
];

/// Options of a kind, for `add` and `set`.
fn options(kind: &str) -> &'static [&'static str] {
    match kind {
        "vlan" => &[
            "",
            "protocol 802.1ad",
            "reorder_hdr off",
            "gvrp on",
            "mvrp on loose_binding on",
            "bridge_binding on",
            "ingress-qos-map 1:2 3:4 egress-qos-map 5:6",
            "egress-qos-map 1:0",
            "reorder_hdr on gvrp off",
        ],
        "vrf" => &["table 10", "table 11", "table 12", "table main"],
        "ipvlan" => &[
            "",
            "mode l2",
            "mode l3",
            "mode l3s",
            "mode l2 private",
            "mode l3 vepa",
            "bridge",
        ],
        "macvlan" => &[
            "mode bridge",
            "mode private",
            "mode vepa",
            "mode source",
            "mode passthru",
            "bcqueuelen 500",
        ],
        "bond" => &[
            "mode active-backup",
            "mode balance-rr",
            "mode balance-xor xmit_hash_policy layer3+4",
            "mode broadcast",
            "mode 802.3ad lacp_rate fast",
            "resend_igmp 3",
            "min_links 0",
            "packets_per_slave 2",
            "num_grat_arp 2",
            "all_slaves_active 1",
            "tlb_dynamic_lb 1",
            "fail_over_mac active",
            "ad_select count",
        ],
        _ => &[""],
    }
}

const KINDS: [&str; 9] = [
    "dummy", "dummy", "vlan", "vlan", "vrf", "ipvlan", "macvlan", "bond", "veth",
];

impl Sequence {
    pub(super) fn link(&mut self) -> String {
        match self.random.u8(..10) {
            0..3 => self.link_add(),
            3 => self.link_del(),
            4 => self.link_kind(),
            5..7 => self.link_master(),
            7 => self.link_name(),
            _ => {
                let device = self.device();
                let setting = self.one(&SETTINGS);
                let verb = self.one(&["set", "set dev", "change"]);
                format!("link {verb} {device} {setting}")
            }
        }
    }

    fn link_add(&mut self) -> String {
        let kind = self.one(&KINDS);
        let lower = self.device();
        let option = self.one(options(kind));
        if self.conflicts() {
            let there = self.device();
            return format!("link add link {lower} name {there} type {kind} {option}");
        }
        // The model has room for so many.
        if self.made >= 90 {
            return self.link_del();
        }
        self.made += 2;
        let (index, peer) = (self.made + 18, self.made + 19);
        let name = format!("{}{index}", &kind[..1]);
        let mut device = Device {
            name: name.clone(),
            kind,
            lower: None,
        };
        let head = format!("link add name {name} index {index} address 02:00:00:00:01:{index:02x}");
        match kind {
            "veth" => {
                let other = format!("{name}p");
                device.lower = Some(other.clone());
                self.devices.push(Device {
                    name: other.clone(),
                    kind,
                    lower: Some(name),
                });
                self.devices.push(device);
                format!(
                    "{head} type veth peer name {other} index {peer} address 02:00:00:00:01:{peer:02x}"
                )
            }
            "vlan" | "ipvlan" | "macvlan" => {
                device.lower = Some(lower.clone());
                self.devices.push(device);
                let id = if kind == "vlan" {
                    format!("id {}", self.random.u16(1..20))
                } else {
                    String::new()
                };
                format!("{head} link {lower} type {kind} {id} {option}")
            }
            _ => {
                self.devices.push(device);
                format!("{head} type {kind} {option}")
            }
        }
    }

    fn link_del(&mut self) -> String {
        // The pair stays, so that there is something to stand on.
        let at = self.random.usize(..self.devices.len());
        if at < 2 || self.conflicts() {
            return format!("link del {}", self.one(&["nosuch", "lo", "name nosuch"]));
        }
        let gone = self.devices.swap_remove(at);
        self.devices
            .retain(|device| device.lower.as_ref() != Some(&gone.name));
        format!("link del {}", gone.name)
    }

    fn link_kind(&mut self) -> String {
        let at = self.random.usize(..self.devices.len());
        let (name, kind) = self
            .devices
            .get(at)
            .map_or(("eth0".to_owned(), "veth"), |device| {
                (device.name.clone(), device.kind)
            });
        let kind = if self.conflicts() {
            self.one(&KINDS)
        } else {
            kind
        };
        let option = self.one(options(kind));
        format!("link set {name} type {kind} {option}")
    }

    fn link_master(&mut self) -> String {
        let device = self.device();
        let masters: Vec<String> = self
            .devices
            .iter()
            .filter(|device| matches!(device.kind, "vrf" | "bond"))
            .map(|device| device.name.clone())
            .collect();
        match self.random.choice(&masters).cloned() {
            Some(master) if !self.conflicts() => format!("link set {device} master {master}"),
            _ if self.in_ten(5) => format!("link set {device} nomaster"),
            _ => {
                let other = self.device();
                format!("link set {device} vrf {other}")
            }
        }
    }

    fn link_name(&mut self) -> String {
        let device = self.device();
        let number = self.random.u8(..4);
        match self.random.u8(..4) {
            0 => format!("link property add dev {device} altname other{number}"),
            1 => format!("link property del dev {device} altname other{number}"),
            2 => {
                let address = format!("02:00:00:00:02:{number:02x}");
                format!("link set {device} address {address}")
            }
            _ => {
                let at = self.random.usize(..self.devices.len());
                let name = format!("new{number}");
                let taken = self.devices.iter().any(|device| device.name == name);
                let Some(renamed) = self.devices.get_mut(at).filter(|_| at >= 2 && !taken) else {
                    return format!("link set eth0 name {name}x/y");
                };
                let before = std::mem::replace(&mut renamed.name, name.clone());
                for device in &mut self.devices {
                    if device.lower.as_ref() == Some(&before) {
                        device.lower = Some(name.clone());
                    }
                }
                format!("link set {before} name {name}")
            }
        }
    }
}
