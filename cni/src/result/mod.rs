//! `prevResult`: what tokens need of it, and how it is brought up to date. It is read for a pod that asks, and only
//! then.

use std::net::IpAddr;

use serde::Deserialize;

mod splice;
pub mod update;

/// The parts of a CNI result (spec section 5) that say where the commands are.
#[derive(Debug, Default, Deserialize)]
pub struct PrevResult {
    #[serde(default)]
    interfaces: Option<Vec<Interface>>,
    #[serde(default)]
    ips: Option<Vec<Ip>>,
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
    gateway: Option<IpAddr>,
    #[serde(default)]
    interface: Option<usize>,
}

impl PrevResult {
    /// Reads one. What cannot be read says nothing: it is the other plugins' result, and tokens it would have given
    /// are errors of their own.
    pub fn read(raw: &str) -> Self {
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// The last interface that is in a sandbox.
    pub fn last_interface(&self) -> Option<&str> {
        let interfaces = self.interfaces.as_deref().unwrap_or_default();
        interfaces
            .iter()
            .rfind(|interface| interface.sandbox.as_deref().is_some_and(|s| !s.is_empty()))
            .map(|i| i.name.as_str())
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
        self.of(interface).filter_map(|ip| ip.gateway).collect()
    }

    fn of(&self, interface: &str) -> impl Iterator<Item = &Ip> {
        let interfaces = self.interfaces.as_deref().unwrap_or_default();
        let index = interfaces
            .iter()
            .rposition(|known| known.name == interface && known.sandbox.is_some());
        // An address without an index belongs to the attachment.
        self.ips
            .iter()
            .flatten()
            .filter(move |ip| ip.interface.is_none() || ip.interface == index)
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
