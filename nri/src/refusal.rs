//! A refusal: what a plugin says no with.

use crate::ttrpc::status::Status;

/// The kind of a refusal. The runtime treats them alike; people and other programs see the number.
///
/// UNIMPLEMENTED is not among them: a runtime that reads it sends the same event again in the way of older plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// None of the others.
    Unknown = 2,
    /// What was asked is wrong in itself.
    InvalidArgument = 3,
    /// What was asked needs something that is not there.
    NotFound = 5,
    /// It may not be.
    PermissionDenied = 7,
    /// Something has run out.
    ResourceExhausted = 8,
    /// It cannot be as things are.
    FailedPrecondition = 9,
    /// It was given up on the way.
    Aborted = 10,
    /// The plugin is broken.
    Internal = 13,
    /// It may work later.
    Unavailable = 14,
}

/// Why an event is refused. Of the message the first 1024 bytes reach the runtime, which shows them to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The kind.
    pub code: Code,
    /// The text, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code as i32, refusal.message)
    }
}
