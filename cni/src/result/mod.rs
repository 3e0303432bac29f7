//! `prevResult`: what tokens need of it, and how it is brought up to date. It is read for a pod that asks, and only
//! then.

use std::net::IpAddr;

use serde::Deserialize;

pub mod changes;
mod splice;
pub mod update;

/// The parts of a CNI result (spec section 5) that say where the commands are.
#[derive(Debug, Default, Deserialize)]
pub struct PrevResult {
    #[serde(default)]
    interfaces: Option<Vec<Lenient<Interface>>>,
    #[serde(default)]
    ips: Option<Vec<Lenient<Ip>>>,
}

/// An element of another plugin's result: one that is not as it should be says nothing, and spoils no other.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Read(T),
    Odd(serde::de::IgnoredAny),
}

impl<T> Lenient<T> {
    fn read(&self) -> Option<&T> {
        match self {
            Self::Read(element) => Some(element),
            Self::Odd(_) => None,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Interface {
    name: String,
    #[serde(default)]
    sandbox: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Ip {
    address: String,
    #[serde(default)]
    gateway: Option<String>,
    #[serde(default)]
    interface: Option<i64>,
}

impl PrevResult {
    /// Reads one. What cannot be read says nothing: it is the other plugins' result, and tokens it would have given
    /// are errors of their own.
    pub fn read(raw: &str) -> Self {
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// The last interface that is in a sandbox.
    pub fn last_interface(&self) -> Option<&str> {
        self.in_sandbox()
            .next_back()
            .map(|(_, interface)| interface.name.as_str())
    }

    /// The addresses of an interface, in the result's order, link-local ones left out.
    pub fn addresses(&self, interface: &str) -> Vec<IpAddr> {
        let address = |ip: &Ip| {
            ip.address
                .split('/')
                .next()
                .and_then(|address| address.parse().ok())
        };
        self.of(interface)
            .filter_map(address)
            .filter(|address| !is_link_local(*address))
            .collect()
    }

    /// The gateways of an interface, in the result's order.
    pub fn gateways(&self, interface: &str) -> Vec<IpAddr> {
        self.of(interface)
            .filter_map(|ip| ip.gateway.as_deref()?.parse().ok())
            .collect()
    }

    fn in_sandbox(&self) -> impl DoubleEndedIterator<Item = (usize, &Interface)> {
        let interfaces = self
            .interfaces
            .as_deref()
            .unwrap_or_default()
            .iter()
            .enumerate();
        let read = interfaces.filter_map(|(index, interface)| Some((index, interface.read()?)));
        read.filter(|(_, interface)| {
            interface
                .sandbox
                .as_deref()
                .is_some_and(|sandbox| !sandbox.is_empty())
        })
    }

    fn of(&self, interface: &str) -> impl Iterator<Item = &Ip> {
        let index = self
            .in_sandbox()
            .rfind(|(_, known)| known.name == interface)
            .map(|(index, _)| index);
        let ips = self.ips.iter().flatten().filter_map(Lenient::read);
        // An address without an index belongs to the attachment.
        ips.filter(move |ip| match ip.interface {
            None => true,
            Some(of) => usize::try_from(of).is_ok_and(|of| Some(of) == index),
        })
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"cniVersion": "1.0.0",
        "interfaces": [{"name": "br0"}, {"name": "veth1"}, {"name": "eth0", "sandbox": "/run/netns/x"}],
        "ips": [{"address": "fe80::1/64", "interface": 2}, {"address": "192.0.2.7/24", "gateway": "192.0.2.1", "interface": 2},
                {"address": "198.51.100.1/24", "interface": 0}, {"address": "2001:db8::7/64", "interface": 2}]}"#;

    #[test]
    fn an_interface_has_its_own_addresses_and_no_link_local_one() {
        let result = PrevResult::read(RESULT);
        let shown: Vec<String> = result
            .addresses("eth0")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["192.0.2.7", "2001:db8::7"]);
        assert_eq!(
            result.gateways("eth0"),
            ["192.0.2.1".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(result.last_interface(), Some("eth0"));
    }

    #[test]
    fn an_odd_element_spoils_no_other() {
        let odd = r#"{"interfaces": [7, {"name": "eth0", "sandbox": "/n"}],
            "ips": [{"address": "192.0.2.7/24", "gateway": "", "interface": 1}, {"address": "192.0.2.8/24", "interface": -1}, {"x": 1}]}"#;
        let result = PrevResult::read(odd);
        assert_eq!(
            result.addresses("eth0"),
            ["192.0.2.7".parse::<IpAddr>().unwrap()]
        );
        assert!(result.gateways("eth0").is_empty());
    }

    #[test]
    fn a_result_that_cannot_be_read_says_nothing() {
        let result = PrevResult::read(r#"{"ips": 7}"#);
        assert!(result.addresses("eth0").is_empty());
        assert_eq!(result.last_interface(), None);
        assert!(
            PrevResult::read(r#"{"ips": null, "interfaces": null}"#)
                .gateways("eth0")
                .is_empty()
        );
    }
}
