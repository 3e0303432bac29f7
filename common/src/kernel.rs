//! What the engine needs of a kernel: to exchange one request for its answer.

use crate::wire::{Reply, Request};

/// Something that answers rtnetlink requests for one network namespace.
pub trait Kernel {
    /// Sends `request` and waits for everything that answers it.
    fn exchange(&mut self, request: &Request) -> Answer;
}

/// Everything that answers one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The messages, in the kernel's order: what was asked for, or of a change with `NLM_F_ECHO` what it did.
    pub replies: Vec<Reply>,
    /// Whether the kernel said that a change was made.
    pub acknowledged: bool,
    /// Whether the kernel said that a listing has come to its end (`NLMSG_DONE`).
    pub complete: bool,
    /// Texts that came with a success (`NLMSGERR_ATTR_MSG`).
    pub warnings: Vec<String>,
    /// Whether what is listed changed meanwhile (`NLM_F_DUMP_INTR`).
    pub interrupted: bool,
    /// Why the kernel refused, if it did.
    pub refusal: Option<Refusal>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error number, positive.
    pub errno: i32,
    /// The kernel's own text (`NLMSGERR_ATTR_MSG`), if it sent one.
    pub text: Option<String>,
}

impl Refusal {
    /// The C library's text for the number.
    #[must_use]
    pub fn strerror(&self) -> String {
        let text = std::io::Error::from_raw_os_error(self.errno).to_string();
        match text.split_once(" (os error") {
            Some((text, _)) => text.to_owned(),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn an_error_number_has_the_text_of_the_c_library() {
        let text = |errno| Refusal { errno, text: None }.strerror();
        assert_eq!(text(17), "File exists");
        assert_eq!(text(3), "No such process");
        assert_eq!(text(95), "Operation not supported");
    }
}
