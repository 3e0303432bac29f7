//! NRI, the Node Resource Interface, from the side of a plugin that watches and refuses.
//!
//! Write a [`Plugin`], and give it a [`Session`] ([`examples/watch.rs`] is a whole one):
//!
//! * [`Session::dial`] connects to the runtime's socket, and again whenever the connection is lost.
//! * [`Session::launched`] speaks over the stream of a plugin that the runtime started ([`trunk::Launched`]).
//!
//! [`agent`] and [`ttrpc`] also serve the socket at which the daemon hears of the CNI plugin.
//!
//! The layers, from the bottom: [`trunk`] is the stream, [`mux`] the two connections on it, then come ttrpc, the
//! messages ([`api`]), and the session, which drives the plugin. Each works over any stream, also one in memory.
//!
//! What the session takes care of: a runtime takes an answer that does not come, or a connection that breaks, for a
//! yes. So every event is answered, with an error if need be, before the runtime gives up; and no answer is ever framed
//! in a way that makes a Go peer close the connection.
//!
//! With the feature `testing` comes a runtime in memory, for the tests of plugins.
//!
//! [`examples/watch.rs`]: https://github.com/chainsaw-cni/chainsaw/blob/main/nri/examples/watch.rs

pub mod agent;
pub mod api;
mod dispatch;
mod events;
mod identity;
pub mod mux;
mod plugin;
mod refusal;
mod runtime;
mod session;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trunk;
pub mod ttrpc;
pub mod version;

pub use events::{Event, Events};
pub use identity::{Identity, IdentityError};
pub use plugin::{Answer, Context, Plugin};
pub use refusal::{Code, Refusal};
pub use runtime::RuntimeInfo;
pub use session::{Cause, Session, State, Timing};
pub use ttrpc::status::{STATUS_BYTES, Status};
