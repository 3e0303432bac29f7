//! The commands of an `[[apply]]`, judged as far as that needs no namespace: a mistake is one for every pod, and is told
//! when the file is taken rather than when a pod starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::plan::{Author, Draft};
use crate::pod::{Entrance, Subject};
use crate::policy::Policy;
use crate::report::{Advice, Report};
use crate::tokens::Surroundings;
use crate::value::Line;

/// Stand-ins for an interface, and for addresses and gateways of each family (RFC 5737, RFC 3849).
const INTERFACE: &str = "eth0";
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// The first command that is none in any namespace: its text, and what is wrong with it.
pub(super) fn first_wrong(
    lines: &[Line],
    values: &BTreeMap<String, String>,
) -> Option<(String, String)> {
    (1..).zip(lines).find_map(|(number, line)| {
        // A pod may have addresses of one family alone: what is right in either is right.
        let [first, second] = [[V4, V6], [V6, V4]].map(|order| advice(line, order, values));
        let advice = first.filter(|_| second.is_some())?;
        Some((line.text.clone(), told(number, line, &advice)))
    })
}

fn advice(line: &Line, order: [IpAddr; 2], values: &BTreeMap<String, String>) -> Option<Advice> {
    let surroundings = Surroundings {
        interface: Some(INTERFACE.to_owned()),
        addresses: order.to_vec(),
        gateways: order.to_vec(),
        values: values.clone(),
        ..Surroundings::default()
    };
    let subject = Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "configuration",
        interface: None,
        mtu: None,
        netns: None,
    };
    let mut draft = Draft::default();
    draft.extend("", Author::Operator, vec![line.clone()], &surroundings);
    let refused = draft.approve(&Policy::of_the_caller(), &subject).err()?;
    let report = Report::about(&subject).refused(refused);
    report.commands.into_iter().find_map(|one| one.advice)
}

fn told(number: usize, line: &Line, advice: &Advice) -> String {
    let place = match (advice.word, advice.column) {
        (Some(word), Some(column)) => format!(" at word {word}, column {column}"),
        (None, Some(column)) => format!(" at column {column}"),
        _ => String::new(),
    };
    let instead = advice.instead.as_ref();
    let instead = instead.map_or_else(String::new, |instead| format!(", write {instead:?} there"));
    let why = advice.why.trim_end_matches('.');
    format!("command {number} {:?}{place}: {why}{instead}", line.text)
}
