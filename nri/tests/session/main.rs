//! A session and a scripted runtime, in memory.
//!
//! The tests name the trap that they watch over, if there is one. What every plugin has to know, and no document says:
//!
//! * 1: a frame above 4096 bytes at the head of a message closes the connection, and the pod starts.
//! * 2: a long error text leads into 1, and ends up in an event of the pod.
//! * 3: frames are no messages; an answer may be of no bytes at all, and have no status.
//! * 4: Configure may overtake the answer to RegisterPlugin.
//! * 5: a mask of 0 means every event; a bit that the runtime does not know closes the connection.
//! * 6: only UNIMPLEMENTED makes a runtime try StateChange, and older ones know nothing else.
//! * 7: an event that is not answered in time is taken for a yes, and the plugin is closed.
//! * 13: parts of a Synchronize have to be answered with `more`.
//! * 17: containerd 1.7 keeps a connection whose Synchronize failed, and tells nothing on it.
//! * 18: a connection that says nothing holds up all other plugins.
//! * 19: to connect often can block containerd for good.
//! * 21: Shutdown is never sent.
//! * 22: the socket is another one after each start of the runtime.
//! * 24, 25: a plugin that a runtime starts has one connection, which its children must not inherit
//!   (`src/trunk/inherited.rs`).
//! * 26: an answer may be lost if the connection closes at once.
//! * 31: nothing but the stream tells that a connection has ended.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, and what helps them is no less so"
)]

mod connections;
mod events;
mod plugin;
mod registration;
mod synchronize;
mod wire;
