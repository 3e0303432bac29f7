//! What the CNI plugin says to the node's daemon: messages made of `proto/agent.proto`.

#[rustfmt::skip]
mod generated;

pub use generated::*;

/// The service that the daemon serves.
pub const SERVICE: &str = "chainsaw.agent.v1.Agent";

/// The longest request, in bytes: the output that a report keeps, as JSON at its longest, and what is around it.
pub const REQUEST_BYTES: usize = 1 << 20;
