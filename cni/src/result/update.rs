//! `prevResult`, brought up to date: only what belongs to the attachment's interface, as the `tuning` plugin does, and
//! only what the commands changed. Every other byte stays.

use std::borrow::Cow;
use std::net::IpAddr;

use chainsaw_common::interface::{Address, Destination, Interface, Route};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::splice::Edits;

/// The last address that was reported for an interface was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAddressLeft;

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow, rename = "cniVersion", default)]
    version: Cow<'a, str>,
    #[serde(borrow, default)]
    interfaces: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    ips: Option<&'a RawValue>,
    #[serde(borrow, default)]
    routes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawInterface<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    sandbox: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    mac: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mtu: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawIp<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(default)]
    interface: Option<usize>,
}

#[derive(Deserialize)]
struct RawRoute<'a> {
    #[serde(borrow)]
    dst: Cow<'a, str>,
    #[serde(default)]
    gw: Option<IpAddr>,
}

/// What became otherwise of an interface.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    mac: Option<&'a [u8]>,
    mtu: Option<u32>,
    gone: Vec<Address>,
    new: Vec<Address>,
    destinations: Vec<Destination>,
    routes: &'a [Route],
}

impl<'a> Changes<'a> {
    /// Between two looks. What commands did to routes before the first is known by their destinations.
    pub fn between(
        before: &Interface,
        after: &'a Interface,
        mut destinations: Vec<Destination>,
    ) -> Self {
        let differing = |ours: &[Route], others: &[Route]| {
            let differ = ours.iter().filter(|route| !others.contains(route));
            differ.map(|route| route.destination).collect::<Vec<_>>()
        };
        destinations.extend(differing(&before.routes, &after.routes));
        destinations.extend(differing(&after.routes, &before.routes));
        let without = |ours: &[Address], others: &[Address]| {
            let lost = |one: &&Address| !others.iter().any(|other| other.is_same(one));
            ours.iter().filter(lost).copied().collect()
        };
        let (old, new) = (&before.link, &after.link);
        Self {
            mac: (old.mac != new.mac).then_some(new.mac.as_slice()),
            mtu: (old.mtu != new.mtu).then_some(new.mtu),
            gone: without(&before.addresses, &after.addresses),
            new: without(&after.addresses, &before.addresses),
            destinations,
            routes: &after.routes,
        }
    }

    /// Of routes to these destinations, by the routes that there are now.
    pub fn of_routes(routes: &'a [Route], destinations: Vec<Destination>) -> Self {
        Self {
            destinations,
            routes,
            ..Self::default()
        }
    }
}

/// The result after these changes; nothing if it speaks of none of them, or if it cannot be read: then it is the other
/// plugins' business, byte for byte.
///
/// # Errors
/// No reported address is left.
pub fn updated(
    result: &str,
    ifname: &str,
    changes: &Changes<'_>,
) -> Result<Option<String>, NoAddressLeft> {
    let Ok(parts) = serde_json::from_str::<Parts<'_>>(result) else {
        return Ok(None);
    };
    let mut edits = Edits::of(result);
    let index = interface(&parts, ifname, changes, &mut edits);
    ips(&parts, index, changes, &mut edits)?;
    routes(result, &parts, changes, &mut edits);
    Ok(edits.made())
}

/// Updates the interface's own entry, and tells its index in the result.
fn interface<'a>(
    parts: &Parts<'a>,
    ifname: &str,
    changes: &Changes<'_>,
    edits: &mut Edits<'a>,
) -> Option<usize> {
    let of = |raw: &&'a RawValue| serde_json::from_str::<RawInterface<'a>>(raw.get()).ok();
    let interfaces = parts.interfaces.as_deref().unwrap_or_default();
    let entries = interfaces.iter().enumerate().rev();
    let (index, raw, entry) = entries
        .filter_map(|(index, raw)| Some((index, *raw, of(raw)?)))
        .find(|(_, _, entry)| {
            entry.name == ifname && entry.sandbox.as_deref().is_some_and(|s| !s.is_empty())
        })?;
    if let (Some(new), Some(mac)) = (changes.mac, entry.mac) {
        edits.replace(mac, json!(hexadecimal(new)).to_string());
    }
    match (changes.mtu, entry.mtu) {
        (None, _) => {}
        (Some(new), Some(mtu)) => edits.replace(mtu, new.to_string()),
        // Interfaces have an MTU from 1.0.0 on.
        (Some(_), None) if is_before_1(&parts.version) => {}
        (Some(new), None) => edits.append(raw.get(), &[format!("\"mtu\":{new}")]),
    }
    Some(index)
}

fn hexadecimal(mac: &[u8]) -> String {
    mac.iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(":")
}

fn is_before_1(version: &str) -> bool {
    version.starts_with("0.")
}

/// Takes out the addresses that are gone; puts new ones last, of a family that is there already.
fn ips<'a>(
    parts: &Parts<'a>,
    index: Option<usize>,
    changes: &Changes<'_>,
    edits: &mut Edits<'a>,
) -> Result<(), NoAddressLeft> {
    let Some(raw) = parts.ips else { return Ok(()) };
    let Ok(all) = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) else {
        return Ok(());
    };
    let reported = |raw: &&'a RawValue| {
        let ip = serde_json::from_str::<RawIp<'a>>(raw.get()).ok()?;
        let (address, len) = ip.address.split_once('/')?;
        let address = Address {
            address: address.parse().ok()?,
            len: len.parse().ok()?,
            flags: 0,
        };
        (ip.interface.is_none() || ip.interface == index).then_some(address)
    };
    let gone = |raw: &&'a RawValue| {
        reported(raw).is_some_and(|ip| changes.gone.iter().any(|one| one.is_same(&ip)))
    };
    let kept: Vec<&RawValue> = all.iter().copied().filter(|raw| !gone(raw)).collect();
    let family = |ip: &&Address| {
        let mut known = all.iter().filter_map(reported);
        known.any(|known| known.address.is_ipv4() == ip.address.is_ipv4())
    };
    let new = changes.new.iter().filter(family);
    let new: Vec<String> = new.map(|ip| entry(ip, index, &parts.version)).collect();
    if !all.is_empty() && kept.is_empty() && new.is_empty() {
        return Err(NoAddressLeft);
    }
    edit(raw, kept, all.len(), new, edits);
    Ok(())
}

fn entry(ip: &Address, index: Option<usize>, version: &str) -> String {
    let mut entry = serde_json::Map::new();
    if is_before_1(version) {
        entry.insert(
            "version".to_owned(),
            json!(if ip.address.is_ipv4() { "4" } else { "6" }),
        );
    }
    entry.insert(
        "address".to_owned(),
        json!(format!("{}/{}", ip.address, ip.len)),
    );
    if let Some(index) = index {
        entry.insert("interface".to_owned(), json!(index));
    }
    serde_json::Value::Object(entry).to_string()
}

/// Takes out the routes that are gone; puts new ones last.
fn routes<'a>(result: &'a str, parts: &Parts<'a>, changes: &Changes<'_>, edits: &mut Edits<'a>) {
    let all: Vec<&'a RawValue> = match parts.routes.map(|raw| serde_json::from_str(raw.get())) {
        None => Vec::new(),
        Some(Ok(all)) => all,
        Some(Err(_)) => return,
    };
    let reported: Vec<Option<RawRoute<'a>>> = all
        .iter()
        .map(|raw| serde_json::from_str(raw.get()).ok())
        .collect();
    let (touched, there): (Vec<String>, Vec<&Route>) = (
        changes
            .destinations
            .iter()
            .map(ToString::to_string)
            .collect(),
        changes
            .routes
            .iter()
            .filter(|route| changes.destinations.contains(&route.destination))
            .collect(),
    );
    let gone = |entry: &RawRoute<'_>| {
        touched.iter().any(|one| *one == entry.dst) && !there.iter().any(|route| entry.is(route))
    };
    let kept = all
        .iter()
        .zip(&reported)
        .filter(|(_, entry)| !entry.as_ref().is_some_and(gone))
        .map(|(raw, _)| *raw)
        .collect();
    let new = there
        .iter()
        .filter(|route| !reported.iter().flatten().any(|entry| entry.is(route)));
    let new: Vec<String> = new.map(|route| shown(route)).collect();
    match parts.routes {
        Some(raw) => edit(raw, kept, all.len(), new, edits),
        None if new.is_empty() => {}
        None => edits.append(result, &[format!("\"routes\":[{}]", new.join(","))]),
    }
}

impl RawRoute<'_> {
    /// Whether it speaks of this route; without a gateway it does of one by any.
    fn is(&self, route: &Route) -> bool {
        self.dst == route.destination.to_string() && (self.gw.is_none() || self.gw == route.gateway)
    }
}

fn shown(route: &Route) -> String {
    let mut entry = serde_json::Map::new();
    entry.insert("dst".to_owned(), json!(route.destination.to_string()));
    if let Some(gateway) = route.gateway {
        entry.insert("gw".to_owned(), json!(gateway.to_string()));
    }
    serde_json::Value::Object(entry).to_string()
}

/// An array is rewritten where something was taken out of it, else only added to.
fn edit<'a>(
    raw: &'a RawValue,
    kept: Vec<&RawValue>,
    all: usize,
    new: Vec<String>,
    edits: &mut Edits<'a>,
) {
    if kept.len() < all {
        let items: Vec<String> = kept
            .iter()
            .map(|raw| raw.get().to_owned())
            .chain(new)
            .collect();
        edits.replace(raw, format!("[{}]", items.join(",")));
    } else if !new.is_empty() {
        edits.append(raw.get(), &new);
    }
}

#[cfg(test)]
mod tests {
    use chainsaw_common::interface::Link;

    use super::*;

    const RESULT: &str = r#"{"cniVersion": "1.0.0", "x": 1.50,
  "interfaces": [{"name": "br0", "mac": "02:00:00:00:00:01"}, {"name": "eth0", "mac":"02:00:00:00:00:02", "sandbox": "/n"}],
  "ips": [ {"address": "192.0.2.10/24", "gateway": "192.0.2.1", "interface": 1} ],
  "routes": [{"dst": "0.0.0.0/0"}, {"dst": "198.51.100.0/24", "gw": "192.0.2.2"}], "dns": {}}"#;

    fn address(text: &str) -> Address {
        let (address, len) = text.split_once('/').unwrap();
        Address {
            address: address.parse().unwrap(),
            len: len.parse().unwrap(),
            flags: 0,
        }
    }

    fn route(dst: &str, gateway: Option<&str>) -> Route {
        let Address { address, len, .. } = address(dst);
        Route {
            destination: Destination { address, len },
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
        }
    }

    fn before() -> Interface {
        Interface {
            link: Link {
                index: 2,
                mac: vec![2, 0, 0, 0, 0, 2],
                mtu: 1500,
            },
            addresses: vec![address("192.0.2.10/24")],
            routes: vec![
                route("0.0.0.0/0", Some("192.0.2.1")),
                route("198.51.100.0/24", Some("192.0.2.2")),
            ],
        }
    }

    fn after(change: impl FnOnce(&mut Interface)) -> Result<Option<String>, NoAddressLeft> {
        let mut after = before();
        change(&mut after);
        told(RESULT, &after)
    }

    fn told(result: &str, after: &Interface) -> Result<Option<String>, NoAddressLeft> {
        updated(
            result,
            "eth0",
            &Changes::between(&before(), after, Vec::new()),
        )
    }

    #[test]
    fn what_changed_nothing_changes_no_byte() {
        assert_eq!(after(|_| {}), Ok(None));
        assert_eq!(told("not json", &Interface::default()), Ok(None));
    }

    #[test]
    fn mac_and_mtu_are_told_on_and_nothing_else_is_touched() {
        let told = after(|eth0| {
            eth0.link.mac = vec![2, 0, 0, 0, 0, 9];
            eth0.link.mtu = 1400;
        });
        let expected = RESULT.replace(
            r#""mac":"02:00:00:00:00:02", "sandbox": "/n""#,
            r#""mac":"02:00:00:00:00:09", "sandbox": "/n","mtu":1400"#,
        );
        assert_eq!(told, Ok(Some(expected)));
    }

    #[test]
    fn new_addresses_come_last_and_only_of_a_family_that_is_there() {
        let told = after(|eth0| {
            eth0.addresses
                .extend([address("192.0.2.11/24"), address("2001:db8::1/64")])
        });
        let expected = RESULT.replace(
            r#""interface": 1}"#,
            r#""interface": 1},{"address":"192.0.2.11/24","interface":1}"#,
        );
        assert_eq!(told, Ok(Some(expected)));
    }

    #[test]
    fn routes_come_and_go() {
        let told = after(|eth0| {
            eth0.routes.retain(|route| route.destination.len != 24);
            eth0.routes.push(route("192.0.3.0/24", None));
        });
        let expected = RESULT.replace(
            r#"[{"dst": "0.0.0.0/0"}, {"dst": "198.51.100.0/24", "gw": "192.0.2.2"}]"#,
            r#"[{"dst": "0.0.0.0/0"},{"dst":"192.0.3.0/24"}]"#,
        );
        assert_eq!(told, Ok(Some(expected)));
    }

    #[test]
    fn a_route_that_a_command_named_is_told_as_it_is_now() {
        let named = |dst: &str| {
            let Route { destination, .. } = route(dst, None);
            vec![destination]
        };
        let told = |routes: &[Route], dst: &str| {
            updated(RESULT, "eth0", &Changes::of_routes(routes, named(dst)))
        };
        let now = [
            route("0.0.0.0/0", Some("192.0.2.1")),
            route("198.51.100.0/24", Some("192.0.2.9")),
            route("203.0.113.0/24", None),
        ];
        // It is there as the result has it; nobody named the others.
        assert_eq!(told(&now, "0.0.0.0/0"), Ok(None));
        let elsewhere = RESULT.replace(
            r#"[{"dst": "0.0.0.0/0"}, {"dst": "198.51.100.0/24", "gw": "192.0.2.2"}]"#,
            r#"[{"dst": "0.0.0.0/0"},{"dst":"198.51.100.0/24","gw":"192.0.2.9"}]"#,
        );
        assert_eq!(told(&now, "198.51.100.0/24"), Ok(Some(elsewhere)));
        let gone = RESULT.replace(
            r#"[{"dst": "0.0.0.0/0"}, {"dst": "198.51.100.0/24", "gw": "192.0.2.2"}]"#,
            r#"[{"dst": "198.51.100.0/24", "gw": "192.0.2.2"}]"#,
        );
        assert_eq!(told(&[], "0.0.0.0/0"), Ok(Some(gone)));
    }

    #[test]
    fn a_result_without_routes_gets_them() {
        let mut now = before();
        now.routes.push(route("2001:db8::/32", Some("fe80::1")));
        let told = told(r#"{"cniVersion":"0.4.0" }"#, &now);
        assert_eq!(
            told,
            Ok(Some(
                r#"{"cniVersion":"0.4.0","routes":[{"dst":"2001:db8::/32","gw":"fe80::1"}] }"#
                    .into()
            ))
        );
    }

    #[test]
    fn an_old_version_says_the_family_and_no_mtu() {
        let result = r#"{"cniVersion":"0.3.1","interfaces":[{"name":"eth0","sandbox":"/n"}],"ips":[{"version":"4","address":"192.0.2.10/24","interface":0}]}"#;
        let mut now = before();
        now.link.mtu = 1400;
        now.addresses.push(address("192.0.2.11/24"));
        let told = told(result, &now).unwrap().unwrap();
        assert!(
            told.contains(r#",{"version":"4","address":"192.0.2.11/24","interface":0}]"#)
                && !told.contains("mtu"),
            "{told}"
        );
    }

    #[test]
    fn the_last_reported_address_cannot_be_taken_away() {
        assert_eq!(after(|eth0| eth0.addresses.clear()), Err(NoAddressLeft));
        assert!(after(|eth0| eth0.addresses = vec![address("192.0.2.99/24")]).is_ok());
    }
}
