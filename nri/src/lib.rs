//! NRI, the Node Resource Interface, from the side of a plugin that watches and refuses.

pub mod api;
mod dispatch;
mod events;
mod identity;
pub mod mux;
mod plugin;
mod refusal;
mod tally;
pub mod trunk;
mod ttrpc;
pub mod version;

pub use events::{Event, Events};
pub use identity::{Identity, IdentityError};
pub use plugin::{Answer, Context, Plugin};
pub use refusal::{Code, Refusal};
pub use ttrpc::status::{STATUS_BYTES, Status};
pub use version::RuntimeInfo;
