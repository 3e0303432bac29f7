//! ttrpc, as far as NRI speaks it: one request, one response, over one connection of the multiplexer; and the same over
//! a stream of its own ([`serve_stream`]), for the daemon's own socket.
//!
//! Why not the crate `ttrpc` (0.10): its largest message is fixed at 4 MiB, and containerd 1.7 sends a Synchronize of
//! any size in one message, so that on a full node a plugin could never start; it answers an unknown service with
//! INVALID_ARGUMENT, where the runtime waits for UNIMPLEMENTED; its writes, not its messages, would have to become
//! frames; its accept loop panics where a listener ends; and it brings a second protobuf with a code generator that runs
//! in every build. What NRI needs is these files.

pub(crate) mod client;
mod envelope;
pub(crate) mod message;
pub(crate) mod server;
pub(crate) mod status;
mod stream;

pub use server::{Call, Service};
pub use status::code;
pub use stream::{Limits, StreamError, serve_stream};
