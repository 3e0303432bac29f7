//! Who a plugin is: a name, and its place among the plugins.

/// Who a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    name: String,
    index: String,
}

/// A runtime would refuse a plugin of this identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The name.
    #[error("{0:?} cannot be a plugin's name: one of letters, digits, _ . + and - is")]
    Name(String),
    /// The index.
    #[error("{0:?} cannot be a plugin's index: two digits are, say 90")]
    Index(String),
}

impl Identity {
    /// An identity that every runtime takes.
    ///
    /// # Errors
    /// Some runtimes would refuse it.
    pub fn new(name: &str, index: &str) -> Result<Self, IdentityError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(IdentityError::Name(name.to_owned()));
        }
        if index.len() != 2 || !index.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IdentityError::Index(index.to_owned()));
        }
        Ok(Self::given(name.to_owned(), index.to_owned()))
    }

    /// What a runtime gave to a plugin that it starts: it goes by that, whatever the plugin says.
    pub(crate) fn given(name: String, index: String) -> Self {
        Self { name, index }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Two digits; plugins are called in their order.
    #[must_use]
    pub fn index(&self) -> &str {
        &self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_runtime_takes_is_an_identity() {
        assert_eq!(Identity::new("chain.saw_+-1", "90").unwrap().index(), "90");
        for name in ["", "a/b", "a b", "é"] {
            assert!(matches!(
                Identity::new(name, "90"),
                Err(IdentityError::Name(_))
            ));
        }
        for index in ["", "5", "ab", "100", "٩٠"] {
            assert!(matches!(
                Identity::new("a", index),
                Err(IdentityError::Index(_))
            ));
        }
    }
}
