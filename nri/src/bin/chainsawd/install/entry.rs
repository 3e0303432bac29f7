//! The entry of a chain that is ours: fields that nobody knows, which CNI has everybody ignore, and the operator's commands
//! that could run in no pod.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chainsaw_common::engine::{self, Ask};
use chainsaw_common::nearest::nearest;
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{CommandReport, Report, line};
use chainsaw_common::tokens::Surroundings;
use serde_json::Value;

/// What the plugin reads, what the original one read, and what CNI has for every plugin.
const FIELDS: [&str; 15] = [
    "apply",
    "args",
    "capabilities",
    "cniVersion",
    "commands",
    "dns",
    "ipMasq",
    "ipam",
    "kubeconfig",
    "name",
    "prevResult",
    "runtimeConfig",
    "socket_enabled",
    "socket_path",
    "type",
];

/// Stand-ins for an address and a gateway of each family (RFC 5737, RFC 3849).
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// What is wrong with our entry in a list, a line each.
pub fn mistakes(list: &[u8]) -> String {
    let list: Value = serde_json::from_slice(list).unwrap_or_default();
    let plugins = list.get("plugins").and_then(Value::as_array);
    let ours = plugins.into_iter().flatten().filter_map(Value::as_object);
    let mut ours = ours.filter(|entry| entry.get("type").is_some_and(|it| it == "chainsaw"));
    let Some(entry) = ours.next() else {
        return String::new();
    };
    let unknown = entry.keys().filter_map(|name| unknown(name));
    let commands = entry.get("commands").and_then(wrong);
    let lines = unknown.chain(commands).map(|wrong| wrong + "\n");
    lines.collect()
}

fn unknown(name: &str) -> Option<String> {
    // CNI's own namespace grows.
    if FIELDS.contains(&name) || name.starts_with("cni.dev/") {
        return None;
    }
    let meant = nearest(name, FIELDS).map(|near| format!(", did you mean {near}?"));
    Some(format!(
        "its field {} is not known, and is ignored{}",
        line(name),
        meant.unwrap_or_default()
    ))
}

/// What is wrong with the operator's commands, whatever the pod.
fn wrong(commands: &Value) -> Option<String> {
    let text = match commands {
        Value::String(text) => text.clone(),
        Value::Array(_) => commands.to_string(),
        _ => return Some("its commands are neither a string nor an array".to_owned()),
    };
    // A pod may have addresses of one family alone: what is right in either is right.
    let [first, second] = [[V4, V6], [V6, V4]].map(|order| judged(&text, order));
    if let Some(problem) = first.problems.first() {
        return Some(format!("its commands cannot be taken: {}", line(problem)));
    }
    let both = first.commands.iter().zip(&second.commands);
    (1..)
        .zip(both)
        .find(|(_, (one, other))| is_wrong(one) && is_wrong(other))
        .map(|(number, (one, _))| {
            let advice = one.advice.clone().unwrap_or_default();
            let instead = advice.instead;
            let instead = instead.map(|instead| format!(", write {instead:?} there"));
            let why = advice.why.trim_end_matches('.').to_owned() + &instead.unwrap_or_default();
            format!(
                "command {number} of its commands, {:?}, could run in no pod: {}",
                one.given,
                line(&why)
            )
        })
}

/// What the node's configuration has values for is not known here.
fn is_wrong(command: &CommandReport) -> bool {
    command.is_fatal() && !command.given.contains("NODE_")
}

fn judged(text: &str, order: [IpAddr; 2]) -> Report {
    let subject = Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "install",
        interface: None,
        mtu: None,
        netns: None,
    };
    let surroundings = Surroundings {
        interface: Some("eth0".to_owned()),
        addresses: order.to_vec(),
        gateways: order.to_vec(),
        ..Surroundings::default()
    };
    let value = engine::Value {
        source: "commands".to_owned(),
        author: Author::Operator,
        text: text.to_owned(),
    };
    engine::check(&Ask {
        subject: &subject,
        values: &[value],
        surroundings: &surroundings,
        policy: &Policy::of_the_caller(),
        run: Run::First,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fields: &str) -> String {
        let list = format!(
            r#"{{"plugins": [{{"type": "bridge", "isGateway": true}}, {{"type": "chainsaw"{fields}}}]}}"#
        );
        mistakes(list.as_bytes())
    }

    #[test]
    fn a_field_that_nobody_knows_is_told_with_what_was_meant() {
        assert_eq!(
            said(r#", "capabilites": {}, "comands": [], "x": 1, "cni.dev/new": 1"#),
            "its field capabilites is not known, and is ignored, did you mean capabilities?\n\
             its field comands is not known, and is ignored, did you mean commands?\n\
             its field x is not known, and is ignored\n"
        );
        for field in FIELDS.iter().filter(|field| **field != "commands") {
            assert_eq!(said(&format!(r#", "{field}": "chainsaw""#)), "", "{field}");
        }
        for list in ["{", "{}", r#"{"plugins": [1]}"#, r#"{"type": "chainsaw"}"#] {
            assert_eq!(mistakes(list.as_bytes()), "", "{list}");
        }
    }

    #[test]
    fn commands_that_could_run_in_no_pod_are_told() {
        let commands = |value: &str| said(&format!(r#", "commands": {value}"#));
        for right in [
            "[]",
            r#""ip route\nip -6 route""#,
            r#"["ip route add 192.0.3.0/24 via CURRENT_GATEWAY dev CURRENT_INTERFACE"]"#,
            r#"["ip route add 2001:db8:1::/64 via CURRENT_GATEWAY", "ip route add 192.0.3.0/24 via CURRENT_GATEWAY"]"#,
            r#"["ip route add NODE_SITE via NODE_GATEWAY"]"#,
            r#"[{"run": "ip link set eth0 mtu 9000", "ignore_failure": true}]"#,
        ] {
            assert_eq!(commands(right), "", "{right}");
        }
        for (wrong, part) in [
            (
                r#"["ip route", "ip roule add"]"#,
                r#"command 2 of its commands, "ip roule add", could run in no pod: Object "roule" is unknown, try "ip help", write "route" there"#,
            ),
            (r#"["ip netns add x"]"#, "could run in no pod: "),
            ("7", "neither a string nor an array"),
            ("[7]", "its commands cannot be taken: "),
        ] {
            let said = commands(wrong);
            assert!(said.contains(part), "{wrong}: {said}");
        }
    }
}
