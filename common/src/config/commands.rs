//! The commands of an `[[apply]]`, judged as far as that needs no namespace: a mistake is one for every pod, and is told
//! when the file is taken rather than when a pod starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Config;
use crate::limits::{Excess, Kind};
use crate::plan::{Author, Draft, Fault, Judged};
use crate::pod::{Entrance, Subject};
use crate::policy::{Denial, Policy};
use crate::report::{Advice, Report};
use crate::tokens::Surroundings;
use crate::value::Line;

/// Stand-ins for an interface, and for addresses and gateways of each family (RFC 5737, RFC 3849).
const INTERFACE: &str = "eth0";
const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// The first command that is none in any namespace: its text, and what is wrong with it.
pub(super) fn first_wrong(lines: &[Line], config: &Config) -> Option<(String, String)> {
    (1..).zip(lines).find_map(|(number, line)| {
        // A pod may have addresses of one family alone: what is right in either is right.
        let [first, second] = [[V4, V6], [V6, V4]].map(|order| advice(line, order, config));
        let advice = first.filter(|_| second.is_some())?;
        Some((line.text.clone(), told(number, line, &advice)))
    })
}

/// The first command with which they make more than a sandbox may hold, whatever is in it: its place among them, and what
/// is wrong with that. What only a kernel can tell is not counted.
pub(super) fn first_beyond(lines: &[Line], config: &Config) -> Option<(usize, String)> {
    // One command makes two things at most: such a list is within every limit, and the plugin reads this before each pod
    // that asks. Only of an ifb a few have queues that are too many, and the name of a kind is never cut short.
    let most = u32::try_from(2 * lines.len()).unwrap_or(u32::MAX);
    let few = Kind::ALL.iter().all(|kind| most <= config.limits.of(*kind));
    if few && !lines.iter().any(|line| line.text.contains("ifb")) {
        return None;
    }
    let [first, second] = [[V4, V6], [V6, V4]].map(|order| beyond(lines, order, config));
    let (place, excess) = first.filter(|_| second.is_some())?;
    let given = lines.get(place).map(|line| line.text.as_str());
    let (kind, limit) = (excess.kind.key(), excess.limit);
    let unit = match excess.kind {
        Kind::Queues => "MiB of ",
        _ => "",
    };
    let why = format!(
        "command {} {:?}: with it these commands make more than {limit} {unit}{kind} in a sandbox, which none may hold; take some away, or allow more: [limits] {kind} = NUMBER",
        place + 1,
        given.unwrap_or_default()
    );
    Some((place, why))
}

fn beyond(lines: &[Line], order: [IpAddr; 2], config: &Config) -> Option<(usize, Excess)> {
    let refused = draft(lines, order, &config.values)
        .approve(&Policy::of(config, ""), &subject())
        .err()?;
    (0..)
        .zip(&refused)
        .find_map(|(place, judged)| match denial(judged) {
            Some(Denial::Full(excess)) => Some((place, excess.clone())),
            _ => None,
        })
}

fn advice(line: &Line, order: [IpAddr; 2], config: &Config) -> Option<Advice> {
    let line = std::slice::from_ref(line);
    let refused = draft(line, order, &config.values)
        .approve(&Policy::unbounded(config), &subject())
        .err()?;
    let module = refused.iter().find_map(|judged| match denial(judged) {
        Some(Denial::Module(module)) => Some(format!("write {} below [modules]", module.line())),
        _ => None,
    });
    let report = Report::about(&subject()).refused(refused);
    let mut advice = report.commands.into_iter().find_map(|one| one.advice)?;
    // It is the operator who reads this.
    advice.instead = module.or(advice.instead);
    Some(advice)
}

fn denial(judged: &Judged) -> Option<&Denial> {
    match judged {
        Judged::Wrong(_, Fault::Denied { denial, .. }) => Some(denial),
        _ => None,
    }
}

fn draft(lines: &[Line], order: [IpAddr; 2], values: &BTreeMap<String, String>) -> Draft {
    let surroundings = Surroundings {
        interface: Some(INTERFACE.to_owned()),
        addresses: order.to_vec(),
        gateways: order.to_vec(),
        values: values.clone(),
        ..Surroundings::default()
    };
    let mut draft = Draft::default();
    draft.extend("", Author::Operator, lines.to_vec(), &surroundings);
    draft
}

/// Nobody: what is judged here is the same for everyone.
fn subject() -> Subject {
    Subject {
        pod: None,
        sandbox: None,
        entrance: Entrance::Cli,
        trigger: "configuration",
        interface: None,
        mtu: None,
        netns: None,
    }
}

fn told(number: usize, line: &Line, advice: &Advice) -> String {
    let place = match (advice.word, advice.column) {
        (Some(word), Some(column)) => format!(" at word {word}, column {column}"),
        (None, Some(column)) => format!(" at column {column}"),
        _ => String::new(),
    };
    let hint = advice.hint();
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    let why = advice.why.trim_end_matches('.');
    format!("command {number} {:?}{place}: {why}{hint}", line.text)
}
