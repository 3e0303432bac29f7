//! The answer as the plugin reads it, by whichever way it asked.

use serde_json::json;

use crate::error::LookupError;
use crate::metadata::Metadata;

/// One JSON object, in one line.
#[must_use]
pub fn to_json(answer: &Result<Metadata, LookupError>) -> String {
    let object = match answer {
        Ok(found) => json!({"annotations": found.annotations, "labels": found.labels}),
        Err(error) => json!({"error": {"reason": error.reason(), "message": error.to_string()}}),
    };
    object.to_string()
}
