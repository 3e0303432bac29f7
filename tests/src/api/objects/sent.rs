//! What a client sends: an object or a patch, and how strictly its fields are judged.

use http::Request;
use serde_json::Value;

use super::kind::Kind;
use super::store::Refused;

/// An object or a patch, and what the request says of it.
pub(super) struct Sent {
    pub(super) object: Value,
    /// Whether a patch is a strategic merge patch.
    pub(super) strategic: bool,
    /// Whether a field that is not known is an error: `fieldValidation=Strict`.
    strict: bool,
}

impl Sent {
    pub(super) fn of(request: &Request<()>, body: &str) -> Result<Self, Refused> {
        let object = serde_json::from_str(body)
            .map_err(|error| Refused::new(400, "BadRequest", error.to_string()))?;
        let media = request.headers().get("content-type");
        let query = request.uri().query().unwrap_or_default();
        Ok(Self {
            object,
            strategic: media
                .is_some_and(|media| media.as_bytes().starts_with(b"application/strategic")),
            strict: query.contains("fieldValidation=Strict"),
        })
    }

    /// Refuses an object that is none of its kind.
    pub(super) fn validated(&self, kind: &Kind, object: &Value) -> Result<(), Refused> {
        let bad = |message: String| Refused::new(400, "BadRequest", message);
        let typed = (kind.typed)(object).map_err(|error| bad(format!("{error:#}")))?;
        match lost(object, &typed, "") {
            Some(field) if self.strict => Err(bad(format!(
                "strict decoding error: unknown field \"{field}\""
            ))),
            _ => Ok(()),
        }
    }
}

/// A field that is in one object and not in the other.
fn lost(object: &Value, typed: &Value, at: &str) -> Option<String> {
    match (object, typed) {
        (Value::Object(all), Value::Object(kept)) => all.iter().find_map(|(name, value)| {
            let path = format!("{at}.{name}");
            match kept.get(name) {
                Some(kept) => lost(value, kept, &path),
                // What is null or empty may be left out.
                None => (!is_empty(value)).then_some(path),
            }
        }),
        (Value::Array(all), Value::Array(kept)) => all
            .iter()
            .zip(kept)
            .find_map(|(value, kept)| lost(value, kept, at)),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
