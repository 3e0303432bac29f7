//! `prevResult`, brought up to date: only what belongs to the attachment's interface, as the `tuning` plugin does, and
//! only what the commands changed. Every other byte stays.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::changes::Changes;
use super::splice::Edits;

mod ips;
mod routes;

use ips::ips;
use routes::routes;

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
mod tests;
