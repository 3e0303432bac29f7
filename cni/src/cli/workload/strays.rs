//! Keys of ours where an object has no annotations, and annotations that are no map.

use chainsaw_common::annotations::is_ours;
use chainsaw_common::lookalike;
use serde_json::Value;

/// Where metadata may be, in an object and in what it makes.
const METADATA: &str = "metadata";

/// What is wrong in an object with where our keys stand; `place` is where the annotations of its pod are.
pub fn strays(object: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    look(object, "", place, &mut found);
    found
}

fn look(value: &Value, path: &str, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if is_ours(name) && !is_of_metadata(path) {
                    let path = if path.is_empty() { "the top" } else { path };
                    found.push(format!(
                        "{name} stands in {path}, where it is no annotation: move it to {place}"
                    ));
                }
                let path = format!("{path}.{name}");
                let path = path.trim_start_matches('.');
                if is_annotations(path) && !(inner.is_object() || inner.is_null()) {
                    found.push(no_map(inner, path));
                } else {
                    look(inner, path, place, found);
                }
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                look(inner, &format!("{path}[{number}]"), place, found);
            }
        }
        _ => {}
    }
}

/// Whether a path ends in what holds keys of an object: labels are told of elsewhere.
fn is_of_metadata(path: &str) -> bool {
    is_annotations(path) || ends_in(path, "labels")
}

fn is_annotations(path: &str) -> bool {
    ends_in(path, "annotations")
}

fn ends_in(path: &str, last: &str) -> bool {
    let mut ends = path.rsplit('.');
    ends.next() == Some(last) && ends.next() == Some(METADATA)
}

fn no_map(value: &Value, path: &str) -> String {
    let form = "write KEY: VALUE, a line each, with a colon and a space between";
    let kind = match value {
        Value::Array(_) => "a list, and has to be a map: write each KEY: VALUE without a dash",
        _ => "text, and has to be a map",
    };
    let found = value.as_str().and_then(|text| lookalike::all(text).next());
    match (found, value) {
        (Some(found), _) => format!("{path} is {kind}: {}", found.with_more(0)),
        (None, Value::Array(_)) => format!("{path} is {kind}"),
        (None, _) => format!("{path} is {kind}: {form}"),
    }
}
