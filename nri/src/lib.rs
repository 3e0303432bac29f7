//! NRI, the Node Resource Interface, from the side of a plugin that watches and refuses.

pub mod api;
mod identity;
pub mod mux;
mod tally;
pub mod trunk;
mod ttrpc;

pub use identity::{Identity, IdentityError};
pub use ttrpc::status::{STATUS_BYTES, Status};
