//! A result before and after, byte for byte.

use chainsaw_common::interface::{Address, Destination, Interface, Link, Route};

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
            r#"{"cniVersion":"0.4.0","routes":[{"dst":"2001:db8::/32","gw":"fe80::1"}] }"#.into()
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
