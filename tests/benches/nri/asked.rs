//! What pods ask for here.

/// The key of what runs when the sandbox is there.
pub const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
/// The key of what runs before container `app` starts.
pub const APP: &str = "chainsaw.noderesource.dev/container.app";

/// What a pod asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// Two commands when its sandbox is there, and two when its container starts.
    Two,
}

impl Asked {
    /// Each with its key.
    pub fn values(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Nothing => &[],
            Self::Two => &[
                (
                    SANDBOX,
                    r#"["ip route replace 192.0.3.0/24 dev CURRENT_INTERFACE", "ip route"]"#,
                ),
                (
                    APP,
                    r#"["ip route replace 192.0.4.0/24 dev CURRENT_INTERFACE", "ip route"]"#,
                ),
            ],
        }
    }
}
