//! A status: why a call failed.

use super::envelope::Wire;

/// The codes of `google.rpc.Code` that this library itself answers with.
pub mod code {
    /// The request is none.
    pub const INVALID_ARGUMENT: i32 = 3;
    /// Too long, or too many.
    pub const RESOURCE_EXHAUSTED: i32 = 8;
    /// It came at the wrong time.
    pub const FAILED_PRECONDITION: i32 = 9;
    /// No such method: the runtime then tries the way of older plugins.
    pub const UNIMPLEMENTED: i32 = 12;
}

/// The longest message of a status, in bytes. It ends up in an event of the pod, which people read.
pub const STATUS_BYTES: usize = 1024;

/// Why a call failed: a code of `google.rpc.Code` and a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct Status {
    /// The code.
    pub code: i32,
    /// The text, for people.
    pub message: String,
}

impl Status {
    /// A status with a text that is cut to [`STATUS_BYTES`].
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        let mut message = message.into();
        message.truncate(message.floor_char_boundary(STATUS_BYTES));
        Self { code, message }
    }

    pub(super) fn to_wire(&self) -> Wire {
        Wire {
            code: self.code,
            message: self.message.clone(),
        }
    }

    pub(super) fn of_wire(wire: Wire) -> Self {
        Self {
            code: wire.code,
            message: wire.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_cut_on_a_character(text in "\\PC{0,2000}") {
            let cut = Status::new(2, text.clone()).message;
            prop_assert!(cut.len() <= STATUS_BYTES);
            prop_assert!(text.starts_with(&cut));
            prop_assert!(cut.len() == text.len() || cut.len() > STATUS_BYTES - 4);
        }
    }
}
