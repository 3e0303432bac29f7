//! A result's `ips` (CNI spec, section 5).

use std::borrow::Cow;

use chainsaw_common::interface::Address;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Edits, NoAddressLeft, Parts, edit, is_before_1};
use crate::result::changes::Changes;

#[derive(Deserialize)]
struct RawIp<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(default)]
    interface: Option<usize>,
}

/// Takes out the addresses that are gone; puts new ones last, of a family that is there already.
pub fn ips<'a>(
    parts: &Parts<'a>,
    index: Option<usize>,
    changes: &Changes<'_>,
    edits: &mut Edits<'a>,
) -> Result<(), NoAddressLeft> {
    let Some(raw) = parts.ips else { return Ok(()) };
    let Ok(all) = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) else {
        return Ok(());
    };
    let reported = |raw: &&RawValue| reported(raw, index);
    let gone = |raw: &&RawValue| {
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

/// The address of an entry that is of this interface, or of none in particular.
fn reported(raw: &RawValue, index: Option<usize>) -> Option<Address> {
    let ip = serde_json::from_str::<RawIp<'_>>(raw.get()).ok()?;
    let (address, len) = ip.address.split_once('/')?;
    let address = Address {
        address: address.parse().ok()?,
        len: len.parse().ok()?,
        flags: 0,
    };
    (ip.interface.is_none() || ip.interface == index).then_some(address)
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
