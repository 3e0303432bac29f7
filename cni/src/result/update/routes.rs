//! A result's `routes` (CNI spec, section 5).

use std::borrow::Cow;
use std::net::IpAddr;

use chainsaw_common::interface::Route;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Edits, Parts, edit};
use crate::result::changes::Changes;

#[derive(Deserialize)]
struct RawRoute<'a> {
    #[serde(borrow)]
    dst: Cow<'a, str>,
    #[serde(default)]
    gw: Option<IpAddr>,
}

/// Takes out the routes that are gone; puts new ones last.
pub fn routes<'a>(
    result: &'a str,
    parts: &Parts<'a>,
    changes: &Changes<'_>,
    edits: &mut Edits<'a>,
) {
    let all: Vec<&'a RawValue> = match parts.routes.map(|raw| serde_json::from_str(raw.get())) {
        None => Vec::new(),
        Some(Ok(all)) => all,
        Some(Err(_)) => return,
    };
    let reported: Vec<Option<RawRoute<'a>>> = all
        .iter()
        .map(|raw| serde_json::from_str(raw.get()).ok())
        .collect();
    let destinations = &changes.destinations;
    let touched: Vec<String> = destinations.iter().map(ToString::to_string).collect();
    let is_touched = |route: &&Route| destinations.contains(&route.destination);
    let there: Vec<&Route> = changes.routes.iter().filter(is_touched).collect();
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
