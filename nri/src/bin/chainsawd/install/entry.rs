//! The entry of a chain that is ours: fields that nobody knows, and the operator's commands that could run in no pod.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chainsaw_common::engine::{self, Ask};
use chainsaw_common::entry::{COMMANDS, TYPE, is_known, meant};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{CommandReport, Report, line};
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::value;
use serde_json::{Map, Value};

/// Stand-ins for an address and a gateway of each family (RFC 5737, RFC 3849).
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// What is wrong with our entries in a list, a line each, with the place of the entry.
pub fn mistakes(list: &[u8]) -> String {
    let list: Value = serde_json::from_slice(list).unwrap_or_default();
    let plugins = list.get("plugins").and_then(Value::as_array);
    let entries = (0..).zip(plugins.into_iter().flatten());
    let entries = entries.filter_map(|(place, entry)| Some((place, entry.as_object()?)));
    let is_ours = |entry: &Map<String, Value>| entry.get("type").is_some_and(|it| it == TYPE);
    let of_an_entry = |(place, entry): (usize, &Map<String, Value>)| -> String {
        let unknown = entry.keys().filter_map(|name| unknown(name));
        let commands = entry.get(COMMANDS).map(wrong).unwrap_or_default();
        let lines = unknown.chain(commands);
        lines
            .map(|wrong| format!("plugins[{place}], chainsaw's: {wrong}\n"))
            .collect()
    };
    entries
        .filter(|(_, entry)| is_ours(entry))
        .map(of_an_entry)
        .collect()
}

/// The place of our first entry with commands in a list; mistakes are commands, too.
pub fn with_commands(list: &[u8]) -> Option<String> {
    let list: Value = serde_json::from_slice(list).ok()?;
    let plugins = list.get("plugins").and_then(Value::as_array);
    let mut entries = (0..).zip(plugins.into_iter().flatten());
    let asks = |commands: &Value| {
        let text = match commands {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        !value::lines(&text).is_ok_and(|lines| lines.is_empty())
    };
    let (place, _) = entries.find(|(_, entry)| {
        entry.get("type").is_some_and(|it| it == TYPE) && entry.get(COMMANDS).is_some_and(asks)
    })?;
    Some(format!("plugins[{place}]"))
}

fn unknown(name: &str) -> Option<String> {
    if is_known(name) {
        return None;
    }
    let meant = meant(name).map(|near| format!(", did you mean {near}?"));
    Some(format!(
        "field {} is not known, and is ignored{}",
        line(name),
        meant.unwrap_or_default()
    ))
}

/// What is wrong with the operator's commands, whatever the pod.
fn wrong(commands: &Value) -> Vec<String> {
    let text = match commands {
        Value::String(text) => text.clone(),
        Value::Array(_) => commands.to_string(),
        _ => {
            return vec![format!(
                "field {COMMANDS} is neither a string nor an array: write [\"ip …\", \"ip …\"]"
            )];
        }
    };
    // A pod may have addresses of one family alone: what is right in either is right.
    let [first, second] = [[V4, V6], [V6, V4]].map(|order| judged(&text, order));
    if !first.problems.is_empty() {
        let told = |problem: &String| format!("field {}", line(problem));
        return first.problems.iter().map(told).collect();
    }
    let both = first.commands.iter().zip(&second.commands);
    (1..)
        .zip(both)
        .filter(|(_, (one, other))| is_wrong(one) && is_wrong(other))
        .map(|(number, (one, _))| told(number, one))
        .collect()
}

fn told(number: usize, command: &CommandReport) -> String {
    let advice = command.advice.clone().unwrap_or_default();
    let column = advice.column;
    let place = column.map_or_else(String::new, |column| format!(" at column {column}"));
    let hint = advice
        .hint()
        .map_or_else(String::new, |hint| format!("; {hint}"));
    format!(
        "field {COMMANDS}: command {number}, {:?}, can run in no pod: {}{place}{}",
        command.given,
        line(advice.why.trim_end_matches('.')),
        line(&hint)
    )
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
        source: COMMANDS.to_owned(),
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
    use chainsaw_common::entry::FIELDS;

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
            "plugins[1], chainsaw's: field capabilites is not known, and is ignored, did you mean capabilities?\n\
             plugins[1], chainsaw's: field comands is not known, and is ignored, did you mean commands?\n\
             plugins[1], chainsaw's: field x is not known, and is ignored\n"
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
                r#"plugins[1], chainsaw's: field commands: command 2, "ip roule add", can run in no pod: Object "roule" is unknown, try "ip help" at column 4; did you mean route?"#,
            ),
            (
                r#"["ip rout ad"]"#,
                "at column 9; the command needs more words, for example ip route add",
            ),
            (
                r#"["ip rote", "ip adr"]"#,
                "plugins[1], chainsaw's: field commands: command 2, \"ip adr\"",
            ),
            (r#"["ip netns add x"]"#, "can run in no pod: "),
            (
                "7",
                "field commands is neither a string nor an array: write",
            ),
            ("[7]", "command 1 is not a command (a number): write"),
        ] {
            let said = commands(wrong);
            assert!(said.contains(part), "{wrong}: {said}");
        }
    }
}
