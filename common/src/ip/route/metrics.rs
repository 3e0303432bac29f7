//! The metrics of a route (`RTAX_*`): a table of keyword, number and unit.

use std::fmt;

use super::super::args::Args;
use super::super::keyword::{Keyword, exact, prefix};
use super::super::mistake::Mistake;
use super::super::modules::{CONGESTION_CONTROLS, Module};
use super::super::number;
use super::super::page::Entry;
use crate::uapi::rtax;
use crate::wire::{Attributes, Received, u32_of};

/// One metric as given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    number: u16,
    value: Value,
    lock: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Number(u32),
    Control(&'static Module),
}

/// `RTAX_FEATURE_*`.
const FEATURES: &[(u32, &str)] = &[(1, "ecn"), (16, "tcp_usec_ts")];

impl Metric {
    /// The congestion control, if it is one.
    #[must_use]
    pub fn control(&self) -> Option<&'static Module> {
        match self.value {
            Value::Control(control) => Some(control),
            Value::Number(_) => None,
        }
    }
}

/// How a metric is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ip) enum Unit {
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
    /// A word for bits (`RTAX_FEATURES`).
    Features,
    /// A congestion control (`RTAX_CC_ALGO`).
    Control,
}

/// A row: the metric's number and how it is written.
pub(in crate::ip) type Row = (u16, Unit);

/// The metrics that `add` and `change` take, in iproute2's order among the route's keywords.
pub(in crate::ip) const TABLE: &[Keyword<Row>] = &[
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
    prefix("features", (rtax::FEATURES, Unit::Features)),
    prefix("quickack", (rtax::QUICKACK, Unit::Plain)),
    prefix("congctl", (rtax::CC_ALGO, Unit::Control)),
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
    if !matches!(unit, Unit::Plain | Unit::Locked | Unit::Features) && args.take_exact("lock") {
        lock = true;
    }
    // The one metric that iproute2 calls by another name than its keyword.
    let name = if number == rtax::ADVMSS { "mss" } else { word };
    let wrong = format!("\"{name}\" value is invalid\n");
    let value = match unit {
        Unit::Plain | Unit::Lockable if number == rtax::HOPLIMIT => {
            args.number::<u8>(&wrong)?.into()
        }
        Unit::Plain | Unit::Lockable => args.number(&wrong)?,
        Unit::Eighths => args.read(|word| milliseconds(word, 8), &wrong)?,
        Unit::Quarters => args.read(|word| milliseconds(word, 4), &wrong)?,
        Unit::Locked => args.read(|word| milliseconds(word, 1), &wrong)?,
        Unit::Features => args.read(feature, "\"features\" value not valid\n")?,
        Unit::Control => {
            let value = Value::Control(control(args)?);
            return Ok(Metric {
                number,
                value,
                lock,
            });
        }
    };
    if matches!(number, rtax::QUICKACK | rtax::FASTOPEN_NO_COOKIE) && value > 1 {
        return Err(Mistake::wrong(
            &value.to_string(),
            &format!("\"{word}\" value should be 0 or 1\n"),
        ));
    }
    Ok(Metric {
        number,
        value: Value::Number(value),
        lock,
    })
}

fn feature(word: &str) -> Option<u32> {
    let row = FEATURES.iter().find(|(_, name)| *name == word);
    row.map(|(bit, _)| *bit)
}

/// Which there are is not a pod's to choose: the kernel loads the module of one that it does not have.
fn control(args: &mut Args<'_>) -> Result<&'static Module, Mistake> {
    let word = args.value()?;
    let row = CONGESTION_CONTROLS.iter().find(|row| row.word == word);
    row.ok_or_else(|| {
        let names: Vec<&str> = CONGESTION_CONTROLS.iter().map(|row| row.word).collect();
        Mistake::never(
            args.last(),
            word,
            "the kernel would load a module of that name",
        )
        .hinting(Some(names.join(", ")))
    })
}

/// A time in milliseconds; a bare number is taken as it is, one with a unit is scaled (`get_time_rtt`).
fn milliseconds(word: &str, scale: u32) -> Option<u32> {
    let (time, unit) = leading(word)?;
    let (factor, scale) = match unit.to_ascii_lowercase().as_str() {
        "" => (1.0, 1),
        "ms" | "msec" | "msecs" => (1.0, scale),
        "s" | "sec" | "secs" => (1000.0, scale),
        _ => return None,
    };
    Some(rounded_up(time * factor).wrapping_mul(scale))
}

/// The longest number that a word begins with, and what stands behind it. Only a point makes it a fraction.
fn leading(word: &str) -> Option<(f64, &str)> {
    let fraction = |text: &str| {
        let time: f64 = text.trim_start().parse().ok()?;
        (time.is_finite() && time >= 0.0).then_some(time)
    };
    #[allow(clippy::cast_precision_loss, reason = "as C does it")]
    let whole = |text: &str| number::unsigned(text).map(|time| time as f64);
    let ends = (1..=word.len()).rev();
    ends.filter_map(|end| word.split_at_checked(end))
        .find_map(|(text, unit)| {
            let time = if word.contains('.') {
                fraction(text)
            } else {
                whole(text)
            };
            Some((time?, unit))
        })
}

/// A time that is too long for 32 bits loses the upper ones, as in C; one beyond 63 bits loses all.
fn rounded_up(time: f64) -> u32 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as C does it"
    )]
    let whole = if time < 9_223_372_036_854_775_808.0 {
        time as u64 as u32
    } else {
        0
    };
    whole.wrapping_add((f64::from(whole) < time).into())
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
        match metric.value {
            Value::Number(value) => attributes.put_u32(metric.number, value),
            Value::Control(control) => attributes.put(metric.number, control.word.as_bytes()),
        };
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
        let lock = if lock { "lock " } else { "" };
        if *number == rtax::FEATURES {
            let features = features(u32_of(bytes).unwrap_or(0), &mut values);
            entry.text(format_args!("features {lock}{features}"));
            continue;
        }
        let (json, text) = shown(*number, bytes);
        entry.text(format_args!("{name} {lock}{text} "));
        let key = match *number {
            rtax::CC_ALGO => "congestion",
            _ => name,
        };
        values.insert(key.to_owned(), json);
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
        _ => (value.into(), value.to_string()),
    }
}

/// What `ip` has a word for, the rest in hexadecimal; each with a space behind it.
fn features(bits: u32, json: &mut serde_json::Map<String, serde_json::Value>) -> String {
    let mut text = String::new();
    let mut rest = bits;
    for (bit, word) in FEATURES.iter().filter(|(bit, _)| bits & bit != 0) {
        text.push_str(&format!("{word} "));
        json.insert((*word).to_owned(), serde_json::Value::Null);
        rest &= !bit;
    }
    if rest != 0 {
        text.push_str(&format!("{rest:#x} "));
        json.insert("features".to_owned(), format!("{rest:#x}").into());
    }
    text
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = TABLE.iter().find(|row| row.key.0 == self.number);
        let word = row.map_or("", |row| row.word);
        let always = row.is_some_and(|row| row.key.1 == Unit::Locked);
        let lock = if self.lock && !always { "lock " } else { "" };
        let feature = |value| FEATURES.iter().find(|(bit, _)| *bit == value);
        match self.value {
            Value::Control(control) => write!(f, "{word} {lock}{}", control.word),
            Value::Number(value) if self.number == rtax::FEATURES => {
                write!(f, "{word} {}", feature(value).map_or("", |(_, name)| name))
            }
            Value::Number(value) => write!(f, "{word} {lock}{value}"),
        }
    }
}
