//! The metrics of a route (`RTAX_*`): a table of keyword, number and unit.

use std::fmt;

use super::super::args::Args;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::number;
use super::super::page::Entry;
use crate::uapi::rtax;
use crate::wire::{Attributes, Received, u32_of};

/// One metric as given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    number: u16,
    value: u32,
    lock: bool,
}

/// How a metric is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A plain number.
    Plain,
    /// A plain number that may be locked against path MTU discovery and the like.
    Lockable,
    /// Milliseconds, or with `s` or `ms` behind; the kernel keeps it in eighths (`RTAX_RTT`).
    Eighths,
    /// The same in quarters (`RTAX_RTTVAR`).
    Quarters,
    /// Milliseconds, always locked (`RTAX_RTO_MIN`).
    Locked,
}

/// A row: the metric's number and how it is written.
pub(super) type Row = (u16, Unit);

/// The metrics that `add` and `change` take, in iproute2's order among the route's keywords.
pub(super) const TABLE: &[Keyword<Row>] = &[
    exact("mtu", (rtax::MTU, Unit::Lockable)),
    exact("hoplimit", (rtax::HOPLIMIT, Unit::Lockable)),
    exact("advmss", (rtax::ADVMSS, Unit::Lockable)),
    prefix("reordering", (rtax::REORDERING, Unit::Lockable)),
    exact("rtt", (rtax::RTT, Unit::Eighths)),
    exact("rto_min", (rtax::RTO_MIN, Unit::Locked)),
    prefix("window", (rtax::WINDOW, Unit::Lockable)),
    prefix("cwnd", (rtax::CWND, Unit::Lockable)),
    prefix("initcwnd", (rtax::INITCWND, Unit::Lockable)),
    prefix("initrwnd", (rtax::INITRWND, Unit::Lockable)),
    prefix("quickack", (rtax::QUICKACK, Unit::Plain)),
    prefix("rttvar", (rtax::RTTVAR, Unit::Quarters)),
    prefix("ssthresh", (rtax::SSTHRESH, Unit::Lockable)),
    prefix(
        "fastopen_no_cookie",
        (rtax::FASTOPEN_NO_COOKIE, Unit::Plain),
    ),
];

/// Reads a metric's value.
pub(super) fn read(
    word: &'static str,
    (number, unit): Row,
    args: &mut Args<'_>,
) -> Result<Metric, Mistake> {
    let mut lock = unit == Unit::Locked;
    if unit != Unit::Plain && unit != Unit::Locked && args.take_exact("lock") {
        lock = true;
    }
    let wrong = format!("\"{word}\" value is invalid\n");
    let value = match unit {
        Unit::Plain | Unit::Lockable => args.number(&wrong)?,
        Unit::Eighths => args.read(|word| milliseconds(word, 8), &wrong)?,
        Unit::Quarters => args.read(|word| milliseconds(word, 4), &wrong)?,
        Unit::Locked => args.read(|word| milliseconds(word, 1), &wrong)?,
    };
    if matches!(number, rtax::QUICKACK | rtax::FASTOPEN_NO_COOKIE) && value > 1 {
        return Err(Mistake::wrong(
            &value.to_string(),
            &format!("\"{word}\" value should be 0 or 1\n"),
        ));
    }
    Ok(Metric {
        number,
        value,
        lock,
    })
}

/// A time in milliseconds; a bare number is taken as it is, one with a unit is scaled.
fn milliseconds(word: &str, scale: u32) -> Option<u32> {
    let scaled = |digits: &str, factor: f64| {
        let time: f64 = digits
            .parse()
            .ok()
            .filter(|time: &f64| time.is_finite() && *time >= 0.0)?;
        let raw = (time * factor * f64::from(scale)).ceil();
        // Checked against the kernel's width first.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked on this line"
        )]
        (raw <= f64::from(u32::MAX)).then_some(raw as u32)
    };
    if let Some(digits) = word
        .strip_suffix("ms")
        .or_else(|| word.strip_suffix("msec"))
    {
        scaled(digits, 1.0)
    } else if let Some(digits) = ["secs", "sec", "s"]
        .iter()
        .find_map(|unit| word.strip_suffix(unit))
    {
        scaled(digits, 1000.0)
    } else {
        number::fitting::<u32>(word)
    }
}

/// The nested attribute, and the lock bits in front where one is locked.
pub(super) fn attributes(metrics: &[Metric]) -> Attributes {
    let mut attributes = Attributes::default();
    let locked = metrics
        .iter()
        .filter(|metric| metric.lock)
        .fold(0, |bits, metric| bits | 1 << metric.number);
    if locked != 0 {
        attributes.put_u32(rtax::LOCK, locked);
    }
    for metric in metrics {
        attributes.put_u32(metric.number, metric.value);
    }
    attributes
}

/// The kernel's names for what it sends, by number; iproute2 prints them in this order.
const NAMES: &[(u16, &str)] = &[
    (rtax::MTU, "mtu"),
    (rtax::WINDOW, "window"),
    (rtax::RTT, "rtt"),
    (rtax::RTTVAR, "rttvar"),
    (rtax::SSTHRESH, "ssthresh"),
    (rtax::CWND, "cwnd"),
    (rtax::ADVMSS, "advmss"),
    (rtax::REORDERING, "reordering"),
    (rtax::HOPLIMIT, "hoplimit"),
    (rtax::INITCWND, "initcwnd"),
    (rtax::FEATURES, "features"),
    (rtax::RTO_MIN, "rto_min"),
    (rtax::INITRWND, "initrwnd"),
    (rtax::QUICKACK, "quickack"),
    (rtax::CC_ALGO, "congctl"),
    (rtax::FASTOPEN_NO_COOKIE, "fastopen_no_cookie"),
];

/// Prints what the kernel sent.
pub(super) fn print(entry: &mut Entry, received: &Received<'_>) {
    let locked = received.u32(rtax::LOCK).unwrap_or(0);
    let mut values = serde_json::Map::new();
    for (number, name) in NAMES {
        let Some(bytes) = received.bytes(*number) else {
            continue;
        };
        let lock = locked & (1 << number) != 0;
        let (json, text) = shown(*number, bytes);
        entry.text(format_args!(
            "{name} {}{text} ",
            if lock { "lock " } else { "" }
        ));
        values.insert((*name).to_owned(), json);
    }
    entry.json("metrics", serde_json::Value::Array(vec![values.into()]));
}

fn shown(number: u16, bytes: &[u8]) -> (serde_json::Value, String) {
    let value = u32_of(bytes).unwrap_or(0);
    match number {
        rtax::CC_ALGO => {
            let name = crate::wire::text_of(bytes);
            (name.clone().into(), name)
        }
        rtax::HOPLIMIT if value == u32::MAX => (u32::MAX.into(), "4294967295".to_owned()),
        rtax::RTT | rtax::RTTVAR | rtax::RTO_MIN => {
            let value = value
                / match number {
                    rtax::RTT => 8,
                    rtax::RTTVAR => 4,
                    _ => 1,
                };
            (
                value.into(),
                if value >= 1000 {
                    format!("{}s", f64::from(value) / 1000.0)
                } else {
                    format!("{value}ms")
                },
            )
        }
        rtax::FEATURES => (value.into(), features(value)),
        _ => (value.into(), value.to_string()),
    }
}

/// `RTAX_FEATURE_*`: what `ip` has a word for, the rest in hexadecimal.
fn features(bits: u32) -> String {
    let mut words: Vec<String> = [(1, "ecn"), (8, "tcp_usec_ts")]
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, word)| (*word).to_owned())
        .collect();
    let rest = bits & !9;
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    words.join(" ")
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = TABLE.iter().find(|row| row.key.0 == self.number);
        let word = row.map_or("", |row| row.word);
        let always = row.is_some_and(|row| row.key.1 == Unit::Locked);
        write!(
            f,
            "{word} {}{}",
            if self.lock && !always { "lock " } else { "" },
            self.value
        )
    }
}
